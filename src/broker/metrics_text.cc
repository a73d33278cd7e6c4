#include "broker/metrics_text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

namespace moldau::broker {
namespace {

using wire::ApiKey;

std::string labels_of(const Samples&, const TopicSample& sample) {
  return fmt::format("topic=\"{}\"", sample.name);
}
std::string labels_of(const Samples& samples, const PartitionSample& sample) {
  return fmt::format("topic=\"{}\",partition=\"{}\"", samples.topics[sample.topic].name, sample.partition);
}
std::string labels_of(const Samples&, const GroupSample& sample) {
  return fmt::format("consumergroup=\"{}\"", sample.id);
}
std::string labels_of(const Samples& samples, const GroupTopicSample& sample) {
  return fmt::format("consumergroup=\"{}\",topic=\"{}\"", samples.groups[sample.group].id, sample.topic);
}
std::string labels_of(const Samples& samples, const GroupPartitionSample& sample) {
  return fmt::format("{},partition=\"{}\"", labels_of(samples, samples.group_topics[sample.group_topic]),
                     sample.partition);
}

/// The value of a row for one of the samples that it is about; nothing if the row is about others or has none.
template <typename Sample>
int64_t value_of(const MetricRow& row, const Sample& sample) {
  if (const auto* const get = std::get_if<int64_t (*)(const Sample&)>(&row.value)) return (*get)(sample);
  if constexpr (std::is_same_v<Sample, TopicSample>) {
    const auto* const member = std::get_if<uint64_t TopicCounters::*>(&row.value);
    if (member != nullptr && sample.counted) return static_cast<int64_t>(sample.counters.**member);
  }
  return absent;
}

/// Samples of a histogram; `labels` without braces.
void print_histogram(std::string& out, const char* name, const std::string& labels, const Histogram& histogram) {
  auto to = std::back_inserter(out);
  const char* const comma = labels.empty() ? "" : ",";
  uint64_t count = 0;
  for (size_t i = 0; i < Histogram::finite_buckets; ++i) {
    count += histogram.count(i);
    fmt::format_to(to, "{}_bucket{{{}{}le=\"{}\"}} {}\n", name, labels, comma, Histogram::upper_bound(i), count);
  }
  count += histogram.count(Histogram::finite_buckets);
  fmt::format_to(to, "{}_bucket{{{}{}le=\"+Inf\"}} {}\n", name, labels, comma, count);
  const std::string braced = labels.empty() ? "" : "{" + labels + "}";
  fmt::format_to(to, "{0}_sum{1} {2}\n{0}_count{1} {3}\n", name, braced, histogram.sum_seconds(), count);
}

/// The first label of a row: "api" or "request".
std::string_view first_label(const MetricRow& row) {
  const std::string_view labels = row.labels;
  return labels.substr(0, labels.find(','));
}

}  // namespace

bool MetricsText::step(std::string& out) {
  lines_ = 0;
  const std::span<const MetricRow> table = metric_table();
  while (row_ < table.size()) {
    const MetricRow& row = table[row_];
    const bool wanted = row.detail <= options_.detail;
    bool more = false;
    if (!wanted) {
      // Passed by.
    } else if (const auto* const member = std::get_if<uint64_t Metrics::*>(&row.value)) {
      head(out, row);
      fmt::format_to(std::back_inserter(out), "{} {}\n", row.name, metrics_.**member);
      ++lines_;
    } else if (const auto* const get = std::get_if<double (*)(const NodeSample&)>(&row.value)) {
      const double value = (*get)(samples_.node);
      if (value >= 0) {
        head(out, row);
        fmt::format_to(std::back_inserter(out), "{} {}\n", row.name, value);
        ++lines_;
      }
    } else if (const auto* const source = std::get_if<MetricSource>(&row.value)) {
      const size_t before = out.size();
      print(out, row, *source);
      lines_ += (out.size() - before) / 64;
    } else if (std::holds_alternative<uint64_t TopicCounters::*>(row.value) ||
               std::holds_alternative<int64_t (*)(const TopicSample&)>(row.value)) {
      more = print_some(out, row, samples_.topics);
    } else if (std::holds_alternative<int64_t (*)(const PartitionSample&)>(row.value)) {
      more = print_some(out, row, samples_.partitions);
    } else if (std::holds_alternative<int64_t (*)(const GroupSample&)>(row.value)) {
      more = print_some(out, row, samples_.groups);
    } else if (std::holds_alternative<int64_t (*)(const GroupTopicSample&)>(row.value)) {
      more = print_some(out, row, samples_.group_topics);
    } else {
      more = print_some(out, row, samples_.group_partitions);
    }
    if (more) return true;
    ++row_;
    next_ = 0;
    headed_ = false;
    if (lines_ >= lines_per_step) return row_ < table.size();
  }
  return false;
}

void MetricsText::head(std::string& out, const MetricRow& row) const {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n", row.name, row.help, name_of(row.kind));
}

template <typename Sample>
bool MetricsText::print_some(std::string& out, const MetricRow& row, const std::vector<Sample>& samples) {
  for (; next_ < samples.size(); ++next_) {
    if (lines_ >= lines_per_step) return true;
    ++lines_;
    const int64_t value = value_of(row, samples[next_]);
    if (value == absent) continue;
    if (!std::exchange(headed_, true)) head(out, row);
    fmt::format_to(std::back_inserter(out), "{}{{{}}} {}\n", row.name, labels_of(samples_, samples[next_]), value);
  }
  return false;
}

void MetricsText::print(std::string& out, const MetricRow& row, MetricSource source) const {
  auto to = std::back_inserter(out);
  switch (source) {
    case MetricSource::uptime:
      head(out, row);
      fmt::format_to(to, "{} {:.3f}\n", row.name, metrics_.uptime_seconds);
      return;
    case MetricSource::loop_spin:
      head(out, row);
      fmt::format_to(to, "{} {:.6f}\n", row.name, metrics_.loop_spin_seconds);
      return;
    case MetricSource::shard_busy:
    case MetricSource::shard_partitions:
      print_shards(out, row, source);
      return;
    case MetricSource::build_info:
      head(out, row);
      fmt::format_to(to, "{}{{version=\"{}\"}} 1\n", row.name, options_.version);
      return;
    case MetricSource::state:
      head(out, row);
      for (const std::string_view state : {"booting", "ready", "stopping"}) {
        fmt::format_to(to, "{}{{state=\"{}\"}} {}\n", row.name, state, state == options_.state ? 1 : 0);
      }
      return;
    case MetricSource::send_blocked:
      head(out, row);
      print_histogram(out, row.name, "", metrics_.send_blocked);
      return;
    case MetricSource::sync_duration:
      head(out, row);
      print_histogram(out, row.name, "", samples_.node.syncs.durations);
      return;
    case MetricSource::uncleanable_partitions:
    case MetricSource::uncleanable_bytes:
      if (samples_.node.cleaner.uncleanable.empty()) return;
      head(out, row);
      for (const auto& [directory, uncleanable] : samples_.node.cleaner.uncleanable) {
        const uint64_t value = source == MetricSource::uncleanable_bytes ? uncleanable.bytes : uncleanable.partitions;
        fmt::format_to(to, "{}{{logdirectory=\"{}\"}} {}\n", row.name, directory, value);
      }
      return;
    case MetricSource::groups:
      if (samples_.group_counts.empty()) return;
      head(out, row);
      for (const GroupCount& count : samples_.group_counts) {
        fmt::format_to(to, "{}{{type=\"{}\",state=\"{}\"}} {}\n", row.name, count.type, count.state, count.groups);
      }
      return;
    case MetricSource::dropped:
      print_dropped(out, row);
      return;
    case MetricSource::broker_info:
      if (samples_.brokers.empty()) return;
      head(out, row);
      for (const BrokerSample& broker : samples_.brokers) {
        fmt::format_to(to, "{}{{id=\"{}\",address=\"{}\"}} 1\n", row.name, broker.id, broker.address);
      }
      return;
    case MetricSource::requests:
    case MetricSource::errors:
    case MetricSource::request_duration:
    case MetricSource::stage_duration:
    case MetricSource::total_time_ms:
      print_apis(out, row, source);
      return;
  }
}

void MetricsText::print_shards(std::string& out, const MetricRow& row, MetricSource source) const {
  if (metrics_.shards.empty()) return;
  head(out, row);
  auto to = std::back_inserter(out);
  for (const ShardCounts& one : metrics_.shards) {
    if (source == MetricSource::shard_busy) {
      fmt::format_to(to, "{}{{shard=\"{}\"}} {:.6f}\n", row.name, one.shard, one.busy_seconds);
    } else {
      fmt::format_to(to, "{}{{shard=\"{}\"}} {}\n", row.name, one.shard, one.partitions);
    }
  }
}

void MetricsText::print_dropped(std::string& out, const MetricRow& row) const {
  head(out, row);
  const NodeSample& node = samples_.node;
  const std::pair<const char*, uint64_t> kinds[] = {{"topic", node.dropped_topics},
                                                    {"partition", node.dropped_partitions},
                                                    {"group", node.dropped_groups},
                                                    {"group_partition", node.dropped_group_partitions}};
  for (const auto& [kind, count] : kinds) {
    fmt::format_to(std::back_inserter(out), "{}{{kind=\"{}\"}} {}\n", row.name, kind, count);
  }
}

void MetricsText::print_apis(std::string& out, const MetricRow& row, MetricSource source) const {
  bool headed = false;
  for (size_t key = 0; key < metrics_.apis.size(); ++key) {
    const ApiMetrics* const api = metrics_.apis[key].get();
    if (metrics_.requests[key] == 0 && api == nullptr) continue;
    // Kafka counts a consumer's fetch under two names.
    const auto name = static_cast<ApiKey>(key);
    if (name == ApiKey::fetch && first_label(row) == "request") {
      print_api(out, row, source, "FetchConsumer", key, headed);
    }
    print_api(out, row, source, wire::name_of(name), key, headed);
  }
}

void MetricsText::print_api(std::string& out, const MetricRow& row, MetricSource source, std::string_view name,
                            size_t key, bool& headed) const {
  auto to = std::back_inserter(out);
  const std::string label = fmt::format("{}=\"{}\"", first_label(row), name);
  const auto with_head = [&] {
    if (!std::exchange(headed, true)) head(out, row);
  };
  const ApiMetrics* const api = metrics_.apis[key].get();
  if (source == MetricSource::requests) {
    with_head();
    fmt::format_to(to, "{}{{{}}} {}\n", row.name, label, metrics_.requests[key]);
    return;
  }
  if (api == nullptr) return;
  if (source == MetricSource::errors) {
    for (size_t slot = 0; slot < ApiMetrics::error_slots; ++slot) {
      if (api->errors[slot] == 0) continue;
      with_head();
      const auto number = static_cast<int16_t>(static_cast<int>(slot) + wire::code_of(wire::error_code_min));
      const std::optional<wire::ErrorCode> code = wire::error_code_of(number);
      fmt::format_to(to, "{}{{{},error=\"{}\"}} {}\n", row.name, label,
                     code.has_value() ? wire::name_of(*code) : "UNKNOWN", api->errors[slot]);
    }
    return;
  }
  with_head();
  if (source == MetricSource::request_duration) {
    print_histogram(out, row.name, label, api->total);
  } else if (source == MetricSource::stage_duration) {
    print_histogram(out, row.name, label + ",stage=\"queue\"", api->queue);
    print_histogram(out, row.name, label + ",stage=\"local\"", api->local);
    if (api->wait.count() > 0) print_histogram(out, row.name, label + ",stage=\"wait\"", api->wait);
    print_histogram(out, row.name, label + ",stage=\"send\"", api->send);
  } else {
    const Histogram recent = api->total.since(api->window_old);
    for (const double quantile : {0.5, 0.75, 0.95, 0.98, 0.99, 0.999}) {
      fmt::format_to(to, "{}{{{},quantile=\"{}\"}} {:.6g}\n", row.name, label, quantile,
                     recent.quantile(quantile) * 1000);
    }
    fmt::format_to(to, "{0}_sum{{{1}}} {2}\n{0}_count{{{1}}} {3}\n", row.name, label, api->total.sum_seconds() * 1000,
                   api->total.count());
  }
}

}  // namespace moldau::broker
