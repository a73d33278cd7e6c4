// Broker: one shard of a node. Owns its connections, its partitions and its part of the metadata log, on one io
// surface; it runs the same on the real one and on the simulator's.
//
// Life: start() opens the store, reads the metadata log, loads the logs, binds the listener, registers, and calls
// `ready` when it serves; stop() ends it in order. Whoever destroys a running Broker crashes it.
//
// Invariants: requests of a connection are answered in their order; an answer is made from the image that is current
// when it is made; nothing here waits for a disk once it serves, but the making of topics.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/facts.h"
#include "base/trace.h"
#include "broker/block_pool.h"
#include "broker/connection.h"
#include "broker/connection_rate.h"
#include "broker/directory_assignments.h"
#include "broker/error_count.h"
#include "broker/fetch_path.h"
#include "broker/group_loop.h"
#include "broker/log_dir_moves.h"
#include "broker/metadata_loop.h"
#include "broker/metrics.h"
#include "broker/partition.h"
#include "broker/produce_path.h"
#include "broker/replicas.h"
#include "broker/request.h"
#include "io/surface.h"
#include "metadata/broker_settings.h"
#include "store/store.h"
#include "wire/codec.h"
#include "wire/header.h"
#include "wire/served.h"

namespace moldau::broker {

struct BrokerOptions {
  metadata::BrokerSettings settings;
  metadata::ConfigMap static_config;  ///< what settings were made from; for DescribeConfigs
  store::Mutant mutant = store::Mutant::none;
  /// Receive and response buffers beyond which no more is read from clients until some are given back.
  uint64_t buffer_bytes_max = 1ULL << 30;
  /// Reads the monotonic clock anew, for latencies within a turn. Null: the surface's clock, which stands still in a
  /// turn.
  Instant (*precise_clock)() = nullptr;
};

using MetadataOutcome = MetadataLoop::Outcome;

class Broker final : private PartitionHost {
 public:
  Broker(io::Surface surface, BrokerOptions options);
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  ~Broker();

  /// Opens everything and begins to serve; `ready` is called once in a later turn, with a failure if it cannot. A
  /// failure returned here: nothing was begun. Blocking: recovery may take a while.
  Status start(io::Completion<Status> ready);
  /// Stops accepting, finishes what is in flight (at most stop_time_max), closes the store; then calls `done`.
  void stop(io::Completion<Status> done);
  /// Called once if the node can no longer keep its metadata.
  void on_fatal(std::function<void(const Failure&)> callback) { on_fatal_ = std::move(callback); }

  /// Where the first listener is; with the real port once started.
  io::Address address() const;
  const std::vector<store::OpenedFolder>& folders() const { return store_->folders(); }
  bool serving() const noexcept { return serving_; }
  bool stopping() const noexcept { return stopping_; }
  /// The counters, with those that are read off now; constant time.
  const Metrics& collect_metrics();

  static constexpr Duration stop_time_max = seconds(5);
  static constexpr int leave_attempts_max = 3;

  // For connections, paths and handlers
  // -----------------------------------------------------------------------------------

  io::Surface& surface() noexcept { return surface_; }
  BlockPool& pool() noexcept { return pool_; }
  Metrics& metrics() noexcept { return metrics_; }
  Instant now() const { return surface_.clock.now(); }
  /// now(), but later within a turn. 23 ns.
  Instant precise_now() const { return options_.precise_clock == nullptr ? now() : options_.precise_clock(); }
  WallMillis wall() const { return surface_.clock.wall(); }
  /// Where what a partition does is counted for its topic.
  TopicCounters& counters_of(Partition& partition) {
    if (partition.counters == nullptr) partition.counters = metrics_.topic_counters.get(partition.id().topic_id);
    return *partition.counters;
  }
  /// Whether this node is the active controller.
  bool leads_metadata() const;
  /// True while clients' bytes take more memory than they may.
  uint64_t buffer_bytes() const noexcept { return pool_.bytes_in_use(); }
  bool short_of_buffers() const noexcept { return pool_.bytes_in_use() > options_.buffer_bytes_max; }
  size_t frame_bytes_max() const noexcept { return static_cast<size_t>(options_.settings.socket_request_max_bytes); }
  NodeId self() const noexcept { return options_.settings.node_id; }
  store::Mutant mutant() const noexcept { return options_.mutant; }
  const metadata::Image& image() const noexcept { return *image_; }
  const metadata::ImageRef& image_ref() const noexcept { return image_; }
  api::Facts facts() const;
  api::RequestContext context(const Request& request, Arena& arena);
  Partition* partition(const TopicPartitionId& id) noexcept {
    return replicas_ == nullptr ? nullptr : replicas_->find(id);
  }
  store::Store& store() noexcept { return *store_; }
  LogDirMoves& log_dir_moves() noexcept { return *log_dir_moves_; }
  const MetadataLoop& metadata_loop() const noexcept { return *metadata_; }
  const metadata::BrokerSettings& settings() const noexcept { return options_.settings; }
  /// Directories that failed.
  const std::set<Uuid>& offline_directories() const noexcept { return offline_directories_; }
  int64_t broker_epoch() const noexcept { return broker_epoch_; }
  /// The level of the root logger, by Kafka's names; the trace has four of the six.
  void set_root_log_level(std::string level);
  ProducePath& produce_path() noexcept { return produce_path_; }
  FetchPath& fetch_path() noexcept { return fetch_path_; }
  GroupLoop& group_loop() noexcept { return group_loop_; }
  /// Asks the controller; `done` comes when the decision is committed and applied here, in a later turn.
  void submit(metadata::ControllerRequest request, io::Completion<const MetadataOutcome&> done);

  /// Reads the header of a frame into `request`; false for one that cannot be read.
  bool read_header(Request& request);
  /// Hands a request to its handler, or closes the connection if there is none for it.
  void dispatch(Request request);
  /// Reads the body; closes the connection and returns false if it cannot be read.
  template <typename M>
  bool decode_body(Request& request, M& message) {
    wire::Decoder decoder(request.body, &request.repairs);
    const wire::DecodeStatus status = wire::decode(decoder, request.version, message);
    return body_decoded(request, status, decoder.remaining());
  }
  /// Sends an answer. `external`: what the cuts of its records name.
  template <typename M>
  void answer(const Request& request, const M& message, std::vector<Pieces> external = {}) {
    answer_in(request, request.version, message, std::move(external));
  }
  /// As answer(), with the body in another version than the request's.
  template <typename M>
  void answer_in(const Request& request, int16_t version, const M& message, std::vector<Pieces> external = {}) {
    count_errors(metrics_, request.api_key, message);
    wire::Encoder encoder(pool_.take(BlockPool::block_bytes_min));
    const wire::FrameStart start = wire::begin_frame(encoder);
    wire::encode_response_header(encoder, request.api_key, request.version, request.correlation_id);
    wire::encode(encoder, version, message);
    wire::finish_frame(encoder, start);
    deliver(request, encoder, std::move(external));
  }
  void answer_nothing(const Request& request);
  /// The frame that answers `request` with a message of any type; empty if it cannot be encoded.
  wire::Encoded encode_answer(const Request& request, const wire::MessageDescriptor& type, const void* message);
  /// Sends what encode_answer() made; closes the connection for an empty one.
  void deliver_encoded(const Request& request, wire::Encoded encoded);

  void close_connection(ConnectionId id);
  void close_later(Connection& connection);
  void resume_later(ConnectionId id);
  /// As resume_later(), after a moment: for one that found no memory to read into.
  void resume_after_pause(ConnectionId id);
  /// One line a minute and address about bytes that are no Kafka frame.
  void trace_odd_bytes(const Peer& peer, std::span<const std::byte> bytes);

  /// Wraps a callback so that it does nothing once this broker is gone.
  template <typename T, typename F>
  io::Completion<T> guarded(F call) {
    return [alive = std::weak_ptr<int>(alive_), call = std::move(call)](T value) mutable {
      if (!alive.expired()) call(std::forward<T>(value));
    };
  }
  template <typename F>
  io::Callback guarded_call(F call) {
    return [alive = std::weak_ptr<int>(alive_), call = std::move(call)]() mutable {
      if (!alive.expired()) call();
    };
  }

  /// Gives the next producer id once there is one.
  void next_producer_id(std::function<void(wire::ErrorCode, ProducerId)> done);

 private:
  struct ConnectionSlot {
    std::unique_ptr<Connection> connection;
    uint32_t generation = 1;
  };

  // PartitionHost.
  void acknowledge(const replica::ProduceId& produce, wire::ErrorCode error) override;
  void propose_isr(Partition& partition, const replica::ProposeIsr& proposal) override;
  void wake_fetch(PendingFetch& fetch, uint32_t item) override;
  void produce_waits(Partition& partition) override;
  void log_offline(Partition& partition) override;
  Instant time() const override { return now(); }

  // Start and stop (broker_life.cc).
  Status open_store();
  Status open_metadata();
  Status listen();
  void image_changed(const metadata::ImageRef& image, const metadata::ImageDelta& delta);
  void apply_dynamic_settings();
  void check_ready();
  void report_damage();
  metadata::EndpointImage own_endpoint(size_t listener) const;
  void look_at_directories();
  void report_offline_directories();
  void register_broker();
  void heartbeat(bool want_shutdown, io::Completion<const MetadataOutcome&> done);
  void not_ready(const Failure& why);
  void failed(const Failure& why);
  void continue_stop();
  void leave_cluster();
  void ask_to_leave();
  void finish_stop();

  void accept(size_t door, std::unique_ptr<io::Stream> stream);
  void admit(size_t door);
  void close_doors();
  void open_connection(size_t listener, std::unique_ptr<io::Stream> stream);
  Connection* find(ConnectionId id);
  void reap();
  void sweep();
  void tick_produces();
  bool body_decoded(const Request& request, wire::DecodeStatus status, size_t remaining);
  void deliver(const Request& request, wire::Encoder& encoder, std::vector<Pieces> external);
  void refuse_version(Request request);
  void hand_out_producer_ids();

  io::Surface surface_;
  BrokerOptions options_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  BlockPool pool_;
  Metrics metrics_;
  api::AllowAll authorizer_;
  api::NoQuotas quotas_;
  wire::ServedApis served_;
  std::array<void (*)(Broker&, Request), wire::api_key_count> handlers_{};
  std::string cluster_id_;
  metadata::ImageRef image_ = std::make_shared<const metadata::Image>();

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<MetadataLoop> metadata_;
  std::unique_ptr<DirectoryAssignments> assignments_;
  std::unique_ptr<LogDirMoves> log_dir_moves_;
  std::unique_ptr<Replicas> replicas_;
  ProducePath produce_path_;
  FetchPath fetch_path_;
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
  std::vector<ConnectionSlot> connections_;
  std::vector<uint32_t> free_connections_;
  std::map<std::string, int32_t, std::less<>> connections_by_address_;
  std::vector<ConnectionId> closing_;
  std::vector<ConnectionId> resuming_;
  bool reaping_ = false;
  std::map<std::string, Instant, std::less<>> odd_addresses_;
  io::TimerId sweep_timer_ = 0;

  std::vector<TopicPartitionId> ticking_;  // partitions whose produces wait
  io::TimerId tick_timer_ = 0;
  std::vector<ConnectionId> paused_;  // connections that found no memory to read into
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
  std::string root_log_level_;
  bool serving_ = false;
  bool stopping_ = false;
  bool leaving_ = false;
};

/// A handler of one API: answers the request now or later, exactly once.
using Handler = void (*)(Broker& broker, Request request);

/// The dispatch table: what is served, and by what.
struct Route {
  wire::ApiKey key;
  Handler handler;
};
std::span<const Route> routes();
/// The administrator's part of it (admin_handlers.cc).
std::span<const Route> admin_routes();
std::span<const Route> group_routes();
Handler handler_of(wire::ApiKey key);

}  // namespace moldau::broker
