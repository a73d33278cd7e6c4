// DeleteShareGroupState: deletes the state of share partitions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DeleteShareGroupStateRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::delete_share_group_state;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct PartitionData {
    int32_t partition = 0;
  };

  struct DeleteStateData {
    Uuid topic_id;
    std::vector<PartitionData> partitions;
  };

  std::string_view group_id;
  std::vector<DeleteStateData> topics;
};

template <>
inline constexpr auto fields_of<DeleteShareGroupStateRequest::PartitionData> = [] {
  using S = DeleteShareGroupStateRequest::PartitionData;
  return field_list<S>("PartitionData", field<&S::partition>({.name = "partition"}));
}();

template <>
inline constexpr auto fields_of<DeleteShareGroupStateRequest::DeleteStateData> = [] {
  using S = DeleteShareGroupStateRequest::DeleteStateData;
  return field_list<S>("DeleteStateData", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<DeleteShareGroupStateRequest> = [] {
  using S = DeleteShareGroupStateRequest;
  return field_list<S>("DeleteShareGroupStateRequest", field<&S::group_id>({.name = "groupId"}),
                       field<&S::topics>({.name = "topics"}));
}();

struct DeleteShareGroupStateResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::delete_share_group_state;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct PartitionResult {
    int32_t partition = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
  };

  struct DeleteStateResult {
    Uuid topic_id;
    std::vector<PartitionResult> partitions;
  };

  std::vector<DeleteStateResult> results;
};

template <>
inline constexpr auto fields_of<DeleteShareGroupStateResponse::PartitionResult> = [] {
  using S = DeleteShareGroupStateResponse::PartitionResult;
  return field_list<S>("PartitionResult", field<&S::partition>({.name = "partition"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<DeleteShareGroupStateResponse::DeleteStateResult> = [] {
  using S = DeleteShareGroupStateResponse::DeleteStateResult;
  return field_list<S>("DeleteStateResult", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<DeleteShareGroupStateResponse> = [] {
  using S = DeleteShareGroupStateResponse;
  return field_list<S>("DeleteShareGroupStateResponse", field<&S::results>({.name = "results"}));
}();

}  // namespace moldau::wire
