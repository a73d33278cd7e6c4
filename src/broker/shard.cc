// Shard: requests and answers, and what partitions ask of their shard. Connections: shard_connections.cc.
#include "broker/shard.h"

#include <algorithm>
#include <utility>

#include "api/18_api_versions.h"
#include "base/trace.h"
#include "broker/broker.h"

namespace moldau::broker {

using wire::ErrorCode;

namespace {

constexpr Duration tick_interval = milliseconds(50);

}  // namespace

Shard::Shard(Broker& node, size_t index, std::span<const io::Surface> surfaces, const ShardOptions& options)
    : node_(node),
      index_(index),
      surface_(surfaces[index]),
      options_(options),
      memory_(options.memory_budget),
      produce_path_(*this),
      fetch_path_(*this) {
  for (size_t i = 0; i < surfaces.size(); ++i) {
    outboxes_.push_back(i == index ? nullptr
                                   : std::make_unique<io::Outbox>(surface_.executor, surfaces[i].executor.mailbox()));
  }
  for (const Route& route : routes()) {
    served_.add(route.key);
    handlers_[static_cast<size_t>(route.key)] = route.handler;
    places_[static_cast<size_t>(route.key)] = route.place;
  }
  fetch_path_.set_sessions(options.fetch_sessions_max, index, surfaces.size());
}

Shard::~Shard() {
  end();
  replicas_.reset();
  if (sweep_timer_ != 0) surface_.timers.cancel(sweep_timer_);
  if (tick_timer_ != 0) surface_.timers.cancel(tick_timer_);
}

void Shard::end() {
  end_life();
  for (ConnectionSlot& slot : connections_) slot.connection.reset();
}

Shard& Shard::peer(size_t index) noexcept {
  return node_.shard(index);
}

Broker& Shard::node() noexcept {
  ASSERT(home());
  return node_;
}

GroupLoop& Shard::group_loop() noexcept {
  return node().group_loop();
}

void Shard::submit(metadata::ControllerRequest request, io::Completion<const MetadataOutcome&> done) {
  node().submit(std::move(request), std::move(done));
}

api::Facts Shard::facts() const {
  return {self(),
          cluster_id_,
          image(),
          settings(),
          options_.static_config,
          served_.list(),
          view_->root_log_level,
          &view_->placement.recovering()};
}

api::RequestContext Shard::context(const Request& request, Arena& arena) {
  return {.api_key = request.api_key,
          .version = request.version,
          .correlation_id = request.correlation_id,
          .client_id = request.client_id,
          .principal = request.peer->principal,
          .client_address = request.peer->address,
          .listener = request.peer->listener,
          .now = now(),
          .wall = wall(),
          .arena = arena,
          .authorizer = authorizer_,
          .quotas = quotas_};
}

const Metrics& Shard::collect_metrics() {
  metrics_.partitions = replicas_ == nullptr ? 0 : replicas_->size();
  metrics_.waiting_fetches = fetch_path_.fetches();
  metrics_.waiting_produces = produce_path_.waiting();
  metrics_.fetch_sessions = fetch_path_.sessions().size();
  metrics_.receive_block_bytes = pool_.bytes_in_use();
  if (options_.loop_counts) {
    options_.loop_counts(index_, metrics_);
    metrics_.shards.assign(1, {index_, metrics_.loop_busy_seconds, metrics_.partitions});
  }
  metrics_.move_windows(now());
  return metrics_;
}

// Requests
// ----------------------------------------------------------------------------------------------------------------

bool Shard::read_header(Request& request) {
  wire::Decoder decoder(request.frame.view(), &request.repairs);
  wire::RequestHeader header;
  if (wire::decode_request_header(decoder, header) != wire::DecodeStatus::ok) {
    metrics_.malformed_requests += 1;
    return false;
  }
  request.api_key = header.api_key();
  request.version = header.request_api_version;
  request.correlation_id = header.correlation_id;
  request.client_id = header.client_id.value_or("");
  request.body = request.frame.view().subspan(decoder.position());
  return true;
}

void Shard::dispatch(Request request) {
  if (!served_.serves(request.api_key, request.version)) {
    refuse_version(std::move(request));
    return;
  }
  const auto key = static_cast<size_t>(request.api_key);
  metrics_.requests[key] += 1;
  if (holds_ > 0 && places_[key] == Place::owners) {
    early_.push_back({0, [this, handler = handlers_[key], request = std::move(request)]() mutable {
                        handler(*this, std::move(request));
                      }});
  } else if (home() || places_[key] != Place::home) {
    handlers_[key](*this, std::move(request));
  } else {
    send_home(std::move(request));
  }
}

// The request owns what it refers to: its frame, its peer, its repaired texts.
void Shard::send_home(Request request) {
  post(0, [request = std::move(request)](Shard& home) mutable {
    if (home.node().left()) return;  // its connection is closed, or about to be
    home.handlers_[static_cast<size_t>(request.api_key)](home, std::move(request));
  });
}

// An unknown version of ApiVersions is answered in the oldest one, which every client can read; anything else ends the
// connection, as in Kafka.
void Shard::refuse_version(Request request) {
  if (request.api_key == wire::ApiKey::api_versions) {
    answer_in(request, 0, api::api_versions_unsupported(facts()));
    return;
  }
  metrics_.unsupported_requests += 1;
  trace(TraceLevel::debug, "event=unsupported_request address={} api={} version={}", request.peer->address,
        static_cast<int>(request.api_key), request.version);
  close_connection(request.connection);
}

bool Shard::body_decoded(const Request& request, wire::DecodeStatus status, size_t remaining) {
  metrics_.trailing_bytes += remaining;
  if (status == wire::DecodeStatus::ok) return true;
  metrics_.malformed_requests += 1;
  trace(TraceLevel::debug, "event=malformed_request address={} api={} version={} why={}", request.peer->address,
        wire::name_of(request.api_key), request.version, wire::name_of(status));
  close_connection(request.connection);
  return false;
}

// Answers
// -----------------------------------------------------------------------------------------------------------------

wire::Encoded Shard::encoded_by(wire::Encoder& encoder, const Request& request) {
  if (encoder.ok()) return encoder.take();
  trace(TraceLevel::error, "event=answer_not_encoded api={} version={} why={} field={}", wire::name_of(request.api_key),
        request.version, wire::name_of(encoder.status()),
        encoder.failed_field() == nullptr ? "" : encoder.failed_field());
  return {};
}

wire::Encoded Shard::encode_answer(const Request& request, const wire::MessageDescriptor& type, const void* message) {
  wire::Encoder encoder(pool_.take(BlockPool::block_bytes_min));
  const wire::FrameStart start = wire::begin_frame(encoder);
  wire::encode_response_header(encoder, request.api_key, request.version, request.correlation_id);
  type.encode(encoder, request.version, message);
  count_errors(metrics_, request.api_key, *type.root, message);
  wire::finish_frame(encoder, start);
  return encoded_by(encoder, request);
}

// An answer to a request of another shard goes there by reference: its block comes back to our pool from there.
void Shard::deliver(const Request& request, wire::Encoded encoded, std::vector<Pieces> external) {
  const ConnectionId id = request.connection;
  if (encoded.bytes.size() == 0) {
    close_connection(id);
    return;
  }
  Response response{std::move(encoded), std::move(external)};
  if (own(id)) {
    deliver_here(id, request.slot, std::move(response));
    return;
  }
  post(id.shard, [id, slot = request.slot, response = std::move(response)](Shard& shard) mutable {
    shard.deliver_here(id, slot, std::move(response));
  });
}

void Shard::deliver_here(ConnectionId id, uint64_t slot, Response response) {
  if (Connection* const connection = find(id)) connection->deliver(slot, std::move(response));
}

void Shard::answer_nothing(const Request& request) {
  const ConnectionId id = request.connection;
  if (own(id)) {
    deliver_here(id, request.slot, {});
  } else {
    post(id.shard, [id, slot = request.slot](Shard& shard) { shard.deliver_here(id, slot, {}); });
  }
}

void Shard::close_connection(ConnectionId id) {
  if (!own(id)) {
    post(id.shard, [id](Shard& shard) { shard.close_connection(id); });
  } else if (Connection* const connection = find(id)) {
    close_later(*connection);
  }
}

// Partitions
// --------------------------------------------------------------------------------------------------------------

void Shard::host_partitions(store::StoreShard& store) {
  store_ = &store;
  replicas_ = std::make_unique<Replicas>(static_cast<PartitionHost&>(*this), self(), options_.static_config,
                                         [this](store::Log& log) { partition_ended(log); });
  store.set_high_watermark_source([this](const store::Log& log) {
    Partition* const hosted = partition(log.id());
    return hosted == nullptr ? log.log_start() : hosted->high_watermark();
  });
}

void Shard::take_view(NodeViewRef view, const metadata::ImageDelta& delta, std::span<const ArrivingLog> arriving,
                      const std::optional<MovedPartition>& moved) {
  view_ = std::move(view);
  if (replicas_ != nullptr) {
    replicas_->drop_deleted(delta);
    replicas_->apply(*view_, delta);
    for (const ArrivingLog& log : arriving) {
      if (log.ref != nullptr) store_->join(log.ref);
      replicas_->add(log, *view_);
    }
  }
  if (moved.has_value()) settle_move(*moved);
  run_early();
}

// The topic of a partition is gone: so may its folder.
void Shard::partition_ended(store::Log& log) {
  const TopicPartitionId id = log.id();
  std::string topic = log.topic();
  if (home()) {
    node_.partition_ended(id, topic);
  } else {
    store_->retire(log);
    post(0, [id, topic = std::move(topic)](Shard& shard) { shard.node_.partition_ended(id, topic); });
  }
}

// The logs are closed after those who listen to them are gone, with the high watermarks that these had.
void Shard::give_up_partitions() {
  if (replicas_ == nullptr) return;
  replicas_->demote_all(ErrorCode::not_leader_or_follower);
  std::unordered_map<TopicPartitionId, Offset> last;
  replicas_->for_each([&](Partition& hosted) { last[hosted.id()] = hosted.high_watermark(); });
  replicas_.reset();
  // Home looks after what is left of them from its own thread, while this one goes on for a while.
  ticking_.clear();
  if (tick_timer_ != 0) surface_.timers.cancel(std::exchange(tick_timer_, 0));
  store_->set_high_watermark_source([last = std::move(last)](const store::Log& log) {
    const auto found = last.find(log.id());
    return found == last.end() ? log.log_start() : found->second;
  });
  if (!home()) store_->stop();
}

void Shard::acknowledge(const replica::ProduceId& produce, ErrorCode error) {
  if (produce.part == GroupLoop::produce_part) {
    group_loop().acknowledged(static_cast<PartitionIndex>(produce.request), error);
    return;
  }
  produce_path_.acknowledge(produce, error);
}

void Shard::wake_fetch(PendingFetch& fetch, uint32_t item) {
  fetch_path_.wake(fetch, item);
}

void Shard::produce_waits(Partition& partition) {
  if (partition.ticking) return;
  partition.ticking = true;
  ticking_.push_back(partition.id());
  if (tick_timer_ == 0) {
    tick_timer_ = surface_.timers.start(now() + tick_interval, guarded_call([this] { tick_produces(); }));
  }
}

void Shard::tick_produces() {
  tick_timer_ = 0;
  for (const TopicPartitionId& id : std::exchange(ticking_, {})) {
    Partition* const found = partition(id);
    if (found == nullptr) continue;
    found->ticking = false;
    if (found->next_deadline() <= now()) found->tick();
    if (found->waiting_produces() > 0) produce_waits(*found);
  }
}

void Shard::propose_isr(Partition& partition, const replica::ProposeIsr& proposal) {
  if (home()) {
    node_.propose_isr(index_, partition.id(), proposal);
  } else {
    post(0, [from = index_, id = partition.id(), proposal](Shard& shard) {
      if (!shard.node_.left()) shard.node_.propose_isr(from, id, proposal);
    });
  }
}

void Shard::isr_decided(const TopicPartitionId& id, const replica::IsrCommitted& decided) {
  if (Partition* const found = partition(id)) found->isr_decided(decided);
}

void Shard::log_offline(Partition&) {
  if (home()) {
    node_.look_at_directories();
  } else {
    post(0, [](Shard& shard) { shard.node_.look_at_directories(); });
  }
}

}  // namespace moldau::broker
