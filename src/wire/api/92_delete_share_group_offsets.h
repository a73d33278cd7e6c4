// DeleteShareGroupOffsets: deletes offsets of a share group.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DeleteShareGroupOffsetsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::delete_share_group_offsets;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct DeleteShareGroupOffsetsRequestTopic {
    std::string_view topic_name;
  };

  std::string_view group_id;
  std::vector<DeleteShareGroupOffsetsRequestTopic> topics;
};

template <>
inline constexpr auto fields_of<DeleteShareGroupOffsetsRequest::DeleteShareGroupOffsetsRequestTopic> = [] {
  using S = DeleteShareGroupOffsetsRequest::DeleteShareGroupOffsetsRequestTopic;
  return field_list<S>("DeleteShareGroupOffsetsRequestTopic", field<&S::topic_name>({.name = "topicName"}));
}();

template <>
inline constexpr auto fields_of<DeleteShareGroupOffsetsRequest> = [] {
  using S = DeleteShareGroupOffsetsRequest;
  return field_list<S>("DeleteShareGroupOffsetsRequest", field<&S::group_id>({.name = "groupId"}),
                       field<&S::topics>({.name = "topics"}));
}();

struct DeleteShareGroupOffsetsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::delete_share_group_offsets;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct DeleteShareGroupOffsetsResponseTopic {
    std::string_view topic_name;
    Uuid topic_id;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message;
  std::vector<DeleteShareGroupOffsetsResponseTopic> responses;
};

template <>
inline constexpr auto fields_of<DeleteShareGroupOffsetsResponse::DeleteShareGroupOffsetsResponseTopic> = [] {
  using S = DeleteShareGroupOffsetsResponse::DeleteShareGroupOffsetsResponseTopic;
  return field_list<S>("DeleteShareGroupOffsetsResponseTopic", field<&S::topic_name>({.name = "topicName"}),
                       field<&S::topic_id>({.name = "topicId"}), field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<DeleteShareGroupOffsetsResponse> = [] {
  using S = DeleteShareGroupOffsetsResponse;
  return field_list<S>("DeleteShareGroupOffsetsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::responses>({.name = "responses"}));
}();

}  // namespace moldau::wire
