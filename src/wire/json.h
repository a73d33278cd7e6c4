// Messages as JSON, in the shape that Kafka's own converters and request logs use: camelCase names; fields of the
// version only; tagged fields only when they have a value of their own; bytes in base64; ids in Kafka's base64 form;
// records as an empty text, since their content is not for logs.
#pragma once

#include <cstdint>
#include <string>

#include "wire/descriptor.h"

namespace moldau::wire {

/// How records are shown: Kafka's converters leave them out (an empty text); tests want to see them.
enum class RecordsAs : uint8_t { nothing, base64 };

/// The message at `message`, compact, without line feeds.
std::string to_json(const MessageDescriptor& descriptor, const void* message, int16_t version,
                    RecordsAs records = RecordsAs::nothing);

template <typename M>
std::string to_json(const M& message, int16_t version, RecordsAs records = RecordsAs::nothing) {
  return to_json(descriptor_of<M>(), &message, version, records);
}

}  // namespace moldau::wire
