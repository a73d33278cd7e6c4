// Makes descriptors from field lists. Included only where messages are instantiated (instantiate.h).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "wire/codec_impl.h"
#include "wire/descriptor.h"

namespace moldau::wire::codec_detail {

template <typename T>
inline constexpr OptionalAccess optional_access = {
    [](const void* optional) -> const void* {
      const auto& value = *static_cast<const std::optional<T>*>(optional);
      return value.has_value() ? &*value : nullptr;
    },
    [](void* optional) -> void* { return &emplace_default(*static_cast<std::optional<T>*>(optional)); },
    [](void* optional) { static_cast<std::optional<T>*>(optional)->reset(); },
};

template <typename T>
inline constexpr ArrayAccess array_access = {
    [](const void* vector) { return static_cast<const std::vector<T>*>(vector)->size(); },
    [](const void* vector, size_t index) -> const void* {
      return static_cast<const std::vector<T>*>(vector)->data() + index;
    },
    [](void* vector, size_t size) { static_cast<std::vector<T>*>(vector)->resize(size); },
};

template <typename T>
struct WithoutOptional {
  using Type = T;
};
template <typename T>
struct WithoutOptional<std::optional<T>> {
  using Type = T;
};
template <typename T>
struct WithoutVector {
  using Type = T;
};
template <typename T>
struct WithoutVector<std::vector<T>> {
  using Type = T;
};

template <typename T>
consteval FieldType field_type() {
  if constexpr (std::is_same_v<T, bool>) return FieldType::boolean;
  if constexpr (std::is_same_v<T, int8_t>) return FieldType::int8;
  if constexpr (std::is_same_v<T, int16_t>) return FieldType::int16;
  if constexpr (std::is_same_v<T, uint16_t>) return FieldType::uint16;
  if constexpr (std::is_same_v<T, int32_t>) return FieldType::int32;
  if constexpr (std::is_same_v<T, uint32_t>) return FieldType::uint32;
  if constexpr (std::is_same_v<T, int64_t>) return FieldType::int64;
  if constexpr (std::is_same_v<T, double>) return FieldType::float64;
  if constexpr (std::is_same_v<T, Uuid>) return FieldType::uuid;
  if constexpr (std::is_same_v<T, std::string_view>) return FieldType::string;
  if constexpr (std::is_same_v<T, std::span<const std::byte>>) return FieldType::bytes;
  if constexpr (std::is_same_v<T, Records>) return FieldType::records;
  if constexpr (WireStruct<T>) return FieldType::structure;
}

template <typename S>
constexpr const StructDescriptor* structure_of();

template <auto Member>
const void* member_address(const void* object) {
  return &(static_cast<const typename MemberTraits<decltype(Member)>::Object*>(object)->*Member);
}

template <auto Member>
consteval FieldDescriptor describe(const FieldFacts& facts) {
  using Value = MemberValue<Member>;
  using Present = typename WithoutOptional<Value>::Type;
  using Element = typename WithoutVector<Present>::Type;
  FieldDescriptor field{&facts,  field_type<Element>(),  structure_of<Element>(), nullptr,
                        nullptr, &member_address<Member>};
  if constexpr (is_optional<Value>) field.optional = &optional_access<Present>;
  if constexpr (is_vector<Present>) field.array = &array_access<Element>;
  return field;
}

template <typename S, auto... Members, size_t... Index>
consteval std::array<FieldDescriptor, sizeof...(Members)> describe_all(const FieldList<S, Members...>& list,
                                                                       std::index_sequence<Index...>) {
  return {describe<Members>(list.facts[Index])...};
}

template <typename S>
inline constexpr auto field_table =
    describe_all(fields_of<S>, std::make_index_sequence<std::remove_cvref_t<decltype(fields_of<S>)>::size>{});
template <typename S>
inline constexpr StructDescriptor struct_descriptor = {fields_of<S>.name, field_table<S>, &defaults_of<S>};

template <typename S>
constexpr const StructDescriptor* structure_of() {
  if constexpr (WireStruct<S>) {
    return &struct_descriptor<S>;
  } else {
    return nullptr;
  }
}

}  // namespace moldau::wire::codec_detail

namespace moldau::wire {

template <typename M>
const MessageDescriptor& descriptor_of() {
  static constexpr MessageDescriptor descriptor = {
      .kind = M::kind,
      .key = key_of<M>(),
      .min_version = M::min_version,
      .max_version = M::max_version,
      .valid_versions = M::valid_versions,
      .flexible_since = M::flexible_since,
      .root = &codec_detail::struct_descriptor<M>,
      .create = []() -> void* { return new M(); },
      .destroy = [](void* message) { delete static_cast<M*>(message); },
      .decode = [](Decoder& decoder, int16_t version,
                   void* into) { return decode(decoder, version, *static_cast<M*>(into)); },
      .encode = [](Encoder& encoder, int16_t version,
                   const void* message) { return encode(encoder, version, *static_cast<const M*>(message)); },
  };
  return descriptor;
}

}  // namespace moldau::wire
