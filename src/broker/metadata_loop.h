// MetadataLoop: the shell around the metadata log of this node: store::Log of __cluster_metadata-0, raft::Node, the
// controller, and the image that everyone reads. Writes what the controller decides, holds answers back until it is
// committed, publishes images, writes snapshots.
//
// Life: start() reads snapshot and log (blocking), takes the leadership in a new epoch and queues its first records;
// from then on submit() works. Everything after start() happens in turns of the shard's loop. A folder without a
// metadata log is formatted as `kafka-storage format --standalone` does it (static voters when controller.quorum.voters
// is set).
//
// Invariants: images and answers go out in log order, and only for what is below the high watermark; an image is
// published before the answer of the request that made it. There are no NoOp records: an idle node writes nothing
// (Kafka writes one every 500 ms to show followers that the leader lives, and there are none here).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/surface.h"
#include "metadata/broker_settings.h"
#include "metadata/controller.h"
#include "metadata/image.h"
#include "metadata/snapshot.h"
#include "raft/node.h"
#include "store/store.h"

namespace moldau::broker {

struct MetadataLoopOptions {
  metadata::BrokerSettings settings;
  metadata::ConfigMap static_config;  ///< with_identity()
};

class MetadataLoop final : private store::LogListener {
 public:
  /// What became of a request. `error` is none when the controller answered and its records are committed; else the
  /// response says nothing: not_controller before start(), kafka_storage_error when the records could not be kept.
  struct Outcome {
    wire::ErrorCode error = wire::ErrorCode::none;
    metadata::ControllerResponse response;
  };
  using ImageSubscriber = std::function<void(const metadata::ImageRef& image, const metadata::ImageDelta& delta)>;

  MetadataLoop(io::Surface surface, store::Store& store, MetadataLoopOptions options);
  MetadataLoop(const MetadataLoop&) = delete;
  MetadataLoop& operator=(const MetadataLoop&) = delete;
  ~MetadataLoop();

  /// Opens, replays and takes the leadership. Blocking. Fails for damage (corrupt), for what a newer version wrote
  /// (unsupported), and for a quorum that this node is no voter of or not the only voter of (unsupported).
  Status start();
  /// The last published image: everything committed. Not null after start().
  const metadata::ImageRef& image() const { return published_; }
  /// Told of each image published after this call, in turns of the loop; the base is image() at the time of the call.
  void on_image(ImageSubscriber subscriber) { subscriber_ = std::move(subscriber); }
  /// Told once when the metadata log failed for good: the node cannot go on.
  void on_fatal(std::function<void(const Failure&)> callback) { on_fatal_ = std::move(callback); }
  /// Asks the controller. `done` comes in a later turn, when the decision is committed and published here.
  void submit(metadata::ControllerRequest request, io::Completion<const Outcome&> done);
  /// For a stop in order, before stop(): writes a snapshot, if the next start would have much to read without it.
  /// Blocking. What fails is told in the log alone.
  void close();
  /// Lets go of the log and forgets what is pending, unanswered. Nothing is called afterwards.
  void stop();

  const raft::Node& node() const { return *node_; }
  int16_t kraft_version() const { return kraft_version_; }
  const std::string& cluster_id() const { return cluster_id_; }
  Offset high_watermark() const { return node_->high_watermark(); }
  /// Offset after the last record of the log, committed or not.
  Offset log_end() const { return log_->next_offset(); }

 private:
  /// What waits for the log to be committed up to `end`.
  struct Pending {
    Offset begin = 0;
    Offset end = 0;
    metadata::ImageRef image;  ///< null: nothing to publish
    metadata::ImageDelta delta;
    Outcome outcome;
    io::Completion<const Outcome&> done;
  };
  struct SnapshotFile {
    raft::SnapshotId id;
    uint64_t size = 0;
    std::optional<WallMillis> timestamp;  ///< of the last record in it, as its header says; nothing if that is damaged
  };

  // LogListener.
  void on_appended(Offset end) override;
  void on_stable(Offset end) override;
  void on_refused(Offset first_lost, const Failure& why) override;
  void on_offline(const Failure& why) override;
  void on_log_start(Offset log_start) override;

  // Start.
  Status list_snapshots();
  Status settle_log_end();
  Status format_if_empty();
  Status load_bootstrap(std::vector<metadata::EncodedRecord>& records);
  Status load_snapshot();
  Status replay_log();
  Status read_log(Offset from, Offset end, std::vector<std::byte>& into);
  Status settle_voters();
  Status start_node();
  raft::VoterSet own_voters(bool with_directory) const;

  // Running.
  Status carry_out(Effects<raft::Effect>& effects);
  Status append_leader_change(const raft::AppendLeaderChange& change);
  Status append_decision(const metadata::Decision& decision);
  Status append_bytes(std::span<const std::byte> batch);
  void commit_up_to(Offset high_watermark);
  void complete(Pending pending);
  void fail_pending_from(Offset begin, wire::ErrorCode error);
  void fatal(const Failure& why);
  std::vector<Uuid> random_ids(size_t count);

  // Snapshots (metadata_snapshots.cc).
  void maybe_snapshot();
  struct SnapshotJob;
  std::shared_ptr<SnapshotJob> next_snapshot();
  void write_snapshot_in_pool();
  static std::optional<WallMillis> header_timestamp(io::Disk& disk, const std::string& path);
  /// Lets the oldest snapshots go, and the segments below the oldest that is left.
  void clean();
  void arm_cleaning();
  bool drop_oldest_snapshot();
  void remove_later(std::string path);
  std::string path_of(const raft::SnapshotId& id) const;

  io::Surface surface_;
  store::Store& store_;
  MetadataLoopOptions options_;
  std::string cluster_id_;
  Uuid directory_id_;
  store::Log* log_ = nullptr;
  std::string folder_;
  std::unique_ptr<raft::Node> node_;
  std::unique_ptr<metadata::Controller> controller_;
  metadata::ImageRef published_;
  ImageSubscriber subscriber_;
  std::function<void(const Failure&)> on_fatal_;
  std::deque<Pending> pending_;
  bool failed_ = false;

  int16_t kraft_version_ = 0;
  raft::VoterSet voters_;
  bool voters_in_log_ = false;  ///< else they stand in a snapshot or the configuration only
  raft::QuorumState stored_;
  bool has_quorum_state_ = false;

  std::vector<SnapshotFile> snapshots_;  ///< ascending
  raft::SnapshotId last_snapshot_;
  uint64_t bytes_since_snapshot_ = 0;
  Instant snapshot_deadline_ = Instant::never();
  io::TimerId snapshot_timer_ = 0;
  io::TimerId clean_timer_ = 0;
  bool snapshot_running_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace moldau::broker
