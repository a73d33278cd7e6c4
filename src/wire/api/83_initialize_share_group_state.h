// InitializeShareGroupState: the group coordinator has the state of share partitions made.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct InitializeShareGroupStateRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::initialize_share_group_state;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct PartitionData {
    int32_t partition = 0;
    int32_t state_epoch = 0;
    int64_t start_offset = 0;
  };

  struct InitializeStateData {
    Uuid topic_id;
    std::vector<PartitionData> partitions;
  };

  std::string_view group_id;
  std::vector<InitializeStateData> topics;
};

template <>
inline constexpr auto fields_of<InitializeShareGroupStateRequest::PartitionData> = [] {
  using S = InitializeShareGroupStateRequest::PartitionData;
  return field_list<S>("PartitionData", field<&S::partition>({.name = "partition"}),
                       field<&S::state_epoch>({.name = "stateEpoch"}),
                       field<&S::start_offset>({.name = "startOffset"}));
}();

template <>
inline constexpr auto fields_of<InitializeShareGroupStateRequest::InitializeStateData> = [] {
  using S = InitializeShareGroupStateRequest::InitializeStateData;
  return field_list<S>("InitializeStateData", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<InitializeShareGroupStateRequest> = [] {
  using S = InitializeShareGroupStateRequest;
  return field_list<S>("InitializeShareGroupStateRequest", field<&S::group_id>({.name = "groupId"}),
                       field<&S::topics>({.name = "topics"}));
}();

struct InitializeShareGroupStateResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::initialize_share_group_state;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct PartitionResult {
    int32_t partition = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
  };

  struct InitializeStateResult {
    Uuid topic_id;
    std::vector<PartitionResult> partitions;
  };

  std::vector<InitializeStateResult> results;
};

template <>
inline constexpr auto fields_of<InitializeShareGroupStateResponse::PartitionResult> = [] {
  using S = InitializeShareGroupStateResponse::PartitionResult;
  return field_list<S>("PartitionResult", field<&S::partition>({.name = "partition"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<InitializeShareGroupStateResponse::InitializeStateResult> = [] {
  using S = InitializeShareGroupStateResponse::InitializeStateResult;
  return field_list<S>("InitializeStateResult", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<InitializeShareGroupStateResponse> = [] {
  using S = InitializeShareGroupStateResponse;
  return field_list<S>("InitializeShareGroupStateResponse", field<&S::results>({.name = "results"}));
}();

}  // namespace moldau::wire
