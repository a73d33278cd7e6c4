// AssignReplicasToDirs: a broker tells the controller in which log directories its replicas are.
#pragma once

#include <cstdint>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct AssignReplicasToDirsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::assign_replicas_to_dirs;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct PartitionData {
    int32_t partition_index = 0;
  };

  struct TopicData {
    Uuid topic_id;
    std::vector<PartitionData> partitions;
  };

  struct DirectoryData {
    Uuid id;
    std::vector<TopicData> topics;
  };

  int32_t broker_id = 0;
  int64_t broker_epoch = -1;
  std::vector<DirectoryData> directories;
};

template <>
inline constexpr auto fields_of<AssignReplicasToDirsRequest::PartitionData> = [] {
  using S = AssignReplicasToDirsRequest::PartitionData;
  return field_list<S>("PartitionData", field<&S::partition_index>({.name = "partitionIndex"}));
}();

template <>
inline constexpr auto fields_of<AssignReplicasToDirsRequest::TopicData> = [] {
  using S = AssignReplicasToDirsRequest::TopicData;
  return field_list<S>("TopicData", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<AssignReplicasToDirsRequest::DirectoryData> = [] {
  using S = AssignReplicasToDirsRequest::DirectoryData;
  return field_list<S>("DirectoryData", field<&S::id>({.name = "id"}), field<&S::topics>({.name = "topics"}));
}();

template <>
inline constexpr auto fields_of<AssignReplicasToDirsRequest> = [] {
  using S = AssignReplicasToDirsRequest;
  return field_list<S>("AssignReplicasToDirsRequest", field<&S::broker_id>({.name = "brokerId"}),
                       field<&S::broker_epoch>({.name = "brokerEpoch"}),
                       field<&S::directories>({.name = "directories"}));
}();

struct AssignReplicasToDirsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::assign_replicas_to_dirs;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct PartitionData {
    int32_t partition_index = 0;
    int16_t error_code = 0;
  };

  struct TopicData {
    Uuid topic_id;
    std::vector<PartitionData> partitions;
  };

  struct DirectoryData {
    Uuid id;
    std::vector<TopicData> topics;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::vector<DirectoryData> directories;
};

template <>
inline constexpr auto fields_of<AssignReplicasToDirsResponse::PartitionData> = [] {
  using S = AssignReplicasToDirsResponse::PartitionData;
  return field_list<S>("PartitionData", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}));
}();

template <>
inline constexpr auto fields_of<AssignReplicasToDirsResponse::TopicData> = [] {
  using S = AssignReplicasToDirsResponse::TopicData;
  return field_list<S>("TopicData", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<AssignReplicasToDirsResponse::DirectoryData> = [] {
  using S = AssignReplicasToDirsResponse::DirectoryData;
  return field_list<S>("DirectoryData", field<&S::id>({.name = "id"}), field<&S::topics>({.name = "topics"}));
}();

template <>
inline constexpr auto fields_of<AssignReplicasToDirsResponse> = [] {
  using S = AssignReplicasToDirsResponse;
  return field_list<S>("AssignReplicasToDirsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}), field<&S::directories>({.name = "directories"}));
}();

}  // namespace moldau::wire
