// Counts the error codes that answers carry, wherever they stand in the message: found in its field list when it
// compiles. Produce and Fetch count theirs while they make them, and cost nothing here.
//
// Costs: nothing for messages without the field; else a comparison per element that has one.
#pragma once

#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "broker/metrics.h"
#include "wire/descriptor.h"
#include "wire/field.h"

namespace moldau::broker {

namespace error_count {

using wire::is_optional;
using wire::is_vector;

template <typename T>
consteval bool has_errors();

template <typename S, auto... Members>
consteval bool list_has_errors(const wire::FieldList<S, Members...>& list) {
  size_t index = 0;
  const auto one = [&]<typename T>(std::type_identity<T>) {
    const bool named = std::is_same_v<T, int16_t> && std::string_view(list.facts[index].name) == "errorCode";
    ++index;
    return named || has_errors<T>();
  };
  return (one(std::type_identity<wire::MemberValue<Members>>{}) || ...);
}

template <typename T>
consteval bool has_errors() {
  if constexpr (is_optional<T> || is_vector<T>) {
    return has_errors<typename T::value_type>();
  } else if constexpr (wire::WireStruct<T>) {
    return list_has_errors(wire::fields_of<T>);
  } else {
    return false;
  }
}

template <typename T>
void count(Metrics& metrics, wire::ApiKey key, const T& value);

template <typename S, auto... Members>
void count_fields(Metrics& metrics, wire::ApiKey key, const wire::FieldList<S, Members...>& list, const S& object) {
  size_t index = 0;
  const auto one = [&]<typename T>(const T& member) {
    if constexpr (std::is_same_v<T, int16_t>) {
      if (member != 0 && std::string_view(list.facts[index].name) == "errorCode") metrics.count_error(key, member);
    } else if constexpr (has_errors<T>()) {
      count(metrics, key, member);
    }
    ++index;
  };
  (one(object.*Members), ...);
}

template <typename T>
void count(Metrics& metrics, wire::ApiKey key, const T& value) {
  if constexpr (is_optional<T>) {
    if (value.has_value()) count(metrics, key, *value);
  } else if constexpr (is_vector<T>) {
    for (const auto& element : value) count(metrics, key, element);
  } else {
    count_fields(metrics, key, wire::fields_of<T>, value);
  }
}

}  // namespace error_count

/// Counts what `message`, the answer to a request of `key`, says went wrong.
template <typename M>
void count_errors(Metrics& metrics, wire::ApiKey key, const M& message) {
  if constexpr (M::api_key != wire::ApiKey::produce && M::api_key != wire::ApiKey::fetch &&
                error_count::has_errors<M>()) {
    error_count::count(metrics, key, message);
  }
}
/// The same for a message of which only the descriptor is known.
void count_errors(Metrics& metrics, wire::ApiKey key, const wire::StructDescriptor& type, const void* message);

}  // namespace moldau::broker
