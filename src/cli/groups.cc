// group list, group delete, group offset-delete.
#include "cli/groups.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/input.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "client/admin.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view states[] = {"PreparingRebalance", "CompletingRebalance", "Stable", "Dead", "Empty",
                                       "Assigning",          "Reconciling"};
constexpr std::string_view types[] = {"Classic", "Consumer", "Share", "Streams"};

/// The values as the protocol spells them: a wrong one would only be answered with nothing.
Result<std::vector<std::string>> spelled(const std::vector<std::string>& values,
                                         std::span<const std::string_view> known, std::string_view what) {
  std::vector<std::string> result;
  for (const std::string& value : values) {
    const auto found = std::ranges::find_if(known, [&](std::string_view one) { return upper(one) == upper(value); });
    if (found == known.end()) {
      std::string all;
      for (const std::string_view one : known) all += fmt::format("{}{}", all.empty() ? "" : ", ", one);
      return Failure{FailureKind::invalid_argument, fmt::format("'{}' is no {}; there are {}", value, what, all)};
    }
    result.emplace_back(*found);
  }
  return result;
}

Json json_of(const client::ListedGroup& group) {
  return {{"broker", group.coordinator},
          {"group", group.id},
          {"state", group.state},
          {"type", group.type},
          {"protocol_type", group.protocol_type}};
}

Result<std::vector<client::ListedGroup>> listed(Session& session, std::vector<std::string> of_states,
                                                std::vector<std::string> of_types) {
  auto groups = session.wait(client::list_groups(session.client(), std::move(of_states), std::move(of_types)));
  if (!groups.ok()) return session.explain(groups.failure());
  return groups;
}

}  // namespace

Result<std::vector<std::string>> chosen_groups(Session& session, const Invocation& invocation) {
  if (!invocation.boolean("regex")) return invocation.arguments();
  ASSIGN_OR_RETURN(const auto groups, listed(session, {}, {}));
  std::vector<std::string> ids;
  for (const auto& group : groups) ids.push_back(group.id);
  return matching_names(invocation.arguments(), ids);
}

Result<LogRanges> log_ranges(Session& session, const std::vector<client::GroupPartition>& partitions) {
  std::vector<client::OffsetQuery> queries;
  for (const auto& [topic, partition] : partitions) queries.push_back({topic, partition, client::earliest_offset});
  const auto ask = [&](int64_t timestamp) {
    for (auto& query : queries) query.timestamp = timestamp;
    return session.wait(client::list_offsets(session.client(), queries, client::Isolation::read_uncommitted));
  };
  ASSIGN_OR_RETURN(const auto starts, ask(client::earliest_offset));
  ASSIGN_OR_RETURN(const auto ends, ask(client::latest_offset));
  LogRanges ranges;
  for (size_t i = 0; i < partitions.size(); ++i) {
    const wire::ErrorCode error = starts[i].error != wire::ErrorCode::none ? starts[i].error : ends[i].error;
    ranges[partitions[i]] = {starts[i].offset, ends[i].offset, error};
  }
  return ranges;
}

int group_list(const Invocation& invocation) {
  const client::ListedGroup example{"name", 1, "consumer", "Stable", "Classic"};
  if (print_format_help(invocation, Json::array({json_of(example)}))) return 0;
  const auto of_states = spelled(invocation.list("states"), states, "state of a group");
  if (!of_states.ok()) return fail(of_states.failure());
  const auto of_types = spelled(invocation.list("types"), types, "type of a group");
  if (!of_types.ok()) return fail(of_types.failure());
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto groups = listed(**session, *of_states, *of_types);
  if (!groups.ok()) return fail(groups.failure());
  Json list = Json::array();
  for (const auto& group : *groups) list.push_back(json_of(group));
  if (print_formatted(invocation, list)) return 0;
  const bool wide = invocation.text("format") == "wide";
  std::vector<std::string> heading{"broker", "group", "state"};
  if (wide) heading.insert(heading.end(), {"type", "protocol-type"});
  Table table(std::move(heading));
  for (const auto& group : *groups) {
    std::vector<std::string> row{std::to_string(group.coordinator), group.id, group.state};
    if (wide) row.insert(row.end(), {group.type, group.protocol_type});
    table.add(std::move(row));
  }
  print(table.to_string());
  return 0;
}

int group_delete(const Invocation& invocation) {
  const Json example = Json::array({{{"group", "name"}, {"status", "OK, or NAME: what went wrong"}}});
  if (print_format_help(invocation, example)) return 0;
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto outcomes = (*session)->wait(client::delete_groups((*session)->client(), invocation.arguments()));
  if (!outcomes.ok()) return fail((*session)->explain(outcomes.failure()));
  Table table({"group", "status"});
  Json list = Json::array();
  int code = 0;
  for (const auto& outcome : *outcomes) {
    const bool ok = outcome.error == wire::ErrorCode::none;
    std::string status = ok ? "OK" : describe_error(outcome.error);
    if (!ok) code = 1;
    list.push_back({{"group", outcome.id}, {"status", status}});
    table.add({outcome.id, std::move(status)});
  }
  if (!print_formatted(invocation, list)) print(table.to_string());
  return code;
}

// --- offset-delete ---

namespace {

/// The partitions that the flags name; those of a whole topic, where the group has offsets.
Result<std::vector<client::GroupOffset>> named_offsets(Session& session, const Invocation& invocation,
                                                       const std::string& group) {
  std::set<client::GroupPartition> named;
  std::set<std::string> whole;
  if (invocation.given("from-file")) {
    const std::string path(invocation.text("from-file"));
    ASSIGN_OR_RETURN(const std::string text, read_input(path));
    ASSIGN_OR_RETURN(const auto lines, parse_partition_lines(text, false, path));
    for (const PartitionLine& line : lines) named.insert({line.topic, line.partition});
  }
  for (const std::string& value : invocation.texts("topic")) {
    ASSIGN_OR_RETURN(const auto parsed, parse_topic_partitions(value));
    if (parsed.second.empty()) whole.insert(parsed.first);
    for (const PartitionIndex partition : parsed.second) named.insert({parsed.first, partition});
  }
  if (!whole.empty()) {
    ASSIGN_OR_RETURN(const auto offsets, session.wait(client::group_offsets(session.client(), group)));
    for (const auto& offset : offsets) {
      if (whole.contains(offset.topic)) named.insert({offset.topic, offset.partition});
    }
    for (const std::string& topic : whole) {
      const bool any = std::ranges::any_of(named, [&](const auto& one) { return one.topic == topic; });
      if (!any) {
        return Failure{FailureKind::not_found, fmt::format("group {} has no offsets of topic {}", group, topic)};
      }
    }
  }
  std::vector<client::GroupOffset> offsets;
  for (const auto& [topic, partition] : named) offsets.push_back({.topic = topic, .partition = partition});
  return offsets;
}

}  // namespace

int group_offset_delete(const Invocation& invocation) {
  const Json example = Json::array({{{"topic", "name"}, {"partition", 0}, {"status", "OK, or NAME: what went wrong"}}});
  if (print_format_help(invocation, example)) return 0;
  if (invocation.given("from-file") == !invocation.texts("topic").empty()) {
    return fail("say which offsets: either -t TOPIC:PARTITION,... or --from-file FILE");
  }
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const std::string& group = invocation.arguments().front();
  auto named = named_offsets(**session, invocation, group);
  if (!named.ok()) return fail((*session)->explain(named.failure()));
  const auto outcomes =
      (*session)->wait(client::delete_group_offsets((*session)->client(), group, std::move(named).value()));
  if (!outcomes.ok()) return fail((*session)->explain(outcomes.failure()));
  Table table({"topic", "partition", "status"});
  Json list = Json::array();
  int code = 0;
  for (const auto& outcome : *outcomes) {
    const bool ok = outcome.error == wire::ErrorCode::none;
    std::string status = ok ? "OK" : describe_error(outcome.error);
    if (!ok) code = 1;
    list.push_back({{"topic", outcome.topic}, {"partition", outcome.partition}, {"status", status}});
    table.add({outcome.topic, std::to_string(outcome.partition), std::move(status)});
  }
  if (!print_formatted(invocation, list)) print(table.to_string());
  return code;
}

}  // namespace moldau::cli
