// AlterReplicaLogDirs: moves replicas between the log directories of a broker. v2 is flexible.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct AlterReplicaLogDirsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::alter_replica_log_dirs;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {1, 2};
  static constexpr int16_t flexible_since = 2;

  struct AlterReplicaLogDirTopic {
    std::string_view name;
    std::vector<int32_t> partitions;
  };

  struct AlterReplicaLogDir {
    std::string_view path;
    std::vector<AlterReplicaLogDirTopic> topics;
  };

  std::vector<AlterReplicaLogDir> dirs;
};

template <>
inline constexpr auto fields_of<AlterReplicaLogDirsRequest::AlterReplicaLogDirTopic> = [] {
  using S = AlterReplicaLogDirsRequest::AlterReplicaLogDirTopic;
  return field_list<S>("AlterReplicaLogDirTopic", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<AlterReplicaLogDirsRequest::AlterReplicaLogDir> = [] {
  using S = AlterReplicaLogDirsRequest::AlterReplicaLogDir;
  return field_list<S>("AlterReplicaLogDir", field<&S::path>({.name = "path"}), field<&S::topics>({.name = "topics"}));
}();

template <>
inline constexpr auto fields_of<AlterReplicaLogDirsRequest> = [] {
  using S = AlterReplicaLogDirsRequest;
  return field_list<S>("AlterReplicaLogDirsRequest", field<&S::dirs>({.name = "dirs"}));
}();

struct AlterReplicaLogDirsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::alter_replica_log_dirs;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {1, 2};
  static constexpr int16_t flexible_since = 2;

  struct AlterReplicaLogDirPartitionResult {
    int32_t partition_index = 0;
    int16_t error_code = 0;
  };

  struct AlterReplicaLogDirTopicResult {
    std::string_view topic_name;
    std::vector<AlterReplicaLogDirPartitionResult> partitions;
  };

  int32_t throttle_time_ms = 0;
  std::vector<AlterReplicaLogDirTopicResult> results;
};

template <>
inline constexpr auto fields_of<AlterReplicaLogDirsResponse::AlterReplicaLogDirPartitionResult> = [] {
  using S = AlterReplicaLogDirsResponse::AlterReplicaLogDirPartitionResult;
  return field_list<S>("AlterReplicaLogDirPartitionResult", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}));
}();

template <>
inline constexpr auto fields_of<AlterReplicaLogDirsResponse::AlterReplicaLogDirTopicResult> = [] {
  using S = AlterReplicaLogDirsResponse::AlterReplicaLogDirTopicResult;
  return field_list<S>("AlterReplicaLogDirTopicResult", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<AlterReplicaLogDirsResponse> = [] {
  using S = AlterReplicaLogDirsResponse;
  return field_list<S>("AlterReplicaLogDirsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::results>({.name = "results"}));
}();

}  // namespace moldau::wire
