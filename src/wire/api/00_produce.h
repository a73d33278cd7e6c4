// Produce: appends record batches. v3 is the first with record batches of magic 2 and a transactional id; v5 returns
// the log start offset, v8 per-record errors; v9 is flexible; v10 names the new leader; v12 adds partitions to the
// transaction implicitly; v13 names topics by id alone. acks: 0 (no response), 1 or -1 (all).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ProduceRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::produce;
  static constexpr int16_t min_version = 3;
  static constexpr int16_t max_version = 13;
  static constexpr VersionRange valid_versions = {3, 13};
  static constexpr int16_t flexible_since = 9;

  struct PartitionProduceData {
    int32_t index = 0;
    std::optional<Records> records;
  };

  struct TopicProduceData {
    std::string_view name;
    Uuid topic_id;
    std::vector<PartitionProduceData> partition_data;
  };

  std::optional<std::string_view> transactional_id;
  int16_t acks = 0;
  int32_t timeout_ms = 0;
  std::vector<TopicProduceData> topic_data;
};

template <>
inline constexpr auto fields_of<ProduceRequest::PartitionProduceData> = [] {
  using S = ProduceRequest::PartitionProduceData;
  return field_list<S>("PartitionProduceData", field<&S::index>({.name = "index"}),
                       field<&S::records>({.name = "records", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<ProduceRequest::TopicProduceData> = [] {
  using S = ProduceRequest::TopicProduceData;
  return field_list<S>("TopicProduceData", field<&S::name>({.name = "name", .versions = {0, 12}, .ignorable = true}),
                       field<&S::topic_id>({.name = "topicId", .versions = since(13), .ignorable = true}),
                       field<&S::partition_data>({.name = "partitionData"}));
}();

template <>
inline constexpr auto fields_of<ProduceRequest> = [] {
  using S = ProduceRequest;
  return field_list<S>(
      "ProduceRequest",
      field<&S::transactional_id>({.name = "transactionalId", .versions = since(3), .nullable = since(3)}),
      field<&S::acks>({.name = "acks"}), field<&S::timeout_ms>({.name = "timeoutMs"}),
      field<&S::topic_data>({.name = "topicData"}));
}();

struct ProduceResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::produce;
  static constexpr int16_t min_version = 3;
  static constexpr int16_t max_version = 13;
  static constexpr VersionRange valid_versions = {3, 13};
  static constexpr int16_t flexible_since = 9;

  struct BatchIndexAndErrorMessage {
    int32_t batch_index = 0;
    std::optional<std::string_view> batch_index_error_message;
  };

  struct LeaderIdAndEpoch {
    int32_t leader_id = -1;
    int32_t leader_epoch = -1;
  };

  struct PartitionProduceResponse {
    int32_t index = 0;
    int16_t error_code = 0;
    int64_t base_offset = 0;
    int64_t log_append_time_ms = -1;
    int64_t log_start_offset = -1;
    std::vector<BatchIndexAndErrorMessage> record_errors;
    std::optional<std::string_view> error_message;
    LeaderIdAndEpoch current_leader;
  };

  struct TopicProduceResponse {
    std::string_view name;
    Uuid topic_id;
    std::vector<PartitionProduceResponse> partition_responses;
  };

  struct NodeEndpoint {
    int32_t node_id = 0;
    std::string_view host;
    int32_t port = 0;
    std::optional<std::string_view> rack;
  };

  std::vector<TopicProduceResponse> responses;
  int32_t throttle_time_ms = 0;
  std::vector<NodeEndpoint> node_endpoints;
};

template <>
inline constexpr auto fields_of<ProduceResponse::BatchIndexAndErrorMessage> = [] {
  using S = ProduceResponse::BatchIndexAndErrorMessage;
  return field_list<S>("BatchIndexAndErrorMessage",
                       field<&S::batch_index>({.name = "batchIndex", .versions = since(8)}),
                       field<&S::batch_index_error_message>(
                           {.name = "batchIndexErrorMessage", .versions = since(8), .nullable = since(8)}));
}();

template <>
inline constexpr auto fields_of<ProduceResponse::LeaderIdAndEpoch> = [] {
  using S = ProduceResponse::LeaderIdAndEpoch;
  return field_list<S>("LeaderIdAndEpoch", field<&S::leader_id>({.name = "leaderId", .versions = since(10)}),
                       field<&S::leader_epoch>({.name = "leaderEpoch", .versions = since(10)}));
}();

template <>
inline constexpr auto fields_of<ProduceResponse::PartitionProduceResponse> = [] {
  using S = ProduceResponse::PartitionProduceResponse;
  return field_list<S>(
      "PartitionProduceResponse", field<&S::index>({.name = "index"}), field<&S::error_code>({.name = "errorCode"}),
      field<&S::base_offset>({.name = "baseOffset"}),
      field<&S::log_append_time_ms>({.name = "logAppendTimeMs", .versions = since(2), .ignorable = true}),
      field<&S::log_start_offset>({.name = "logStartOffset", .versions = since(5), .ignorable = true}),
      field<&S::record_errors>({.name = "recordErrors", .versions = since(8), .ignorable = true}),
      field<&S::error_message>({.name = "errorMessage", .versions = since(8), .nullable = since(8), .ignorable = true}),
      field<&S::current_leader>({.name = "currentLeader", .versions = since(10), .tagged = since(10), .tag = 0}));
}();

template <>
inline constexpr auto fields_of<ProduceResponse::TopicProduceResponse> = [] {
  using S = ProduceResponse::TopicProduceResponse;
  return field_list<S>("TopicProduceResponse",
                       field<&S::name>({.name = "name", .versions = {0, 12}, .ignorable = true}),
                       field<&S::topic_id>({.name = "topicId", .versions = since(13), .ignorable = true}),
                       field<&S::partition_responses>({.name = "partitionResponses"}));
}();

template <>
inline constexpr auto fields_of<ProduceResponse::NodeEndpoint> = [] {
  using S = ProduceResponse::NodeEndpoint;
  return field_list<S>("NodeEndpoint", field<&S::node_id>({.name = "nodeId", .versions = since(10)}),
                       field<&S::host>({.name = "host", .versions = since(10)}),
                       field<&S::port>({.name = "port", .versions = since(10)}),
                       field<&S::rack>({.name = "rack", .versions = since(10), .nullable = since(10)}));
}();

template <>
inline constexpr auto fields_of<ProduceResponse> = [] {
  using S = ProduceResponse;
  return field_list<S>(
      "ProduceResponse", field<&S::responses>({.name = "responses"}),
      field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(1), .ignorable = true}),
      field<&S::node_endpoints>({.name = "nodeEndpoints", .versions = since(10), .tagged = since(10), .tag = 0}));
}();

}  // namespace moldau::wire
