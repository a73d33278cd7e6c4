// WriteTxnMarkers: a transaction coordinator has commit and abort markers written. v1 is flexible and the oldest left;
// v2 carries the transaction's version.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct WriteTxnMarkersRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::write_txn_markers;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {1, 2};
  static constexpr int16_t flexible_since = 1;

  struct WritableTxnMarkerTopic {
    std::string_view name;
    std::vector<int32_t> partition_indexes;
  };

  struct WritableTxnMarker {
    int64_t producer_id = 0;
    int16_t producer_epoch = 0;
    bool transaction_result = false;
    std::vector<WritableTxnMarkerTopic> topics;
    int32_t coordinator_epoch = 0;
    int8_t transaction_version = 0;
  };

  std::vector<WritableTxnMarker> markers;
};

template <>
inline constexpr auto fields_of<WriteTxnMarkersRequest::WritableTxnMarkerTopic> = [] {
  using S = WriteTxnMarkersRequest::WritableTxnMarkerTopic;
  return field_list<S>("WritableTxnMarkerTopic", field<&S::name>({.name = "name"}),
                       field<&S::partition_indexes>({.name = "partitionIndexes"}));
}();

template <>
inline constexpr auto fields_of<WriteTxnMarkersRequest::WritableTxnMarker> = [] {
  using S = WriteTxnMarkersRequest::WritableTxnMarker;
  return field_list<S>(
      "WritableTxnMarker", field<&S::producer_id>({.name = "producerId"}),
      field<&S::producer_epoch>({.name = "producerEpoch"}),
      field<&S::transaction_result>({.name = "transactionResult"}), field<&S::topics>({.name = "topics"}),
      field<&S::coordinator_epoch>({.name = "coordinatorEpoch"}),
      field<&S::transaction_version>({.name = "transactionVersion", .versions = since(2), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<WriteTxnMarkersRequest> = [] {
  using S = WriteTxnMarkersRequest;
  return field_list<S>("WriteTxnMarkersRequest", field<&S::markers>({.name = "markers"}));
}();

struct WriteTxnMarkersResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::write_txn_markers;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {1, 2};
  static constexpr int16_t flexible_since = 1;

  struct WritableTxnMarkerPartitionResult {
    int32_t partition_index = 0;
    int16_t error_code = 0;
  };

  struct WritableTxnMarkerTopicResult {
    std::string_view name;
    std::vector<WritableTxnMarkerPartitionResult> partitions;
  };

  struct WritableTxnMarkerResult {
    int64_t producer_id = 0;
    std::vector<WritableTxnMarkerTopicResult> topics;
  };

  std::vector<WritableTxnMarkerResult> markers;
};

template <>
inline constexpr auto fields_of<WriteTxnMarkersResponse::WritableTxnMarkerPartitionResult> = [] {
  using S = WriteTxnMarkersResponse::WritableTxnMarkerPartitionResult;
  return field_list<S>("WritableTxnMarkerPartitionResult", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::error_code>({.name = "errorCode"}));
}();

template <>
inline constexpr auto fields_of<WriteTxnMarkersResponse::WritableTxnMarkerTopicResult> = [] {
  using S = WriteTxnMarkersResponse::WritableTxnMarkerTopicResult;
  return field_list<S>("WritableTxnMarkerTopicResult", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<WriteTxnMarkersResponse::WritableTxnMarkerResult> = [] {
  using S = WriteTxnMarkersResponse::WritableTxnMarkerResult;
  return field_list<S>("WritableTxnMarkerResult", field<&S::producer_id>({.name = "producerId"}),
                       field<&S::topics>({.name = "topics"}));
}();

template <>
inline constexpr auto fields_of<WriteTxnMarkersResponse> = [] {
  using S = WriteTxnMarkersResponse;
  return field_list<S>("WriteTxnMarkersResponse", field<&S::markers>({.name = "markers"}));
}();

}  // namespace moldau::wire
