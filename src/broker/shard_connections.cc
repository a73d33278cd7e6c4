// Shard: its connections: how they begin, move between shards, wait, and end.
#include <fmt/core.h>

#include <utility>

#include "base/trace.h"
#include "broker/broker.h"
#include "broker/shard.h"

namespace moldau::broker {
namespace {

constexpr Duration sweep_interval = seconds(5);
constexpr Duration odd_address_interval = seconds(60);
constexpr size_t odd_addresses_max = 1024;

}  // namespace

Connection& Shard::open_connection(std::unique_ptr<io::Stream> stream, std::shared_ptr<const Peer> peer) {
  metrics_.connections += 1;
  if (free_connections_.empty()) {
    free_connections_.push_back(static_cast<uint32_t>(connections_.size()));
    connections_.emplace_back();
  }
  const uint32_t index = free_connections_.back();
  free_connections_.pop_back();
  ConnectionSlot& slot = connections_[index];
  const ConnectionId id{index, slot.generation, static_cast<uint32_t>(index_)};
  slot.connection = std::make_unique<Connection>(*this, id, std::move(stream), std::move(peer), now());
  if (sweep_timer_ == 0) {
    sweep_timer_ = surface_.timers.start(now() + sweep_interval, guarded_call([this] { sweep(); }));
  }
  return *slot.connection;
}

// Two syscalls and a message: out of one epoll and into the other.
void Shard::adopt_connection(MovingConnection moving) {
  Result<std::unique_ptr<io::Stream>> stream = surface_.network.attach(std::move(moving.stream));
  if (!stream.ok()) {
    trace(TraceLevel::warn, "event=connection_not_moved address={} why=\"{}\"", moving.peer->address,
          stream.failure().message);
    tell_gone(moving.peer);
    return;
  }
  Connection& connection = open_connection(std::move(stream).value(), std::move(moving.peer));
  connection.set_steered(moving.steered);
  if (moving.session != nullptr) {
    connection.set_fetch_session(moving.session->id());
    fetch_path_.sessions().put(std::move(moving.session), now());
  }
  if (finishing_) {
    connection.finish();
  } else if (!moving.unread.empty()) {
    connection.take_over(moving.unread);
  }
}

bool Shard::move_connection(ConnectionId id, size_t target) {
  Connection* const connection = target == index_ || finishing_ ? nullptr : find(id);
  if (connection == nullptr) return false;
  MovingConnection moving;
  const int32_t session = connection->fetch_session();
  if (!connection->leave(moving)) return false;
  if (session != api::no_fetch_session) moving.session = fetch_path_.sessions().take_out(session);
  drop(id);
  post(target, [moving = std::move(moving)](Shard& shard) mutable { shard.adopt_connection(std::move(moving)); });
  if (home()) {
    node_.connection_moved(index_, target);
  } else {
    post(0, [from = index_, target](Shard& shard) { shard.node_.connection_moved(from, target); });
  }
  return true;
}

// In a turn of its own, for it may be on the stack now, and what it answered is sent at the end of this one.
void Shard::steer_later(ConnectionId id) {
  surface_.executor.defer(guarded_call([this, id] {
    Connection* const connection = find(id);
    if (connection == nullptr || !connection->seat().has_value()) return;
    if (move_connection(id, *connection->seat())) {
      metrics_.connections_steered += 1;
    } else {
      connection->stay();
    }
  }));
}

Connection* Shard::find(ConnectionId id) {
  if (!own(id) || id.index >= connections_.size() || connections_[id.index].generation != id.generation) return nullptr;
  return connections_[id.index].connection.get();
}

// A connection is destroyed in a turn of its own, since it may be on the stack now.
void Shard::close_later(Connection& connection) {
  if (connection.closed()) return;
  connection.close();
  closing_.push_back(connection.id());
  reap_later();
}

void Shard::resume_later(ConnectionId id) {
  resuming_.push_back(id);
  reap_later();
}

void Shard::reap_later() {
  if (std::exchange(reaping_, true)) return;
  surface_.executor.defer(guarded_call([this] { reap(); }));
}

void Shard::resume_after_pause(ConnectionId id) {
  denied_at_ = now();
  paused_.push_back(id);
  if (paused_.size() > 1) return;
  surface_.timers.start(now() + memory_pause, guarded_call([this] {
                          for (const ConnectionId paused : std::exchange(paused_, {})) resume_later(paused);
                        }));
}

bool Shard::takes_pass(ConnectionId id, size_t held) {
  if (find(pass_) == nullptr) pass_ = id;
  if (id != pass_) return false;
  pass_bytes_ = 2 * held;
  return true;
}

void Shard::hurry(ConnectionId id) {
  fetch_path_.hurry(id);
}

/// Frees the place of a connection.
void Shard::drop(ConnectionId id) {
  connections_[id.index].connection.reset();
  ++connections_[id.index].generation;
  free_connections_.push_back(id.index);
  metrics_.connections -= 1;
}

// Destroys what closed, resumes what waits.
void Shard::reap() {
  reaping_ = false;
  for (const ConnectionId id : std::exchange(closing_, {})) {
    Connection* const connection = find(id);
    if (connection == nullptr) continue;
    fetch_path_.forget(id);
    const std::shared_ptr<const Peer> peer = connection->shared_peer();
    drop(id);
    tell_gone(peer);
  }
  for (const ConnectionId id : std::exchange(resuming_, {})) {
    if (Connection* const connection = find(id)) connection->resume();
  }
  if (home()) node_.connections_changed();
}

/// The node counts connections where it lets them in.
void Shard::tell_gone(const std::shared_ptr<const Peer>& peer) {
  if (home()) {
    node_.connection_gone(index_, *peer);
    return;
  }
  post(0, [index = index_, peer](Shard& shard) {
    shard.node_.connection_gone(index, *peer);
    shard.node_.connections_changed();
  });
}

void Shard::sweep() {
  sweep_timer_ = 0;
  const Duration idle_max = milliseconds(settings().connections_max_idle_ms);
  const bool scarce = now() - denied_at_ < seconds(1) || memory_level(0) != MemoryShare::Level::plenty;
  for (ConnectionSlot& slot : connections_) {
    if (slot.connection != nullptr) slot.connection->check(now(), idle_max, scarce);
  }
  std::erase_if(odd_addresses_, [&](const auto& entry) { return now() - entry.second > odd_address_interval; });
  if (metrics_.connections > 0) {
    sweep_timer_ = surface_.timers.start(now() + sweep_interval, guarded_call([this] { sweep(); }));
  }
}

void Shard::trace_odd_bytes(const Peer& peer, std::span<const std::byte> bytes) {
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

void Shard::finish_connections() {
  finishing_ = true;
  fetch_path_.answer_all();
  for (ConnectionSlot& slot : connections_) {
    if (slot.connection != nullptr) slot.connection->finish();
  }
}

void Shard::close_connections() {
  for (ConnectionSlot& slot : connections_) {
    if (slot.connection != nullptr) slot.connection->close();
  }
}

}  // namespace moldau::broker
