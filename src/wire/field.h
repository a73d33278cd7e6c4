// Field lists: what the protocol says about each member of a message struct, written beneath the struct as a constexpr
// list. Everything else is made from it: encode and decode (codec_impl.h), and the type-erased table that printing,
// comparing, random filling and the documentation walk (descriptor.h).
//
//   struct Example {
//     std::string_view name;
//     int32_t limit = -1;
//   };
//   template <>
//   inline constexpr auto fields_of<Example> = [] {
//     using S = Example;
//     return field_list<S>("Example", field<&S::name>({.name = "name"}),
//                          field<&S::limit>({.name = "limit", .versions = since(2), .ignorable = true}));
//   }();
//
// Invariants, checked when it compiles: the list names every member of the struct, in order; a member is std::optional
// if and only if it is nullable in some version; a tagged member has a tag. Defaults are the struct's member
// initialisers.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/uuid.h"
#include "wire/api_key.h"
#include "wire/records.h"
#include "wire/version_range.h"

namespace moldau::wire {

/// What a message is for; each kind has its own numbering of keys.
enum class MessageKind : uint8_t {
  request,            ///< body of a request; key: ApiKey
  response,           ///< body of a response; key: ApiKey
  header,             ///< request header (key 0) or response header (key 1)
  metadata_record,    ///< record of the metadata log; key: the record's id
  control_value,      ///< value of a control record; key: the control record's type
  coordinator_key,    ///< key of a record of a coordinator's log (__consumer_offsets ...); key: the record's type
  coordinator_value,  ///< value of such a record; key: the record's type
  embedded,           ///< what clients put into a field of bytes; numbered by us
};

/// What the protocol says about one field beyond its type.
struct FieldFacts {
  const char* name = nullptr;        ///< the schema's name, camelCase
  VersionRange versions = since(0);  ///< versions that have the field
  VersionRange nullable = {};        ///< versions in which it may be null
  VersionRange tagged = {};          ///< versions in which it is a tagged field
  int16_t tag = -1;                  ///< its tag there
  bool ignorable = false;       ///< dropped silently by versions that lack it; otherwise only a default may be dropped
  bool never_flexible = false;  ///< keeps its fixed-size length even in flexible versions
};

template <typename M>
struct MemberTraits;
template <typename S, typename T>
struct MemberTraits<T S::*> {
  using Object = S;
  using Value = T;
};
template <auto Member>
using MemberValue = typename MemberTraits<decltype(Member)>::Value;

template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <typename T>
inline constexpr bool is_vector = false;
template <typename T>
inline constexpr bool is_vector<std::vector<T>> = true;

/// One entry of a field list. Made by field().
template <auto Member>
struct Field {
  static_assert(std::is_member_object_pointer_v<decltype(Member)>);
  FieldFacts facts;
};

template <auto Member>
constexpr Field<Member> field(const FieldFacts& facts) {
  return {facts};
}

// Does S{members of these types...} compile, and does it still with one member more?
template <typename S, typename... T>
concept HasMembers = requires { S{std::declval<T>()...}; };
template <typename S, typename... T>
concept HasMoreMembers = requires { S{std::declval<T>()..., {}}; };

/// The fields of S: member pointers as template arguments, facts as data.
template <typename S, auto... Members>
struct FieldList {
  static_assert(std::is_aggregate_v<S>);
  static_assert(HasMembers<S, MemberValue<Members>...>, "the list's order or types are not those of the struct");
  static_assert(!HasMoreMembers<S, MemberValue<Members>...>, "the struct has a member that the list lacks");
  static constexpr size_t size = sizeof...(Members);

  const char* name;
  std::array<FieldFacts, size> facts;
};

template <typename S, auto... Members>
consteval FieldList<S, Members...> field_list(const char* name, Field<Members>... fields) {
  constexpr std::array<bool, sizeof...(Members)> optional{is_optional<MemberValue<Members>>...};
  FieldList<S, Members...> list{name, {fields.facts...}};
  for (size_t i = 0; i < list.facts.size(); ++i) {
    const FieldFacts& facts = list.facts[i];
    // A throw in a consteval function is a compile error.
    if (facts.name == nullptr || facts.versions.empty()) throw "a field needs a name and versions";
    if (facts.nullable.empty() == optional[i]) throw "a field is std::optional if and only if it is nullable";
    if (facts.tagged.empty() != (facts.tag < 0)) throw "a tagged field needs a tag";
  }
  return list;
}

struct NoFields {};

/// The field list of S; specialised beneath each struct.
template <typename S>
inline constexpr NoFields fields_of{};

/// Message structs and the structs nested in them.
template <typename S>
concept WireStruct = !std::is_same_v<std::remove_cvref_t<decltype(fields_of<S>)>, NoFields>;

/// Message structs. Each declares, as static constexpr members:
///   kind            what it is
///   api_key or message_id
///                   its number among its kind: an ApiKey for requests and responses, otherwise an int16_t
///   min_version, max_version
///                   what Moldau encodes and decodes: the schema's versions but for unstable ones
///   valid_versions  what the schema lists, unstable ones included
///   flexible_since  first version with compact lengths and tagged fields
template <typename M>
concept WireMessage = requires {
  { M::kind } -> std::convertible_to<MessageKind>;
  { M::min_version } -> std::convertible_to<int16_t>;
  { M::max_version } -> std::convertible_to<int16_t>;
  { M::valid_versions } -> std::convertible_to<VersionRange>;
  { M::flexible_since } -> std::convertible_to<int16_t>;
};

/// `flexible_since` of a message that never became flexible.
inline constexpr int16_t never_flexible = any_later;

/// The key of message M as a number.
template <WireMessage M>
consteval int16_t key_of() {
  if constexpr (requires { M::api_key; }) {
    return static_cast<int16_t>(M::api_key);
  } else {
    return M::message_id;
  }
}

}  // namespace moldau::wire
