// topic alter-config, topic add-partitions, topic trim-prefix.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/config_changes.h"
#include "cli/group_seek_plan.h"
#include "cli/groups.h"
#include "cli/input.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "client/admin_configs.h"
#include "client/admin_partitions.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

int print_statuses(const Invocation& invocation, const std::vector<client::TopicOutcome>& outcomes) {
  Table table({"topic", "status"});
  Json list = Json::array();
  int code = 0;
  for (const auto& outcome : outcomes) {
    const bool ok = outcome.error == wire::ErrorCode::none;
    std::string status = ok ? "OK" : describe_error(outcome.error, outcome.message);
    if (!ok) code = 1;
    list.push_back({{"topic", outcome.name}, {"status", status}});
    table.add({outcome.name, std::move(status)});
  }
  if (!print_formatted(invocation, list)) print(table.to_string());
  return code;
}

Json status_shape() {
  return Json::array({{{"topic", "name"}, {"status", "OK, or NAME: what went wrong"}}});
}

}  // namespace

int topic_alter_config(const Invocation& invocation) {
  if (print_format_help(invocation, status_shape())) return 0;
  const auto changes = config_changes(invocation);
  if (!changes.ok()) return fail(changes.failure());
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  std::vector<client::TopicOutcome> outcomes;
  for (const std::string& name : invocation.arguments()) {
    const auto outcome = (*session)->wait(client::alter_configs(
        (*session)->client(), {client::ResourceType::topic, name}, *changes, invocation.boolean("dry")));
    if (!outcome.ok()) return fail((*session)->explain(outcome.failure()));
    outcomes.push_back({.name = name, .error = outcome->error, .message = outcome->message, .id = {}});
  }
  return print_statuses(invocation, outcomes);
}

int topic_add_partitions(const Invocation& invocation) {
  if (print_format_help(invocation, status_shape())) return 0;
  if (!invocation.given("num")) return fail("say how many partitions to add to each topic: -n N");
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  const auto topology = (*session)->wait((*session)->client().refresh(invocation.arguments()));
  if (!topology.ok()) return fail((*session)->explain(topology.failure()));
  std::vector<client::NewPartitions> counts;
  std::vector<client::TopicOutcome> outcomes;
  for (const std::string& name : invocation.arguments()) {
    const client::TopicInfo* topic = (*topology)->topic(name);
    const auto error = topic == nullptr ? wire::ErrorCode::unknown_topic_or_partition : topic->error;
    if (error == wire::ErrorCode::none && topic->internal && !invocation.boolean("force")) {
      return fail(
          fmt::format("{} is an internal topic: more partitions would misplace what it holds; --force does it "
                      "nevertheless",
                      name));
    }
    if (error != wire::ErrorCode::none) {
      outcomes.push_back({.name = name, .error = error, .message = {}, .id = {}});
      continue;
    }
    const int64_t count = static_cast<int64_t>(topic->partitions.size()) + invocation.integer("num");
    counts.push_back({name, static_cast<int32_t>(std::min<int64_t>(count, INT32_MAX)), {}});
  }
  if (!counts.empty()) {
    const auto added = (*session)->wait(client::create_partitions((*session)->client(), std::move(counts), false,
                                                                  (*session)->options().command_timeout));
    if (!added.ok()) return fail((*session)->explain(added.failure()));
    outcomes.insert(outcomes.end(), added->begin(), added->end());
  }
  return print_statuses(invocation, outcomes);
}

// --- trim-prefix ---

namespace {

std::string offset_of(Offset offset) {
  return offset >= 0 ? std::to_string(offset) : "-";
}

/// What --from-file says: lines, or JSON objects with topic, partition and offset.
Result<std::vector<client::RecordsToDelete>> deletions_of_file(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, read_input(path));
  std::vector<client::RecordsToDelete> deletions;
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_array()) {
    for (const Json& one : json) {
      const bool sound = one.is_object() && one.contains("topic") && one["topic"].is_string() &&
                         one.contains("partition") && one["partition"].is_number_integer() && one.contains("offset") &&
                         one["offset"].is_number_integer();
      if (!sound) {
        return Failure{FailureKind::invalid_argument,
                       path + R"(: expected a list of {"topic": "name", "partition": 0, "offset": 0})"};
      }
      deletions.push_back(
          {one["topic"].get<std::string>(), one["partition"].get<PartitionIndex>(), one["offset"].get<Offset>()});
    }
    return deletions;
  }
  ASSIGN_OR_RETURN(const auto lines, parse_partition_lines(text, true, path));
  for (const PartitionLine& line : lines) deletions.push_back({line.topic, line.partition, line.offset});
  return deletions;
}

/// The partitions of the topic, or those of --partitions, each with the offset that --offset means there.
Result<std::vector<client::RecordsToDelete>> deletions_of_topic(Session& session, const Invocation& invocation) {
  const std::string& name = invocation.arguments().front();
  ASSIGN_OR_RETURN(const SeekTarget target,
                   parse_seek_target(invocation.text("offset"), session.client().surface().clock.wall(), "--offset"));
  ASSIGN_OR_RETURN(const client::TopologyRef topology, session.wait(session.client().refresh({name})));
  const client::TopicInfo* topic = topology->topic(name);
  const auto error = topic == nullptr ? wire::ErrorCode::unknown_topic_or_partition : topic->error;
  if (error != wire::ErrorCode::none) return client::failure_of(error, fmt::format("topic {}", name));
  const std::vector<int64_t> only = invocation.integers("partitions");
  std::vector<client::GroupPartition> partitions;
  for (const int64_t index : only) {
    if (topic->partition(static_cast<PartitionIndex>(index)) == nullptr) {
      return Failure{FailureKind::not_found, fmt::format("topic {} has no partition {}", name, index)};
    }
    partitions.push_back({name, static_cast<PartitionIndex>(index)});
  }
  if (only.empty()) {
    for (const auto& partition : topic->partitions) partitions.push_back({name, partition.index});
  }
  ASSIGN_OR_RETURN(const LogRanges ranges, log_ranges(session, partitions));
  std::vector<client::OffsetQuery> queries;
  for (const auto& partition : partitions) queries.push_back({partition.topic, partition.partition, target.value});
  std::vector<client::OffsetAnswer> at_time(partitions.size());
  if (target.kind == SeekTarget::Kind::time) {
    ASSIGN_OR_RETURN(at_time, session.wait(client::list_offsets(session.client(), std::move(queries),
                                                                client::Isolation::read_uncommitted)));
  }
  std::vector<client::RecordsToDelete> deletions;
  for (size_t i = 0; i < partitions.size(); ++i) {
    const auto found = at_time[i].offset >= 0 ? std::optional(at_time[i].offset) : std::nullopt;
    // An offset is taken at its word: the broker says where it lies outside of the log.
    const Offset before =
        target.kind == SeekTarget::Kind::offset ? target.value : seek_offset(target, ranges.at(partitions[i]), found);
    deletions.push_back({partitions[i].topic, partitions[i].partition, before});
  }
  return deletions;
}

/// What became of a partition.
struct Trimmed {
  std::string topic;
  PartitionIndex partition = 0;
  Offset start = no_offset;
  wire::ErrorCode error = wire::ErrorCode::none;
};

Json json_of(const std::vector<Trimmed>& deletions) {
  Json list = Json::array();
  for (const auto& deletion : deletions) {
    Json json = {{"topic", deletion.topic}, {"partition", deletion.partition}, {"new_start_offset", deletion.start}};
    if (deletion.error != wire::ErrorCode::none) json["error"] = describe_error(deletion.error);
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace

int topic_trim_prefix(const Invocation& invocation) {
  if (print_format_help(invocation, json_of({{"topic", 0, 5}}))) return 0;
  const bool by_file = invocation.given("from-file");
  const bool by_offset = invocation.given("offset") && invocation.arguments().size() == 1;
  if (by_file == by_offset || (by_file && !invocation.arguments().empty())) {
    return fail("say what to trim: either TOPIC --offset OFFSET, or --from-file FILE");
  }
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  auto deletions = by_file ? deletions_of_file(std::string(invocation.text("from-file")))
                           : deletions_of_topic(**session, invocation);
  if (!deletions.ok()) return fail((*session)->explain(deletions.failure()));
  const auto sure = confirmed(invocation, fmt::format("delete the records before these offsets in {} partition{}",
                                                      deletions->size(), deletions->size() == 1 ? "" : "s"));
  if (!sure.ok()) return fail(sure.failure());
  if (!*sure) return fail("nothing was deleted");
  const auto answers =
      (*session)->wait(client::delete_records((*session)->client(), *deletions, (*session)->options().command_timeout));
  if (!answers.ok()) return fail((*session)->explain(answers.failure()));
  std::vector<Trimmed> done;
  for (size_t i = 0; i < answers->size(); ++i) {
    const auto& asked = (*deletions)[i];
    done.push_back({asked.topic, asked.partition, (*answers)[i].low_watermark, (*answers)[i].error});
  }
  const bool errors = std::ranges::any_of(done, [](const auto& one) { return one.error != wire::ErrorCode::none; });
  if (!print_formatted(invocation, json_of(done))) {
    std::vector<std::string> heading{"topic", "partition", "new-start-offset"};
    if (errors) heading.emplace_back("error");
    Table table(std::move(heading));
    for (const auto& one : done) {
      const bool ok = one.error == wire::ErrorCode::none;
      std::vector<std::string> row{one.topic, std::to_string(one.partition), ok ? offset_of(one.start) : "-"};
      if (errors) row.push_back(ok ? "" : describe_error(one.error));
      table.add(std::move(row));
    }
    print(table.to_string());
  }
  return errors ? 1 : 0;
}

}  // namespace moldau::cli
