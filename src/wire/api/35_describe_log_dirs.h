// DescribeLogDirs: a broker's log directories and the sizes of the replicas in them. v2 is flexible; v3 has a top-level
// error; v4 returns the space of the volume; v5 whether a directory is cordoned.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DescribeLogDirsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::describe_log_dirs;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {1, 5};
  static constexpr int16_t flexible_since = 2;

  struct DescribableLogDirTopic {
    std::string_view topic;
    std::vector<int32_t> partitions;
  };

  std::optional<std::vector<DescribableLogDirTopic>> topics{std::in_place};
};

template <>
inline constexpr auto fields_of<DescribeLogDirsRequest::DescribableLogDirTopic> = [] {
  using S = DescribeLogDirsRequest::DescribableLogDirTopic;
  return field_list<S>("DescribableLogDirTopic", field<&S::topic>({.name = "topic"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<DescribeLogDirsRequest> = [] {
  using S = DescribeLogDirsRequest;
  return field_list<S>("DescribeLogDirsRequest", field<&S::topics>({.name = "topics", .nullable = since(0)}));
}();

struct DescribeLogDirsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::describe_log_dirs;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {1, 5};
  static constexpr int16_t flexible_since = 2;

  struct DescribeLogDirsPartition {
    int32_t partition_index = 0;
    int64_t partition_size = 0;
    int64_t offset_lag = 0;
    bool is_future_key = false;
  };

  struct DescribeLogDirsTopic {
    std::string_view name;
    std::vector<DescribeLogDirsPartition> partitions;
  };

  struct DescribeLogDirsResult {
    int16_t error_code = 0;
    std::string_view log_dir;
    std::vector<DescribeLogDirsTopic> topics;
    int64_t total_bytes = -1;
    int64_t usable_bytes = -1;
    bool is_cordoned = false;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::vector<DescribeLogDirsResult> results;
};

template <>
inline constexpr auto fields_of<DescribeLogDirsResponse::DescribeLogDirsPartition> = [] {
  using S = DescribeLogDirsResponse::DescribeLogDirsPartition;
  return field_list<S>("DescribeLogDirsPartition", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::partition_size>({.name = "partitionSize"}),
                       field<&S::offset_lag>({.name = "offsetLag"}), field<&S::is_future_key>({.name = "isFutureKey"}));
}();

template <>
inline constexpr auto fields_of<DescribeLogDirsResponse::DescribeLogDirsTopic> = [] {
  using S = DescribeLogDirsResponse::DescribeLogDirsTopic;
  return field_list<S>("DescribeLogDirsTopic", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<DescribeLogDirsResponse::DescribeLogDirsResult> = [] {
  using S = DescribeLogDirsResponse::DescribeLogDirsResult;
  return field_list<S>("DescribeLogDirsResult", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::log_dir>({.name = "logDir"}), field<&S::topics>({.name = "topics"}),
                       field<&S::total_bytes>({.name = "totalBytes", .versions = since(4), .ignorable = true}),
                       field<&S::usable_bytes>({.name = "usableBytes", .versions = since(4), .ignorable = true}),
                       field<&S::is_cordoned>({.name = "isCordoned", .versions = since(5), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<DescribeLogDirsResponse> = [] {
  using S = DescribeLogDirsResponse;
  return field_list<S>("DescribeLogDirsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode", .versions = since(3), .ignorable = true}),
                       field<&S::results>({.name = "results"}));
}();

}  // namespace moldau::wire
