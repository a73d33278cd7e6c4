// The definitions of encode and decode, made from field lists. Included only by the .cc files that instantiate them
// (through instantiate.h): they are the expensive templates of this folder.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "wire/codec.h"

namespace moldau::wire::codec_detail {

/// The version being read or written, and whether it is flexible.
struct Form {
  int16_t version;
  bool flexible;
};

/// What `compact` is for one field.
constexpr bool is_compact(Form form, const FieldFacts& facts) {
  return form.flexible && !facts.never_flexible;
}

template <typename S>
inline constexpr S defaults_of{};

template <typename T>
inline constexpr bool is_plain = std::is_arithmetic_v<T> || std::is_same_v<T, Uuid>;

// ---- The list as types
// -------------------------------------------------------------------------------------------------

template <auto Member>
using Constant = std::integral_constant<decltype(Member), Member>;

template <typename S, auto... Members>
std::tuple<Constant<Members>...> members_as_tuple(const FieldList<S, Members...>&);
template <typename S, size_t Index>
inline constexpr auto member_at = std::tuple_element_t<Index, decltype(members_as_tuple(fields_of<S>))>::value;

/// Calls `visit.template operator()<Member>(facts)` for each field.
template <typename S, auto... Members, typename Visit>
inline void for_each_field(const FieldList<S, Members...>& list, Visit&& visit) {
  size_t index = 0;
  (visit.template operator()<Members>(list.facts[index++]), ...);
}

template <typename S>
constexpr size_t tagged_count = [] {
  size_t count = 0;
  for (const FieldFacts& facts : fields_of<S>.facts) count += facts.tagged.empty() ? 0 : 1;
  return count;
}();

/// Indexes of the tagged fields, by tag: in this order they are written.
template <typename S>
constexpr std::array<size_t, tagged_count<S>> tagged_order = [] {
  std::array<size_t, tagged_count<S>> order{};
  size_t count = 0;
  for (size_t i = 0; i < fields_of<S>.facts.size(); ++i) {
    if (!fields_of<S>.facts[i].tagged.empty()) order[count++] = i;
  }
  std::ranges::sort(order, {}, [](size_t i) { return fields_of<S>.facts[i].tag; });
  return order;
}();

/// Calls `visit.template operator()<Member>(facts)` for each tagged field, ascending by tag.
template <typename S, typename Visit>
inline void for_each_tagged(Visit&& visit) {
  [&]<size_t... Rank>(std::index_sequence<Rank...>) {
    (visit.template operator()<member_at<S, tagged_order<S>[Rank]>>(fields_of<S>.facts[tagged_order<S>[Rank]]), ...);
  }(std::make_index_sequence<tagged_count<S>>{});
}

// ---- Defaults
// ----------------------------------------------------------------------------------------------------------

template <WireStruct S>
bool struct_is_default(const S& value);

template <typename T>
bool is_default(const T& value, const T& otherwise) {
  if constexpr (is_plain<T> || std::is_same_v<T, std::string_view>) {
    return value == otherwise;
  } else if constexpr (is_optional<T>) {
    if (value.has_value() != otherwise.has_value()) return false;
    return !value.has_value() || is_default(*value, *otherwise);
  } else if constexpr (is_vector<T> || std::is_same_v<T, std::span<const std::byte>>) {
    return value.empty();
  } else if constexpr (std::is_same_v<T, Records>) {
    return value.size() == 0;
  } else {
    return struct_is_default(value);
  }
}

template <WireStruct S>
bool struct_is_default(const S& value) {
  bool all = true;
  for_each_field(fields_of<S>, [&]<auto Member>(const FieldFacts&) {
    all = all && is_default(value.*Member, defaults_of<S>.*Member);
  });
  return all;
}

template <WireStruct S>
void reset_struct(S& value);

/// Sets `optional` to a default T. (emplace() without arguments does not compile for some nested structs: the compiler
/// asks whether they are constructible before the enclosing struct, and with it their initialisers, is complete.)
template <typename T>
T& emplace_default(std::optional<T>& optional) {
  return optional.emplace(T{});
}

/// Sets `value` to `otherwise`, the default of its field, keeping the memory of arrays.
template <typename T>
void reset(T& value, const T& otherwise) {
  if constexpr (is_vector<T>) {
    value.clear();
  } else if constexpr (is_optional<T>) {
    if (!otherwise.has_value()) {
      value.reset();
    } else {
      if (!value.has_value()) emplace_default(value);
      reset(*value, *otherwise);
    }
  } else if constexpr (WireStruct<T>) {
    reset_struct(value);
  } else {
    value = otherwise;
  }
}

template <WireStruct S>
void reset_struct(S& value) {
  for_each_field(fields_of<S>, [&]<auto Member>(const FieldFacts&) { reset(value.*Member, defaults_of<S>.*Member); });
}

// ---- Decoding
// ----------------------------------------------------------------------------------------------------------

template <WireStruct S>
size_t struct_size_min(Form form);

/// Fewest bytes that a T takes.
template <typename T>
size_t size_min(Form form, bool compact, bool nullable) {
  if constexpr (std::is_same_v<T, bool>) {
    return 1;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return sizeof(T);
  } else if constexpr (std::is_same_v<T, Uuid>) {
    return 16;
  } else if constexpr (is_optional<T>) {
    return size_min<typename T::value_type>(form, compact, nullable);
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return compact ? 1 : 2;
  } else if constexpr (WireStruct<T>) {
    return nullable ? 1 : struct_size_min<T>(form);
  } else {
    return compact ? 1 : 4;
  }
}

template <WireStruct S>
size_t struct_size_min(Form form) {
  size_t size = form.flexible ? 1 : 0;
  for_each_field(fields_of<S>, [&]<auto Member>(const FieldFacts& facts) {
    if (facts.versions.contains(form.version) && !facts.tagged.contains(form.version)) {
      size += size_min<MemberValue<Member>>(form, is_compact(form, facts), facts.nullable.contains(form.version));
    }
  });
  return size;
}

template <WireStruct S>
void decode_struct(Decoder& decoder, Form form, S& into);

template <typename T>
T decode_plain(Decoder& decoder) {
  if constexpr (std::is_same_v<T, bool>) return decoder.read_bool();
  if constexpr (std::is_same_v<T, int8_t>) return decoder.read_int8();
  if constexpr (std::is_same_v<T, int16_t>) return decoder.read_int16();
  if constexpr (std::is_same_v<T, uint16_t>) return decoder.read_uint16();
  if constexpr (std::is_same_v<T, int32_t>) return decoder.read_int32();
  if constexpr (std::is_same_v<T, uint32_t>) return decoder.read_uint32();
  if constexpr (std::is_same_v<T, int64_t>) return decoder.read_int64();
  if constexpr (std::is_same_v<T, double>) return decoder.read_float64();
  if constexpr (std::is_same_v<T, Uuid>) return decoder.read_uuid();
}

/// Reads what may be null; false for null, and after an error.
template <typename T>
bool decode_present(Decoder& decoder, Form form, bool compact, bool nullable, T& into);

template <typename E>
void decode_element(Decoder& decoder, Form form, bool compact, E& into) {
  if (!decode_present(decoder, form, compact, false, into)) decoder.fail_null();
}

template <typename E>
bool decode_array(Decoder& decoder, Form form, bool compact, std::vector<E>& into) {
  size_t count = 0;
  if (!decoder.read_count(compact, size_min<E>(form, compact, false), sizeof(E), count)) return false;
  if (into.size() > count) into.resize(count);
  into.reserve(std::min(count, reserved_elements_max));
  // Elements that are there already are decoded into, so that their own arrays keep their memory.
  for (E& element : into) decode_element(decoder, form, compact, element);
  while (into.size() < count && decoder.ok()) decode_element(decoder, form, compact, into.emplace_back());
  return decoder.ok();
}

template <typename T>
bool decode_present(Decoder& decoder, Form form, bool compact, bool nullable, T& into) {
  if constexpr (is_plain<T>) {
    into = decode_plain<T>(decoder);
    return true;
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return decoder.read_string(compact, into);
  } else if constexpr (std::is_same_v<T, std::span<const std::byte>>) {
    return decoder.read_bytes(compact, into);
  } else if constexpr (std::is_same_v<T, Records>) {
    into = {};
    return decoder.read_bytes(compact, into.view);
  } else if constexpr (is_vector<T>) {
    return decode_array(decoder, form, compact, into);
  } else {
    if (nullable && !decoder.read_presence()) return false;
    decode_struct(decoder, form, into);
    return true;
  }
}

template <typename T>
void decode_field(Decoder& decoder, Form form, const FieldFacts& facts, T& into) {
  const bool compact = is_compact(form, facts);
  if constexpr (is_optional<T>) {
    bool nullable = facts.nullable.contains(form.version);
    if (!into.has_value()) emplace_default(into);
    if constexpr (WireStruct<typename T::value_type>) {
      // In a tagged field a nullable struct has an unsigned varint before it, 0 for null, where others have a byte.
      if (nullable && facts.tagged.contains(form.version)) {
        if (decoder.read_varint() == 0) return into.reset();
        nullable = false;
      }
    }
    if (decode_present(decoder, form, compact, nullable, *into)) return;
    into.reset();
    if (!nullable) decoder.fail_null();
  } else {
    if (!decode_present(decoder, form, compact, false, into)) decoder.fail_null();
  }
}

template <WireStruct S>
void decode_tagged(Decoder& decoder, Form form, S& into) {
  Decoder::TaggedFields fields(decoder);
  for (uint32_t tag = 0; fields.next(tag);) {
    bool known = false;
    for_each_tagged<S>([&]<auto Member>(const FieldFacts& facts) {
      if (tag != static_cast<uint32_t>(facts.tag) || !facts.tagged.contains(form.version)) return;
      known = true;
      decode_field(decoder, form, facts, into.*Member);
    });
    if (known) {
      fields.finish();
    } else {
      fields.skip();
    }
  }
}

template <WireStruct S>
void decode_struct(Decoder& decoder, Form form, S& into) {
  for_each_field(fields_of<S>, [&]<auto Member>(const FieldFacts& facts) {
    if (facts.versions.contains(form.version) && !facts.tagged.contains(form.version)) {
      decode_field(decoder, form, facts, into.*Member);
    } else {
      reset(into.*Member, defaults_of<S>.*Member);
    }
  });
  if (!form.flexible) return;
  if constexpr (tagged_count<S> > 0) {
    decode_tagged(decoder, form, into);
  } else {
    decoder.skip_tagged_fields();
  }
}

// ---- Encoding
// ----------------------------------------------------------------------------------------------------------

template <WireStruct S>
void encode_struct(Encoder& encoder, Form form, const S& from);

template <typename T>
void encode_null(Encoder& encoder, bool compact) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    encoder.put_null_string(compact);
  } else if constexpr (WireStruct<T>) {
    encoder.put_int8(-1);
  } else {
    encoder.put_null_count(compact);
  }
}

template <typename T>
void encode_value(Encoder& encoder, Form form, const FieldFacts& facts, bool nullable, const T& from) {
  const bool compact = is_compact(form, facts);
  if constexpr (std::is_same_v<T, bool>) {
    encoder.put_bool(from);
  } else if constexpr (std::is_same_v<T, int8_t>) {
    encoder.put_int8(from);
  } else if constexpr (std::is_same_v<T, int16_t>) {
    encoder.put_int16(from);
  } else if constexpr (std::is_same_v<T, uint16_t>) {
    encoder.put_uint16(from);
  } else if constexpr (std::is_same_v<T, int32_t>) {
    encoder.put_int32(from);
  } else if constexpr (std::is_same_v<T, uint32_t>) {
    encoder.put_uint32(from);
  } else if constexpr (std::is_same_v<T, int64_t>) {
    encoder.put_int64(from);
  } else if constexpr (std::is_same_v<T, double>) {
    encoder.put_float64(from);
  } else if constexpr (std::is_same_v<T, Uuid>) {
    encoder.put_uuid(from);
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    encoder.put_string(compact, from, facts.name);
  } else if constexpr (std::is_same_v<T, std::span<const std::byte>>) {
    encoder.put_bytes(compact, from, facts.name);
  } else if constexpr (std::is_same_v<T, Records>) {
    encoder.put_records(compact, from, facts.name);
  } else if constexpr (is_vector<T>) {
    encoder.put_count(compact, from.size(), facts.name);
    for (const auto& element : from) encode_value(encoder, form, facts, false, element);
  } else {
    if (nullable) encoder.put_int8(1);
    encode_struct(encoder, form, from);
  }
}

template <typename T>
void encode_field(Encoder& encoder, Form form, const FieldFacts& facts, const T& from) {
  if constexpr (is_optional<T>) {
    const bool nullable = facts.nullable.contains(form.version);
    const bool tagged_struct = WireStruct<typename T::value_type> && facts.tagged.contains(form.version);
    if (from.has_value()) {
      encode_value(encoder, form, facts, nullable, *from);
    } else if (nullable && tagged_struct) {
      encoder.put_varint(0);
    } else if (nullable) {
      encode_null<typename T::value_type>(encoder, is_compact(form, facts));
    } else {
      encoder.fail(EncodeStatus::unexpected_null, facts.name);
    }
  } else {
    encode_value(encoder, form, facts, false, from);
  }
}

template <WireStruct S>
void encode_tagged(Encoder& encoder, Form form, const S& from) {
  uint32_t count = 0;
  for_each_tagged<S>([&]<auto Member>(const FieldFacts& facts) {
    if (facts.tagged.contains(form.version) && !is_default(from.*Member, defaults_of<S>.*Member)) ++count;
  });
  encoder.put_varint(count);
  if (count == 0) return;
  for_each_tagged<S>([&]<auto Member>(const FieldFacts& facts) {
    if (!facts.tagged.contains(form.version) || is_default(from.*Member, defaults_of<S>.*Member)) return;
    const size_t start = encoder.begin_tagged(static_cast<uint32_t>(facts.tag));
    encode_field(encoder, form, facts, from.*Member);
    encoder.end_tagged(start);
  });
}

template <WireStruct S>
void encode_struct(Encoder& encoder, Form form, const S& from) {
  for_each_field(fields_of<S>, [&]<auto Member>(const FieldFacts& facts) {
    if (facts.versions.contains(form.version)) {
      if (!facts.tagged.contains(form.version)) encode_field(encoder, form, facts, from.*Member);
    } else if (!facts.ignorable && !is_default(from.*Member, defaults_of<S>.*Member)) {
      encoder.fail(EncodeStatus::unsupported_field, facts.name);
    }
  });
  if (!form.flexible) return;
  if constexpr (tagged_count<S> > 0) {
    encode_tagged(encoder, form, from);
  } else {
    encoder.put_varint(0);
  }
}

}  // namespace moldau::wire::codec_detail

namespace moldau::wire {

template <typename M>
DecodeStatus decode(Decoder& decoder, int16_t version, M& into) {
  static_assert(WireMessage<M>);
  if (version < M::min_version || version > M::max_version) {
    decoder.fail(DecodeStatus::unsupported_version);
  } else {
    codec_detail::decode_struct(decoder, {version, version >= M::flexible_since}, into);
  }
  return decoder.status();
}

template <typename M>
EncodeStatus encode(Encoder& encoder, int16_t version, const M& message) {
  static_assert(WireMessage<M>);
  if (version < M::min_version || version > M::max_version) {
    encoder.fail(EncodeStatus::unsupported_version);
  } else {
    codec_detail::encode_struct(encoder, {version, version >= M::flexible_since}, message);
  }
  return encoder.status();
}

}  // namespace moldau::wire
