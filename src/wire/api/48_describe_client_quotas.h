// DescribeClientQuotas: v1 is flexible.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DescribeClientQuotasRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::describe_client_quotas;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 1;

  struct ComponentData {
    std::string_view entity_type;
    int8_t match_type = 0;
    std::optional<std::string_view> match{std::in_place};
  };

  std::vector<ComponentData> components;
  bool strict = false;
};

template <>
inline constexpr auto fields_of<DescribeClientQuotasRequest::ComponentData> = [] {
  using S = DescribeClientQuotasRequest::ComponentData;
  return field_list<S>("ComponentData", field<&S::entity_type>({.name = "entityType"}),
                       field<&S::match_type>({.name = "matchType"}),
                       field<&S::match>({.name = "match", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<DescribeClientQuotasRequest> = [] {
  using S = DescribeClientQuotasRequest;
  return field_list<S>("DescribeClientQuotasRequest", field<&S::components>({.name = "components"}),
                       field<&S::strict>({.name = "strict"}));
}();

struct DescribeClientQuotasResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::describe_client_quotas;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 1;

  struct EntityData {
    std::string_view entity_type;
    std::optional<std::string_view> entity_name{std::in_place};
  };

  struct ValueData {
    std::string_view key;
    double value = 0.0;
  };

  struct EntryData {
    std::vector<EntityData> entity;
    std::vector<ValueData> values;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message{std::in_place};
  std::optional<std::vector<EntryData>> entries{std::in_place};
};

template <>
inline constexpr auto fields_of<DescribeClientQuotasResponse::EntityData> = [] {
  using S = DescribeClientQuotasResponse::EntityData;
  return field_list<S>("EntityData", field<&S::entity_type>({.name = "entityType"}),
                       field<&S::entity_name>({.name = "entityName", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<DescribeClientQuotasResponse::ValueData> = [] {
  using S = DescribeClientQuotasResponse::ValueData;
  return field_list<S>("ValueData", field<&S::key>({.name = "key"}), field<&S::value>({.name = "value"}));
}();

template <>
inline constexpr auto fields_of<DescribeClientQuotasResponse::EntryData> = [] {
  using S = DescribeClientQuotasResponse::EntryData;
  return field_list<S>("EntryData", field<&S::entity>({.name = "entity"}), field<&S::values>({.name = "values"}));
}();

template <>
inline constexpr auto fields_of<DescribeClientQuotasResponse> = [] {
  using S = DescribeClientQuotasResponse;
  return field_list<S>("DescribeClientQuotasResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::entries>({.name = "entries", .nullable = since(0)}));
}();

}  // namespace moldau::wire
