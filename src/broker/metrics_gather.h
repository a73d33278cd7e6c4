// MetricsGather: reads off what a scrape shows, some of it per turn, so that a node with 10,000 partitions goes on
// serving meanwhile: a step looks at about items_per_step partitions or offsets of groups (200 us).
//
// Partitions come in the order of the image's topics, groups in the order of their coordinators; what lies beyond the
// limit is counted into the sums and dropped. Values of different steps may be some turns apart; what is printed later
// is all of the same samples.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "broker/hosted_samples.h"
#include "broker/metrics_samples.h"
#include "broker/metrics_table.h"
#include "metadata/image.h"

namespace moldau::broker {

class Broker;

class MetricsGather {
 public:
  static constexpr size_t items_per_step = 512;

  /// `limit`: topics, partitions, groups and partitions of groups, each, that are shown by themselves.
  MetricsGather(Broker& broker, MetricDetail detail, size_t limit);

  /// Looks at some more; true while there is more to look at.
  bool step();
  Samples& samples() { return samples_; }
  /// Whose counters of topics are shown instead of the home shard's; they must outlive this. Before step().
  void set_counters(const TopicCounterTable& counters) { counters_ = &counters; }
  /// What the other shards say of their partitions; it must outlive this. Before step().
  void set_hosted(const HostedSamples& hosted);

 private:
  bool step_topics();
  void add_topic(const metadata::TopicImage& topic);
  void add_partition(const metadata::TopicImage& topic, PartitionIndex index, const metadata::PartitionImage& image);
  bool step_groups();
  template <typename Facts>
  void add_group(const Facts& facts);
  template <typename Topics>
  void add_offsets(uint32_t group, bool show, const Topics& topics);
  void finish();

  Broker& broker_;
  MetricDetail detail_;
  size_t limit_;
  metadata::ImageRef image_;  // of the start: topics are walked in it
  const TopicCounterTable* counters_;
  const HostedSamples* hosted_ = nullptr;
  Samples samples_;
  size_t looked_at_ = 0;  // in this step
  // Where the next step goes on.
  bool topics_done_ = false;
  bool groups_done_ = false;
  bool in_topic_ = false;  // topic_ was begun: go on at partition_
  std::string topic_;
  PartitionIndex partition_ = 0;
  PartitionIndex coordinator_ = 0;
  std::optional<std::string> group_;
  std::map<std::pair<std::string_view, std::string_view>, uint64_t> group_counts_;
};

/// `text` as it stands between the quotes of a label's value.
std::string label_text(std::string_view text);

}  // namespace moldau::broker
