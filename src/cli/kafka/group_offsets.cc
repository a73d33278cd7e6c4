// kafka-consumer-groups: resetting and deleting committed offsets, deleting groups.
#include <algorithm>
#include <charconv>
#include <set>

#include <time.h>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "cli/kafka/connect.h"
#include "cli/kafka/group_service.h"
#include "cli/kafka/java.h"
#include "cli/kafka/print.h"
#include "cli/text.h"
#include "client/admin.h"

namespace moldau::cli::kafka {
namespace {

constexpr size_t width_min = 15;

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

int32_t hash_of(const Partition& partition) {
  return java_hash(partition.topic, partition.partition);
}

void order(std::vector<PartitionOffset>& offsets) {
  java_hash_order(offsets, [](const PartitionOffset& one) { return hash_of(one.first); });
}

/// "topic:1,2".
Result<std::vector<Partition>> parse_topic_partitions(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() != 2 || parts[1].empty()) {
    return Failure{wrong_use, fmt::format("Invalid topic arg '{}', expected topic name and partitions", text)};
  }
  std::vector<Partition> partitions;
  for (const std::string_view one : split(parts[1], ',')) {
    const auto number = parse_integer(one);
    if (!number || *number < INT32_MIN || *number > INT32_MAX) {
      return Failure{wrong_use, fmt::format("Invalid partition '{}' specified in topic arg '{}''", one, text)};
    }
    partitions.push_back({std::string(parts[0]), static_cast<PartitionIndex>(*number)});
  }
  return partitions;
}

int64_t wall_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

struct PlanLine {
  std::string group;  // empty: the one of the command line
  PartitionOffset offset;
};

Result<std::vector<PlanLine>> parse_plan(std::string_view text, bool one_group) {
  std::vector<PlanLine> plan;
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    std::vector<std::string_view> cells = split(line, ',');
    for (std::string_view& cell : cells) {
      if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') cell = cell.substr(1, cell.size() - 2);
    }
    PlanLine& entry = plan.emplace_back();
    const bool with_group = cells.size() == 4;
    if (cells.size() != 4 && (cells.size() != 3 || !one_group)) {
      return invalid(fmt::format("'{}' is no line of a plan: expected {}", line,
                                 one_group ? "topic,partition,offset" : "group,topic,partition,offset"));
    }
    if (with_group) entry.group = cells[0];
    const size_t first = with_group ? 1 : 0;
    const auto partition = parse_integer(cells[first + 1]);
    const auto offset = parse_integer(cells[first + 2]);
    if (!partition || !offset) return invalid(fmt::format("'{}' is no line of a plan: expected numbers", line));
    entry.offset = {{std::string(cells[first]), static_cast<PartitionIndex>(*partition)}, *offset};
  }
  return plan;
}

std::optional<int64_t> digits(std::string_view& text, size_t count) {
  if (text.size() < count) return std::nullopt;
  int64_t value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool skip(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// Days since 1970 of a day of the Gregorian calendar.
int64_t days_of(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t of_era = year - era * 400;
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

}  // namespace

Result<int64_t> parse_datetime(std::string_view text) {
  if (text.find('T') == std::string_view::npos) {
    return invalid(
        "java.text.ParseException: Error parsing timestamp. It does not contain a 'T' according to ISO8601 format");
  }
  const Failure wrong = invalid(fmt::format("java.text.ParseException: Unparseable date: \"{}\"", text));
  const auto year = digits(text, 4);
  if (!year || !skip(text, '-')) return wrong;
  const auto month = digits(text, 2);
  if (!month || !skip(text, '-')) return wrong;
  const auto day = digits(text, 2);
  if (!day || !skip(text, 'T')) return wrong;
  const auto hour = digits(text, 2);
  if (!hour || !skip(text, ':')) return wrong;
  const auto minute = digits(text, 2);
  if (!minute) return wrong;
  int64_t time = ((days_of(*year, *month, *day) * 24 + *hour) * 60 + *minute) * 60'000;
  if (skip(text, ':')) {
    const auto second = digits(text, 2);
    if (!second) return wrong;
    time += *second * 1000;
  }
  if (skip(text, '.')) {
    const auto millis = digits(text, 3);
    if (!millis) return wrong;
    time += *millis;
  }
  if (text.empty() || text == "Z") return time;
  const bool east = text[0] == '+';
  if (!skip(text, '+') && !skip(text, '-')) return wrong;
  const auto zone_hours = digits(text, 2);
  skip(text, ':');
  const auto zone_minutes = text.empty() ? std::optional<int64_t>(0) : digits(text, 2);
  if (!zone_hours || !zone_minutes || !text.empty()) return wrong;
  const int64_t shift = (*zone_hours * 60 + *zone_minutes) * 60'000;
  return east ? time - shift : time + shift;
}

Result<int64_t> parse_iso_duration(std::string_view text) {
  const Failure wrong = invalid("Text cannot be parsed to a Duration");
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (!skip(text, 'P') || text.empty()) return wrong;
  double seconds = 0;
  bool time = false;
  std::string_view units = "D";
  while (!text.empty()) {
    if (!time && skip(text, 'T')) {
      time = true;
      units = "HMS";
      if (text.empty()) return wrong;
      continue;
    }
    const size_t end = text.find_first_not_of("+-.0123456789");
    if (end == std::string_view::npos || end == 0) return wrong;
    const size_t unit = units.find(text[end]);
    double number = 0;
    const char* const first = text.data() + (text[0] == '+' ? 1 : 0);
    const auto parsed = std::from_chars(first, text.data() + end, number);
    if (unit == std::string_view::npos || parsed.ec != std::errc() || parsed.ptr != text.data() + end) return wrong;
    const double scale = text[end] == 'D' ? 86400 : text[end] == 'H' ? 3600 : text[end] == 'M' ? 60 : 1;
    seconds += number * scale;
    units.remove_prefix(unit + 1);
    text.remove_prefix(end + 1);
  }
  const auto millis = static_cast<int64_t>(seconds * 1000);
  return negative ? -millis : millis;
}

Result<std::vector<Partition>> GroupService::partitions_of(std::span<const std::string> topics) {
  std::vector<Partition> partitions;
  std::vector<std::string> whole;
  for (const std::string& topic : topics) {
    if (topic.find(':') == std::string::npos) {
      whole.push_back(topic);
      continue;
    }
    ASSIGN_OR_RETURN(const std::vector<Partition> some, parse_topic_partitions(topic));
    partitions.insert(partitions.end(), some.begin(), some.end());
  }
  if (whole.empty()) return partitions;
  const auto topology = session_.wait(session_.client().refresh(whole));
  if (!topology.ok()) return world(topology.failure());
  for (const std::string& name : whole) {
    const client::TopicInfo* topic = (*topology)->topic(name);
    if (topic == nullptr || topic->error != wire::ErrorCode::none) {
      return invalid(words_of(topic == nullptr ? wire::ErrorCode::unknown_topic_or_partition : topic->error));
    }
    for (const auto& partition : topic->partitions) partitions.push_back({name, partition.index});
  }
  return partitions;
}

Result<std::vector<PartitionOffset>> GroupService::committed(const std::string& group) {
  const auto offsets = session_.wait(client::group_offsets(session_.client(), group));
  if (!offsets.ok()) return world(offsets.failure());
  std::vector<PartitionOffset> list;
  for (const auto& one : *offsets) list.push_back({{one.topic, one.partition}, one.offset});
  return list;
}

Result<std::vector<PartitionOffset>> GroupService::offsets_at(const std::vector<Partition>& partitions, int64_t time) {
  std::vector<client::OffsetQuery> queries;
  for (const Partition& one : partitions) queries.push_back({one.topic, one.partition, time});
  const auto answers =
      session_.wait(client::list_offsets(session_.client(), std::move(queries), client::Isolation::read_uncommitted));
  if (!answers.ok()) return world(answers.failure());
  std::vector<std::string> missing;
  for (size_t i = 0; i < partitions.size(); ++i) {
    if ((*answers)[i].error == wire::ErrorCode::unknown_topic_or_partition) missing.push_back(name_of(partitions[i]));
  }
  if (!missing.empty()) return invalid(fmt::format("The partitions \"{}\" do not exist", fmt::join(missing, ",")));
  std::vector<PartitionOffset> offsets;
  for (size_t i = 0; i < partitions.size(); ++i) {
    if ((*answers)[i].error != wire::ErrorCode::none) return invalid(words_of((*answers)[i].error));
    offsets.emplace_back(partitions[i], (*answers)[i].offset);
  }
  return offsets;
}

Result<std::vector<PartitionOffset>> GroupService::offsets_at_time(const std::vector<Partition>& partitions,
                                                                   int64_t time) {
  ASSIGN_OR_RETURN(std::vector<PartitionOffset> offsets, offsets_at(partitions, time));
  for (auto& [partition, offset] : offsets) {
    if (offset != no_offset) continue;
    print(fmt::format("\nWarn: Partition {} from topic {} is empty. Falling back to latest known offset.\n",
                      partition.partition, partition.topic));
    ASSIGN_OR_RETURN(const std::vector<PartitionOffset> end, offsets_at({partition}, client::latest_offset));
    offset = end.front().second;
  }
  return offsets;
}

/// Offsets outside of the log become its start or its end.
Result<std::vector<PartitionOffset>> GroupService::within_range(std::vector<PartitionOffset> wanted) {
  std::vector<Partition> partitions;
  for (const auto& [partition, offset] : wanted) partitions.push_back(partition);
  ASSIGN_OR_RETURN(const std::vector<PartitionOffset> starts, offsets_at(partitions, client::earliest_offset));
  ASSIGN_OR_RETURN(const std::vector<PartitionOffset> ends, offsets_at(partitions, client::latest_offset));
  for (size_t i = 0; i < wanted.size(); ++i) {
    Offset& offset = wanted[i].second;
    const Offset asked = offset;
    offset = std::clamp(asked, starts[i].second, std::max(starts[i].second, ends[i].second));
    if (offset == asked) continue;
    print_error(fmt::format("WARN New offset ({}) is {} offset for topic partition {}. Value will be set to {}\n",
                            asked, offset < asked ? "higher than latest" : "lower than earliest",
                            name_of(wanted[i].first), offset));
  }
  return wanted;
}

Result<std::vector<PartitionOffset>> GroupService::shifted(const std::string& group,
                                                           const std::vector<Partition>& partitions) {
  ASSIGN_OR_RETURN(const std::vector<PartitionOffset> present, committed(group));
  const int64_t shift = options_.integer("shift-by").value_or(0);
  std::vector<PartitionOffset> wanted;
  for (const Partition& partition : partitions) {
    const auto found = std::ranges::find(present, partition, &PartitionOffset::first);
    if (found == present.end()) {
      return Failure{wrong_use, fmt::format("Cannot shift offset for partition {} since there is no current committed "
                                            "offset",
                                            name_of(partition))};
    }
    wanted.emplace_back(partition, found->second + shift);
  }
  return within_range(std::move(wanted));
}

Result<std::vector<PartitionOffset>> GroupService::current(const std::string& group,
                                                           const std::vector<Partition>& partitions) {
  ASSIGN_OR_RETURN(const std::vector<PartitionOffset> present, committed(group));
  std::vector<PartitionOffset> offsets;
  std::vector<Partition> others;
  for (const Partition& partition : partitions) {
    const auto found = std::ranges::find(present, partition, &PartitionOffset::first);
    if (found == present.end()) {
      others.push_back(partition);
    } else {
      offsets.push_back(*found);
    }
  }
  ASSIGN_OR_RETURN(const std::vector<PartitionOffset> ends, offsets_at(others, client::latest_offset));
  offsets.insert(offsets.end(), ends.begin(), ends.end());
  return offsets;
}

Result<std::vector<PartitionOffset>> GroupService::from_file(const std::string& group) {
  const std::string path(options_.value("from-file"));
  const Result<std::string> text = read_file(path);
  if (!text.ok()) return invalid(fmt::format("java.io.IOException: Unable to read file {}", path));
  ASSIGN_OR_RETURN(const std::vector<PlanLine> plan, parse_plan(*text, options_.values("group").size() == 1));
  std::vector<PartitionOffset> wanted;
  for (const PlanLine& line : plan) {
    if (line.group.empty() || line.group == group) wanted.push_back(line.offset);
  }
  if (wanted.empty()) {
    print_group_error(fmt::format("No reset plan for group {} found", group));
    return wanted;
  }
  return within_range(std::move(wanted));
}

Result<std::vector<PartitionOffset>> GroupService::wanted_offsets(const std::string& group,
                                                                  const std::vector<Partition>& partitions) {
  if (options_.has("to-offset")) {
    std::vector<PartitionOffset> wanted;
    for (const Partition& one : partitions) wanted.emplace_back(one, options_.integer("to-offset").value_or(0));
    return within_range(std::move(wanted));
  }
  if (options_.has("to-earliest")) return offsets_at(partitions, client::earliest_offset);
  if (options_.has("to-latest")) return offsets_at(partitions, client::latest_offset);
  if (options_.has("shift-by")) return shifted(group, partitions);
  if (options_.has("to-datetime")) {
    ASSIGN_OR_RETURN(const int64_t time, parse_datetime(options_.value("to-datetime")));
    return offsets_at_time(partitions, time);
  }
  if (options_.has("by-duration")) {
    ASSIGN_OR_RETURN(const int64_t duration, parse_iso_duration(options_.value("by-duration")));
    return offsets_at_time(partitions, wall_now() - duration);
  }
  if (options_.has("from-file")) return from_file(group);
  if (options_.has("to-current")) return current(group, partitions);
  return Failure{wrong_use,
                 "Option '[reset-offsets]' requires one of the following scenarios: [[by-duration], [to-latest], "
                 "[to-current], [to-earliest], [to-offset], [shift-by], [from-file], [to-datetime]]"};
}

Result<std::vector<PartitionOffset>> GroupService::reset_group(const std::string& group) {
  std::vector<Partition> partitions;
  if (options_.has("all-topics")) {
    ASSIGN_OR_RETURN(const std::vector<PartitionOffset> present, committed(group));
    for (const auto& [partition, offset] : present) partitions.push_back(partition);
  } else if (options_.has("topic")) {
    ASSIGN_OR_RETURN(partitions, partitions_of(options_.values("topic")));
  } else if (!options_.has("from-file")) {
    return Failure{wrong_use, "One of the reset scopes should be defined: --all-topics, --topic."};
  }
  ASSIGN_OR_RETURN(std::vector<PartitionOffset> offsets, wanted_offsets(group, partitions));
  if (options_.has("execute") && !offsets.empty()) {
    std::vector<client::GroupOffset> commits;
    for (const auto& [partition, offset] : offsets) commits.push_back({partition.topic, partition.partition, offset});
    const auto done = session_.wait(client::commit_group_offsets(session_.client(), group, std::move(commits)));
    if (!done.ok()) return world(done.failure());
    for (const auto& one : *done) {
      if (one.error != wire::ErrorCode::none) return invalid(exception_of(one.error));
    }
  }
  order(offsets);
  return offsets;
}

Status GroupService::reset_offsets() {
  ASSIGN_OR_RETURN(std::vector<std::string> ids, chosen_groups());
  const auto groups = session_.wait(client::describe_groups(session_.client(), ids));
  if (!groups.ok()) return world(groups.failure());
  std::vector<std::pair<std::string, std::vector<PartitionOffset>>> results;
  for (const auto& group : *groups) {
    // A group that does not exist yet may get offsets.
    const bool missing = group.error == wire::ErrorCode::group_id_not_found;
    if (group.error != wire::ErrorCode::none && !missing) return invalid(exception_of(group.error, group.message));
    if (!missing && group.state != "Empty" && group.state != "Dead") {
      print_group_error(
          fmt::format("Assignments can only be reset if the group '{}' is inactive, but the current state is {}.",
                      group.id, group.state));
      results.emplace_back(group.id, std::vector<PartitionOffset>());
      continue;
    }
    ASSIGN_OR_RETURN(std::vector<PartitionOffset> offsets, reset_group(group.id));
    results.emplace_back(group.id, std::move(offsets));
  }
  java_hash_order(results, [](const auto& one) { return java_hash(one.first); });
  std::string out;
  if (options_.has("export")) {
    const bool one_group = options_.values("group").size() == 1;
    for (const auto& [group, offsets] : results) {
      for (const auto& [partition, offset] : offsets) {
        if (!one_group) out += group + ",";
        out += fmt::format("{},{},{}\n", partition.topic, partition.partition, offset);
      }
    }
    print(out + "\n");
    return {};
  }
  size_t group_width = width_min;
  size_t topic_width = width_min;
  for (const auto& [group, offsets] : results) {
    group_width = std::max(group_width, group.size());
    for (const auto& [partition, offset] : offsets) topic_width = std::max(topic_width, partition.topic.size());
  }
  if (!results.empty()) {
    out +=
        fmt::format("\n{:<{}} {:<{}} {:<10} {}", "GROUP", group_width, "TOPIC", topic_width, "PARTITION", "NEW-OFFSET");
  }
  for (const auto& [group, offsets] : results) {
    for (const auto& [partition, offset] : offsets) {
      out += fmt::format("\n{:<{}} {:<{}} {:<10} {}", group, group_width, partition.topic, topic_width,
                         partition.partition, offset);
    }
  }
  print(out + "\n");
  return {};
}

// --- delete ---

Status GroupService::delete_offsets() {
  const std::string group(options_.value("group"));
  struct Row {
    Partition partition;
    std::string status;
  };
  std::vector<Row> rows;
  std::vector<client::GroupOffset> asked;
  for (const std::string& topic : options_.values("topic")) {
    const std::string one[] = {topic};
    const auto partitions = partitions_of(one);
    if (!partitions.ok() && partitions.failure().kind == wrong_use) return partitions.failure();
    if (!partitions.ok()) {
      rows.push_back({{topic, -1}, "Error: " + exception_of(wire::ErrorCode::unknown_topic_or_partition)});
      continue;
    }
    for (const Partition& partition : *partitions) asked.push_back({partition.topic, partition.partition});
  }
  std::ranges::sort(asked, {}, [](const auto& entry) { return Partition{entry.topic, entry.partition}; });
  const auto repeated = std::ranges::unique(
      asked, [](const auto& a, const auto& b) { return a.topic == b.topic && a.partition == b.partition; });
  asked.erase(repeated.begin(), repeated.end());
  std::optional<std::string> top;
  if (!asked.empty()) {
    const auto groups = session_.wait(client::describe_groups(session_.client(), {group}));
    if (!groups.ok()) return world(groups.failure());
    const wire::ErrorCode group_error = groups->front().error;
    if (group_error == wire::ErrorCode::group_id_not_found) {
      top = words_of(group_error);
      for (const auto& one : asked) rows.push_back({{one.topic, one.partition}, "Error: " + exception_of(group_error)});
    } else {
      const auto done = session_.wait(client::delete_group_offsets(session_.client(), group, asked));
      if (!done.ok()) return world(done.failure());
      for (const auto& one : *done) {
        const bool fine = one.error == wire::ErrorCode::none;
        if (!fine) top = "Encountered some partition-level error, see the follow-up details.";
        rows.push_back({{one.topic, one.partition}, fine ? "Successful" : "Error: " + exception_of(one.error)});
      }
    }
  }
  if (top) {
    print_group_error(*top);
  } else {
    print(fmt::format("Request succeeded for deleting offsets from group {}.\n", group));
  }
  std::ranges::sort(rows, {},
                    [](const Row& row) { return fmt::format("{}{}", row.partition.topic, row.partition.partition); });
  size_t width = width_min;
  for (const Row& row : rows) width = std::max(width, row.partition.topic.size());
  std::string out = fmt::format("\n{:<{}} {:<10} {:<15}", "TOPIC", width, "PARTITION", "STATUS");
  for (const Row& row : rows) {
    const std::string partition = row.partition.partition < 0 ? "-" : std::to_string(row.partition.partition);
    out += fmt::format("\n{:<{}} {:<10} {:<15}", row.partition.topic, width, partition, row.status);
  }
  print(out + "\n");
  return {};
}

Status GroupService::delete_groups() {
  ASSIGN_OR_RETURN(std::vector<std::string> ids, chosen_groups());
  auto done = session_.wait(client::delete_groups(session_.client(), std::move(ids)));
  if (!done.ok()) return world(done.failure());
  java_hash_order(*done, [](const client::GroupOutcome& one) { return java_hash(one.id); });
  std::vector<std::string> deleted;
  std::string failed;
  for (const auto& one : *done) {
    if (one.error == wire::ErrorCode::none) {
      deleted.push_back(fmt::format("'{}'", one.id));
    } else {
      failed += fmt::format("* Group '{}' could not be deleted due to: {}\n", one.id, exception_of(one.error));
    }
  }
  if (failed.empty()) {
    print(fmt::format("Deletion of requested consumer groups ({}) was successful.\n", fmt::join(deleted, ", ")));
    return {};
  }
  print_group_error("Deletion of some consumer groups failed:");
  print(failed);
  if (!deleted.empty()) {
    print(fmt::format("\nThese consumer groups were deleted successfully: {}\n", fmt::join(deleted, ", ")));
  }
  return {};
}

}  // namespace moldau::cli::kafka
