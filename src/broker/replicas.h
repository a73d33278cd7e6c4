// Replicas: the partitions that a shard owns, kept as the node's view says: leaders start and end and settings are
// taken up with every new view. Their logs come from the home shard, which makes and removes them (hosting.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "broker/node_view.h"
#include "broker/partition.h"
#include "store/store.h"

namespace moldau::broker {

/// A log for a shard to own from now on.
struct ArrivingLog {
  store::Log* log = nullptr;
  store::LogRef ref{};  ///< of one that came from another shard, and is nobody's until it joined the store's part here
  Offset high_watermark = 0;  ///< the last one known
};

class Replicas {
 public:
  /// `ended` is told of the log of each partition whose topic is gone, once nobody here refers to it any more.
  Replicas(PartitionHost& host, NodeId self, const metadata::ConfigMap& static_config,
           std::function<void(store::Log&)> ended);

  /// Begins to own a partition, as the view has it.
  void add(const ArrivingLog& arriving, const NodeView& view);
  /// A partition goes to another shard: until take_out() a deletion of its topic only ends what waits for it.
  void hold(const TopicPartitionId& id) { held_ = id; }
  /// It stays: a topic that the view no longer has ends now.
  void release(const NodeView& view);
  /// It is gone: everything that waits for it is refused or woken.
  void take_out(const TopicPartitionId& id);
  /// Ends what belongs to topics that were deleted.
  void drop_deleted(const metadata::ImageDelta& delta);
  /// Takes up what changed otherwise.
  void apply(const NodeView& view, const metadata::ImageDelta& delta);
  Partition* find(const TopicPartitionId& id) noexcept;
  size_t size() const noexcept { return partitions_.size(); }
  /// Everything that waits gets `error`; nothing is led any more.
  void demote_all(wire::ErrorCode error);

  template <typename Visitor>
  void for_each(Visitor&& visit) {
    for (auto& [id, partition] : partitions_) visit(*partition);
  }

 private:
  void drop(const TopicPartitionId& id);
  void apply_partition(const NodeView& view, const metadata::TopicImage& topic, Partition& partition);
  void reconfigure(const NodeView& view, const metadata::TopicImage& topic);
  const metadata::TopicSettings& settings_of(const NodeView& view, const metadata::TopicImage& topic);

  PartitionHost& host_;
  NodeId self_;
  const metadata::ConfigMap& static_config_;
  std::function<void(store::Log&)> ended_;
  std::unordered_map<TopicPartitionId, std::unique_ptr<Partition>> partitions_;
  std::optional<TopicPartitionId> held_;
  // The settings asked for last: partitions of one topic come in a row.
  uint64_t resolved_view_ = 0;
  std::string resolved_topic_;
  metadata::TopicSettings resolved_;
};

}  // namespace moldau::broker
