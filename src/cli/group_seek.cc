// group seek: commits other offsets for a group that has no members.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/group_seek_plan.h"
#include "cli/groups.h"
#include "cli/input.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "client/admin.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;
using Committed = std::map<client::GroupPartition, client::GroupOffset>;

/// One partition: what was committed, what is to be.
struct Move {
  client::GroupOffset target;
  std::optional<Offset> prior;
};

WallMillis wall_of(Session& session) {
  return session.client().surface().clock.wall();
}

Result<Committed> committed_of(Session& session, const std::string& group) {
  ASSIGN_OR_RETURN(auto offsets, session.wait(client::group_offsets(session.client(), group)));
  Committed committed;
  for (client::GroupOffset& offset : offsets) {
    if (offset.error != wire::ErrorCode::none) {
      return client::failure_of(offset.error, fmt::format("group {}, {}/{}", group, offset.topic, offset.partition));
    }
    client::GroupPartition partition{offset.topic, offset.partition};
    if (offset.offset >= 0) committed.emplace(std::move(partition), std::move(offset));
  }
  return committed;
}

/// The partitions that --to moves.
Result<std::vector<client::GroupPartition>> partitions_to_move(Session& session, const Invocation& invocation,
                                                               const Committed& committed) {
  const std::vector<std::string> listed = invocation.list("topics");
  const std::set<std::string> topics(listed.begin(), listed.end());
  std::vector<client::GroupPartition> partitions;
  for (const auto& [partition, offset] : committed) {
    if (topics.empty() || topics.contains(partition.topic)) partitions.push_back(partition);
  }
  if (!invocation.boolean("allow-new-topics")) {
    for (const std::string& topic : topics) {
      const bool any = std::ranges::any_of(partitions, [&](const auto& one) { return one.topic == topic; });
      if (!any) {
        return Failure{
            FailureKind::invalid_argument,
            fmt::format("the group has no offsets of topic {}; add --allow-new-topics to commit some", topic)};
      }
    }
    return partitions;
  }
  ASSIGN_OR_RETURN(const client::TopologyRef topology, session.wait(session.client().refresh(listed)));
  for (const std::string& name : topics) {
    const client::TopicInfo* topic = topology->topic(name);
    const auto error = topic == nullptr ? wire::ErrorCode::unknown_topic_or_partition : topic->error;
    if (error != wire::ErrorCode::none) return client::failure_of(error, fmt::format("topic {}", name));
    for (const auto& partition : topic->partitions) partitions.push_back({name, partition.index});
  }
  std::ranges::sort(partitions);
  const auto repeated = std::ranges::unique(partitions);
  partitions.erase(repeated.begin(), repeated.end());
  return partitions;
}

/// The offsets of the first records at or after `time`; none where all are older.
Result<std::vector<client::OffsetAnswer>> offsets_at(Session& session,
                                                     const std::vector<client::GroupPartition>& partitions,
                                                     int64_t time) {
  std::vector<client::OffsetQuery> queries;
  for (const auto& [topic, partition] : partitions) queries.push_back({topic, partition, time});
  return session.wait(client::list_offsets(session.client(), std::move(queries), client::Isolation::read_uncommitted));
}

Result<std::vector<client::GroupOffset>> targets_of_to(Session& session, const Invocation& invocation,
                                                       const SeekTarget& target, const Committed& committed) {
  ASSIGN_OR_RETURN(const auto partitions, partitions_to_move(session, invocation, committed));
  ASSIGN_OR_RETURN(const LogRanges ranges, log_ranges(session, partitions));
  std::vector<client::OffsetAnswer> at_time(partitions.size());
  if (target.kind == SeekTarget::Kind::time) {
    ASSIGN_OR_RETURN(at_time, offsets_at(session, partitions, target.value));
  }
  std::vector<client::GroupOffset> targets;
  for (size_t i = 0; i < partitions.size(); ++i) {
    const LogRange& range = ranges.at(partitions[i]);
    client::GroupOffset& offset = targets.emplace_back();
    offset.topic = partitions[i].topic;
    offset.partition = partitions[i].partition;
    offset.error = range.error != wire::ErrorCode::none ? range.error : at_time[i].error;
    const bool found = target.kind == SeekTarget::Kind::time && at_time[i].offset >= 0;
    offset.offset = seek_offset(target, range, found ? std::optional(at_time[i].offset) : std::nullopt);
    if (found) offset.leader_epoch = at_time[i].leader_epoch;
  }
  return targets;
}

Result<std::vector<client::GroupOffset>> targets_of_group(Session& session, const Invocation& invocation) {
  const std::string other(invocation.text("to-group"));
  ASSIGN_OR_RETURN(const Committed committed, committed_of(session, other));
  if (committed.empty()) {
    return Failure{FailureKind::not_found, fmt::format("group {} has no committed offsets to seek to", other)};
  }
  std::vector<client::GroupOffset> targets;
  for (const auto& [partition, offset] : committed) targets.push_back(offset);
  return targets;
}

Result<std::vector<client::GroupOffset>> targets_of_file(const Invocation& invocation) {
  const std::string path(invocation.text("to-file"));
  ASSIGN_OR_RETURN(const std::string text, read_input(path));
  ASSIGN_OR_RETURN(const auto lines, parse_partition_lines(text, true, path));
  std::set<client::GroupPartition> seen;
  std::vector<client::GroupOffset> targets;
  for (const PartitionLine& line : lines) {
    if (!seen.insert({line.topic, line.partition}).second) {
      return Failure{FailureKind::invalid_argument,
                     fmt::format("{} names {}/{} twice", path, line.topic, line.partition)};
    }
    targets.push_back({.topic = line.topic, .partition = line.partition, .offset = line.offset, .metadata = {}});
  }
  return targets;
}

void keep_topics(std::vector<client::GroupOffset>& targets, const std::vector<std::string>& topics) {
  if (topics.empty()) return;
  std::erase_if(targets, [&](const auto& one) { return std::ranges::find(topics, one.topic) == topics.end(); });
}

/// A group with members would go on from where they are.
Status check_inactive(Session& session, const std::string& id) {
  ASSIGN_OR_RETURN(const auto groups, session.wait(client::describe_groups(session.client(), {id})));
  const client::DescribedGroup& group = groups.front();
  if (group.error == wire::ErrorCode::group_id_not_found) return {};  // the first commit makes it
  if (group.error != wire::ErrorCode::none) {
    return Failure{FailureKind::invalid_argument,
                   fmt::format("group {}: {}", id, describe_error(group.error, group.message))};
  }
  if (group.members.empty()) return {};
  return Failure{FailureKind::invalid_argument,
                 fmt::format("group {} is {} and has {} member{}: stop them, then seek", id, group.state,
                             group.members.size(), group.members.size() == 1 ? "" : "s")};
}

Result<std::vector<Move>> plan(Session& session, const Invocation& invocation,
                               const std::optional<SeekTarget>& target) {
  const std::string& group = invocation.arguments().front();
  RETURN_IF_FAILED(check_inactive(session, group));
  ASSIGN_OR_RETURN(const Committed committed, committed_of(session, group));
  auto targets = target                         ? targets_of_to(session, invocation, *target, committed)
                 : invocation.given("to-group") ? targets_of_group(session, invocation)
                                                : targets_of_file(invocation);
  if (!targets.ok()) return targets.failure();
  keep_topics(*targets, invocation.list("topics"));
  if (targets->empty()) {
    return Failure{
        FailureKind::not_found,
        fmt::format("group {} has no committed offsets to move; name topics: --topics T --allow-new-topics", group)};
  }
  std::vector<Move> moves;
  for (client::GroupOffset& offset : *targets) {
    const auto prior = committed.find({offset.topic, offset.partition});
    Move& move = moves.emplace_back();
    move.target = std::move(offset);
    if (prior != committed.end()) move.prior = prior->second.offset;
  }
  std::ranges::sort(moves, [](const Move& a, const Move& b) {
    return std::tie(a.target.topic, a.target.partition) < std::tie(b.target.topic, b.target.partition);
  });
  return moves;
}

/// Commits what has no error yet, and notes the errors that come of it.
Status commit(Session& session, const std::string& group, std::vector<Move>& moves) {
  std::vector<client::GroupOffset> offsets;
  for (const Move& move : moves) {
    if (move.target.error == wire::ErrorCode::none) offsets.push_back(move.target);
  }
  if (offsets.empty()) return {};
  ASSIGN_OR_RETURN(const auto outcomes,
                   session.wait(client::commit_group_offsets(session.client(), group, std::move(offsets))));
  auto outcome = outcomes.begin();
  for (Move& move : moves) {
    if (move.target.error == wire::ErrorCode::none) move.target.error = (outcome++)->error;
  }
  return {};
}

Json json_of(const std::vector<Move>& moves) {
  Json list = Json::array();
  for (const Move& move : moves) {
    const bool ok = move.target.error == wire::ErrorCode::none;
    Json json = {{"topic", move.target.topic},
                 {"partition", move.target.partition},
                 {"prior_offset", move.prior ? Json(*move.prior) : Json(nullptr)},
                 {"current_offset", ok ? Json(move.target.offset) : Json(nullptr)}};
    if (!ok) json["error"] = describe_error(move.target.error);
    list.push_back(std::move(json));
  }
  return list;
}

std::string text_of(const std::vector<Move>& moves) {
  const bool errors =
      std::ranges::any_of(moves, [](const Move& move) { return move.target.error != wire::ErrorCode::none; });
  std::vector<std::string> heading{"topic", "partition", "prior-offset", "current-offset"};
  if (errors) heading.emplace_back("error");
  Table table(std::move(heading));
  for (const Move& move : moves) {
    const bool ok = move.target.error == wire::ErrorCode::none;
    const std::string prior = move.prior ? std::to_string(*move.prior) : "-";
    std::vector<std::string> row{move.target.topic, std::to_string(move.target.partition), prior,
                                 ok ? std::to_string(move.target.offset) : prior};
    if (errors) row.push_back(ok ? "" : describe_error(move.target.error));
    table.add(std::move(row));
  }
  return table.to_string();
}

}  // namespace

int group_seek(const Invocation& invocation) {
  const std::vector<Move> example{{.target = {.topic = "topic", .offset = 0, .metadata = {}}, .prior = 10}};
  if (print_format_help(invocation, json_of(example))) return 0;
  const int ways =
      (invocation.given("to") ? 1 : 0) + (invocation.given("to-group") ? 1 : 0) + (invocation.given("to-file") ? 1 : 0);
  if (ways != 1) return fail("say where to seek with one of --to, --to-group, --to-file");
  if (invocation.boolean("allow-new-topics") && invocation.list("topics").empty() && invocation.given("to")) {
    return fail("--allow-new-topics needs --topics");
  }
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  std::optional<SeekTarget> target;
  if (invocation.given("to")) {
    const auto parsed = parse_seek_target(invocation.text("to"), wall_of(**session));
    if (!parsed.ok()) return fail(parsed.failure());
    target = *parsed;
  }
  auto moves = plan(**session, invocation, target);
  if (!moves.ok()) return fail((*session)->explain(moves.failure()));
  if (!invocation.boolean("dry-run")) {
    const Status done = commit(**session, invocation.arguments().front(), *moves);
    if (!done.ok()) return fail((*session)->explain(done.failure()));
  }
  if (!print_formatted(invocation, json_of(*moves))) print(text_of(*moves));
  const bool failed =
      std::ranges::any_of(*moves, [](const Move& move) { return move.target.error != wire::ErrorCode::none; });
  return failed ? 1 : 0;
}

}  // namespace moldau::cli
