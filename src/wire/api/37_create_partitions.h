// CreatePartitions: adds partitions to topics. v2 is flexible; v3 may answer that a quota is exceeded.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct CreatePartitionsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::create_partitions;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 3;
  static constexpr VersionRange valid_versions = {0, 3};
  static constexpr int16_t flexible_since = 2;

  struct CreatePartitionsAssignment {
    std::vector<int32_t> broker_ids;
  };

  struct CreatePartitionsTopic {
    std::string_view name;
    int32_t count = 0;
    std::optional<std::vector<CreatePartitionsAssignment>> assignments{std::in_place};
  };

  std::vector<CreatePartitionsTopic> topics;
  int32_t timeout_ms = 0;
  bool validate_only = false;
};

template <>
inline constexpr auto fields_of<CreatePartitionsRequest::CreatePartitionsAssignment> = [] {
  using S = CreatePartitionsRequest::CreatePartitionsAssignment;
  return field_list<S>("CreatePartitionsAssignment", field<&S::broker_ids>({.name = "brokerIds"}));
}();

template <>
inline constexpr auto fields_of<CreatePartitionsRequest::CreatePartitionsTopic> = [] {
  using S = CreatePartitionsRequest::CreatePartitionsTopic;
  return field_list<S>("CreatePartitionsTopic", field<&S::name>({.name = "name"}), field<&S::count>({.name = "count"}),
                       field<&S::assignments>({.name = "assignments", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<CreatePartitionsRequest> = [] {
  using S = CreatePartitionsRequest;
  return field_list<S>("CreatePartitionsRequest", field<&S::topics>({.name = "topics"}),
                       field<&S::timeout_ms>({.name = "timeoutMs"}),
                       field<&S::validate_only>({.name = "validateOnly"}));
}();

struct CreatePartitionsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::create_partitions;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 3;
  static constexpr VersionRange valid_versions = {0, 3};
  static constexpr int16_t flexible_since = 2;

  struct CreatePartitionsTopicResult {
    std::string_view name;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
  };

  int32_t throttle_time_ms = 0;
  std::vector<CreatePartitionsTopicResult> results;
};

template <>
inline constexpr auto fields_of<CreatePartitionsResponse::CreatePartitionsTopicResult> = [] {
  using S = CreatePartitionsResponse::CreatePartitionsTopicResult;
  return field_list<S>("CreatePartitionsTopicResult", field<&S::name>({.name = "name"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<CreatePartitionsResponse> = [] {
  using S = CreatePartitionsResponse;
  return field_list<S>("CreatePartitionsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::results>({.name = "results"}));
}();

}  // namespace moldau::wire
