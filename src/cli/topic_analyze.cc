// topic analyze: reads a span of time of topics and tells how many batches came in a second, and how large they were.
#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <time.h>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/batch_analysis.h"
#include "cli/consume_plan.h"
#include "cli/invocation.h"
#include "cli/offsets.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "client/fetcher.h"
#include "wire/batch.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;
using Analyses = std::vector<PartitionAnalysis>;

WallMillis wall_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<WallMillis>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

struct Span {
  OffsetRange offsets;
  WallMillis begin = 0;
  WallMillis end = 0;
};

Result<Span> span_of(std::string_view text) {
  const WallMillis now = wall_now();
  const auto offsets = parse_offset_range(fmt::format("@{}", text), now);
  const bool timed = offsets.ok() && offsets->from.kind == OffsetBound::Kind::timestamp &&
                     offsets->until.kind != OffsetBound::Kind::none;
  if (!timed) {
    return Failure{FailureKind::invalid_argument,
                   fmt::format("--time-range {}: expected T1:T2, such as -1m:end or 2024-02-14:1h", text)};
  }
  const bool to_now = offsets->until.kind != OffsetBound::Kind::timestamp;
  return Span{*offsets, offsets->from.value, to_now ? now : std::min<WallMillis>(offsets->until.value, now)};
}

/// Reads until each partition gave `batches_min` batches, or all of the span; or time is over.
Result<Analyses> analyze(Session& session, const std::vector<std::string>& topics, const Span& span,
                         int64_t batches_min, Duration timeout) {
  // This also checks that the topics are there.
  ASSIGN_OR_RETURN(const auto plan,
                   plan_partitions(session, topics, {}, span.offsets, client::Isolation::read_uncommitted));
  ASSIGN_OR_RETURN(const auto topology, session.wait(session.client().metadata(topics)));
  std::map<std::pair<std::string, PartitionIndex>, PartitionAnalysis> found;
  for (const std::string& name : topics) {
    for (const auto& partition : topology->topic(name)->partitions) {
      found.emplace(std::pair(name, partition.index), PartitionAnalysis(name, partition.index));
    }
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout.nanoseconds);
  client::Fetcher fetcher(session.client(), {});
  std::map<std::pair<std::string, PartitionIndex>, Offset> open;
  for (const PlannedPartition& planned : plan) {
    fetcher.assign(planned.topic, planned.partition, planned.fetch_from);
    open.emplace(std::pair(planned.topic, planned.partition), planned.until.value_or(planned.fetch_from));
  }
  while (!open.empty() && std::chrono::steady_clock::now() < end) {
    const client::Fetched fetched = session.wait(fetcher.next());
    const auto place = open.find(std::pair(fetched.topic, fetched.partition));
    if (place == open.end()) continue;
    if (fetched.error != wire::ErrorCode::none) return session.explain(fetched.failure);
    PartitionAnalysis& analysis = found.at(place->first);
    wire::for_each_batch(fetched.records.view(), [&](const wire::BatchView& batch) {
      if (batch.base_offset() >= place->second || analysis.batches() >= batches_min) return false;
      if (batch.last_offset() >= fetched.fetch_offset) {
        analysis.add(static_cast<int64_t>(batch.size()), batch.record_count(), batch.max_timestamp());
      }
      return true;
    });
    const bool all = fetched.next_offset >= place->second && analysis.batches() < batches_min;
    if (!all && analysis.batches() < batches_min) continue;
    analysis.close(span.begin, span.end, all);
    fetcher.remove(fetched.topic, fetched.partition);
    open.erase(place);
  }
  Analyses analyses;
  for (auto& [key, analysis] : found) {
    if (open.contains(key)) {
      analysis.close(span.begin, span.end, false);  // time was over
    } else if (analysis.batches() == 0) {
      analysis.close(span.begin, span.end, true);
    }
    analyses.push_back(std::move(analysis));
  }
  return analyses;
}

std::string number(double value) {
  return fmt::format("{:.2f}", value);
}

double rounded(double value) {
  return static_cast<double>(static_cast<int64_t>(value * 100 + 0.5)) / 100;
}

AnalysisSum sum_of(const Analyses& analyses, std::string_view topic) {
  AnalysisSum sum;
  for (const PartitionAnalysis& one : analyses) {
    if (topic.empty() || one.topic() == topic) sum.add(one);
  }
  return sum;
}

constexpr std::pair<const char*, double> quantiles[] = {
    {"p25", 0.25}, {"p50", 0.5}, {"p75", 0.75}, {"p99", 0.99}, {"max", 1.0}};

Json json_of(const Analyses& analyses, const std::vector<std::string>& topics) {
  const AnalysisSum all = sum_of(analyses, "");
  Json out;
  out["summary"] = {{"topics", topics.size()},
                    {"partitions", all.partitions},
                    {"total_throughput", rounded(all.bytes_per_second)},
                    {"total_batch_rate", rounded(all.batches_per_second)},
                    {"total_record_rate", rounded(all.records_per_second)},
                    {"average_batch_size", rounded(all.batch_bytes_average())}};
  out["topics"] = Json::array();
  for (const std::string& topic : topics) {
    const AnalysisSum sum = sum_of(analyses, topic);
    out["topics"].push_back({{"topic", topic},
                             {"partitions", sum.partitions},
                             {"batches", sum.batches},
                             {"throughput", rounded(sum.bytes_per_second)},
                             {"batch_rate", rounded(sum.batches_per_second)},
                             {"average_batch_size", rounded(sum.batch_bytes_average())}});
  }
  out["partitions"] = Json::array();
  for (const PartitionAnalysis& one : analyses) {
    Json entry = {{"topic", one.topic()},
                  {"partition", one.partition()},
                  {"batches", one.batches()},
                  {"batch_rate", rounded(one.batches_per_second())}};
    for (const auto& [name, share] : quantiles) entry[fmt::format("batch_size_{}", name)] = one.size_quantile(share);
    out["partitions"].push_back(std::move(entry));
  }
  return out;
}

std::string summary_text(const AnalysisSum& all, size_t topics) {
  Table table;
  table.add({"TOPICS", std::to_string(topics)});
  table.add({"PARTITIONS", std::to_string(all.partitions)});
  table.add({"TOTAL THROUGHPUT (BYTES/S)", number(all.bytes_per_second)});
  table.add({"TOTAL BATCH RATE (BATCHES/S)", number(all.batches_per_second)});
  table.add({"AVERAGE BATCH SIZE (BYTES)", number(all.batch_bytes_average())});
  return table.to_string();
}

std::string topics_text(const Analyses& analyses, const std::vector<std::string>& topics) {
  Table table({"topic", "partitions", "bytes-per-second", "batches-per-second", "average-batch-bytes"});
  for (const std::string& topic : topics) {
    const AnalysisSum sum = sum_of(analyses, topic);
    table.add({topic, std::to_string(sum.partitions), number(sum.bytes_per_second), number(sum.batches_per_second),
               number(sum.batch_bytes_average())});
  }
  return table.to_string();
}

std::string rates_text(const Analyses& analyses) {
  Table table({"topic", "partition", "batches", "batches-per-second"});
  for (const PartitionAnalysis& one : analyses) {
    table.add({one.topic(), std::to_string(one.partition()), std::to_string(one.batches()),
               number(one.batches_per_second())});
  }
  return table.to_string();
}

std::string sizes_text(const Analyses& analyses) {
  std::vector<std::string> heading{"topic", "partition"};
  for (const auto& [name, share] : quantiles) heading.emplace_back(name);
  Table table(std::move(heading));
  for (const PartitionAnalysis& one : analyses) {
    std::vector<std::string> cells{one.topic(), std::to_string(one.partition())};
    for (const auto& [name, share] : quantiles) cells.push_back(std::to_string(one.size_quantile(share)));
    table.add(std::move(cells));
  }
  return table.to_string();
}

}  // namespace

int topic_analyze(const Invocation& invocation) {
  if (print_format_help(invocation, json_of({}, {}))) return 0;
  const auto span = span_of(invocation.text("time-range"));
  if (!span.ok()) return fail(span.failure());
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  auto topics = chosen_topics(**session, invocation);
  if (!topics.ok()) return fail(topics.failure());
  if (topics->empty()) return fail("no topic matches");
  std::ranges::sort(*topics);
  const auto repeated = std::ranges::unique(*topics);
  topics->erase(repeated.begin(), repeated.end());
  const auto analyses =
      analyze(**session, *topics, *span, invocation.integer("batches"), invocation.duration("timeout"));
  if (!analyses.ok()) return fail((*session)->explain(analyses.failure()));
  if (print_formatted(invocation, json_of(*analyses, *topics))) return 0;
  const bool all = invocation.boolean("print-all");
  std::vector<std::pair<const char*, std::string>> sections;
  const auto add = [&](const char* flag, const char* title, std::string text) {
    if (all || invocation.boolean(flag)) sections.emplace_back(title, std::move(text));
  };
  const std::string summary = summary_text(sum_of(*analyses, ""), topics->size());
  add("print-summary", "summary", summary);
  add("print-topics", "topics", topics_text(*analyses, *topics));
  add("print-partition-batch-rate", "partition batch rate", rates_text(*analyses));
  add("print-partition-batch-size", "partition batch size", sizes_text(*analyses));
  if (sections.empty()) {
    sections.emplace_back("summary", summary);
    sections.emplace_back("topics", topics_text(*analyses, *topics));
  }
  std::string out;
  for (const auto& [title, text] : sections) {
    if (!out.empty()) out += "\n";
    out += sections.size() > 1 ? section(title) + text : text;
  }
  print(out);
  return 0;
}

}  // namespace moldau::cli
