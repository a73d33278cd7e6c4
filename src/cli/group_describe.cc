// group describe: what groups are, who is in them, and how far they are behind.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/groups.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/topics.h"
#include "cli/verbs.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view offsets_topic = "__consumer_offsets";

struct Described {
  client::DescribedGroup group;
  std::optional<int32_t> coordinator_partition;
  std::vector<LagRow> rows;  // point into group
};

std::string offset_text(std::optional<int64_t> offset) {
  return offset ? std::to_string(*offset) : "-";
}

std::optional<Offset> known(Offset offset) {
  return offset >= 0 ? std::optional(offset) : std::nullopt;
}

std::map<std::string, int64_t> lag_by_topic(const std::vector<LagRow>& rows) {
  std::map<std::string, int64_t> lags;
  for (const LagRow& row : rows) lags[row.partition.topic] += row.lag.value_or(0);
  return lags;
}

Json row_json(const LagRow& row) {
  const auto number = [](std::optional<int64_t> value) { return value ? Json(*value) : Json(nullptr); };
  Json json = {{"topic", row.partition.topic},
               {"partition", row.partition.partition},
               {"current_offset", number(row.current)},
               {"log_start_offset", number(known(row.log.start))},
               {"log_end_offset", number(known(row.log.end))},
               {"lag", number(row.lag)}};
  if (row.member != nullptr) {
    json["member_id"] = row.member->id;
    if (row.member->instance_id) json["instance_id"] = *row.member->instance_id;
    json["client_id"] = row.member->client_id;
    json["host"] = row.member->client_host;
  }
  if (row.error != wire::ErrorCode::none) json["error"] = describe_error(row.error);
  return json;
}

Json member_json(const client::GroupMember& member) {
  Json json = {{"member_id", member.id}};
  if (member.instance_id) json["instance_id"] = *member.instance_id;
  json["client_id"] = member.client_id;
  json["host"] = member.client_host;
  Json assigned = Json::array();
  for (const auto& [topic, partition] : member.assigned)
    assigned.push_back({{"topic", topic}, {"partition", partition}});
  json["assigned"] = std::move(assigned);
  return json;
}

Json json_of(const Described& described) {
  const client::DescribedGroup& group = described.group;
  Json json = {{"group", group.id}, {"coordinator", group.coordinator}};
  if (described.coordinator_partition) json["coordinator_partition"] = *described.coordinator_partition;
  json["state"] = group.state;
  json["type"] = group.type;
  json["balancer"] = group.protocol;
  json["members"] = group.members.size();
  json["total_lag"] = total_lag(described.rows);
  Json lags = Json::array();
  for (const auto& [topic, lag] : lag_by_topic(described.rows)) lags.push_back({{"topic", topic}, {"lag", lag}});
  json["topic_lags"] = std::move(lags);
  Json members = Json::array();
  for (const auto& member : group.members) members.push_back(member_json(member));
  json["member_list"] = std::move(members);
  Json rows = Json::array();
  for (const LagRow& row : described.rows) rows.push_back(row_json(row));
  json["partitions"] = std::move(rows);
  return json;
}

std::string summary_text(const Described& described) {
  const client::DescribedGroup& group = described.group;
  Table table;
  table.add({"GROUP", group.id});
  table.add({"COORDINATOR", std::to_string(group.coordinator)});
  if (described.coordinator_partition) {
    table.add({"COORDINATOR-PARTITION", std::to_string(*described.coordinator_partition)});
  }
  table.add({"STATE", group.state});
  table.add({"BALANCER", group.protocol});
  table.add({"MEMBERS", std::to_string(group.members.size())});
  table.add({"TOTAL-LAG", std::to_string(total_lag(described.rows))});
  return table.to_string();
}

std::string commits_text(const std::vector<LagRow>& rows, bool instances) {
  if (rows.empty()) return "";
  const bool errors = std::ranges::any_of(rows, [](const auto& row) { return row.error != wire::ErrorCode::none; });
  std::vector<std::string> heading{"topic",          "partition", "current-offset", "log-start-offset",
                                   "log-end-offset", "lag",       "member-id"};
  if (instances) heading.emplace_back("instance-id");
  heading.insert(heading.end(), {"client-id", "host"});
  if (errors) heading.emplace_back("error");
  Table table(std::move(heading));
  for (const LagRow& row : rows) {
    const client::GroupMember* member = row.member;
    std::vector<std::string> cells{row.partition.topic,
                                   std::to_string(row.partition.partition),
                                   offset_text(row.current),
                                   offset_text(known(row.log.start)),
                                   offset_text(known(row.log.end)),
                                   offset_text(row.lag),
                                   member != nullptr ? member->id : ""};
    if (instances) cells.push_back(member != nullptr ? member->instance_id.value_or("") : "");
    cells.push_back(member != nullptr ? member->client_id : "");
    cells.push_back(member != nullptr ? member->client_host : "");
    if (errors) cells.push_back(row.error == wire::ErrorCode::none ? "" : describe_error(row.error));
    table.add(std::move(cells));
  }
  return table.to_string();
}

std::string topics_lag_text(const std::vector<LagRow>& rows) {
  Table table({"topic", "lag"});
  for (const auto& [topic, lag] : lag_by_topic(rows)) table.add({topic, std::to_string(lag)});
  return table.to_string();
}

/// "orders[0,1] returns[2]".
std::string assigned_text(const client::GroupMember& member) {
  std::string out;
  std::string topic;
  for (const auto& assigned : member.assigned) {
    if (assigned.topic != topic || out.empty()) {
      out += fmt::format("{}{}[", out.empty() ? "" : "] ", assigned.topic);
      topic = assigned.topic;
    } else {
      out += ',';
    }
    out += std::to_string(assigned.partition);
  }
  return out.empty() ? "-" : out + "]";
}

std::string members_text(const client::DescribedGroup& group, bool instances) {
  std::vector<std::string> heading{"member-id"};
  if (instances) heading.emplace_back("instance-id");
  heading.insert(heading.end(), {"client-id", "host", "partitions", "assignment"});
  Table table(std::move(heading));
  for (const client::GroupMember& member : group.members) {
    std::vector<std::string> cells{member.id};
    if (instances) cells.push_back(member.instance_id.value_or(""));
    cells.insert(cells.end(),
                 {member.client_id, member.client_host, std::to_string(member.assigned.size()), assigned_text(member)});
    table.add(std::move(cells));
  }
  return table.to_string();
}

std::string text_of(const Described& described, const Invocation& invocation) {
  const bool commits = invocation.boolean("print-commits");
  const bool summary = invocation.boolean("print-summary");
  const bool members = invocation.boolean("print-members");
  const bool lags = invocation.boolean("print-lag-per-topic");
  const bool usual = !commits && !summary && !members && !lags;
  const bool instances = invocation.boolean("instance-ID");
  std::vector<std::string> parts;
  if (usual || summary || lags) parts.push_back(summary_text(described));
  if (lags) parts.push_back(topics_lag_text(described.rows));
  if (members) parts.push_back(members_text(described.group, instances));
  if (usual || commits) parts.push_back(commits_text(described.rows, instances));
  std::string out;
  for (const std::string& part : parts) {
    if (!part.empty()) out += (out.empty() ? "" : "\n") + part;
  }
  return out;
}

/// The number of partitions of __consumer_offsets; nothing if it does not exist, or may not be seen.
Result<std::optional<int32_t>> offsets_partitions(Session& session) {
  std::vector<std::string> names{std::string(offsets_topic)};
  ASSIGN_OR_RETURN(const client::TopologyRef topology, session.wait(session.client().refresh(names)));
  const client::TopicInfo* topic = topology->topic(offsets_topic);
  if (topic == nullptr || topic->error != wire::ErrorCode::none) return std::optional<int32_t>();
  return std::optional(static_cast<int32_t>(topic->partitions.size()));
}

/// Whether there is no such group: an error since Kafka 4.0, before that the state Dead.
bool missing(const client::DescribedGroup& group) {
  return group.error == wire::ErrorCode::group_id_not_found || group.state == "Dead";
}

Result<std::vector<Described>> describe_all(Session& session, const std::vector<std::string>& ids, int& code) {
  ASSIGN_OR_RETURN(auto groups, session.wait(client::describe_groups(session.client(), ids)));
  ASSIGN_OR_RETURN(const std::optional<int32_t> partitions, offsets_partitions(session));
  std::vector<Described> all;
  for (client::DescribedGroup& group : groups) {
    const std::string& id = group.id;
    if (group.error != wire::ErrorCode::none || missing(group)) {
      const wire::ErrorCode error = missing(group) ? wire::ErrorCode::group_id_not_found : group.error;
      code = fail(fmt::format("group {}: {}", id, describe_error(error, group.message)));
      continue;
    }
    ASSIGN_OR_RETURN(const auto offsets, session.wait(client::group_offsets(session.client(), id)));
    ASSIGN_OR_RETURN(const LogRanges ranges, log_ranges(session, partitions_of(group, offsets)));
    Described& described = all.emplace_back();
    if (partitions) described.coordinator_partition = coordinator_partition(id, *partitions);
    described.group = std::move(group);
    described.rows = lag_rows(described.group, offsets, ranges);
  }
  return all;
}

Described example() {
  Described described;
  described.group = {.id = "name",
                     .message = {},
                     .coordinator = 1,
                     .state = "Stable",
                     .type = "classic",
                     .protocol_type = "consumer",
                     .protocol = "range",
                     .members = {{"id", "instance", "client", "/127.0.0.1", {{"topic", 0}}}}};
  described.coordinator_partition = 0;
  described.rows = lag_rows(described.group, {}, {{{"topic", 0}, {0, 1, wire::ErrorCode::none}}});
  return described;
}

}  // namespace

int group_describe(const Invocation& invocation) {
  const Described shape = example();
  if (print_format_help(invocation, Json::array({json_of(shape)}))) return 0;
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto ids = chosen_groups(**session, invocation);
  if (!ids.ok()) return fail(ids.failure());
  if (ids->empty()) return fail("no group matches; see: moldau group list");
  int code = 0;
  const auto all = describe_all(**session, *ids, code);
  if (!all.ok()) return fail((*session)->explain(all.failure()));
  Json list = Json::array();
  for (const Described& described : *all) list.push_back(json_of(described));
  if (print_formatted(invocation, list)) return code;
  std::string out;
  for (const Described& described : *all) out += (out.empty() ? "" : "\n") + text_of(described, invocation);
  print(out);
  return code;
}

}  // namespace moldau::cli
