// ShareAcknowledge: acknowledges acquired records. v0 is gone; v2 brings renewal.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ShareAcknowledgeRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::share_acknowledge;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {1, 2};
  static constexpr int16_t flexible_since = 0;

  struct AcknowledgementBatch {
    int64_t first_offset = 0;
    int64_t last_offset = 0;
    std::vector<int8_t> acknowledge_types;
  };

  struct AcknowledgePartition {
    int32_t partition_index = 0;
    std::vector<AcknowledgementBatch> acknowledgement_batches;
  };

  struct AcknowledgeTopic {
    Uuid topic_id;
    std::vector<AcknowledgePartition> partitions;
  };

  std::optional<std::string_view> group_id;
  std::optional<std::string_view> member_id{std::in_place};
  int32_t share_session_epoch = 0;
  bool is_renew_ack = false;
  std::vector<AcknowledgeTopic> topics;
};

template <>
inline constexpr auto fields_of<ShareAcknowledgeRequest::AcknowledgementBatch> = [] {
  using S = ShareAcknowledgeRequest::AcknowledgementBatch;
  return field_list<S>("AcknowledgementBatch", field<&S::first_offset>({.name = "firstOffset"}),
                       field<&S::last_offset>({.name = "lastOffset"}),
                       field<&S::acknowledge_types>({.name = "acknowledgeTypes"}));
}();

template <>
inline constexpr auto fields_of<ShareAcknowledgeRequest::AcknowledgePartition> = [] {
  using S = ShareAcknowledgeRequest::AcknowledgePartition;
  return field_list<S>("AcknowledgePartition", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::acknowledgement_batches>({.name = "acknowledgementBatches"}));
}();

template <>
inline constexpr auto fields_of<ShareAcknowledgeRequest::AcknowledgeTopic> = [] {
  using S = ShareAcknowledgeRequest::AcknowledgeTopic;
  return field_list<S>("AcknowledgeTopic", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ShareAcknowledgeRequest> = [] {
  using S = ShareAcknowledgeRequest;
  return field_list<S>("ShareAcknowledgeRequest", field<&S::group_id>({.name = "groupId", .nullable = since(0)}),
                       field<&S::member_id>({.name = "memberId", .nullable = since(0)}),
                       field<&S::share_session_epoch>({.name = "shareSessionEpoch"}),
                       field<&S::is_renew_ack>({.name = "isRenewAck", .versions = since(2)}),
                       field<&S::topics>({.name = "topics"}));
}();

struct ShareAcknowledgeResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::share_acknowledge;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {1, 2};
  static constexpr int16_t flexible_since = 0;

  struct LeaderIdAndEpoch {
    int32_t leader_id = 0;
    int32_t leader_epoch = 0;
  };

  struct PartitionData {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    LeaderIdAndEpoch current_leader;
  };

  struct ShareAcknowledgeTopicResponse {
    Uuid topic_id;
    std::vector<PartitionData> partitions;
  };

  struct NodeEndpoint {
    int32_t node_id = 0;
    std::string_view host;
    int32_t port = 0;
    std::optional<std::string_view> rack;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message;
  int32_t acquisition_lock_timeout_ms = 0;
  std::vector<ShareAcknowledgeTopicResponse> responses;
  std::vector<NodeEndpoint> node_endpoints;
};

template <>
inline constexpr auto fields_of<ShareAcknowledgeResponse::LeaderIdAndEpoch> = [] {
  using S = ShareAcknowledgeResponse::LeaderIdAndEpoch;
  return field_list<S>("LeaderIdAndEpoch", field<&S::leader_id>({.name = "leaderId"}),
                       field<&S::leader_epoch>({.name = "leaderEpoch"}));
}();

template <>
inline constexpr auto fields_of<ShareAcknowledgeResponse::PartitionData> = [] {
  using S = ShareAcknowledgeResponse::PartitionData;
  return field_list<S>("PartitionData", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::current_leader>({.name = "currentLeader"}));
}();

template <>
inline constexpr auto fields_of<ShareAcknowledgeResponse::ShareAcknowledgeTopicResponse> = [] {
  using S = ShareAcknowledgeResponse::ShareAcknowledgeTopicResponse;
  return field_list<S>("ShareAcknowledgeTopicResponse", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ShareAcknowledgeResponse::NodeEndpoint> = [] {
  using S = ShareAcknowledgeResponse::NodeEndpoint;
  return field_list<S>("NodeEndpoint", field<&S::node_id>({.name = "nodeId"}), field<&S::host>({.name = "host"}),
                       field<&S::port>({.name = "port"}), field<&S::rack>({.name = "rack", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<ShareAcknowledgeResponse> = [] {
  using S = ShareAcknowledgeResponse;
  return field_list<S>("ShareAcknowledgeResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::acquisition_lock_timeout_ms>(
                           {.name = "acquisitionLockTimeoutMs", .versions = since(2), .ignorable = true}),
                       field<&S::responses>({.name = "responses"}),
                       field<&S::node_endpoints>({.name = "nodeEndpoints"}));
}();

}  // namespace moldau::wire
