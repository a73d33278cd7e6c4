#include "broker/metrics_gather.h"

#include <algorithm>
#include <utility>

#include "broker/broker.h"

namespace moldau::broker {

MetricsGather::MetricsGather(Broker& broker, MetricDetail detail, size_t limit)
    : broker_(broker),
      detail_(detail),
      limit_(limit),
      image_(broker.image_ref()),
      counters_(&broker.home().metrics().topic_counters) {
  NodeSample& node = samples_.node;
  node.known = true;
  node.ready = broker.serving() && !broker.stopping();
  node.cluster_topics = image_->topic_count();
  node.cluster_partitions = image_->partition_count();
  node.offline_log_directories = broker.offline_directories().size();
  node.controller = broker.leads_metadata();
  image_->for_each_broker([&](const metadata::BrokerImage& member) {
    if (member.fenced) return;
    ++node.brokers;
    BrokerSample& sample = samples_.brokers.emplace_back();
    sample.id = member.id;
    if (member.listeners.empty()) return;
    const metadata::EndpointImage& endpoint = member.listeners.front();
    sample.address = label_text(io::Address{endpoint.host, endpoint.port}.to_string());
  });
  if (!broker.stopping()) {
    node.cleaner = broker.store().cleaner_counts();
    node.scrub = broker.store().scrub_counts();
    node.syncs = broker.store().sync_counts();
    node.journal = broker.store().journal_stats();
    node.moves = broker.store().move_counts();
    node.logs_recovering = broker.store().recovering_logs().size();
    for (const store::MoveInfo& move : broker.store().moves()) {
      ++node.moves_under_way;
      const store::Log* const log = broker.store().find(move.id);
      if (log != nullptr) node.moves_lag_max = std::max(node.moves_lag_max, log->next_offset() - move.end);
    }
  }
  broker.home().metrics().topic_counters.forget_unless(
      [&](const Uuid& topic) { return image_->topic(topic) != nullptr; });
}

void MetricsGather::set_hosted(const HostedSamples& hosted) {
  hosted_ = &hosted;
  samples_.node.cleaner.add(hosted.cleaner);
  samples_.node.scrub.add(hosted.scrub);
  samples_.node.syncs.add(hosted.syncs);
  samples_.node.journal.add(hosted.journal);
}

bool MetricsGather::step() {
  looked_at_ = 0;
  if (!topics_done_) {
    topics_done_ = !step_topics();
    return true;
  }
  if (!groups_done_) {
    groups_done_ = !step_groups();
    if (!groups_done_) return true;
    finish();
  }
  return false;
}

// Topics
// -------------------------------------------------------------------------------------------------------------------

bool MetricsGather::step_topics() {
  bool more = false;
  image_->for_each_topic_from(topic_, [&](const metadata::TopicImage& topic) {
    if (looked_at_ >= items_per_step) {
      topic_ = topic.name;
      in_topic_ = false;
      partition_ = 0;
      more = true;
      return false;
    }
    if (!in_topic_ || topic.name != topic_) add_topic(topic);
    const PartitionIndex first = in_topic_ && topic.name == topic_ ? partition_ : 0;
    in_topic_ = false;
    topic.partitions.for_each_from(first, [&](PartitionIndex index, const metadata::PartitionRef& partition) {
      if (looked_at_ >= items_per_step) {
        topic_ = topic.name;
        in_topic_ = true;
        partition_ = index;
        more = true;
        return false;
      }
      ++looked_at_;
      add_partition(topic, index, *partition);
      return true;
    });
    return !more;
  });
  return more;
}

void MetricsGather::add_topic(const metadata::TopicImage& topic) {
  ++looked_at_;
  if (detail_ < MetricDetail::topic) return;
  if (samples_.topics.size() >= limit_) {
    ++samples_.node.dropped_topics;
    return;
  }
  TopicSample& sample = samples_.topics.emplace_back();
  sample.name = label_text(topic.name);
  sample.id = topic.id;
  sample.partitions = static_cast<int64_t>(topic.partitions.size());
  const TopicCounters* const counters = counters_->find(topic.id);
  sample.counted = counters != nullptr;
  if (counters != nullptr) sample.counters = *counters;
}

void MetricsGather::add_partition(const metadata::TopicImage& topic, PartitionIndex index,
                                  const metadata::PartitionImage& image) {
  NodeSample& node = samples_.node;
  PartitionSample sample;
  sample.partition = index;
  sample.leader = image.leader;
  sample.replicas = static_cast<uint16_t>(image.replicas.size());
  sample.isr = static_cast<uint16_t>(image.isr.size());
  sample.leader_is_preferred = !image.replicas.empty() && image.replicas.front() == image.leader;
  sample.under_replicated = image.isr.size() < image.replicas.size();
  if (image.leader == no_node) ++node.leaderless;
  const std::optional<HostedSample> hosted = find_hosted(broker_.home(), hosted_, {topic.id, index});
  if (hosted.has_value()) {
    sample.current_offset = hosted->high_watermark;
    sample.oldest_offset = hosted->log_start;
    sample.log_bytes = static_cast<int64_t>(hosted->log_bytes);
    sample.led_here = hosted->leads;
    ++node.hosted;
    node.log_bytes += hosted->log_bytes;
    node.unflushed_records += static_cast<uint64_t>(std::max<Offset>(hosted->next_offset - hosted->stable_end, 0));
    node.damaged_ranges += hosted->damaged_ranges;
  }
  if (sample.led_here) {
    sample.at_min_isr = image.isr.size() == hosted->min_isr;
    sample.under_min_isr = image.isr.size() < hosted->min_isr;
    ++node.leaders;
    node.under_replicated += sample.under_replicated ? 1 : 0;
    node.under_min_isr += sample.under_min_isr ? 1 : 0;
    node.at_min_isr += sample.at_min_isr ? 1 : 0;
  }
  if (detail_ < MetricDetail::partition) return;
  const bool shown = !samples_.topics.empty() && samples_.topics.back().id == topic.id;
  if (!shown || samples_.partitions.size() >= limit_) {
    ++node.dropped_partitions;
    return;
  }
  sample.topic = static_cast<uint32_t>(samples_.topics.size() - 1);
  samples_.partitions.push_back(sample);
}

// Groups
// -------------------------------------------------------------------------------------------------------------------

bool MetricsGather::step_groups() {
  bool more = false;
  broker_.group_loop().for_each_machine(coordinator_, [&](PartitionIndex index, const group::GroupMachine& machine) {
    if (index != coordinator_) group_.reset();
    coordinator_ = index;
    machine.for_each_group_after(group_, [&](const group::GroupMachine::GroupFacts& facts) {
      if (looked_at_ >= items_per_step) {
        more = true;
        return false;
      }
      group_ = std::string(facts.id);
      add_group(facts);
      const uint32_t at = static_cast<uint32_t>(samples_.groups.size()) - 1;
      const bool shown =
          detail_ >= MetricDetail::topic && !samples_.groups.empty() && samples_.node.dropped_groups == 0;
      const group::OffsetMap::Topics* const topics = machine.offsets().committed().find(facts.id);
      if (topics != nullptr) add_offsets(at, shown, *topics);
      return true;
    });
    if (more) return false;
    group_.reset();
    ++coordinator_;
    return true;
  });
  return more;
}

template <typename Facts>
void MetricsGather::add_group(const Facts& facts) {
  ++looked_at_;
  ++group_counts_[{group::name_of(facts.type), facts.state}];
  if (detail_ < MetricDetail::topic) return;
  if (samples_.groups.size() >= limit_) {
    ++samples_.node.dropped_groups;
    return;
  }
  samples_.groups.push_back({label_text(facts.id), static_cast<int64_t>(facts.members)});
}

template <typename Topics>
void MetricsGather::add_offsets(uint32_t group, bool show, const Topics& topics) {
  for (const auto& [name, partitions] : topics) {
    looked_at_ += partitions.size();
    samples_.node.committed_offsets += partitions.size();
    if (!show) {
      if (detail_ >= MetricDetail::partition) samples_.node.dropped_group_partitions += partitions.size();
      continue;
    }
    const metadata::TopicImage* const topic = broker_.image().topic(name);
    GroupTopicSample sums{.group = group, .topic = label_text(name)};
    const auto at = static_cast<uint32_t>(samples_.group_topics.size());
    for (const auto& [index, committed] : partitions) {
      GroupPartitionSample sample{.group_topic = at, .partition = index, .offset = committed.offset};
      const std::optional<HostedSample> hosted =
          topic == nullptr ? std::nullopt : find_hosted(broker_.home(), hosted_, {topic->id, index});
      if (hosted.has_value()) sample.lag = std::max<int64_t>(hosted->high_watermark - committed.offset, 0);
      sums.offset_sum += committed.offset;
      sums.lag_sum += sample.lag == absent ? 0 : sample.lag;
      if (detail_ < MetricDetail::partition) continue;
      if (samples_.group_partitions.size() >= limit_) {
        ++samples_.node.dropped_group_partitions;
      } else {
        samples_.group_partitions.push_back(sample);
      }
    }
    samples_.group_topics.push_back(std::move(sums));
  }
}

void MetricsGather::finish() {
  const TopicCounterTable& counters = *counters_;
  if (detail_ >= MetricDetail::topic && counters.overflowed()) {
    TopicSample& others = samples_.topics.emplace_back();
    others.name = TopicCounterTable::others_name;
    others.partitions = absent;
    others.counters = counters.others();
    others.counted = true;
  }
  for (const auto& [names, count] : group_counts_) samples_.group_counts.push_back({names.first, names.second, count});
}

std::string label_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace moldau::broker
