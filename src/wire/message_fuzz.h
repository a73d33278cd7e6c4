// What the fuzz targets of this folder share: decode bytes as a message; what is accepted must encode, and decode again
// to the same values and bytes. A failure aborts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/assert.h"
#include "wire/json.h"
#include "wire/messages.h"

namespace moldau::wire {

/// Decodes `bytes` as `descriptor`'s message in `version` and checks that the result is stable.
inline void check_stable(const MessageDescriptor& descriptor, int16_t version, std::span<const std::byte> bytes) {
  AnyMessage first(descriptor);
  Decoder decoder(bytes);
  if (first.decode(decoder, version) != DecodeStatus::ok) {
    ASSERT(decoder.remaining() == 0);
    return;
  }
  Encoder encoder;
  ASSERT(first.encode(encoder, version) == EncodeStatus::ok);
  AnyMessage second(descriptor);
  Decoder again(encoder.view());
  ASSERT(second.decode(again, version) == DecodeStatus::ok);
  ASSERT(again.remaining() == 0);
  ASSERT(equal(*descriptor.root, first.data(), second.data()));
  Encoder once_more;
  ASSERT(second.encode(once_more, version) == EncodeStatus::ok);
  ASSERT(once_more.position() == encoder.position());
  ASSERT(to_json(descriptor, first.data(), version) == to_json(descriptor, second.data(), version));
}

/// A target's body: the first two bytes choose the message of `kind` and its version, the rest is the message.
inline int fuzz_messages(MessageKind kind, const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const MessageDescriptor* descriptor = find_message(kind, data[0]);
  const auto version = static_cast<int16_t>(data[1]);
  if (descriptor != nullptr)
    check_stable(*descriptor, version, {reinterpret_cast<const std::byte*>(data + 2), size - 2});
  return 0;
}

}  // namespace moldau::wire
