// Broker: a node: its shards, and what there is once for all of them. It lives in the thread of the home shard: the
// metadata log, the store, the group coordinators, the doors through which connections come, start and stop.
// docs/design/broker.md, docs/design/shards.md
//
// Life: start() opens the store, reads the metadata log, loads the logs, binds the listeners, registers, and calls
// `ready` when it serves; stop() ends it in order. Whoever destroys a running Broker crashes it. It is made and
// destroyed while no other shard's thread runs.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/trace.h"
#include "broker/balancer.h"
#include "broker/connection_rate.h"
#include "broker/directory_assignments.h"
#include "broker/group_loop.h"
#include "broker/guarded.h"
#include "broker/hosting.h"
#include "broker/log_dir_moves.h"
#include "broker/metadata_loop.h"
#include "broker/shard.h"
#include "io/surface.h"
#include "metadata/broker_settings.h"
#include "store/store.h"

namespace moldau::broker {

struct BrokerOptions {
  metadata::BrokerSettings settings;
  metadata::ConfigMap static_config;  ///< what settings were made from; for DescribeConfigs
  store::Mutant mutant = store::Mutant::none;
  std::string boot_id{};  ///< store::StoreOptions::boot_id
  /// Receive and response buffers of all shards, beyond which no more is read from clients until some are given back.
  uint64_t buffer_bytes_max = 1ULL << 30;
  /// Reads the monotonic clock anew, for latencies within a turn. Null: the surface's clock, which stands still in a
  /// turn.
  Instant (*precise_clock)() = nullptr;
  /// Fills in what the loop of a shard counted; called in that shard's thread. Null: nothing is known.
  std::function<void(size_t shard, Metrics&)> loop_counts{};
  /// Where `loop_counts` is null: the Work after which a shard is taken to have been busy for a second; 0: never.
  uint64_t work_per_second = 0;
  /// For how long the machine's processors lay idle so far, summed, for the balance of shards; nothing if that is not
  /// known. Null: they always are.
  std::function<std::optional<Duration>()> idle_time{};
};

class Broker final : public Guarded, private store::RecoveryListener {
 public:
  static constexpr size_t shards_max = 64;

  /// One shard for each surface, the home shard first.
  Broker(std::span<const io::Surface> surfaces, BrokerOptions options);
  Broker(io::Surface surface, BrokerOptions options) : Broker(std::span(&surface, 1), std::move(options)) {}
  ~Broker();

  /// Opens everything and begins to serve; `ready` is called once in a later turn, with a failure if it cannot. A
  /// failure returned here: nothing was begun. Blocking: recovery may take a while.
  Status start(io::Completion<Status> ready);
  /// In place of start(): brings the data folders to what a stop in order leaves, and serves nobody. Blocking; nothing
  /// may be called afterwards.
  Status recover();
  /// Stops accepting, finishes what is in flight (at most stop_time_max), closes the store; then calls `done`.
  void stop(io::Completion<Status> done);
  /// Called once if the node can no longer keep its metadata.
  void on_fatal(std::function<void(const Failure&)> callback) { on_fatal_ = std::move(callback); }

  /// Where the first listener is; with the real port once started.
  io::Address address() const;
  const std::vector<store::OpenedFolder>& folders() const { return store_->folders(); }
  bool serving() const noexcept { return serving_; }
  bool stopping() const noexcept { return stopping_; }
  /// Some partitions are not served yet, because their logs are still recovered.
  bool recovering() const { return !store_->recovering_logs().empty() || recovery_news_; }
  /// The cluster was left, or is about to be: nothing more is handled.
  bool left() const noexcept { return leaving_; }

  size_t shards() const noexcept { return shards_.size(); }
  Shard& shard(size_t index) noexcept { return *shards_[index]; }
  Shard& home() noexcept { return *shards_.front(); }

  static constexpr Duration stop_time_max = seconds(5);
  static constexpr int leave_attempts_max = 3;

  // For what runs on the home shard
  // -----------------------------------------------------------------------------------

  Instant now() const { return surface_.clock.now(); }
  Instant precise_now() const { return shards_.front()->precise_now(); }
  /// Bytes of receive and response buffers in use, of all shards. Only while no other shard's thread runs.
  uint64_t buffer_bytes() const noexcept;
  NodeId self() const noexcept { return options_.settings.node_id; }
  const metadata::Image& image() const noexcept { return *image_; }
  const metadata::ImageRef& image_ref() const noexcept { return image_; }
  const metadata::BrokerSettings& settings() const noexcept { return options_.settings; }
  /// A partition that the home shard owns.
  Partition* partition(const TopicPartitionId& id) noexcept { return home().partition(id); }
  store::Store& store() noexcept { return *store_; }
  LogDirMoves& log_dir_moves() noexcept { return *log_dir_moves_; }
  const Placement& placement() const noexcept { return hosting_->placement(); }
  const MetadataLoop& metadata_loop() const noexcept { return *metadata_; }
  GroupLoop& group_loop() noexcept { return group_loop_; }
  /// Whether this node is the active controller.
  bool leads_metadata() const;
  /// Directories that failed.
  const std::set<Uuid>& offline_directories() const noexcept { return offline_directories_; }
  int64_t broker_epoch() const noexcept { return broker_epoch_; }
  /// The level of the root logger, by Kafka's names; the trace has four of the six.
  void set_root_log_level(std::string level);
  /// Asks the controller; `done` comes when the decision is committed and applied here, in a later turn.
  void submit(metadata::ControllerRequest request, io::Completion<const MetadataOutcome&> done);
  /// Asks the controller for another ISR; shard `from` hears of it.
  void propose_isr(size_t from, const TopicPartitionId& id, const replica::ProposeIsr& proposal);
  /// Has shard `to` own a partition; `done` when all shards go by that, or with false if it could not be. One after the
  /// other.
  void move_partition(const TopicPartitionId& id, size_t to, std::function<void(bool)> done);
  void partition_not_moved(const TopicPartitionId& id);
  void partition_moved(const MovedPartition& moved);
  /// A shard goes by the new placement.
  void move_settled();
  /// What a shard did in the interval that ends.
  void take_work(size_t shard, ShardWork work);
  /// The owner of a partition whose topic is gone uses nothing of it any more.
  void partition_ended(const TopicPartitionId& id, const std::string& topic);
  /// Gives the next producer id once there is one.
  void next_producer_id(std::function<void(wire::ErrorCode, ProducerId)> done);
  /// Finds out which log directories failed, and tells the controller.
  void look_at_directories();

  /// A connection of shard `shard` is gone.
  void connection_gone(size_t shard, const Peer& peer);
  void connection_moved(size_t from, size_t to);
  /// Some are: others may come in, or the stop go on.
  void connections_changed();

  /// The counters of the home shard, with those of the node, read off now; constant time. With one shard they are all
  /// there are.
  const Metrics& collect_metrics();
  /// Adds up the counters of all shards; `done` in a later turn, unless this is gone then.
  void gather_metrics(std::function<void(std::shared_ptr<const Metrics>)> done);
  /// At most so many topics are counted by themselves; before start().
  void set_counted_topics_max(size_t limit);

 private:
  // Start and stop (broker_life.cc).
  Status open_store();
  Status open_metadata();
  Status listen();
  void image_changed(const metadata::ImageRef& image, const metadata::ImageDelta& delta);
  void apply_dynamic_settings();
  void show_view(const metadata::ImageDelta& delta = {}, const std::optional<MovedPartition>& moved = {});
  void next_move();
  void end_move(bool moved);
  void check_ready();
  // Balance of shards (broker_load.cc).
  void start_balancing();
  void balance_later();
  void ask_for_work();
  void balance();
  void run_moves(std::vector<Balancer::Move> moves);
  Ppm spare_processors();
  Ppm fill() const { return Ppm{options_.settings.shards_fill_percent} * all_of_it / 100; }
  size_t seat_for_connection() const;
  void report_damage(const store::Log& log) const;
  // store::RecoveryListener.
  void log_recovered(store::Log& log) override;
  void recovery_ended() override {
    lane_ended_ = true;
    take_recovered_later();
  }
  void take_recovered_later();
  void take_recovered();
  metadata::EndpointImage own_endpoint(size_t listener) const;
  void report_offline_directories();
  void register_broker();
  void heartbeat(bool want_shutdown, io::Completion<const MetadataOutcome&> done);
  void not_ready(const Failure& why);
  void failed(const Failure& why);
  void continue_stop();
  void leave_cluster();
  void ask_to_leave();
  void finish_stop();
  void partitions_given_up();
  Status close_store(int64_t broker_epoch);
  /// Runs `call(Shard&)` on every shard: at home now, elsewhere in a later turn of its own.
  template <typename F>
  void each_shard(F call) {
    for (size_t i = 1; i < shards_.size(); ++i) home().post(i, call);
    call(home());
  }

  void accept(size_t door, std::unique_ptr<io::Stream> stream);
  void admit(size_t door);
  void close_doors();
  void let_in(size_t listener, std::unique_ptr<io::Stream> stream);
  void hand_out_producer_ids();

  io::Surface surface_;  // of the home shard
  BrokerOptions options_;
  std::string cluster_id_;
  metadata::ImageRef image_ = std::make_shared<const metadata::Image>();
  std::shared_ptr<const metadata::BrokerSettings> shown_settings_;  // a copy of options_.settings for the shards

  std::vector<TopicPartitionId> recovered_;  // logs that came since the last view
  bool recovery_news_ = false;               // take_recovered() is to run
  bool lane_ended_ = false;                  // no more logs come from some log directory
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<MetadataLoop> metadata_;
  std::unique_ptr<DirectoryAssignments> assignments_;
  std::unique_ptr<LogDirMoves> log_dir_moves_;
  MemoryBudget memory_budget_;  // before the shards, which have parts of it
  std::unique_ptr<Hosting> hosting_;
  struct PartitionMove {
    TopicPartitionId id;
    size_t to = 0;
    std::function<void(bool)> done;
  };
  std::deque<PartitionMove> moves_;  // between shards; the first is under way
  bool moving_ = false;
  size_t settling_ = 0;  // shards that do not go by the newest placement yet
  bool stop_after_move_ = false;
  Balancer balancer_;
  std::vector<ShardWork> work_;                   // of the interval that ends, by shard
  size_t work_missing_ = 0;                       // shards that have not told it yet
  std::shared_ptr<const std::vector<Ppm>> busy_;  // by shard; null before the first interval
  Duration idle_time_;                            // when it was read last
  Instant idle_time_read_{INT64_MIN / 2};
  size_t balancing_ = 0;  // moves that the balancer waits for
  uint64_t views_ = 0;
  std::vector<std::unique_ptr<Shard>> shards_;
  GroupLoop group_loop_;

  /// A listener, and the connection that waits at it to be let in: while one does, the others wait in the kernel.
  struct Door {
    std::unique_ptr<io::Listener> listener;
    bool exempt = false;  ///< the brokers' own, beside others: max.connections and the creation rate are not for it
    std::unique_ptr<io::Stream> waiting;
    Instant opens;  ///< when `waiting` may come in, if there is room
    io::TimerId timer = 0;
  };
  std::vector<Door> doors_;  // in the order of the settings
  ConnectionRate connection_rate_;
  // For a moment below zero, perhaps: what different shards tell has no order.
  std::vector<int64_t> connections_by_shard_;
  uint64_t connections_ = 0;
  std::map<std::string, int32_t, std::less<>> connections_by_address_;

  std::set<Uuid> offline_directories_;
  bool reporting_offline_ = false;

  ProducerId next_producer_id_ = no_producer_id;
  ProducerId producer_ids_end_ = no_producer_id;
  bool allocating_producer_ids_ = false;
  std::vector<std::function<void(wire::ErrorCode, ProducerId)>> producer_id_waiters_;

  io::Completion<Status> ready_;
  io::Completion<Status> stopped_;
  std::function<void(const Failure&)> on_fatal_;
  Instant ready_at_;
  int64_t broker_epoch_ = -1;
  int leave_attempts_ = 0;
  size_t shards_with_partitions_ = 0;  // while it stops
  std::string root_log_level_;
  bool serving_ = false;
  bool stopping_ = false;
  bool leaving_ = false;
};

}  // namespace moldau::broker
