// CreateTopics: v2 is the oldest left; v4 takes -1 for the broker's default partitions and replicas; v5 is flexible and
// returns the topic's configuration; v7 returns its id.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct CreateTopicsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::create_topics;
  static constexpr int16_t min_version = 2;
  static constexpr int16_t max_version = 7;
  static constexpr VersionRange valid_versions = {2, 7};
  static constexpr int16_t flexible_since = 5;

  struct CreatableReplicaAssignment {
    int32_t partition_index = 0;
    std::vector<int32_t> broker_ids;
  };

  struct CreatableTopicConfig {
    std::string_view name;
    std::optional<std::string_view> value{std::in_place};
  };

  struct CreatableTopic {
    std::string_view name;
    int32_t num_partitions = 0;
    int16_t replication_factor = 0;
    std::vector<CreatableReplicaAssignment> assignments;
    std::vector<CreatableTopicConfig> configs;
  };

  std::vector<CreatableTopic> topics;
  int32_t timeout_ms = 60000;
  bool validate_only = false;
};

template <>
inline constexpr auto fields_of<CreateTopicsRequest::CreatableReplicaAssignment> = [] {
  using S = CreateTopicsRequest::CreatableReplicaAssignment;
  return field_list<S>("CreatableReplicaAssignment", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::broker_ids>({.name = "brokerIds"}));
}();

template <>
inline constexpr auto fields_of<CreateTopicsRequest::CreatableTopicConfig> = [] {
  using S = CreateTopicsRequest::CreatableTopicConfig;
  return field_list<S>("CreatableTopicConfig", field<&S::name>({.name = "name"}),
                       field<&S::value>({.name = "value", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<CreateTopicsRequest::CreatableTopic> = [] {
  using S = CreateTopicsRequest::CreatableTopic;
  return field_list<S>("CreatableTopic", field<&S::name>({.name = "name"}),
                       field<&S::num_partitions>({.name = "numPartitions"}),
                       field<&S::replication_factor>({.name = "replicationFactor"}),
                       field<&S::assignments>({.name = "assignments"}), field<&S::configs>({.name = "configs"}));
}();

template <>
inline constexpr auto fields_of<CreateTopicsRequest> = [] {
  using S = CreateTopicsRequest;
  return field_list<S>("CreateTopicsRequest", field<&S::topics>({.name = "topics"}),
                       field<&S::timeout_ms>({.name = "timeoutMs"}),
                       field<&S::validate_only>({.name = "validateOnly", .versions = since(1)}));
}();

struct CreateTopicsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::create_topics;
  static constexpr int16_t min_version = 2;
  static constexpr int16_t max_version = 7;
  static constexpr VersionRange valid_versions = {2, 7};
  static constexpr int16_t flexible_since = 5;

  struct CreatableTopicConfigs {
    std::string_view name;
    std::optional<std::string_view> value{std::in_place};
    bool read_only = false;
    int8_t config_source = -1;
    bool is_sensitive = false;
  };

  struct CreatableTopicResult {
    std::string_view name;
    Uuid topic_id;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message{std::in_place};
    int16_t topic_config_error_code = 0;
    int32_t num_partitions = -1;
    int16_t replication_factor = -1;
    std::optional<std::vector<CreatableTopicConfigs>> configs{std::in_place};
  };

  int32_t throttle_time_ms = 0;
  std::vector<CreatableTopicResult> topics;
};

template <>
inline constexpr auto fields_of<CreateTopicsResponse::CreatableTopicConfigs> = [] {
  using S = CreateTopicsResponse::CreatableTopicConfigs;
  return field_list<S>("CreatableTopicConfigs", field<&S::name>({.name = "name", .versions = since(5)}),
                       field<&S::value>({.name = "value", .versions = since(5), .nullable = since(5)}),
                       field<&S::read_only>({.name = "readOnly", .versions = since(5)}),
                       field<&S::config_source>({.name = "configSource", .versions = since(5), .ignorable = true}),
                       field<&S::is_sensitive>({.name = "isSensitive", .versions = since(5)}));
}();

template <>
inline constexpr auto fields_of<CreateTopicsResponse::CreatableTopicResult> = [] {
  using S = CreateTopicsResponse::CreatableTopicResult;
  return field_list<S>(
      "CreatableTopicResult", field<&S::name>({.name = "name"}),
      field<&S::topic_id>({.name = "topicId", .versions = since(7), .ignorable = true}),
      field<&S::error_code>({.name = "errorCode"}),
      field<&S::error_message>({.name = "errorMessage", .versions = since(1), .nullable = since(0), .ignorable = true}),
      field<&S::topic_config_error_code>(
          {.name = "topicConfigErrorCode", .versions = since(5), .tagged = since(5), .tag = 0, .ignorable = true}),
      field<&S::num_partitions>({.name = "numPartitions", .versions = since(5), .ignorable = true}),
      field<&S::replication_factor>({.name = "replicationFactor", .versions = since(5), .ignorable = true}),
      field<&S::configs>({.name = "configs", .versions = since(5), .nullable = since(5), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<CreateTopicsResponse> = [] {
  using S = CreateTopicsResponse;
  return field_list<S>("CreateTopicsResponse",
                       field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(2), .ignorable = true}),
                       field<&S::topics>({.name = "topics"}));
}();

}  // namespace moldau::wire
