// DeleteRecords: moves the log start offsets of partitions forward (-1: to the high watermark). v2 is flexible.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DeleteRecordsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::delete_records;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 2;

  struct DeleteRecordsPartition {
    int32_t partition_index = 0;
    int64_t offset = 0;
  };

  struct DeleteRecordsTopic {
    std::string_view name;
    std::vector<DeleteRecordsPartition> partitions;
  };

  std::vector<DeleteRecordsTopic> topics;
  int32_t timeout_ms = 0;
};

template <>
inline constexpr auto fields_of<DeleteRecordsRequest::DeleteRecordsPartition> = [] {
  using S = DeleteRecordsRequest::DeleteRecordsPartition;
  return field_list<S>("DeleteRecordsPartition", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::offset>({.name = "offset"}));
}();

template <>
inline constexpr auto fields_of<DeleteRecordsRequest::DeleteRecordsTopic> = [] {
  using S = DeleteRecordsRequest::DeleteRecordsTopic;
  return field_list<S>("DeleteRecordsTopic", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<DeleteRecordsRequest> = [] {
  using S = DeleteRecordsRequest;
  return field_list<S>("DeleteRecordsRequest", field<&S::topics>({.name = "topics"}),
                       field<&S::timeout_ms>({.name = "timeoutMs"}));
}();

struct DeleteRecordsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::delete_records;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 2;

  struct DeleteRecordsPartitionResult {
    int32_t partition_index = 0;
    int64_t low_watermark = 0;
    int16_t error_code = 0;
  };

  struct DeleteRecordsTopicResult {
    std::string_view name;
    std::vector<DeleteRecordsPartitionResult> partitions;
  };

  int32_t throttle_time_ms = 0;
  std::vector<DeleteRecordsTopicResult> topics;
};

template <>
inline constexpr auto fields_of<DeleteRecordsResponse::DeleteRecordsPartitionResult> = [] {
  using S = DeleteRecordsResponse::DeleteRecordsPartitionResult;
  return field_list<S>("DeleteRecordsPartitionResult", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::low_watermark>({.name = "lowWatermark"}),
                       field<&S::error_code>({.name = "errorCode"}));
}();

template <>
inline constexpr auto fields_of<DeleteRecordsResponse::DeleteRecordsTopicResult> = [] {
  using S = DeleteRecordsResponse::DeleteRecordsTopicResult;
  return field_list<S>("DeleteRecordsTopicResult", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<DeleteRecordsResponse> = [] {
  using S = DeleteRecordsResponse;
  return field_list<S>("DeleteRecordsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::topics>({.name = "topics"}));
}();

}  // namespace moldau::wire
