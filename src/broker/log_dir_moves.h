// LogDirMoves: in which log directory each replica of this node lies, is wanted, and is known to lie: the request to
// move one (AlterReplicaLogDirs), the directory of a log that is made, and what the metadata is told (KIP-113,
// KIP-858). Shell; copying is the store's, decisions are api/34's. docs/design/moves.md
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/34_alter_replica_log_dirs.h"
#include "broker/directory_assignments.h"
#include "metadata/config_resolve.h"
#include "metadata/image.h"
#include "store/store.h"

namespace moldau::broker {

class LogDirMoves final : public store::MoveListener {
 public:
  /// Wishes for partitions that are not here yet; more are not remembered.
  static constexpr size_t preferences_max = 100'000;

  LogDirMoves(store::Store& store, NodeId self, const std::vector<std::string>& paths,
              DirectoryAssignments& assignments)
      : store_(store), self_(self), paths_(paths), assignments_(assignments) {}
  LogDirMoves(const LogDirMoves&) = delete;
  LogDirMoves& operator=(const LogDirMoves&) = delete;

  /// One partition of a request.
  wire::ErrorCode alter(const metadata::Image& image, const api::MoveRequest& request);

  /// Where a log that `image` wants here is to be made: an index, -1 for any. Fails (unavailable) where it may lie in
  /// a directory that is offline: then none is made. `created`: the partition came with this image.
  Result<int> directory_for(const metadata::Image& image, const metadata::TopicImage& topic, PartitionIndex index,
                            bool created);
  /// A log was made: a wish for it is fulfilled.
  void made(const std::string& topic, PartitionIndex index) { preferred_.erase({topic, index}); }
  /// Compares where a replica lies with what `image` says, and tells the metadata if need be.
  void check(const metadata::Image& image, const TopicPartitionId& id);
  /// The directory that `image` names for a replica of this node; nothing where it has none here.
  static std::optional<Uuid> named(const metadata::Image& image, NodeId self, const TopicPartitionId& id);
  /// What `image` knows of a replica of this node by the name of its topic.
  static std::optional<store::KnownPartition> known(const metadata::Image& image, NodeId self, const std::string& topic,
                                                    PartitionIndex index);

  /// What it asks of the broker when a move is over: the image that counts then, and to look which directories failed.
  struct Host {
    std::function<const metadata::Image&()> image;
    std::function<void()> look_at_directories;
  };
  void set_host(Host host) { host_ = std::move(host); }

  // store::MoveListener.
  void move_ready(const TopicPartitionId& id, size_t directory, io::Completion<Status> go) override;
  void move_ended(const TopicPartitionId& id, bool moved) override;

 private:
  const Uuid& id_of(size_t directory) const { return store_.folders()[directory].identity.directory_id; }
  bool any_offline() const;

  store::Store& store_;
  NodeId self_;
  const std::vector<std::string>& paths_;
  DirectoryAssignments& assignments_;
  Host host_;
  std::map<std::pair<std::string, PartitionIndex>, size_t> preferred_;
};

/// How moves are bounded: num.replica.alter.log.dirs.threads and replica.alter.log.dirs.io.max.bytes.per.second.
store::MoverOptions mover_options(const metadata::BrokerConfigLayers& layers);

}  // namespace moldau::broker
