// AlterPartition: a leader asks the controller for another in-sync set. v2 names topics by id; v3 carries the broker
// epochs of the in-sync replicas.
#pragma once

#include <cstdint>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct AlterPartitionRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::alter_partition;
  static constexpr int16_t min_version = 2;
  static constexpr int16_t max_version = 3;
  static constexpr VersionRange valid_versions = {2, 3};
  static constexpr int16_t flexible_since = 0;

  struct BrokerState {
    int32_t broker_id = 0;
    int64_t broker_epoch = -1;
  };

  struct PartitionData {
    int32_t partition_index = 0;
    int32_t leader_epoch = 0;
    std::vector<int32_t> new_isr;
    std::vector<BrokerState> new_isr_with_epochs;
    int8_t leader_recovery_state = 0;
    int32_t partition_epoch = 0;
  };

  struct TopicData {
    Uuid topic_id;
    std::vector<PartitionData> partitions;
  };

  int32_t broker_id = 0;
  int64_t broker_epoch = -1;
  std::vector<TopicData> topics;
};

template <>
inline constexpr auto fields_of<AlterPartitionRequest::BrokerState> = [] {
  using S = AlterPartitionRequest::BrokerState;
  return field_list<S>("BrokerState", field<&S::broker_id>({.name = "brokerId", .versions = since(3)}),
                       field<&S::broker_epoch>({.name = "brokerEpoch", .versions = since(3)}));
}();

template <>
inline constexpr auto fields_of<AlterPartitionRequest::PartitionData> = [] {
  using S = AlterPartitionRequest::PartitionData;
  return field_list<S>("PartitionData", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::leader_epoch>({.name = "leaderEpoch"}),
                       field<&S::new_isr>({.name = "newIsr", .versions = {0, 2}}),
                       field<&S::new_isr_with_epochs>({.name = "newIsrWithEpochs", .versions = since(3)}),
                       field<&S::leader_recovery_state>({.name = "leaderRecoveryState", .versions = since(1)}),
                       field<&S::partition_epoch>({.name = "partitionEpoch"}));
}();

template <>
inline constexpr auto fields_of<AlterPartitionRequest::TopicData> = [] {
  using S = AlterPartitionRequest::TopicData;
  return field_list<S>("TopicData", field<&S::topic_id>({.name = "topicId", .versions = since(2), .ignorable = true}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<AlterPartitionRequest> = [] {
  using S = AlterPartitionRequest;
  return field_list<S>("AlterPartitionRequest", field<&S::broker_id>({.name = "brokerId"}),
                       field<&S::broker_epoch>({.name = "brokerEpoch"}), field<&S::topics>({.name = "topics"}));
}();

struct AlterPartitionResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::alter_partition;
  static constexpr int16_t min_version = 2;
  static constexpr int16_t max_version = 3;
  static constexpr VersionRange valid_versions = {2, 3};
  static constexpr int16_t flexible_since = 0;

  struct PartitionData {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    int32_t leader_id = 0;
    int32_t leader_epoch = 0;
    std::vector<int32_t> isr;
    int8_t leader_recovery_state = 0;
    int32_t partition_epoch = 0;
  };

  struct TopicData {
    Uuid topic_id;
    std::vector<PartitionData> partitions;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::vector<TopicData> topics;
};

template <>
inline constexpr auto fields_of<AlterPartitionResponse::PartitionData> = [] {
  using S = AlterPartitionResponse::PartitionData;
  return field_list<S>(
      "PartitionData", field<&S::partition_index>({.name = "partitionIndex"}),
      field<&S::error_code>({.name = "errorCode"}), field<&S::leader_id>({.name = "leaderId"}),
      field<&S::leader_epoch>({.name = "leaderEpoch"}), field<&S::isr>({.name = "isr"}),
      field<&S::leader_recovery_state>({.name = "leaderRecoveryState", .versions = since(1), .ignorable = true}),
      field<&S::partition_epoch>({.name = "partitionEpoch"}));
}();

template <>
inline constexpr auto fields_of<AlterPartitionResponse::TopicData> = [] {
  using S = AlterPartitionResponse::TopicData;
  return field_list<S>("TopicData", field<&S::topic_id>({.name = "topicId", .versions = since(2), .ignorable = true}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<AlterPartitionResponse> = [] {
  using S = AlterPartitionResponse;
  return field_list<S>("AlterPartitionResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}), field<&S::topics>({.name = "topics"}));
}();

}  // namespace moldau::wire
