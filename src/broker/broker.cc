// Broker: its shards, the doors through which connections come, and what is counted. Start, stop and metadata:
// broker_life.cc.
#include "broker/broker.h"

#include <algorithm>
#include <utility>

#include "base/trace.h"

namespace moldau::broker {

using wire::ErrorCode;

namespace {

std::vector<std::unique_ptr<Shard>> make_shards(Broker& node, std::span<const io::Surface> surfaces,
                                                const BrokerOptions& options, MemoryBudget& memory_budget,
                                                const std::shared_ptr<const metadata::BrokerSettings>& settings) {
  ASSERT(!surfaces.empty() && surfaces.size() <= Broker::shards_max);
  const auto sessions = std::max(options.settings.max_incremental_fetch_session_cache_slots, 0);
  const ShardOptions each{.self = options.settings.node_id,
                          .static_config = options.static_config,
                          .mutant = options.mutant,
                          .memory_budget = memory_budget,
                          .fetch_sessions_max = static_cast<size_t>(sessions),
                          .precise_clock = options.precise_clock,
                          .loop_counts = options.loop_counts,
                          .work_per_second = options.work_per_second};
  std::vector<std::unique_ptr<Shard>> shards;
  NodeView view;
  view.settings = settings;
  const auto first_view = std::make_shared<const NodeView>(std::move(view));
  for (size_t i = 0; i < surfaces.size(); ++i) {
    shards.push_back(std::make_unique<Shard>(node, i, surfaces, each));
    shards.back()->take_view(first_view, {}, {});
  }
  return shards;
}

}  // namespace

Broker::Broker(std::span<const io::Surface> surfaces, BrokerOptions options)
    : surface_(surfaces.front()),
      options_(std::move(options)),
      shown_settings_(std::make_shared<const metadata::BrokerSettings>(options_.settings)),
      memory_budget_(options_.buffer_bytes_max),
      balancer_(fill()),
      shards_(make_shards(*this, surfaces, options_, memory_budget_, shown_settings_)),
      group_loop_(home()),
      connection_rate_(options_.settings.max_connection_creation_rate, options_.settings.quota_window_num,
                       seconds(options_.settings.quota_window_size_seconds)),
      connections_by_shard_(surfaces.size()) {}

Broker::~Broker() {
  end_life();
  for (const auto& shard : shards_) shard->end();
  close_doors();
  for (const auto& shard : shards_) shard->drop_partitions();
  metadata_.reset();
  store_.reset();
}

uint64_t Broker::buffer_bytes() const noexcept {
  uint64_t bytes = 0;
  for (const auto& shard : shards_) bytes += shard->buffer_bytes();
  return bytes;
}

bool Broker::leads_metadata() const {
  return metadata_ != nullptr && metadata_->node().leader() == self();
}

// Connections
// -------------------------------------------------------------------------------------------------------------

// As Kafka's acceptors: one connection at a time waits for its place and its time, the next are not accepted until
// then.
void Broker::accept(size_t index, std::unique_ptr<io::Stream> stream) {
  if (stopping_) return;
  Door& door = doors_[index];
  ASSERT(door.waiting == nullptr);
  door.waiting = std::move(stream);
  door.opens = now() + (door.exempt ? Duration{} : connection_rate_.record(now()));
  admit(index);
  if (door.waiting == nullptr) return;
  home().metrics().connections_delayed += 1;
  door.listener->pause_accepting(true);
}

void Broker::admit(size_t index) {
  Door& door = doors_[index];
  if (door.waiting == nullptr || stopping_) return;
  if (now() < door.opens) {
    if (door.timer != 0) return;
    door.timer = surface_.timers.start(door.opens, guarded_call([this, index] {
                                         doors_[index].timer = 0;
                                         admit(index);
                                       }));
    return;
  }
  const auto connections_max = static_cast<uint64_t>(std::max(options_.settings.max_connections, 0));
  if (!door.exempt && connections_ >= connections_max) return;  // until one is closed
  let_in(index, std::move(door.waiting));
  door.listener->pause_accepting(false);
}

void Broker::close_doors() {
  for (Door& door : doors_) {
    if (door.timer != 0) surface_.timers.cancel(door.timer);
  }
  doors_.clear();
}

/// Gives a connection to a shard that has room for it. To another one than home: two syscalls and a message more.
void Broker::let_in(size_t listener, std::unique_ptr<io::Stream> stream) {
  auto peer = std::make_shared<Peer>();
  peer->address = stream->peer().host;
  peer->listener = options_.settings.listeners[listener].name;
  const metadata::BrokerSettings& settings = options_.settings;
  const auto override_of = settings.max_connections_per_ip_overrides.find(peer->address);
  const int32_t address_max = override_of == settings.max_connections_per_ip_overrides.end()
                                  ? settings.max_connections_per_ip
                                  : override_of->second;
  const auto known = connections_by_address_.find(peer->address);
  if ((known == connections_by_address_.end() ? 0 : known->second) >= address_max) {
    home().metrics().connections_refused += 1;
    return;
  }
  const size_t seat = seat_for_connection();
  std::unique_ptr<io::DetachedStream> detached;
  if (seat != 0) {
    detached = stream->detach();
    if (detached == nullptr) return;  // it broke
  }
  ++connections_by_address_[peer->address];
  ++connections_by_shard_[seat];
  ++connections_;
  home().metrics().connections_accepted += 1;
  if (seat == 0) {
    home().open_connection(std::move(stream), std::move(peer));
    return;
  }
  MovingConnection moving{std::move(detached), std::move(peer), {}};
  home().post(seat, [moving = std::move(moving)](Shard& shard) mutable { shard.adopt_connection(std::move(moving)); });
}

void Broker::connection_gone(size_t shard, const Peer& peer) {
  const auto address = connections_by_address_.find(peer.address);
  if (address != connections_by_address_.end() && --address->second == 0) connections_by_address_.erase(address);
  --connections_by_shard_[shard];
  --connections_;
}

void Broker::connection_moved(size_t from, size_t to) {
  --connections_by_shard_[from];
  ++connections_by_shard_[to];
}

void Broker::connections_changed() {
  for (size_t i = 0; i < doors_.size(); ++i) admit(i);
  if (stopping_) continue_stop();
}

// Metrics
// -----------------------------------------------------------------------------------------------------------------

void Broker::set_counted_topics_max(size_t limit) {
  for (const auto& shard : shards_) shard->metrics().topic_counters.set_limit(limit);
}

const Metrics& Broker::collect_metrics() {
  Metrics& metrics = home().metrics();
  metrics.topics = image_->topic_count();
  metrics.offline_log_directories = offline_directories_.size();
  metrics.waiting_group_requests = group_loop_.waiting();
  metrics.uptime_seconds = serving_ ? static_cast<double>((now() - ready_at_).nanoseconds) / 1e9 : 0;
  return home().collect_metrics();
}

// Each shard copies its own in its own thread; what comes is added up here.
void Broker::gather_metrics(std::function<void(std::shared_ptr<const Metrics>)> done) {
  struct Gathered {
    std::shared_ptr<Metrics> sum = std::make_shared<Metrics>();
    size_t missing = 0;
    std::function<void(std::shared_ptr<const Metrics>)> done;
  };
  auto gathered = std::make_shared<Gathered>();
  gathered->missing = shards_.size();
  gathered->done = std::move(done);
  const auto add = [gathered](const Metrics& part) {
    gathered->sum->add(part);
    if (--gathered->missing == 0) std::exchange(gathered->done, nullptr)(gathered->sum);
  };
  for (size_t i = 1; i < shards_.size(); ++i) {
    home().post(i, [add](Shard& shard) {
      auto copy = std::make_shared<Metrics>();
      copy->topic_counters.set_limit(SIZE_MAX);
      shard.metrics().topic_counters.forget_unless(
          [&](const Uuid& topic) { return shard.image().topic(topic) != nullptr; });
      copy->add(shard.collect_metrics());
      shard.post(0, [add, copy](Shard&) { add(*copy); });
    });
  }
  surface_.executor.defer(guarded_call([this, add] { add(collect_metrics()); }));
}

}  // namespace moldau::broker
