// ShareGroupDescribe: share groups. v0 was an early form and is gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ShareGroupDescribeRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::share_group_describe;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {1, 1};
  static constexpr int16_t flexible_since = 0;

  std::vector<std::string_view> group_ids;
  bool include_authorized_operations = false;
};

template <>
inline constexpr auto fields_of<ShareGroupDescribeRequest> = [] {
  using S = ShareGroupDescribeRequest;
  return field_list<S>("ShareGroupDescribeRequest", field<&S::group_ids>({.name = "groupIds"}),
                       field<&S::include_authorized_operations>({.name = "includeAuthorizedOperations"}));
}();

struct ShareGroupDescribeResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::share_group_describe;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {1, 1};
  static constexpr int16_t flexible_since = 0;

  struct TopicPartitions {
    Uuid topic_id;
    std::string_view topic_name;
    std::vector<int32_t> partitions;
  };

  struct Assignment {
    std::vector<TopicPartitions> topic_partitions;
  };

  struct Member {
    std::string_view member_id;
    std::optional<std::string_view> rack_id;
    int32_t member_epoch = 0;
    std::string_view client_id;
    std::string_view client_host;
    std::vector<std::string_view> subscribed_topic_names;
    Assignment assignment;
  };

  struct DescribedGroup {
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    std::string_view group_id;
    std::string_view group_state;
    int32_t group_epoch = 0;
    int32_t assignment_epoch = 0;
    std::string_view assignor_name;
    std::vector<Member> members;
    int32_t authorized_operations = INT32_MIN;
  };

  int32_t throttle_time_ms = 0;
  std::vector<DescribedGroup> groups;
};

template <>
inline constexpr auto fields_of<ShareGroupDescribeResponse::TopicPartitions> = [] {
  using S = ShareGroupDescribeResponse::TopicPartitions;
  return field_list<S>("TopicPartitions", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::topic_name>({.name = "topicName"}), field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ShareGroupDescribeResponse::Assignment> = [] {
  using S = ShareGroupDescribeResponse::Assignment;
  return field_list<S>("Assignment", field<&S::topic_partitions>({.name = "topicPartitions"}));
}();

template <>
inline constexpr auto fields_of<ShareGroupDescribeResponse::Member> = [] {
  using S = ShareGroupDescribeResponse::Member;
  return field_list<S>("Member", field<&S::member_id>({.name = "memberId"}),
                       field<&S::rack_id>({.name = "rackId", .nullable = since(0)}),
                       field<&S::member_epoch>({.name = "memberEpoch"}), field<&S::client_id>({.name = "clientId"}),
                       field<&S::client_host>({.name = "clientHost"}),
                       field<&S::subscribed_topic_names>({.name = "subscribedTopicNames"}),
                       field<&S::assignment>({.name = "assignment"}));
}();

template <>
inline constexpr auto fields_of<ShareGroupDescribeResponse::DescribedGroup> = [] {
  using S = ShareGroupDescribeResponse::DescribedGroup;
  return field_list<S>("DescribedGroup", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::group_id>({.name = "groupId"}), field<&S::group_state>({.name = "groupState"}),
                       field<&S::group_epoch>({.name = "groupEpoch"}),
                       field<&S::assignment_epoch>({.name = "assignmentEpoch"}),
                       field<&S::assignor_name>({.name = "assignorName"}), field<&S::members>({.name = "members"}),
                       field<&S::authorized_operations>({.name = "authorizedOperations"}));
}();

template <>
inline constexpr auto fields_of<ShareGroupDescribeResponse> = [] {
  using S = ShareGroupDescribeResponse;
  return field_list<S>("ShareGroupDescribeResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::groups>({.name = "groups"}));
}();

}  // namespace moldau::wire
