#include "wire/listing.h"

#include <fmt/format.h>

#include <iterator>

#include "wire/messages.h"

namespace moldau::wire {

std::string to_text(const VersionRange& range) {
  if (range.empty()) return "none";
  if (range.last == any_later) return fmt::format("{}+", range.first);
  if (range.first == range.last) return fmt::format("{}", range.first);
  return fmt::format("{}-{}", range.first, range.last);
}

std::string type_text(const FieldDescriptor& field) {
  const std::string array = field.array != nullptr ? "[]" : "";
  return array + (field.structure != nullptr ? field.structure->name : name_of(field.type));
}

std::string default_text(const StructDescriptor& structure, const FieldDescriptor& field) {
  const void* value = field.get(structure.defaults);
  if (field.optional != nullptr) value = field.optional->get(value);
  if (value == nullptr) return "null";
  if (field.array != nullptr) return "";
  const auto number = [value]<typename T>(T) { return fmt::format("{}", *static_cast<const T*>(value)); };
  switch (field.type) {
    case FieldType::boolean:
      return number(bool{});
    case FieldType::int8:
      return fmt::format("{}", int{*static_cast<const int8_t*>(value)});
    case FieldType::int16:
      return number(int16_t{});
    case FieldType::uint16:
      return number(uint16_t{});
    case FieldType::int32:
      return number(int32_t{});
    case FieldType::uint32:
      return number(uint32_t{});
    case FieldType::int64:
      return number(int64_t{});
    case FieldType::float64:
      return number(double{});
    case FieldType::string:
      return std::string(*static_cast<const std::string_view*>(value));
    case FieldType::uuid:
    case FieldType::bytes:
    case FieldType::records:
    case FieldType::structure:
      return "";
  }
  return "";
}

namespace {

void list_struct(std::string& out, const StructDescriptor& structure, size_t depth) {
  for (const FieldDescriptor& field : structure.fields) {
    const FieldFacts& facts = *field.facts;
    out.append(2 * depth, ' ');
    fmt::format_to(std::back_inserter(out), "{}: {} {}", facts.name, type_text(field), to_text(facts.versions));
    if (!facts.nullable.empty()) out += " nullable " + to_text(facts.nullable);
    if (!facts.tagged.empty()) out += fmt::format(" tag {} {}", facts.tag, to_text(facts.tagged));
    if (facts.ignorable) out += " ignorable";
    if (facts.never_flexible) out += " never-flexible";
    const std::string value = default_text(structure, field);
    if (!value.empty() && value != "0" && value != "false") out += " default " + value;
    out += '\n';
    if (field.structure != nullptr) list_struct(out, *field.structure, depth + 1);
  }
}

}  // namespace

std::string field_listing() {
  std::string out;
  for (const MessageDescriptor* message : all_messages()) {
    const bool flexible = message->flexible_since != never_flexible;
    fmt::format_to(std::back_inserter(out), "{} {} {} versions {} of {} flexible {}\n", name_of(message->kind),
                   message->key, message->name(), to_text({message->min_version, message->max_version}),
                   to_text(message->valid_versions), flexible ? to_text(since(message->flexible_since)) : "none");
    list_struct(out, *message->root, 1);
  }
  return out;
}

}  // namespace moldau::wire
