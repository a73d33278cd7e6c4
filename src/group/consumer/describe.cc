#include "group/consumer/describe.h"

#include <utility>

namespace moldau::group::consumer {
namespace {

using Response = wire::ConsumerGroupDescribeResponse;

constexpr int8_t classic_member = 0;
constexpr int8_t consumer_member = 1;

Response::Assignment to_answer(const Assignment& assignment, const metadata::Image& image) {
  Response::Assignment result;
  for (const AssignedTopic& topic : assignment) {
    const metadata::TopicImage* found = image.topic(topic.topic_id);
    if (found == nullptr) continue;
    result.topic_partitions.push_back(
        {.topic_id = topic.topic_id, .topic_name = found->name, .partitions = topic.partitions});
  }
  return result;
}

/// All that a member has: what it must still give up too.
Assignment held_by(const Member& member) {
  Assignment result = without_epochs(member.assigned);
  for (AssignedTopic& topic : without_epochs(member.pending_revocation)) result.push_back(std::move(topic));
  return normalized(std::move(result));
}

}  // namespace

Response::DescribedGroup describe(const ConsumerGroup& group, const metadata::Image& image,
                                  std::string_view default_assignor) {
  Response::DescribedGroup result;
  result.group_id = group.id();
  result.group_state = name_of(group.state());
  result.group_epoch = group.epoch();
  result.assignment_epoch = group.assignment_epoch();
  result.assignor_name = default_assignor;
  if (const auto preferred = group.preferred_assignor()) {
    result.assignor_name = group.assignors().find(*preferred)->first;  // the group's own text, which stays
  }
  for (const auto& [id, member] : group.members()) {
    Response::Member& into = result.members.emplace_back();
    into.member_id = id;
    if (member.instance_id) into.instance_id = *member.instance_id;
    if (member.rack_id) into.rack_id = *member.rack_id;
    into.member_epoch = member.epoch;
    into.client_id = member.client_id;
    into.client_host = member.client_host;
    into.subscribed_topic_names.assign(member.topics.begin(), member.topics.end());
    if (member.regex) into.subscribed_topic_regex = *member.regex;
    into.assignment = to_answer(held_by(member), image);
    into.target_assignment = to_answer(group.target(id), image);
    into.member_type = member.uses_classic_protocol() ? classic_member : consumer_member;
  }
  return result;
}

}  // namespace moldau::group::consumer
