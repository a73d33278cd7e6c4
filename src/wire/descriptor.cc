#include "wire/descriptor.h"

#include <algorithm>
#include <cstring>

namespace moldau::wire {

const char* name_of(FieldType type) {
  switch (type) {
    case FieldType::boolean:
      return "bool";
    case FieldType::int8:
      return "int8";
    case FieldType::int16:
      return "int16";
    case FieldType::uint16:
      return "uint16";
    case FieldType::int32:
      return "int32";
    case FieldType::uint32:
      return "uint32";
    case FieldType::int64:
      return "int64";
    case FieldType::float64:
      return "float64";
    case FieldType::uuid:
      return "uuid";
    case FieldType::string:
      return "string";
    case FieldType::bytes:
      return "bytes";
    case FieldType::records:
      return "records";
    case FieldType::structure:
      return "struct";
  }
  return "?";
}

namespace {

template <typename T>
bool same(const void* left, const void* right) {
  return *static_cast<const T*>(left) == *static_cast<const T*>(right);
}

bool same_bytes(std::span<const std::byte> left, std::span<const std::byte> right) {
  return std::ranges::equal(left, right);
}

bool same_value(const FieldDescriptor& field, const void* left, const void* right) {
  switch (field.type) {
    case FieldType::boolean:
      return same<bool>(left, right);
    case FieldType::int8:
      return same<int8_t>(left, right);
    case FieldType::int16:
    case FieldType::uint16:
      return same<uint16_t>(left, right);
    case FieldType::int32:
    case FieldType::uint32:
      return same<uint32_t>(left, right);
    case FieldType::int64:
      return same<int64_t>(left, right);
    // By bits: a NaN that was decoded equals itself.
    case FieldType::float64:
      return std::memcmp(left, right, sizeof(double)) == 0;
    case FieldType::uuid:
      return same<Uuid>(left, right);
    case FieldType::string:
      return same<std::string_view>(left, right);
    case FieldType::bytes: {
      using Span = std::span<const std::byte>;
      return same_bytes(*static_cast<const Span*>(left), *static_cast<const Span*>(right));
    }
    case FieldType::records: {
      const auto& one = *static_cast<const Records*>(left);
      const auto& other = *static_cast<const Records*>(right);
      if (one.external_id != other.external_id || one.size() != other.size()) return false;
      return one.external() || same_bytes(one.view, other.view);
    }
    case FieldType::structure:
      return equal(*field.structure, left, right);
  }
  return false;
}

}  // namespace

bool equal(const FieldDescriptor& field, const void* left, const void* right) {
  if (field.optional != nullptr) {
    left = field.optional->get(left);
    right = field.optional->get(right);
    if (left == nullptr || right == nullptr) return left == right;
  }
  if (field.array == nullptr) return same_value(field, left, right);
  const size_t size = field.array->size(left);
  if (size != field.array->size(right)) return false;
  for (size_t i = 0; i < size; ++i) {
    if (!same_value(field, field.array->at(left, i), field.array->at(right, i))) return false;
  }
  return true;
}

bool equal(const StructDescriptor& structure, const void* left, const void* right) {
  return std::ranges::all_of(
      structure.fields, [&](const FieldDescriptor& field) { return equal(field, field.get(left), field.get(right)); });
}

}  // namespace moldau::wire
