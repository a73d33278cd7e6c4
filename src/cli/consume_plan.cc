#include "cli/consume_plan.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "cli/topics.h"

namespace moldau::cli {
namespace {

using Kind = OffsetBound::Kind;

/// a + b, at the limits when it does not fit.
Offset plus(Offset a, int64_t b) {
  Offset sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return b > 0 ? INT64_MAX : 0;
  return sum;
}

Offset place(const OffsetBound& bound, const LogBounds& log, const std::optional<Offset>& time) {
  switch (bound.kind) {
    case Kind::exact:
      return bound.value;
    case Kind::start:
      return std::min(plus(log.start, bound.value), log.end);
    case Kind::none:
    case Kind::end:
      return std::max(plus(log.end, bound.value), log.start);
    case Kind::timestamp:
      return time.value_or(log.end);
  }
  return log.end;
}

}  // namespace

std::optional<PlannedPartition> plan_partition(const OffsetRange& range, const LogBounds& bounds) {
  PlannedPartition planned;
  planned.from = place(range.from, bounds, bounds.from_time);
  planned.fetch_from = std::clamp(planned.from, bounds.start, std::max(bounds.start, bounds.end));
  if (range.until.kind != Kind::none) {
    planned.until = std::min(place(range.until, bounds, bounds.until_time), bounds.end);
    if (*planned.until <= planned.from || *planned.until <= planned.fetch_from) return std::nullopt;
  }
  return planned;
}

namespace {

Result<std::vector<client::OffsetQuery>> queries_for(const client::Topology& topology,
                                                     const std::vector<std::string>& topics,
                                                     const std::vector<int64_t>& only) {
  std::vector<client::OffsetQuery> queries;
  for (auto named = topics.begin(); named != topics.end(); ++named) {
    const std::string& name = *named;
    if (std::find(topics.begin(), named, name) != named) continue;  // named twice
    const client::TopicInfo* topic = topology.topic(name);
    if (topic == nullptr || topic->error != wire::ErrorCode::none) {
      const auto error = topic == nullptr ? wire::ErrorCode::unknown_topic_or_partition : topic->error;
      return Failure{FailureKind::not_found, fmt::format("topic {}: {}", name, describe_error(error))};
    }
    for (const int64_t wanted : only) {
      if (topic->partition(static_cast<PartitionIndex>(wanted)) == nullptr) {
        return Failure{FailureKind::not_found, fmt::format("topic {} has no partition {}, only 0 to {}", name, wanted,
                                                           static_cast<int64_t>(topic->partitions.size()) - 1)};
      }
    }
    for (const auto& partition : topic->partitions) {
      const bool wanted = only.empty() || std::ranges::find(only, partition.index) != only.end();
      if (wanted) queries.push_back({name, partition.index, client::latest_offset});
    }
  }
  return queries;
}

Result<std::vector<Offset>> ask(Session& session, std::vector<client::OffsetQuery> queries, int64_t timestamp,
                                client::Isolation isolation) {
  for (auto& query : queries) query.timestamp = timestamp;
  ASSIGN_OR_RETURN(const auto answers, session.wait(client::list_offsets(session.client(), queries, isolation)));
  std::vector<Offset> offsets;
  for (size_t i = 0; i < queries.size(); ++i) {
    if (answers[i].error != wire::ErrorCode::none) {
      return client::failure_of(answers[i].error,
                                fmt::format("topic {} partition {}", queries[i].topic, queries[i].partition));
    }
    offsets.push_back(answers[i].offset);
  }
  return offsets;
}

}  // namespace

Result<std::vector<PlannedPartition>> plan_partitions(Session& session, const std::vector<std::string>& topics,
                                                      const std::vector<int64_t>& only, const OffsetRange& range,
                                                      client::Isolation isolation) {
  ASSIGN_OR_RETURN(const client::TopologyRef topology, session.wait(session.client().metadata(topics)));
  ASSIGN_OR_RETURN(const auto queries, queries_for(*topology, topics, only));
  // Times before the ends: an end asked for first could lie before what a time then finds.
  std::vector<Offset> from_times(queries.size(), no_offset);
  std::vector<Offset> until_times(queries.size(), no_offset);
  if (range.from.kind == Kind::timestamp) {
    ASSIGN_OR_RETURN(from_times, ask(session, queries, std::max<int64_t>(range.from.value, 0), isolation));
  }
  if (range.until.kind == Kind::timestamp) {
    ASSIGN_OR_RETURN(until_times, ask(session, queries, std::max<int64_t>(range.until.value, 0), isolation));
  }
  ASSIGN_OR_RETURN(const auto starts, ask(session, queries, client::earliest_offset, isolation));
  ASSIGN_OR_RETURN(const auto ends, ask(session, queries, client::latest_offset, isolation));
  std::vector<PlannedPartition> plan;
  for (size_t i = 0; i < queries.size(); ++i) {
    LogBounds bounds{starts[i], ends[i], {}, {}};
    if (from_times[i] >= 0) bounds.from_time = from_times[i];
    if (until_times[i] >= 0) bounds.until_time = until_times[i];
    std::optional<PlannedPartition> planned = plan_partition(range, bounds);
    if (!planned) continue;
    planned->topic = queries[i].topic;
    planned->partition = queries[i].partition;
    plan.push_back(std::move(*planned));
  }
  return plan;
}

}  // namespace moldau::cli
