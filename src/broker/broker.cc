// Broker: connections, dispatch and answers. Start, stop and metadata: broker_life.cc.
#include "broker/broker.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "api/18_api_versions.h"
#include "base/trace.h"

namespace moldau::broker {

using wire::ErrorCode;

namespace {

constexpr Duration sweep_interval = seconds(5);
constexpr Duration tick_interval = milliseconds(50);
constexpr Duration memory_pause = milliseconds(10);
constexpr Duration odd_address_interval = seconds(60);
constexpr size_t odd_addresses_max = 1024;

}  // namespace

Broker::Broker(io::Surface surface, BrokerOptions options)
    : surface_(surface),
      options_(std::move(options)),
      produce_path_(*this),
      fetch_path_(*this), group_loop_(*this),
      connection_rate_(options_.settings.max_connection_creation_rate, options_.settings.quota_window_num,
                       seconds(options_.settings.quota_window_size_seconds)) {
  for (const Route& route : routes()) {
    served_.add(route.key);
    handlers_[static_cast<size_t>(route.key)] = route.handler;
  }
  fetch_path_.set_sessions_max(
      static_cast<size_t>(std::max(options_.settings.max_incremental_fetch_session_cache_slots, 0)));
}

Broker::~Broker() {
  alive_.reset();
  for (ConnectionSlot& slot : connections_) slot.connection.reset();
  close_doors();
  replicas_.reset();
  metadata_.reset();
  store_.reset();
  if (sweep_timer_ != 0) surface_.timers.cancel(sweep_timer_);
  if (tick_timer_ != 0) surface_.timers.cancel(tick_timer_);
}

api::Facts Broker::facts() const {
  return {self(), cluster_id_, *image_, options_.settings, options_.static_config, served_.list(), root_log_level_};
}

api::RequestContext Broker::context(const Request& request, Arena& arena) {
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
  metrics_.connections_delayed += 1;
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
  if (!door.exempt && metrics_.connections >= connections_max) return;  // until one is closed
  open_connection(index, std::move(door.waiting));
  door.listener->pause_accepting(false);
}

void Broker::close_doors() {
  for (Door& door : doors_) {
    if (door.timer != 0) surface_.timers.cancel(door.timer);
  }
  doors_.clear();
}

void Broker::open_connection(size_t listener, std::unique_ptr<io::Stream> stream) {
  auto peer = std::make_shared<Peer>();
  peer->address = stream->peer().host;
  peer->listener = options_.settings.listeners[listener].name;
  const metadata::BrokerSettings& settings = options_.settings;
  const auto override_of = settings.max_connections_per_ip_overrides.find(peer->address);
  const int32_t address_max = override_of == settings.max_connections_per_ip_overrides.end()
                                  ? settings.max_connections_per_ip
                                  : override_of->second;
  int32_t& from_address = connections_by_address_[peer->address];
  if (from_address >= address_max) {
    metrics_.connections_refused += 1;
    if (from_address == 0) connections_by_address_.erase(peer->address);
    return;
  }
  ++from_address;
  metrics_.connections += 1;
  metrics_.connections_accepted += 1;
  if (free_connections_.empty()) {
    free_connections_.push_back(static_cast<uint32_t>(connections_.size()));
    connections_.emplace_back();
  }
  const uint32_t index = free_connections_.back();
  free_connections_.pop_back();
  ConnectionSlot& slot = connections_[index];
  slot.connection = std::make_unique<Connection>(*this, ConnectionId{index, slot.generation}, std::move(stream),
                                                 std::move(peer), now());
  if (sweep_timer_ == 0) {
    sweep_timer_ = surface_.timers.start(now() + sweep_interval, guarded_call([this] { sweep(); }));
  }
}

Connection* Broker::find(ConnectionId id) {
  if (id.index >= connections_.size() || connections_[id.index].generation != id.generation) return nullptr;
  return connections_[id.index].connection.get();
}

// A connection is destroyed in a turn of its own, since it may be on the stack now.
void Broker::close_later(Connection& connection) {
  if (connection.closed()) return;
  connection.close();
  closing_.push_back(connection.id());
  if (reaping_) return;
  reaping_ = true;
  surface_.executor.defer(guarded_call([this] { reap(); }));
}

void Broker::close_connection(ConnectionId id) {
  if (Connection* const connection = find(id)) close_later(*connection);
}

void Broker::resume_later(ConnectionId id) {
  resuming_.push_back(id);
  if (reaping_) return;
  reaping_ = true;
  surface_.executor.defer(guarded_call([this] { reap(); }));
}

void Broker::resume_after_pause(ConnectionId id) {
  paused_.push_back(id);
  if (paused_.size() > 1) return;
  surface_.timers.start(now() + memory_pause, guarded_call([this] {
                          for (const ConnectionId paused : std::exchange(paused_, {})) resume_later(paused);
                        }));
}

// Destroys what closed, resumes what waits.
void Broker::reap() {
  reaping_ = false;
  for (const ConnectionId id : std::exchange(closing_, {})) {
    Connection* const connection = find(id);
    if (connection == nullptr) continue;
    fetch_path_.forget(id);
    const auto address = connections_by_address_.find(connection->peer().address);
    if (address != connections_by_address_.end() && --address->second == 0) connections_by_address_.erase(address);
    connections_[id.index].connection.reset();
    ++connections_[id.index].generation;
    free_connections_.push_back(id.index);
    metrics_.connections -= 1;
  }
  for (const ConnectionId id : std::exchange(resuming_, {})) {
    if (Connection* const connection = find(id)) connection->resume();
  }
  for (size_t i = 0; i < doors_.size(); ++i) admit(i);
  if (stopping_) continue_stop();
}

void Broker::sweep() {
  sweep_timer_ = 0;
  const Duration idle_max = milliseconds(options_.settings.connections_max_idle_ms);
  for (ConnectionSlot& slot : connections_) {
    if (slot.connection != nullptr) slot.connection->check(now(), idle_max);
  }
  std::erase_if(odd_addresses_, [&](const auto& entry) { return now() - entry.second > odd_address_interval; });
  if (metrics_.connections > 0) {
    sweep_timer_ = surface_.timers.start(now() + sweep_interval, guarded_call([this] { sweep(); }));
  }
}

void Broker::trace_odd_bytes(const Peer& peer, std::span<const std::byte> bytes) {
  if (odd_addresses_.size() >= odd_addresses_max || !odd_addresses_.emplace(peer.address, now()).second) return;
  std::string head;
  for (size_t i = 0; i < bytes.size() && i < 8; ++i) head += fmt::format("{:02x}", static_cast<unsigned>(bytes[i]));
  const std::string_view text = as_text(bytes);
  const char* guess = "unknown";
  if (head.starts_with("1603")) guess = "tls";
  for (const std::string_view verb : {"GET ", "POST", "HEAD", "PUT ", "OPTI", "HTTP", "PRI "}) {
    if (text.starts_with(verb)) guess = "http";
  }
  trace(TraceLevel::warn, "event=odd_bytes address={} listener={} looks_like={} bytes={}", peer.address, peer.listener,
        guess, head);
}

// Requests
// ----------------------------------------------------------------------------------------------------------------

bool Broker::read_header(Request& request) {
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

void Broker::dispatch(Request request) {
  if (!served_.serves(request.api_key, request.version)) {
    refuse_version(std::move(request));
    return;
  }
  metrics_.requests[static_cast<size_t>(request.api_key)] += 1;
  handlers_[static_cast<size_t>(request.api_key)](*this, std::move(request));
}

// An unknown version of ApiVersions is answered in the oldest one, which every client can read; anything else ends the
// connection, as in Kafka.
void Broker::refuse_version(Request request) {
  if (request.api_key == wire::ApiKey::api_versions) {
    answer_in(request, 0, api::api_versions_unsupported(facts()));
    return;
  }
  metrics_.unsupported_requests += 1;
  trace(TraceLevel::debug, "event=unsupported_request address={} api={} version={}", request.peer->address,
        static_cast<int>(request.api_key), request.version);
  close_connection(request.connection);
}

bool Broker::body_decoded(const Request& request, wire::DecodeStatus status, size_t remaining) {
  metrics_.trailing_bytes += remaining;
  if (status == wire::DecodeStatus::ok) return true;
  metrics_.malformed_requests += 1;
  trace(TraceLevel::debug, "event=malformed_request address={} api={} version={} why={}", request.peer->address,
        wire::name_of(request.api_key), request.version, wire::name_of(status));
  close_connection(request.connection);
  return false;
}

void Broker::deliver(const Request& request, wire::Encoder& encoder, std::vector<Pieces> external) {
  Connection* const connection = find(request.connection);
  if (connection == nullptr) return;
  if (!encoder.ok()) {
    trace(TraceLevel::error, "event=answer_not_encoded api={} version={} why={} field={}",
          wire::name_of(request.api_key), request.version, wire::name_of(encoder.status()),
          encoder.failed_field() == nullptr ? "" : encoder.failed_field());
    close_later(*connection);
    return;
  }
  connection->deliver(request.slot, {encoder.take(), std::move(external)});
}

wire::Encoded Broker::encode_answer(const Request& request, const wire::MessageDescriptor& type, const void* message) {
  wire::Encoder encoder(pool_.take(BlockPool::block_bytes_min));
  const wire::FrameStart start = wire::begin_frame(encoder);
  wire::encode_response_header(encoder, request.api_key, request.version, request.correlation_id);
  type.encode(encoder, request.version, message);
  count_errors(metrics_, request.api_key, *type.root, message);
  wire::finish_frame(encoder, start);
  if (encoder.ok()) return encoder.take();
  trace(TraceLevel::error, "event=answer_not_encoded api={} version={} why={} field={}",
        wire::name_of(request.api_key), request.version, wire::name_of(encoder.status()),
        encoder.failed_field() == nullptr ? "" : encoder.failed_field());
  return {};
}

void Broker::deliver_encoded(const Request& request, wire::Encoded encoded) {
  Connection* const connection = find(request.connection);
  if (connection == nullptr) return;
  if (encoded.bytes.size() == 0) {
    close_later(*connection);
    return;
  }
  connection->deliver(request.slot, {std::move(encoded), {}});
}

void Broker::answer_nothing(const Request& request) {
  if (Connection* const connection = find(request.connection)) connection->deliver_nothing(request.slot);
}

// PartitionHost
// -----------------------------------------------------------------------------------------------------------

void Broker::acknowledge(const replica::ProduceId& produce, ErrorCode error) {
  if (produce.part == GroupLoop::produce_part) {
    group_loop_.acknowledged(static_cast<PartitionIndex>(produce.request), error);
    return;
  }
  produce_path_.acknowledge(produce, error);
}

void Broker::wake_fetch(PendingFetch& fetch, uint32_t item) {
  fetch_path_.wake(fetch, item);
}

void Broker::produce_waits(Partition& partition) {
  if (partition.ticking) return;
  partition.ticking = true;
  ticking_.push_back(partition.id());
  if (tick_timer_ == 0) {
    tick_timer_ = surface_.timers.start(now() + tick_interval, guarded_call([this] { tick_produces(); }));
  }
}

void Broker::tick_produces() {
  tick_timer_ = 0;
  for (const TopicPartitionId& id : std::exchange(ticking_, {})) {
    Partition* const found = partition(id);
    if (found == nullptr) continue;
    found->ticking = false;
    if (found->next_deadline() <= now()) found->tick();
    if (found->waiting_produces() > 0) produce_waits(*found);
  }
}

void Broker::log_offline(Partition&) {
  look_at_directories();
}

bool Broker::leads_metadata() const {
  return metadata_ != nullptr && metadata_->node().leader() == self();
}

const Metrics& Broker::collect_metrics() {
  metrics_.topics = image_->topic_count();
  metrics_.partitions = replicas_ == nullptr ? 0 : replicas_->size();
  metrics_.offline_log_directories = offline_directories_.size();
  metrics_.waiting_fetches = fetch_path_.waiting();
  metrics_.waiting_produces = produce_path_.waiting();
  metrics_.waiting_group_requests = group_loop_.waiting();
  metrics_.fetch_sessions = fetch_path_.sessions().size();
  metrics_.receive_block_bytes = pool_.bytes_in_use();
  metrics_.uptime_seconds = serving_ ? static_cast<double>((now() - ready_at_).nanoseconds) / 1e9 : 0;
  metrics_.move_windows(now());
  return metrics_;
}

}  // namespace moldau::broker
