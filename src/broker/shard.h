// Shard: one thread's part of a node: its connections, the requests that come over them, the block pool, counters, and
// the partitions that it owns, on one io surface. The first shard of a node is its home shard: what there is once per
// node (Broker) lives in its thread. docs/design/shards.md
//
// A request is handled where its route says (Place): on the shard of its connection, or at home; it is answered through
// deliver(), which finds the connection's shard. What concerns partitions of other shards is asked of those:
// produce_path.h, fetch_spread.h, owners.h.
//
// Invariants: requests of a connection are answered in their order; an answer is made from the view that is current
// when it is made; other threads reach this object through post() of theirs only; nothing here waits for a disk once it
// serves, but the making of topics.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/facts.h"
#include "base/assert.h"
#include "broker/balancer.h"
#include "broker/block_pool.h"
#include "broker/connection.h"
#include "broker/error_count.h"
#include "broker/fetch_path.h"
#include "broker/guarded.h"
#include "broker/memory_budget.h"
#include "broker/metadata_loop.h"
#include "broker/metrics.h"
#include "broker/node_view.h"
#include "broker/partition.h"
#include "broker/produce_path.h"
#include "broker/replicas.h"
#include "broker/request.h"
#include "io/outbox.h"
#include "io/surface.h"
#include "store/store.h"
#include "wire/codec.h"
#include "wire/header.h"
#include "wire/served.h"

namespace moldau::broker {

class Broker;
class GroupLoop;
class Shard;

using MetadataOutcome = MetadataLoop::Outcome;

/// A handler of one API: answers the request now or later, exactly once.
using Handler = void (*)(Shard& shard, Request request);

/// Where a handler runs.
enum class Place : unsigned char {
  here,    ///< on the connection's shard: it needs the request and the view only
  owners,  ///< there, too: it asks the owners of the partitions that it is about
  home,    ///< on the home shard
};

/// A partition that went from one shard to another.
struct MovedPartition {
  TopicPartitionId id;
  size_t from = 0;
  size_t to = 0;
};

/// The dispatch table: what is served, by what, and where.
struct Route {
  wire::ApiKey key;
  Handler handler;
  Place place = Place::home;
};
std::span<const Route> routes();
/// The administrator's part of it (admin_handlers.cc).
std::span<const Route> admin_routes();
std::span<const Route> group_routes();
Handler handler_of(wire::ApiKey key);

struct ShardOptions {
  NodeId self = no_node;
  const metadata::ConfigMap& static_config;
  store::Mutant mutant = store::Mutant::none;
  MemoryBudget& memory_budget;                                ///< of the node
  size_t fetch_sessions_max = 0;                              ///< of this shard
  Instant (*precise_clock)() = nullptr;                       ///< BrokerOptions::precise_clock
  std::function<void(size_t shard, Metrics&)> loop_counts{};  ///< BrokerOptions::loop_counts
  uint64_t work_per_second = 0;                               ///< BrokerOptions::work_per_second
};

class Shard final : public Guarded, private PartitionHost {
 public:
  /// Frames of less than this are received while memory is scarce.
  static constexpr size_t small_frame_bytes = size_t{64} << 10;
  /// For how long a connection that may not read is left alone.
  static constexpr Duration memory_pause = milliseconds(10);
  /// A shard that is this busy has enough to do: connections are not steered there from one that is less so.
  static constexpr Ppm busy_enough = 900'000;
  /// Connections that are steered away in a second.
  static constexpr uint32_t steered_max = 256;

  /// `surfaces`: of all shards of the node, by number.
  Shard(Broker& node, size_t index, std::span<const io::Surface> surfaces, const ShardOptions& options);
  ~Shard();
  /// Closes all connections and ends the life of its callbacks, before what they refer to goes.
  void end();

  /// Its number in the node.
  size_t index() const noexcept { return index_; }
  bool home() const noexcept { return index_ == 0; }
  /// REQUIRES: this is the home shard.
  Broker& node() noexcept;
  /// The group coordinators. REQUIRES: this is the home shard.
  GroupLoop& group_loop() noexcept;
  /// Asks the controller; `done` comes when the decision is committed and applied here, in a later turn. REQUIRES: this
  /// is the home shard.
  void submit(metadata::ControllerRequest request, io::Completion<const MetadataOutcome&> done);
  /// Runs `call(Shard&)` on another shard of the node, in a later turn, unless that is gone then. What is posted to one
  /// shard arrives in its order.
  template <typename F>
  void post(size_t target, F call) {
    ASSERT(target != index_);
    Shard& to = peer(target);
    outboxes_[target]->post([&to, life = to.life(), call = std::move(call)]() mutable {
      if (!life.expired()) call(to);
    });
  }

  /// As post(), for what was decided by this shard's view: not before the other one has it, or a later one.
  template <typename F>
  void post_seen(size_t target, F call) {
    post(target, [number = view_->number, call = std::move(call)](Shard& to) mutable {
      if (to.view_->number >= number && to.holds_ == 0) {
        call(to);
      } else {
        to.early_.push_back({number, [&to, call = std::move(call)]() mutable { call(to); }});
      }
    });
  }
  /// True on a node of one shard.
  bool alone() const noexcept { return outboxes_.size() == 1; }
  /// The shard that owns a partition, as the view says, or as this one knows better.
  size_t owner_of(const TopicPartitionId& id) const {
    const size_t owner = view_->placement.shard_of(id);
    return owner == index_ && given_.has_value() && given_->id == id ? given_->to : owner;
  }

  // What handlers and paths go by
  // -----------------------------------------------------------------------------------

  io::Surface& surface() noexcept { return surface_; }
  BlockPool& pool() noexcept { return pool_; }
  Metrics& metrics() noexcept { return metrics_; }
  /// The counters, with those that are read off now; constant time.
  const Metrics& collect_metrics();
  Instant now() const { return surface_.clock.now(); }
  /// now(), but later within a turn. 23 ns.
  Instant precise_now() const { return options_.precise_clock == nullptr ? now() : options_.precise_clock(); }
  WallMillis wall() const { return surface_.clock.wall(); }
  /// Where what a partition does is counted for its topic.
  TopicCounters& counters_of(Partition& partition) {
    if (partition.counters == nullptr) partition.counters = metrics_.topic_counters.get(partition.id().topic_id);
    return *partition.counters;
  }
  /// Receive and response buffers in use.
  uint64_t buffer_bytes() const noexcept { return pool_.bytes_in_use(); }
  size_t frame_bytes_max() const noexcept { return static_cast<size_t>(settings().socket_request_max_bytes); }
  NodeId self() const noexcept { return options_.self; }
  store::Mutant mutant() const noexcept { return options_.mutant; }
  const metadata::Image& image() const noexcept { return *view_->image; }
  const metadata::ImageRef& image_ref() const noexcept { return view_->image; }
  const metadata::BrokerSettings& settings() const noexcept { return *view_->settings; }
  const NodeView& view() const noexcept { return *view_; }
  void set_cluster_id(std::string cluster_id) { cluster_id_ = std::move(cluster_id); }
  api::Facts facts() const;
  api::RequestContext context(const Request& request, Arena& arena);
  /// A partition that this shard owns; null otherwise.
  Partition* partition(const TopicPartitionId& id) noexcept {
    return replicas_ == nullptr ? nullptr : replicas_->find(id);
  }
  /// The controller answered a proposal of a partition.
  void isr_decided(const TopicPartitionId& id, const replica::IsrCommitted& decided);
  ProducePath& produce_path() noexcept { return produce_path_; }
  FetchPath& fetch_path() noexcept { return fetch_path_; }

  // Partitions
  // -----------------------------------------------------------------------------------

  /// Begins to own partitions, with its part of the store: those that come with views.
  void host_partitions(store::StoreShard& store);
  store::StoreShard& store() noexcept { return *store_; }
  /// Takes up a new view, with what changed, and with the logs of partitions that are this shard's from now on.
  /// `moved`: the partition that went from one shard to another.
  void take_view(NodeViewRef view, const metadata::ImageDelta& delta, std::span<const ArrivingLog> arriving,
                 const std::optional<MovedPartition>& moved = {});
  /// Null before host_partitions(), and after the partitions were given up.
  Replicas* replicas() noexcept { return replicas_.get(); }
  /// The end of a node that stops: everything that waits is refused, nothing is owned any more.
  void give_up_partitions();
  void drop_partitions() { replicas_.reset(); }

  // Load (shard_load.cc)
  // -----------------------------------------------------------------------------------

  /// A request cost this much. Nothing comes of it but on a node of several shards that balances.
  void count_work(Partition& partition, uint64_t work) {
    if (partition.work == 0 && metering_) worked_.push_back(partition.id());
    partition.work += work;
  }
  /// From now on take_work() is called in each interval.
  void start_metering();
  /// What was done since the last call. `busy`: of all shards in the interval before, for who steers connections.
  ShardWork take_work(std::shared_ptr<const std::vector<Ppm>> busy);
  /// Whether a connection may go to a shard now: not to one that has enough to do and more than this one, and not too
  /// many at a time.
  bool may_steer(size_t target);

  // Moves of partitions between shards (shard_moves.cc)
  // -----------------------------------------------------------------------------------

  /// A partition that this shard gave to another one last, and how it was then.
  struct Given {
    TopicPartitionId id;
    size_t to = 0;
    Offset high_watermark = no_offset;
    Offset last_stable = no_offset;
    Offset log_start = no_offset;
    Offset end = no_offset;
    Epoch leader_epoch = no_epoch;
  };
  /// Gives a partition to another shard; home hears from that one, or of the failure from here.
  void give_partition(const TopicPartitionId& id, size_t to);
  /// Null if it was another one.
  const Given* given(const TopicPartitionId& id) const noexcept {
    return given_.has_value() && given_->id == id ? &*given_ : nullptr;
  }

  // Requests (shard.cc)
  // -----------------------------------------------------------------------------------

  /// Reads the header of a frame into `request`; false for one that cannot be read.
  bool read_header(Request& request);
  /// Hands a request to its handler here or at home, or closes the connection if there is none for it.
  void dispatch(Request request);
  /// Has the home shard handle a request. REQUIRES: this is another one.
  void send_home(Request request);
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
    deliver(request, encoded_by(encoder, request), std::move(external));
  }
  void answer_nothing(const Request& request);
  /// The frame that answers `request` with a message of any type; empty if it cannot be encoded.
  wire::Encoded encode_answer(const Request& request, const wire::MessageDescriptor& type, const void* message);
  /// Sends what encode_answer() made; closes the connection for an empty one.
  void deliver_encoded(const Request& request, wire::Encoded encoded) { deliver(request, std::move(encoded), {}); }
  void close_connection(ConnectionId id);

  // Connections (shard_connections.cc)
  // -----------------------------------------------------------------------------------

  Connection& open_connection(std::unique_ptr<io::Stream> stream, std::shared_ptr<const Peer> peer);
  /// Takes over a connection that another shard gave away, or that home accepted.
  void adopt_connection(MovingConnection moving);
  /// Gives a connection to another shard, where it has a new id; false if it may not leave now: a request of it is in
  /// flight, or an answer not sent. Not to be called from one of its own calls.
  bool move_connection(ConnectionId id, size_t target);
  /// A connection that wants to be elsewhere has nothing more in flight.
  void steer_later(ConnectionId id);
  /// Parts of a request were for these partitions: its connection is to be where most of them are. Nothing on a node of
  /// one shard.
  template <typename Parts>
  void count_owners(ConnectionId id, const Parts& parts) {
    if (alone()) return;
    Connection* const connection = find(id);
    if (connection == nullptr) return;
    for (const auto& part : parts) {
      if (part.id != TopicPartitionId{})
        connection->note_owner(partition(part.id) != nullptr ? index_ : owner_of(part.id));
    }
  }
  /// The session that the fetches of a connection use, to take it along.
  void note_session(ConnectionId id, int32_t session) {
    if (alone()) return;
    if (Connection* const connection = find(id)) connection->set_fetch_session(session);
  }
  void close_later(Connection& connection);
  void resume_later(ConnectionId id);
  /// Whether a connection that has `held` bytes of a frame may read on. When memory is scarce, those with little may,
  /// and of the others one at a time.
  bool may_receive(ConnectionId id, size_t held) {
    const MemoryShare::Level level = memory_level(2 * held);  // that is what it may move to
    if (level == MemoryShare::Level::plenty) return true;
    return (level == MemoryShare::Level::scarce && held < small_frame_bytes) || takes_pass(id, held);
  }
  /// Small frames, too, are not received now.
  bool memory_exhausted() noexcept { return memory_level(0) == MemoryShare::Level::exhausted; }
  /// The connection has no half-received frame.
  void end_pass(ConnectionId id) noexcept {
    if (id != pass_) return;
    pass_ = {};
    pass_bytes_ = 0;
  }
  /// As resume_later(), after memory_pause: for one that may not read.
  void resume_after_pause(ConnectionId id);
  /// The client of a connection sends no more: what waits is answered with what there is.
  void hurry(ConnectionId id);
  /// One line a minute and address about bytes that are no Kafka frame.
  void trace_odd_bytes(const Peer& peer, std::span<const std::byte> bytes);
  /// Answers what waits; connections finish what is in flight, also those that come later.
  void finish_connections();
  void close_connections();
  bool finishing() const noexcept { return finishing_; }

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

  void partition_ended(store::Log& log);
  void gave_partition(size_t to, const TopicPartitionId& id, Result<store::LogRef> left);
  void take_partition(const ArrivingLog& arriving, size_t from);
  void settle_move(const MovedPartition& moved);
  void hold();
  void go_on();
  void run_early();
  Shard& peer(size_t index) noexcept;
  bool own(ConnectionId id) const noexcept { return id.shard == index_; }
  Connection* find(ConnectionId id);
  void drop(ConnectionId id);
  MemoryShare::Level memory_level(uint64_t more) noexcept {
    const uint64_t used = pool_.bytes_in_use();
    return memory_.level(used - std::min(used, pass_bytes_) + more);
  }
  bool takes_pass(ConnectionId id, size_t held);
  void tell_gone(const std::shared_ptr<const Peer>& peer);
  void reap();
  void reap_later();
  void sweep();
  void tick_produces();
  bool body_decoded(const Request& request, wire::DecodeStatus status, size_t remaining);
  wire::Encoded encoded_by(wire::Encoder& encoder, const Request& request);
  void deliver(const Request& request, wire::Encoded encoded, std::vector<Pieces> external);
  void deliver_here(ConnectionId id, uint64_t slot, Response response);
  void refuse_version(Request request);

  Broker& node_;
  const size_t index_;
  io::Surface surface_;
  const ShardOptions options_;
  std::vector<std::unique_ptr<io::Outbox>> outboxes_;  // by shard; null for this one
  BlockPool pool_;
  MemoryShare memory_;
  Metrics metrics_;
  api::AllowAll authorizer_;
  api::NoQuotas quotas_;
  wire::ServedApis served_;
  std::array<Handler, wire::api_key_count> handlers_{};
  std::array<Place, wire::api_key_count> places_{};
  std::string cluster_id_;
  NodeViewRef view_ = std::make_shared<const NodeView>();
  /// What was decided elsewhere by a view that is not here yet, in the order in which it came.
  struct Early {
    uint64_t view = 0;
    io::Callback call;
  };
  std::vector<Early> early_;
  /// While it is above 0, whatever is for owners of partitions waits in early_.
  uint32_t holds_ = 0;
  std::optional<Given> given_;

  store::StoreShard* store_ = nullptr;
  std::unique_ptr<Replicas> replicas_;
  ProducePath produce_path_;
  FetchPath fetch_path_;

  std::vector<ConnectionSlot> connections_;
  std::vector<uint32_t> free_connections_;
  std::vector<ConnectionId> closing_;
  std::vector<ConnectionId> resuming_;
  std::vector<ConnectionId> paused_;  // connections that may not read, for want of memory
  Instant denied_at_{INT64_MIN / 2};  // when one of them could not
  ConnectionId pass_;                 // the one that may though memory is scarce; none if its generation is 0
  uint64_t pass_bytes_ = 0;           // what it may have taken: not counted, or small frames would wait for it, too
  bool reaping_ = false;
  bool finishing_ = false;
  std::map<std::string, Instant, std::less<>> odd_addresses_;
  io::TimerId sweep_timer_ = 0;

  bool metering_ = false;
  std::vector<TopicPartitionId> worked_;          // partitions with work since the last take_work()
  Instant metered_;                               // when that was
  double metered_busy_ = 0;                       // seconds until then
  std::shared_ptr<const std::vector<Ppm>> busy_;  // of all shards, lately; null if that is not known
  Instant steering_since_{INT64_MIN / 2};         // when steered_ was 0
  uint32_t steered_ = 0;

  std::vector<TopicPartitionId> ticking_;  // partitions whose produces wait
  io::TimerId tick_timer_ = 0;
};

}  // namespace moldau::broker
