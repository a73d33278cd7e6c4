// Hosting: the partitions of this node: their logs are made and removed as the metadata image says, and each is given
// to the shard that is to own it. Part of the home shard; what owners do with them: replicas.h. docs/design/shards.md
//
// Invariant: after apply(image) every partition of the image with a replica here has its log, unless its directory
// failed, its log is still recovered (Store::recovering), or a deleted topic of the same name still has the folder's
// name; so whoever answers from that image can say that a topic exists.
//
// States of a partition: none, recovering -> owned (its log was given to a shard) -> ending (its topic is gone, the
// owner was told) -> none, when the owner said so. Of a topic that goes while they are recovered: recovering -> none.
// Late: wanted, but a partition that is ending has its name.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/balancer.h"
#include "broker/log_dir_moves.h"
#include "broker/placement.h"
#include "broker/replicas.h"
#include "metadata/image.h"
#include "store/store.h"

namespace moldau::broker {

/// The coordinators, which live at home, write to these topics themselves.
inline bool is_home_topic(std::string_view name) {
  return name.starts_with("__");
}

class Hosting {
 public:
  /// `shards`: of the node, each filled up to `fill` before the next one is (balancer.h). `settings` are the node's
  /// own, which change while it runs.
  Hosting(store::Store& store, NodeId self, const metadata::ConfigMap& static_config,
          const metadata::BrokerSettings& settings, LogDirMoves& moves, size_t shards, Ppm fill);

  /// Takes up a new image. `delta` says what changed since the last one; null: everything is looked at, and what is
  /// missing here was there before.
  void apply(const metadata::Image& image, const metadata::ImageDelta* delta);
  /// Logs were recovered: their partitions get owners. `ended`: no more come from some log directory, which may have
  /// failed; what waits for the names of its logs waits no more.
  void recovered(const metadata::Image& image, const std::vector<TopicPartitionId>& logs, bool ended);
  /// The owner of a partition whose topic is gone uses nothing of it any more: its folder goes. True when others, which
  /// waited for its name, were made now.
  bool ended(const metadata::Image& image, const TopicPartitionId& id, const std::string& topic);
  /// Its owner; nothing for one that is not here.
  std::optional<size_t> owner_of(const TopicPartitionId& id) const;
  /// A partition has another owner now; false if it is gone.
  bool moved(const TopicPartitionId& id, size_t to);
  /// How busy the shards are, by which new partitions are placed.
  void set_busy(std::vector<Ppm> busy) { busy_ = std::move(busy); }
  /// Which shard owns what, as of the last apply() or ended().
  const Placement& placement() const noexcept { return placement_; }
  /// Logs for their owners, by shard: those that came since the last call.
  std::vector<std::vector<ArrivingLog>> take_arrivals();

  /// How the logs of a topic are configured, as the image says now.
  store::LogConfig log_config(const metadata::Image& image, const std::string& topic) const;

 private:
  using Name = std::pair<std::string, PartitionIndex>;

  bool name_is_free(const metadata::Image& image, const Name& name);
  void remove_log(const TopicPartitionId& id, const Name& name);
  void end_topic(const metadata::ImageDelta::DeletedTopic& topic);
  void apply_partition(const metadata::Image& image, const metadata::TopicImage& topic, PartitionIndex index,
                       bool starting);
  void give_away(store::Log& log);
  Result<store::Log*> make_log(const metadata::Image& image, const metadata::TopicImage& topic, PartitionIndex index,
                               bool created);
  size_t choose_shard(const std::string& topic);
  void configure_store(const metadata::Image& image);

  store::Store& store_;
  NodeId self_;
  const metadata::ConfigMap& static_config_;
  const metadata::BrokerSettings& settings_;
  LogDirMoves& moves_;
  std::unordered_map<TopicPartitionId, uint32_t> hosted_;  // by which shard
  std::set<Name> ending_names_;
  std::set<TopicPartitionId> late_;
  std::map<TopicPartitionId, Name> ending_recovering_;  // recovered yet, to be removed then
  std::vector<size_t> counts_;                          // partitions of clients' topics, by shard
  const Ppm fill_;
  std::vector<Ppm> busy_;  // by shard, with what is expected of partitions that were placed since
  Placement placement_;
  std::vector<std::vector<ArrivingLog>> arrivals_;
};

}  // namespace moldau::broker
