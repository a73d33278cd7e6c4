#include "sim/group_fleet.h"

#include <fmt/core.h>

#include <utility>

#include "wire/api/09_offset_fetch.h"
#include "wire/api/10_find_coordinator.h"
#include "wire/api/15_describe_groups.h"
#include "wire/api/16_list_groups.h"
#include "wire/api/42_delete_groups.h"
#include "wire/api/47_offset_delete.h"
#include "wire/api/69_consumer_group_describe.h"

namespace moldau::sim {

using wire::ErrorCode;

// GroupAdmin
// --------------------------------------------------------------------------------------------------------------

GroupAdmin::GroupAdmin(GroupContext& groups)
    : groups_(groups),
      offsets_(groups, groups.run.world.node("group-admin"), groups.run.world.prng().split()),
      prng_(groups.run.world.prng().split()) {}

std::vector<std::string> GroupAdmin::simple_groups() {
  return {"simple-0", "simple-1", "simple-2"};
}

io::Task<bool> GroupAdmin::find_coordinator(std::string group) {
  const auto version = static_cast<int16_t>(prng_.between(0, 6));
  wire::FindCoordinatorRequest request;
  if (version >= 4) request.coordinator_keys.push_back(group);
  if (version < 4) request.key = group;
  const client::SendOptions options{.extra_time = seconds(10), .version_max = version, .version_min = version};
  Result<client::Reply<wire::FindCoordinatorResponse>> reply =
      co_await offsets_.client().send<wire::FindCoordinatorRequest, wire::FindCoordinatorResponse>(client::any_node,
                                                                                                   request, options);
  if (!reply.ok()) co_return false;
  const wire::FindCoordinatorResponse& response = reply->message;
  const int16_t error =
      version >= 4 && !response.coordinators.empty() ? response.coordinators[0].error_code : response.error_code;
  groups_.run.count_error(error);
  co_return error == 0;
}

io::Task<void> GroupAdmin::prepare() {
  offsets_.open();
  for (const GroupPlan& plan : groups_.run.profile.groups) {
    const uint32_t first = *groups_.number_of(plan.topics.front(), 0);
    for (bool ready = false; !ready;) {
      ready = co_await find_coordinator(plan.name);
      if (ready) {
        const OffsetClient::Committer who{.group = plan.name};
        const Positions start{{first, 0}};
        const std::optional<ErrorCode> error = co_await offsets_.commit(who, start);
        ready = error == ErrorCode::none;
      }
      const Duration pause = milliseconds(20);
      if (!ready) {
        co_await offsets_.rest(pause);
      }
    }
  }
  prepared_ = true;
}

io::Task<void> GroupAdmin::commit_simple() {
  OffsetClient::Committer who{.group = simple_groups()[prng_.below(3)]};
  if (prng_.chance(1, 2)) who.retention_ms = prng_.between(100, 3'000);
  Positions positions;
  for (int64_t count = prng_.between(1, 4); count > 0; --count) {
    positions[static_cast<uint32_t>(prng_.below(groups_.run.partitions.size()))] =
        static_cast<Offset>(prng_.below(10'000));
  }
  const std::optional<ErrorCode> error = co_await offsets_.commit(who, positions);
  if (error.has_value() && *error != ErrorCode::none && !coordinator_away(*error)) {
    groups_.shadow.violate(fmt::format("a commit of {} was answered {}", who.group, wire::name_of(*error)));
  }
}

io::Task<void> GroupAdmin::delete_offset() {
  const auto& plans = groups_.run.profile.groups;
  const bool simple = prng_.chance(1, 2);
  const std::string group = simple ? simple_groups()[prng_.below(3)] : plans[prng_.below(plans.size())].name;
  const uint32_t number =
      simple ? static_cast<uint32_t>(prng_.below(groups_.run.partitions.size())) : groups_.side_number();
  const PartitionName& place = groups_.partition(number);
  wire::OffsetDeleteRequest request;
  request.group_id = group;
  request.topics.push_back({.name = place.topic, .partitions = {{place.index}}});
  const uint64_t token = groups_.shadow.deletion_begins(group, number);
  Result<client::Reply<wire::OffsetDeleteResponse>> reply =
      co_await offsets_.client().send<wire::OffsetDeleteRequest, wire::OffsetDeleteResponse>(client::any_node, request);
  if (!reply.ok()) co_return;
  auto error = static_cast<ErrorCode>(reply->message.error_code);
  if (error == ErrorCode::none && reply->message.topics.size() == 1) {
    error = static_cast<ErrorCode>(reply->message.topics[0].partitions.at(0).error_code);
  }
  groups_.run.count_error(code_of(error));
  groups_.shadow.answered(token, error);
  if (error == ErrorCode::none) groups_.run.count("offset deletions");
}

io::Task<void> GroupAdmin::delete_group() {
  const auto& plans = groups_.run.profile.groups;
  const bool simple = prng_.chance(3, 4);
  const std::string group = simple ? simple_groups()[prng_.below(3)] : "group-of-nobody";
  wire::DeleteGroupsRequest request;
  request.groups_names.push_back(group);
  const std::vector<uint64_t> tokens = groups_.shadow.group_deletion_begins(group);
  Result<client::Reply<wire::DeleteGroupsResponse>> reply =
      co_await offsets_.client().send<wire::DeleteGroupsRequest, wire::DeleteGroupsResponse>(client::any_node, request);
  if (!reply.ok() || reply->message.results.size() != 1 || plans.empty()) co_return;
  const auto error = static_cast<ErrorCode>(reply->message.results[0].error_code);
  groups_.run.count_error(code_of(error));
  for (const uint64_t token : tokens) groups_.shadow.answered(token, error);
  if (error == ErrorCode::none) groups_.run.count("group deletions");
}

io::Task<void> GroupAdmin::look() {
  const auto& plans = groups_.run.profile.groups;
  const std::string group = plans[prng_.below(plans.size())].name;
  if (prng_.chance(1, 3)) {
    wire::ListGroupsRequest request;
    Result<client::Reply<wire::ListGroupsResponse>> reply =
        co_await offsets_.client().send<wire::ListGroupsRequest, wire::ListGroupsResponse>(client::any_node, request);
    if (reply.ok()) groups_.run.count_error(reply->message.error_code);
    if (reply.ok() && reply->message.error_code == 0) groups_.run.count("lists of groups");
  } else if (prng_.chance(1, 2)) {
    wire::DescribeGroupsRequest request;
    request.groups.push_back(group);
    Result<client::Reply<wire::DescribeGroupsResponse>> reply =
        co_await offsets_.client().send<wire::DescribeGroupsRequest, wire::DescribeGroupsResponse>(client::any_node,
                                                                                                   request);
    if (reply.ok()) groups_.run.count_error(reply->message.groups.at(0).error_code);
    if (reply.ok()) groups_.run.count("descriptions of groups");
  } else {
    wire::ConsumerGroupDescribeRequest request;
    request.group_ids.push_back(group);
    Result<client::Reply<wire::ConsumerGroupDescribeResponse>> reply =
        co_await offsets_.client().send<wire::ConsumerGroupDescribeRequest, wire::ConsumerGroupDescribeResponse>(
            client::any_node, request);
    if (reply.ok()) groups_.run.count_error(reply->message.groups.at(0).error_code);
    if (reply.ok()) groups_.run.count("descriptions of groups");
  }
}

io::Task<void> GroupAdmin::explain(std::string group, std::string& into) {
  wire::ConsumerGroupDescribeRequest request;
  request.group_ids.push_back(group);
  Result<client::Reply<wire::ConsumerGroupDescribeResponse>> reply =
      co_await offsets_.client().send<wire::ConsumerGroupDescribeRequest, wire::ConsumerGroupDescribeResponse>(
          client::any_node, request);
  if (reply.ok()) {
    const auto text = [&](const auto& assignment) {
      std::string numbers;
      for (const auto& topic : assignment.topic_partitions) {
        for (const PartitionIndex index : topic.partitions) {
          numbers += fmt::format(" {}", groups_.number_of(topic.topic_id, index).value_or(UINT32_MAX));
        }
      }
      return numbers;
    };
    const auto& found = reply->message.groups.at(0);
    into += fmt::format("{} is {} epoch {} target {}: ", group, found.group_state, found.group_epoch,
                        found.assignment_epoch);
    for (const auto& member : found.members) {
      into += fmt::format("{} ({}) epoch {} [{}] target [{}]; ", member.client_id, member.member_id,
                          member.member_epoch, text(member.assignment), text(member.target_assignment));
    }
    if (found.error_code == 0) co_return;
  }
  wire::DescribeGroupsRequest classic;
  classic.groups.push_back(group);
  Result<client::Reply<wire::DescribeGroupsResponse>> answer =
      co_await offsets_.client().send<wire::DescribeGroupsRequest, wire::DescribeGroupsResponse>(client::any_node,
                                                                                                 classic);
  if (!answer.ok()) co_return;
  const auto& found = answer->message.groups.at(0);
  into += fmt::format("{} is {}: ", group, found.group_state);
  for (const auto& member : found.members) into += fmt::format("{} ({}); ", member.client_id, member.member_id);
}

io::Task<void> GroupAdmin::run() {
  offsets_.open();
  while (!groups_.run.stopping) {
    const uint64_t what = prng_.below(10);
    if (what < 4) {
      co_await commit_simple();
    } else if (what < 6) {
      co_await delete_offset();
    } else if (what < 7) {
      co_await delete_group();
    } else if (what < 9) {
      Committed all;
      const std::string group = simple_groups()[prng_.below(3)];
      co_await fetch_all(group, all);
    } else {
      co_await look();
    }
    const Duration pause = milliseconds(prng_.between(10, 500));
    co_await offsets_.rest(pause);
  }
  done_ = true;
}

io::Task<bool> GroupAdmin::fetch_all(std::string group, Committed& into) {
  const auto version = static_cast<int16_t>(prng_.between(2, 10));
  wire::OffsetFetchRequest request;
  if (version >= 8) request.groups.push_back({.group_id = group, .topics = std::nullopt});
  if (version < 8) request.group_id = group;
  if (version < 8) request.topics.reset();
  const Tick begun = groups_.shadow.read_begins();
  const client::SendOptions options{.version_max = version, .version_min = version};
  Result<client::Reply<wire::OffsetFetchResponse>> reply =
      co_await offsets_.client().send<wire::OffsetFetchRequest, wire::OffsetFetchResponse>(client::any_node, request,
                                                                                           options);
  if (!reply.ok()) co_return false;
  const wire::OffsetFetchResponse& response = reply->message;
  if (version >= 8 && response.groups.size() != 1) co_return false;
  const int16_t error = version >= 8 ? response.groups[0].error_code : response.error_code;
  groups_.run.count_error(error);
  if (error != 0) co_return false;
  auto& found = into[group];
  found.clear();
  const auto take = [&](const std::optional<uint32_t>& number, const auto& p) {
    if (number.has_value() && p.error_code == 0) {
      found[*number] = {p.committed_offset, std::string(p.metadata.value_or(""))};
    } else {
      groups_.shadow.violate(fmt::format("group {}: an OffsetFetch of all with error {}", group, p.error_code));
    }
  };
  for (const auto& topic : response.topics) {
    for (const auto& p : topic.partitions) take(groups_.number_of(topic.name, p.partition_index), p);
  }
  if (version >= 8) {
    for (const auto& topic : response.groups[0].topics) {
      for (const auto& p : topic.partitions) {
        take(version >= 10 ? groups_.number_of(topic.topic_id, p.partition_index)
                           : groups_.number_of(topic.name, p.partition_index),
             p);
      }
    }
  }
  const Instant now = offsets_.now();
  for (const uint32_t number : groups_.shadow.partitions_of(group)) {
    const auto committed = found.find(number);
    if (committed == found.end()) {
      groups_.shadow.read(begun, group, number, -1, "", now, "was fetched");
    } else {
      groups_.shadow.read(begun, group, number, committed->second.first, committed->second.second, now, "was fetched");
    }
  }
  if (found.empty()) into.erase(group);
  groups_.run.count("fetches of all offsets");
  co_return true;
}

// GroupFleet
// --------------------------------------------------------------------------------------------------------------

GroupFleet::GroupFleet(Context& context) : context_(context), groups_(context), admin_(groups_), log_(groups_) {
  for (const GroupPlan& plan : context.profile.groups) {
    if (plan.kind == GroupKind::mixed) groups_.shadow.may_begin_anew(plan.name);
    for (uint32_t number = 0; number < plan.members; ++number) {
      const bool classic = plan.kind == GroupKind::eager || plan.kind == GroupKind::cooperative ||
                           (plan.kind == GroupKind::mixed && number >= plan.members - plan.classic_members);
      members_.push_back(classic ? make_classic_member(groups_, plan, number)
                                 : make_consumer_member(groups_, plan, number));
      context.member_nodes.push_back(fmt::format("{}-{}", plan.name, number));
    }
  }
  context.offsets_partitions = context.profile.offsets_partitions;
}

void GroupFleet::start(io::TaskGroup& tasks) {
  for (const auto& member : members_) tasks.spawn(member->run());
  tasks.spawn(admin_.run());
  tasks.spawn(log_.run());
}

bool GroupFleet::enough() const {
  return rebalances() >= context_.profile.rebalances && commits() >= context_.profile.commits;
}

bool GroupFleet::stable(const GroupPlan& plan) const {
  PartitionSet owned;
  PartitionSet wanted;
  size_t sum = 0;
  std::optional<Epoch> epoch;
  for (const auto& member : members_) {
    if (&member->plan() != &plan) continue;
    if (!member->settled() || epoch.value_or(member->epoch()) != member->epoch()) return false;
    epoch = member->epoch();
    owned.insert(member->owned().begin(), member->owned().end());
    sum += member->owned().size();
  }
  for (uint32_t p = 0; p < context_.partitions.size(); ++p) {
    for (const std::string& topic : plan.topics) {
      if (context_.partitions[p].topic == topic) wanted.insert(p);
    }
  }
  return owned == wanted && sum == wanted.size();
}

bool GroupFleet::stable() const {
  for (const GroupPlan& plan : context_.profile.groups) {
    if (!stable(plan)) return false;
  }
  return true;
}

std::string GroupFleet::describe() const {
  std::string text;
  for (const auto& member : members_) {
    if (!stable(member->plan())) text += member->describe() + "; ";
  }
  return text;
}

io::Task<void> GroupFleet::explain(std::string& into) {
  for (const GroupPlan& plan : context_.profile.groups) {
    if (stable(plan)) continue;
    co_await admin_.explain(plan.name, into);
  }
  into += "end";
}

bool GroupFleet::done() const {
  for (const auto& member : members_) {
    if (!member->done()) return false;
  }
  return admin_.done() && log_.done();
}

io::Task<bool> GroupFleet::compare() {
  Committed before;
  Committed fetched;
  Committed after;
  bool well = co_await log_.fold(before);
  std::vector<std::string> names = GroupAdmin::simple_groups();
  for (const GroupPlan& plan : context_.profile.groups) names.push_back(plan.name);
  for (const std::string& name : names) {
    const bool fetched_it = co_await admin_.fetch_all(name, fetched);
    well &= fetched_it;
  }
  const bool again = co_await log_.fold(after);
  difference_ = "it cannot be read";
  if (!well || !again || before != after) co_return false;
  difference_.clear();
  for (const std::string& name : names) {
    if (fetched[name] == before[name]) continue;
    difference_ =
        fmt::format("group {}: {} offsets in the log, {} fetched", name, before[name].size(), fetched[name].size());
    for (const auto& [number, committed] : before[name]) {
      const auto found = fetched[name].find(number);
      if (found != fetched[name].end() && found->second == committed) continue;
      difference_ += fmt::format(", partition {}: {} '{}' in the log, {} fetched", number, committed.first,
                                 committed.second, found == fetched[name].end() ? "none" : found->second.second);
    }
  }
  co_return true;
}

io::Task<void> GroupFleet::compare_until_equal(const char* when) {
  for (int attempt = 0; attempt < 40; ++attempt) {
    const bool decided = co_await compare();
    if (!groups_.run.shadow.violation().empty()) co_return;
    if (decided && difference_.empty()) {
      context_.count("folds of the log that are what is fetched");
      co_return;
    }
    if (decided) break;
    const Duration pause = milliseconds(300);
    const Instant until = context_.world.now() + pause;
    io::Surface surface = context_.world.node("group-admin").surface();
    co_await io::sleep_until(surface.timers, until);
  }
  groups_.shadow.violate(
      fmt::format("{}: the fold of __consumer_offsets is not what is fetched: {}", when, difference_));
}

io::Task<void> GroupFleet::audit(std::function<void()> restart, std::function<bool()> serving) {
  co_await compare_until_equal("at the end");
  restart();
  io::Surface surface = context_.world.node("group-admin").surface();
  for (int attempt = 0; attempt < 600; ++attempt) {
    const Instant until = context_.world.now() + milliseconds(100);
    co_await io::sleep_until(surface.timers, until);
    if (serving()) break;
  }
  co_await compare_until_equal("after another start");
  audited_ = true;
}

void GroupFleet::count(std::map<std::string, uint64_t>& counters) const {
  const GroupShadow& shadow = groups_.shadow;
  const auto add = [&counters](const char* name, uint64_t times) {
    if (times > 0) counters[name] += times;
  };
  add("rebalances", shadow.rebalances());
  add("acknowledged offset commits", shadow.commits());
  add("commits of fenced members refused", shadow.fencings());
  add("sessions that ended with partitions", shadow.evictions());
  add("offsets seen expired", shadow.expired());
  add("records of groups read", log_.records());
}

}  // namespace moldau::sim
