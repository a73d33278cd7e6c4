// AlterClientQuotas: v1 is flexible.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct AlterClientQuotasRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::alter_client_quotas;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 1;

  struct EntityData {
    std::string_view entity_type;
    std::optional<std::string_view> entity_name{std::in_place};
  };

  struct OpData {
    std::string_view key;
    double value = 0.0;
    bool remove = false;
  };

  struct EntryData {
    std::vector<EntityData> entity;
    std::vector<OpData> ops;
  };

  std::vector<EntryData> entries;
  bool validate_only = false;
};

template <>
inline constexpr auto fields_of<AlterClientQuotasRequest::EntityData> = [] {
  using S = AlterClientQuotasRequest::EntityData;
  return field_list<S>("EntityData", field<&S::entity_type>({.name = "entityType"}),
                       field<&S::entity_name>({.name = "entityName", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<AlterClientQuotasRequest::OpData> = [] {
  using S = AlterClientQuotasRequest::OpData;
  return field_list<S>("OpData", field<&S::key>({.name = "key"}), field<&S::value>({.name = "value"}),
                       field<&S::remove>({.name = "remove"}));
}();

template <>
inline constexpr auto fields_of<AlterClientQuotasRequest::EntryData> = [] {
  using S = AlterClientQuotasRequest::EntryData;
  return field_list<S>("EntryData", field<&S::entity>({.name = "entity"}), field<&S::ops>({.name = "ops"}));
}();

template <>
inline constexpr auto fields_of<AlterClientQuotasRequest> = [] {
  using S = AlterClientQuotasRequest;
  return field_list<S>("AlterClientQuotasRequest", field<&S::entries>({.name = "entries"}),
                       field<&S::validate_only>({.name = "validateOnly"}));
}();

struct AlterClientQuotasResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::alter_client_quotas;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 1;

  struct EntityData {
    std::string_view entity_type;
    std::optional<std::string_view> entity_name{std::in_place};
  };

  struct EntryData {
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
    std::vector<EntityData> entity;
  };

  int32_t throttle_time_ms = 0;
  std::vector<EntryData> entries;
};

template <>
inline constexpr auto fields_of<AlterClientQuotasResponse::EntityData> = [] {
  using S = AlterClientQuotasResponse::EntityData;
  return field_list<S>("EntityData", field<&S::entity_type>({.name = "entityType"}),
                       field<&S::entity_name>({.name = "entityName", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<AlterClientQuotasResponse::EntryData> = [] {
  using S = AlterClientQuotasResponse::EntryData;
  return field_list<S>("EntryData", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::entity>({.name = "entity"}));
}();

template <>
inline constexpr auto fields_of<AlterClientQuotasResponse> = [] {
  using S = AlterClientQuotasResponse;
  return field_list<S>("AlterClientQuotasResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::entries>({.name = "entries"}));
}();

}  // namespace moldau::wire
