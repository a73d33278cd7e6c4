// Replicas: the partitions of this node, kept as the metadata image says: logs are made, configured and removed,
// leaders start and end, when a new image is applied.
//
// Invariant: after apply(image) every partition of the image with a replica here has its log, unless its directory
// failed; so whoever answers from that image can say that a topic exists.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "broker/log_dir_moves.h"
#include "broker/partition.h"
#include "metadata/broker_settings.h"
#include "metadata/image.h"
#include "store/store.h"

namespace moldau::broker {

class Replicas {
 public:
  Replicas(PartitionHost& host, store::Store& store, NodeId self, const metadata::ConfigMap& static_config,
           const metadata::BrokerSettings& settings, LogDirMoves& moves);

  /// Takes up a new image. `delta` says what changed since the last one; null: everything is looked at.
  void apply(const metadata::Image& image, const metadata::ImageDelta* delta);
  Partition* find(const TopicPartitionId& id) noexcept;
  size_t size() const noexcept { return partitions_.size(); }
  /// Everything that waits gets `error`; nothing is led any more.
  void demote_all(wire::ErrorCode error);

  template <typename Visitor>
  void for_each(Visitor&& visit) {
    for (auto& [id, partition] : partitions_) visit(*partition);
  }
  /// How the logs of a topic are configured, as the image says now.
  store::LogConfig log_config(const metadata::Image& image, const std::string& topic) const;
  /// The settings of compaction in `image`.
  store::CleanerOptions cleaner_options(const metadata::Image& image) const;
  store::ScrubOptions scrub_options(const metadata::Image& image) const;

 private:
  void apply_all(const metadata::Image& image);
  void remove_topic(const Uuid& id);
  /// `starting`: what is missing here was there before.
  void apply_partition(const metadata::Image& image, const metadata::TopicImage& topic, PartitionIndex index,
                       bool starting);
  Result<store::Log*> make_log(const metadata::Image& image, const metadata::TopicImage& topic, PartitionIndex index,
                               bool created);
  void reconfigure(const metadata::Image& image, const metadata::TopicImage& topic);
  metadata::TopicSettings settings_of(const metadata::Image& image, const std::string& topic) const;

  PartitionHost& host_;
  store::Store& store_;
  NodeId self_;
  const metadata::ConfigMap& static_config_;
  const metadata::BrokerSettings& settings_;
  LogDirMoves& moves_;
  std::unordered_map<TopicPartitionId, std::unique_ptr<Partition>> partitions_;
};

}  // namespace moldau::broker
