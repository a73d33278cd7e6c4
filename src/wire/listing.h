// The field lists of all messages as text: committed as test/wire/fields.txt, so that a change of the protocol's facts
// shows in review, and compared with Kafka's schemas by moldau-schema-check.
#pragma once

#include <string>

#include "wire/descriptor.h"

namespace moldau::wire {

/// "3-13", "4+", "5" or "none".
std::string to_text(const VersionRange& range);

/// The default of `field` of `structure` in the schemas' notation: "null", a number, "true", "false", or "" for an
/// empty text, array or struct, and the zero id.
std::string default_text(const StructDescriptor& structure, const FieldDescriptor& field);

/// The schemas' notation of a field's type, e.g. "int32", "[]string", "[]TopicPartitions".
std::string type_text(const FieldDescriptor& field);

/// All messages and their fields, one line each.
std::string field_listing();

}  // namespace moldau::wire
