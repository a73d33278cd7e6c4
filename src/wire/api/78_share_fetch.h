// ShareFetch: acquires records of share partitions and acknowledges others. v0 is gone; v2 brings acquire modes and
// renewal.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ShareFetchRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::share_fetch;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {1, 2};
  static constexpr int16_t flexible_since = 0;

  struct AcknowledgementBatch {
    int64_t first_offset = 0;
    int64_t last_offset = 0;
    std::vector<int8_t> acknowledge_types;
  };

  struct FetchPartition {
    int32_t partition_index = 0;
    int32_t partition_max_bytes = 0;
    std::vector<AcknowledgementBatch> acknowledgement_batches;
  };

  struct FetchTopic {
    Uuid topic_id;
    std::vector<FetchPartition> partitions;
  };

  struct ForgottenTopic {
    Uuid topic_id;
    std::vector<int32_t> partitions;
  };

  std::optional<std::string_view> group_id;
  std::optional<std::string_view> member_id{std::in_place};
  int32_t share_session_epoch = 0;
  int32_t max_wait_ms = 0;
  int32_t min_bytes = 0;
  int32_t max_bytes = INT32_MAX;
  int32_t max_records = 0;
  int32_t batch_size = 0;
  int8_t share_acquire_mode = 0;
  bool is_renew_ack = false;
  std::vector<FetchTopic> topics;
  std::vector<ForgottenTopic> forgotten_topics_data;
};

template <>
inline constexpr auto fields_of<ShareFetchRequest::AcknowledgementBatch> = [] {
  using S = ShareFetchRequest::AcknowledgementBatch;
  return field_list<S>("AcknowledgementBatch", field<&S::first_offset>({.name = "firstOffset"}),
                       field<&S::last_offset>({.name = "lastOffset"}),
                       field<&S::acknowledge_types>({.name = "acknowledgeTypes"}));
}();

template <>
inline constexpr auto fields_of<ShareFetchRequest::FetchPartition> = [] {
  using S = ShareFetchRequest::FetchPartition;
  return field_list<S>("FetchPartition", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::partition_max_bytes>({.name = "partitionMaxBytes", .versions = {0, 0}}),
                       field<&S::acknowledgement_batches>({.name = "acknowledgementBatches"}));
}();

template <>
inline constexpr auto fields_of<ShareFetchRequest::FetchTopic> = [] {
  using S = ShareFetchRequest::FetchTopic;
  return field_list<S>("FetchTopic", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ShareFetchRequest::ForgottenTopic> = [] {
  using S = ShareFetchRequest::ForgottenTopic;
  return field_list<S>("ForgottenTopic", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ShareFetchRequest> = [] {
  using S = ShareFetchRequest;
  return field_list<S>(
      "ShareFetchRequest", field<&S::group_id>({.name = "groupId", .nullable = since(0)}),
      field<&S::member_id>({.name = "memberId", .nullable = since(0)}),
      field<&S::share_session_epoch>({.name = "shareSessionEpoch"}), field<&S::max_wait_ms>({.name = "maxWaitMs"}),
      field<&S::min_bytes>({.name = "minBytes"}), field<&S::max_bytes>({.name = "maxBytes"}),
      field<&S::max_records>({.name = "maxRecords", .versions = since(1)}),
      field<&S::batch_size>({.name = "batchSize", .versions = since(1)}),
      field<&S::share_acquire_mode>({.name = "shareAcquireMode", .versions = since(2), .ignorable = true}),
      field<&S::is_renew_ack>({.name = "isRenewAck", .versions = since(2)}), field<&S::topics>({.name = "topics"}),
      field<&S::forgotten_topics_data>({.name = "forgottenTopicsData"}));
}();

struct ShareFetchResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::share_fetch;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {1, 2};
  static constexpr int16_t flexible_since = 0;

  struct LeaderIdAndEpoch {
    int32_t leader_id = 0;
    int32_t leader_epoch = 0;
  };

  struct AcquiredRecords {
    int64_t first_offset = 0;
    int64_t last_offset = 0;
    int16_t delivery_count = 0;
  };

  struct PartitionData {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    int16_t acknowledge_error_code = 0;
    std::optional<std::string_view> acknowledge_error_message;
    LeaderIdAndEpoch current_leader;
    std::optional<Records> records;
    std::vector<AcquiredRecords> acquired_records;
  };

  struct ShareFetchableTopicResponse {
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
  std::vector<ShareFetchableTopicResponse> responses;
  std::vector<NodeEndpoint> node_endpoints;
};

template <>
inline constexpr auto fields_of<ShareFetchResponse::LeaderIdAndEpoch> = [] {
  using S = ShareFetchResponse::LeaderIdAndEpoch;
  return field_list<S>("LeaderIdAndEpoch", field<&S::leader_id>({.name = "leaderId"}),
                       field<&S::leader_epoch>({.name = "leaderEpoch"}));
}();

template <>
inline constexpr auto fields_of<ShareFetchResponse::AcquiredRecords> = [] {
  using S = ShareFetchResponse::AcquiredRecords;
  return field_list<S>("AcquiredRecords", field<&S::first_offset>({.name = "firstOffset"}),
                       field<&S::last_offset>({.name = "lastOffset"}),
                       field<&S::delivery_count>({.name = "deliveryCount"}));
}();

template <>
inline constexpr auto fields_of<ShareFetchResponse::PartitionData> = [] {
  using S = ShareFetchResponse::PartitionData;
  return field_list<S>("PartitionData", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::acknowledge_error_code>({.name = "acknowledgeErrorCode"}),
                       field<&S::acknowledge_error_message>({.name = "acknowledgeErrorMessage", .nullable = since(0)}),
                       field<&S::current_leader>({.name = "currentLeader"}),
                       field<&S::records>({.name = "records", .nullable = {0, 0}}),
                       field<&S::acquired_records>({.name = "acquiredRecords"}));
}();

template <>
inline constexpr auto fields_of<ShareFetchResponse::ShareFetchableTopicResponse> = [] {
  using S = ShareFetchResponse::ShareFetchableTopicResponse;
  return field_list<S>("ShareFetchableTopicResponse", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ShareFetchResponse::NodeEndpoint> = [] {
  using S = ShareFetchResponse::NodeEndpoint;
  return field_list<S>("NodeEndpoint", field<&S::node_id>({.name = "nodeId"}), field<&S::host>({.name = "host"}),
                       field<&S::port>({.name = "port"}), field<&S::rack>({.name = "rack", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<ShareFetchResponse> = [] {
  using S = ShareFetchResponse;
  return field_list<S>(
      "ShareFetchResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
      field<&S::error_code>({.name = "errorCode"}),
      field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
      field<&S::acquisition_lock_timeout_ms>({.name = "acquisitionLockTimeoutMs", .versions = since(1)}),
      field<&S::responses>({.name = "responses"}), field<&S::node_endpoints>({.name = "nodeEndpoints"}));
}();

}  // namespace moldau::wire
