// ConsumerGroupDescribe: groups of the consumer group protocol. v1 returns the member's type.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ConsumerGroupDescribeRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::consumer_group_describe;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 0;

  std::vector<std::string_view> group_ids;
  bool include_authorized_operations = false;
};

template <>
inline constexpr auto fields_of<ConsumerGroupDescribeRequest> = [] {
  using S = ConsumerGroupDescribeRequest;
  return field_list<S>("ConsumerGroupDescribeRequest", field<&S::group_ids>({.name = "groupIds"}),
                       field<&S::include_authorized_operations>({.name = "includeAuthorizedOperations"}));
}();

struct ConsumerGroupDescribeResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::consumer_group_describe;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
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
    std::optional<std::string_view> instance_id;
    std::optional<std::string_view> rack_id;
    int32_t member_epoch = 0;
    std::string_view client_id;
    std::string_view client_host;
    std::vector<std::string_view> subscribed_topic_names;
    std::optional<std::string_view> subscribed_topic_regex;
    Assignment assignment;
    Assignment target_assignment;
    int8_t member_type = -1;
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
inline constexpr auto fields_of<ConsumerGroupDescribeResponse::TopicPartitions> = [] {
  using S = ConsumerGroupDescribeResponse::TopicPartitions;
  return field_list<S>("TopicPartitions", field<&S::topic_id>({.name = "topicId"}),
                       field<&S::topic_name>({.name = "topicName"}), field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<ConsumerGroupDescribeResponse::Assignment> = [] {
  using S = ConsumerGroupDescribeResponse::Assignment;
  return field_list<S>("Assignment", field<&S::topic_partitions>({.name = "topicPartitions"}));
}();

template <>
inline constexpr auto fields_of<ConsumerGroupDescribeResponse::Member> = [] {
  using S = ConsumerGroupDescribeResponse::Member;
  return field_list<S>(
      "Member", field<&S::member_id>({.name = "memberId"}),
      field<&S::instance_id>({.name = "instanceId", .nullable = since(0)}),
      field<&S::rack_id>({.name = "rackId", .nullable = since(0)}), field<&S::member_epoch>({.name = "memberEpoch"}),
      field<&S::client_id>({.name = "clientId"}), field<&S::client_host>({.name = "clientHost"}),
      field<&S::subscribed_topic_names>({.name = "subscribedTopicNames"}),
      field<&S::subscribed_topic_regex>({.name = "subscribedTopicRegex", .nullable = since(0)}),
      field<&S::assignment>({.name = "assignment"}), field<&S::target_assignment>({.name = "targetAssignment"}),
      field<&S::member_type>({.name = "memberType", .versions = since(1), .ignorable = true}));
}();

template <>
inline constexpr auto fields_of<ConsumerGroupDescribeResponse::DescribedGroup> = [] {
  using S = ConsumerGroupDescribeResponse::DescribedGroup;
  return field_list<S>("DescribedGroup", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::error_message>({.name = "errorMessage", .nullable = since(0)}),
                       field<&S::group_id>({.name = "groupId"}), field<&S::group_state>({.name = "groupState"}),
                       field<&S::group_epoch>({.name = "groupEpoch"}),
                       field<&S::assignment_epoch>({.name = "assignmentEpoch"}),
                       field<&S::assignor_name>({.name = "assignorName"}), field<&S::members>({.name = "members"}),
                       field<&S::authorized_operations>({.name = "authorizedOperations"}));
}();

template <>
inline constexpr auto fields_of<ConsumerGroupDescribeResponse> = [] {
  using S = ConsumerGroupDescribeResponse;
  return field_list<S>("ConsumerGroupDescribeResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::groups>({.name = "groups"}));
}();

}  // namespace moldau::wire
