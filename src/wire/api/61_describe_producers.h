// DescribeProducers: the active producers of partitions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DescribeProducersRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::describe_producers;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct TopicRequest {
    std::string_view name;
    std::vector<int32_t> partition_indexes;
  };

  std::vector<TopicRequest> topics;
};

template <>
inline constexpr auto fields_of<DescribeProducersRequest::TopicRequest> = [] {
  using S = DescribeProducersRequest::TopicRequest;
  return field_list<S>("TopicRequest", field<&S::name>({.name = "name"}),
                       field<&S::partition_indexes>({.name = "partitionIndexes"}));
}();

template <>
inline constexpr auto fields_of<DescribeProducersRequest> = [] {
  using S = DescribeProducersRequest;
  return field_list<S>("DescribeProducersRequest", field<&S::topics>({.name = "topics"}));
}();

struct DescribeProducersResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::describe_producers;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct ProducerState {
    int64_t producer_id = 0;
    int32_t producer_epoch = 0;
    int32_t last_sequence = -1;
    int64_t last_timestamp = -1;
    int32_t coordinator_epoch = 0;
    int64_t current_txn_start_offset = -1;
  };

  struct PartitionResponse {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    std::vector<ProducerState> active_producers;
  };

  struct TopicResponse {
    std::string_view name;
    std::vector<PartitionResponse> partitions;
  };

  int32_t throttle_time_ms = 0;
  std::vector<TopicResponse> topics;
};

template <>
inline constexpr auto fields_of<DescribeProducersResponse::ProducerState> = [] {
  using S = DescribeProducersResponse::ProducerState;
  return field_list<S>(
      "ProducerState", field<&S::producer_id>({.name = "producerId"}),
      field<&S::producer_epoch>({.name = "producerEpoch"}), field<&S::last_sequence>({.name = "lastSequence"}),
      field<&S::last_timestamp>({.name = "lastTimestamp"}), field<&S::coordinator_epoch>({.name = "coordinatorEpoch"}),
      field<&S::current_txn_start_offset>({.name = "currentTxnStartOffset"}));
}();

template <>
inline constexpr auto fields_of<DescribeProducersResponse::PartitionResponse> = [] {
  using S = DescribeProducersResponse::PartitionResponse;
  return field_list<S>("PartitionResponse", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::active_producers>({.name = "activeProducers"}));
}();

template <>
inline constexpr auto fields_of<DescribeProducersResponse::TopicResponse> = [] {
  using S = DescribeProducersResponse::TopicResponse;
  return field_list<S>("TopicResponse", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<DescribeProducersResponse> = [] {
  using S = DescribeProducersResponse;
  return field_list<S>("DescribeProducersResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::topics>({.name = "topics"}));
}();

}  // namespace moldau::wire
