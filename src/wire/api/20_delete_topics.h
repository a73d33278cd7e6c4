// DeleteTopics: by name until v5, by name or id from v6. v4 is flexible; v5 returns a message.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DeleteTopicsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::delete_topics;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 6;
  static constexpr VersionRange valid_versions = {1, 6};
  static constexpr int16_t flexible_since = 4;

  struct DeleteTopicState {
    std::optional<std::string_view> name;
    Uuid topic_id;
  };

  std::vector<DeleteTopicState> topics;
  std::vector<std::string_view> topic_names;
  int32_t timeout_ms = 0;
};

template <>
inline constexpr auto fields_of<DeleteTopicsRequest::DeleteTopicState> = [] {
  using S = DeleteTopicsRequest::DeleteTopicState;
  return field_list<S>("DeleteTopicState",
                       field<&S::name>({.name = "name", .versions = since(6), .nullable = since(6)}),
                       field<&S::topic_id>({.name = "topicId", .versions = since(6)}));
}();

template <>
inline constexpr auto fields_of<DeleteTopicsRequest> = [] {
  using S = DeleteTopicsRequest;
  return field_list<S>("DeleteTopicsRequest", field<&S::topics>({.name = "topics", .versions = since(6)}),
                       field<&S::topic_names>({.name = "topicNames", .versions = {0, 5}, .ignorable = true}),
                       field<&S::timeout_ms>({.name = "timeoutMs"}));
}();

struct DeleteTopicsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::delete_topics;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 6;
  static constexpr VersionRange valid_versions = {1, 6};
  static constexpr int16_t flexible_since = 4;

  struct DeletableTopicResult {
    std::optional<std::string_view> name{std::in_place};
    Uuid topic_id;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
  };

  int32_t throttle_time_ms = 0;
  std::vector<DeletableTopicResult> responses;
};

template <>
inline constexpr auto fields_of<DeleteTopicsResponse::DeletableTopicResult> = [] {
  using S = DeleteTopicsResponse::DeletableTopicResult;
  return field_list<S>("DeletableTopicResult", field<&S::name>({.name = "name", .nullable = since(6)}),
                       field<&S::topic_id>({.name = "topicId", .versions = since(6), .ignorable = true}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>(
                           {.name = "errorMessage", .versions = since(5), .nullable = since(5), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<DeleteTopicsResponse> = [] {
  using S = DeleteTopicsResponse;
  return field_list<S>("DeleteTopicsResponse",
                       field<&S::throttle_time_ms>({.name = "throttleTimeMs", .versions = since(1), .ignorable = true}),
                       field<&S::responses>({.name = "responses"}));
}();

}  // namespace moldau::wire
