#include "io/sim/network.h"

#include <algorithm>
#include <cstring>

#include "io/sim/disk.h"
#include "io/sim/world.h"

namespace moldau::io::sim {

static constexpr uint64_t gather_bytes_max = 64 << 10;
static constexpr uint64_t turn_bytes_max = 1 << 20;
static constexpr uint16_t free_port_first = 49'152;
static constexpr Duration retransmit_after = milliseconds(300);

bool End::alive() const { return !node->crashed() && node->incarnation() == incarnation; }

namespace {

uint64_t hash_of(std::span<const std::byte> bytes) {
  uint64_t hash = bytes.size();
  while (!bytes.empty()) {
    uint64_t word = 0;
    const size_t count = std::min(bytes.size(), sizeof(word));
    std::memcpy(&word, bytes.data(), count);
    hash = (hash ^ word) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 29;
    bytes = bytes.subspan(count);
  }
  return hash;
}

/// The shell's hold on an End.
class SimStream final : public Stream {
 public:
  explicit SimStream(EndRef end) : end_(std::move(end)) {}
  ~SimStream() override { fabric().shell_dropped(end_); }

  void set_handler(StreamHandler* handler) override {
    end_->handler = handler;
    if (!end_->alive()) return;
    if (end_->may_be_more || end_->end_arrived) fabric().plan_readable(end_);
    if (end_->broken()) fabric().plan_break(end_);
  }
  ReadOutcome read(std::span<std::byte> into) override { return fabric().read(end_, into); }
  void write(Bytes bytes) override {
    if (bytes.empty() || !writable()) return;
    end_->queued_memory += bytes.size();
    end_->queue.push_back({std::move(bytes), {}, 0});
    fabric().plan_flush(end_);
  }
  void write(FileSlice slice) override {
    if (slice.size == 0 || !writable()) return;
    end_->queued_file += slice.size;
    end_->queue.push_back({{}, std::move(slice), 0});
    fabric().plan_flush(end_);
  }
  size_t queued_bytes() const override { return end_->queued_memory; }
  uint64_t queued_file_bytes() const override { return end_->queued_file; }
  void pause_reading(bool pause) override {
    end_->paused = pause;
    if (!end_->alive()) return;
    if (!pause) fabric().plan_readable(end_);
    if (pause && end_->broken()) fabric().plan_break(end_);
  }
  void finish() override {
    if (!writable()) return;
    end_->finishing = true;
    fabric().plan_flush(end_);
  }
  std::unique_ptr<DetachedStream> detach() override;
  Address peer() const override { return end_->peer_address; }

 private:
  Fabric& fabric() const { return end_->node->world().fabric(); }
  bool writable() const { return end_->alive() && !end_->broken() && !end_->finishing; }
  EndRef end_;
};

/// An End that no shard has.
class SimDetached final : public DetachedStream {
 public:
  explicit SimDetached(EndRef end) : end_(std::move(end)) {}
  SimDetached(const SimDetached&) = delete;
  SimDetached& operator=(const SimDetached&) = delete;
  ~SimDetached() override {
    if (end_ != nullptr) end_->node->world().fabric().shell_dropped(end_);
  }
  EndRef take() { return std::exchange(end_, nullptr); }

 private:
  EndRef end_;
};

std::unique_ptr<DetachedStream> SimStream::detach() {
  if (!fabric().detach(end_)) return nullptr;
  // What is left of this stream holds an end without a connection.
  auto nothing = std::make_shared<End>(*end_->node, 0, end_->id, end_->peer_address);
  nothing->closed = true;
  return std::make_unique<SimDetached>(std::exchange(end_, std::move(nothing)));
}

class SimListener final : public Listener {
 public:
  SimListener(Fabric& fabric, Address address, uint64_t id)
      : fabric_(fabric), address_(std::move(address)), id_(id) {}
  ~SimListener() override { fabric_.stop_listening(address_, id_); }
  Address local() const override { return address_; }
  void pause_accepting(bool pause) override { fabric_.pause_accepting(address_, id_, pause); }

 private:
  Fabric& fabric_;
  const Address address_;
  const uint64_t id_;
};

class SimNetwork final : public Network {
 public:
  explicit SimNetwork(Node& node) : node_(node) {}
  Result<std::unique_ptr<Listener>> listen(const Address& address, AcceptHandler accepted,
                                           const ListenOptions& options) override {
    return node_.world().fabric().listen(node_, address, std::move(accepted), options);
  }
  void connect(const Address& address, Duration timeout, Completion<Result<std::unique_ptr<Stream>>> done) override {
    node_.world().fabric().connect(node_, address, timeout, std::move(done));
  }
  Result<std::unique_ptr<Stream>> attach(std::unique_ptr<DetachedStream> detached) override {
    EndRef end = static_cast<SimDetached&>(*detached).take();
    ASSERT(&end->node->machine() == &node_.machine());
    end->node = &node_;
    return std::unique_ptr<Stream>(std::make_unique<SimStream>(std::move(end)));
  }

 private:
  Node& node_;
};

}  // namespace

std::unique_ptr<Network> make_network(Node& node) { return std::make_unique<SimNetwork>(node); }

Fabric::Fabric(World& world, uint64_t seed) : world_(world), prng_(seed) {}
Fabric::~Fabric() = default;

bool Fabric::draw(uint32_t ppm) { return ppm != 0 && prng_.chance(ppm, one_million); }

Duration Fabric::delay() {
  const int64_t low = faults_.delay_min.nanoseconds;
  return nanoseconds(prng_.between(low, std::max(low, faults_.delay_max.nanoseconds)));
}

// --- links

void Fabric::carry(const Link& link, Instant when, Callback arrive) {
  world_.at(when, [this, link, arrive = std::move(arrive)]() mutable {
    if (blocked_.contains(link)) {
      world_.count("network.held_by_partition");
      carried_[link].push_back(std::move(arrive));
    } else {
      arrive();
    }
  });
}

void Fabric::block(const std::string& from, const std::string& to) { blocked_.insert({from, to}); }

void Fabric::unblock(const std::string& from, const std::string& to) {
  blocked_.erase({from, to});
  release({from, to});
}

void Fabric::unblock_all() {
  blocked_.clear();
  while (!carried_.empty()) release(Link(carried_.begin()->first));
}

void Fabric::release(const Link& link) {
  const auto found = carried_.find(link);
  if (found == carried_.end()) return;
  std::deque<Callback> waiting = std::move(found->second);
  carried_.erase(found);
  // One delay for all, and the world keeps the order of events of one time: order per direction survives.
  const Instant when = world_.now() + delay();
  for (Callback& arrive : waiting) carry(link, when, std::move(arrive));
}

size_t Fabric::cut(const std::string& a, const std::string& b) {
  size_t count = 0;
  for (const auto& [id, ends] : connections_) {
    const EndRef one = ends.first.lock();
    const EndRef other = ends.second.lock();
    if (one == nullptr || other == nullptr || one->broken() || other->broken()) continue;
    const Link link(one->node->name(), other->node->name());
    if (link != Link(a, b) && link != Link(b, a)) continue;
    ++count;
    world_.at(world_.now() + delay(), [this, one]() { reset_arrived(one, "connection reset"); });
    world_.at(world_.now() + delay(), [this, other]() { reset_arrived(other, "connection reset"); });
  }
  world_.count("network.cut", count);
  world_.trace(a, "network.cut", count);
  return count;
}

void Fabric::node_died(Node& node, bool silently) {
  for (auto entry = listening_.begin(); entry != listening_.end();) {
    if (entry->first.first == node.name()) {
      node.bury([listening = std::make_shared<Listening>(std::move(entry->second))]() {});
      entry = listening_.erase(entry);
    } else {
      ++entry;
    }
  }
  for (auto entry = connections_.begin(); entry != connections_.end();) {
    const EndRef ends[] = {entry->second.first.lock(), entry->second.second.lock()};
    for (const EndRef& end : ends) {
      if (end == nullptr || &end->node->machine() != &node.machine() || end->alive()) continue;
      forget_outgoing(*end);
      if (!silently && !end->closed && !end->broken()) send_reset(end, false);
      end->closed = true;
      if (!end->broken()) end->why = Failure{FailureKind::io, "crashed"};
    }
    entry = ends[0] == nullptr && ends[1] == nullptr ? connections_.erase(entry) : std::next(entry);
  }
}

void Fabric::drop_everything() {
  carried_.clear();
  listening_.clear();
}

// --- connecting

struct Fabric::Attempt {
  Node& node;
  uint64_t incarnation;
  Address address;
  Completion<Result<std::unique_ptr<Stream>>> done;
  bool settled = false;
};

Result<std::unique_ptr<Listener>> Fabric::listen(Node& node, const Address& address, AcceptHandler accepted,
                                                 const ListenOptions& options) {
  if (node.crashed()) return Failure{FailureKind::io, "listen: crashed"};
  Address local{node.name(), address.port};
  while (local.port == 0 || (address.port == 0 && listening_.contains({local.host, local.port}))) {
    local.port = static_cast<uint16_t>(free_port_first + listener_sequence_++ % (UINT16_MAX - free_port_first));
  }
  const auto place = std::pair(local.host, local.port);
  if (listening_.contains(place)) {
    return Failure{FailureKind::unavailable, "listen on " + local.to_string() + ": address in use"};
  }
  const uint64_t id = ++listener_sequence_;
  Listening& listening = listening_[place];
  listening.id = id;
  listening.accepted = std::make_shared<AcceptHandler>(std::move(accepted));
  listening.backlog = static_cast<size_t>(options.backlog);
  world_.trace(node.name(), "network.listen", local.port);
  return std::unique_ptr<Listener>(std::make_unique<SimListener>(*this, local, id));
}

void Fabric::stop_listening(const Address& address, uint64_t id) {
  const auto found = listening_.find({address.host, address.port});
  if (found == listening_.end() || found->second.id != id) return;
  // The handler may own what is being destroyed: it goes last.
  const Listening kept = std::move(found->second);
  listening_.erase(found);
}

void Fabric::pause_accepting(const Address& address, uint64_t id, bool pause) {
  const auto found = listening_.find({address.host, address.port});
  if (found == listening_.end() || found->second.id != id) return;
  found->second.paused = pause;
  if (pause) return;
  Node& node = world_.node(address.host);
  for (size_t i = 0; i < found->second.waiting.size(); ++i) {
    node.soon([this, address, id] { accept_next(address, id); });
  }
}

/// Hands out the connection that waits longest, unless it shall wait on.
void Fabric::accept_next(const Address& address, uint64_t id) {
  const auto found = listening_.find({address.host, address.port});
  if (found == listening_.end() || found->second.id != id) return;
  if (found->second.paused || found->second.waiting.empty()) return;
  std::unique_ptr<Stream> stream = std::move(found->second.waiting.front());
  found->second.waiting.pop_front();
  const std::shared_ptr<AcceptHandler> accepted = found->second.accepted;
  (*accepted)(std::move(stream));
}

void Fabric::connect(Node& node, const Address& address, Duration timeout,
                     Completion<Result<std::unique_ptr<Stream>>> done) {
  if (node.crashed()) {
    node.bury([done = std::move(done)]() {});
    return;
  }
  world_.trace(node.name(), "network.connect", address.port);
  auto attempt = std::make_shared<Attempt>(Attempt{node, node.incarnation(), address, std::move(done)});
  if (world_.find_node(address.host) == nullptr) {
    world_.at(world_.now() + delay(), [this, attempt]() {
      settle(attempt, Failure{FailureKind::not_found, "connect to " + attempt->address.to_string() + ": unknown host"});
    });
    return;
  }
  world_.at(world_.now() + timeout, [this, attempt]() {
    settle(attempt, Failure{FailureKind::timed_out, "connect to " + attempt->address.to_string() + ": timed out"});
  });
  carry({node.name(), address.host}, world_.now() + delay(), [this, attempt]() { syn_arrived(attempt); });
}

void Fabric::syn_arrived(const AttemptRef& attempt) {
  if (attempt->settled) return;
  Node& server = world_.node(attempt->address.host);
  const Link back(server.name(), attempt->node.name());
  if (server.crashed() && prng_.chance(1, 2)) {  // no answer: the client's kernel tries again
    world_.at(world_.now() + retransmit_after, [this, attempt]() { syn_arrived(attempt); });
    return;
  }
  const auto found = listening_.find({server.name(), attempt->address.port});
  const bool by_chance = draw(faults_.refuse_ppm);
  if (found == listening_.end() || by_chance) {
    if (by_chance) world_.count("network.refused");
    carry(back, world_.now() + delay(), [this, attempt]() {
      settle(attempt, Failure{FailureKind::unavailable, "connect to " + attempt->address.to_string() + ": refused"});
    });
    return;
  }
  if (found->second.waiting.size() >= found->second.backlog) {  // the kernel drops what finds no room
    world_.count("network.backlog_full");
    world_.at(world_.now() + retransmit_after, [this, attempt]() { syn_arrived(attempt); });
    return;
  }
  const auto [client_end, server_end] = make_connection(attempt->node, server, attempt->address);
  world_.trace(server.name(), "network.accept", server_end->id, attempt->address.port);
  found->second.waiting.push_back(std::make_unique<SimStream>(server_end));
  server.soon([this, address = Address{server.name(), attempt->address.port}, id = found->second.id] {
    accept_next(address, id);
  });
  carry(back, world_.now() + delay(), [this, attempt, stream = std::make_unique<SimStream>(client_end)]() mutable {
    settle(attempt, Result<std::unique_ptr<Stream>>(std::move(stream)));
  });
}

void Fabric::settle(const AttemptRef& attempt, Result<std::unique_ptr<Stream>> result) {
  if (attempt->settled) return;  // a stream that comes too late closes here
  attempt->settled = true;
  Node& node = attempt->node;
  if (node.crashed() || node.incarnation() != attempt->incarnation) {
    node.bury([done = std::move(attempt->done)]() {});
    return;
  }
  world_.trace(node.name(), "network.connected", result.ok() ? 1 : 0);
  node.soon([done = std::move(attempt->done), result = std::move(result)]() mutable { done(std::move(result)); });
}

std::pair<EndRef, EndRef> Fabric::make_connection(Node& client, Node& server, const Address& address) {
  const uint64_t id = ++connection_sequence_;
  const auto port = static_cast<uint16_t>(free_port_first + id % (UINT16_MAX - free_port_first));
  auto client_end = std::make_shared<End>(client, client.incarnation(), id, address);
  auto server_end = std::make_shared<End>(server, server.incarnation(), id, Address{client.name(), port});
  client_end->peer = server_end;
  server_end->peer = client_end;
  const uint32_t low = std::max<uint32_t>(faults_.window_bytes_min, 1);
  const uint32_t high = std::max(low, faults_.window_bytes_max);
  client_end->window = static_cast<uint64_t>(prng_.between(low, high));
  server_end->window = static_cast<uint64_t>(prng_.between(low, high));
  connections_[id] = {client_end, server_end};
  if (id % 64 == 0) {
    std::erase_if(connections_, [](const auto& entry) {
      return entry.second.first.expired() && entry.second.second.expired();
    });
  }
  world_.count("network.connections");
  return {client_end, server_end};
}

// --- sending

void Fabric::plan_flush(const EndRef& end) {
  if (end->flush_planned || !end->alive()) return;
  end->flush_planned = true;
  end->node->at_sending([this, end]() {
    end->flush_planned = false;
    flush(end);
  });
}

/// Takes from the queue what fits into one send; false when a file came short or could not be read: the end is broken
/// then.
bool Fabric::gather(const EndRef& end, std::vector<std::byte>& bytes) {
  while (!end->queue.empty() && bytes.size() < gather_bytes_max && end->under_way < end->window) {
    End::Piece& piece = end->queue.front();
    const uint64_t left = piece.size() - piece.sent;
    const uint64_t room = std::min(end->window - end->under_way, gather_bytes_max - bytes.size());
    const uint64_t count = std::min(left, room);
    const size_t begin = bytes.size();
    bytes.resize(begin + count);
    const std::span<std::byte> into = std::span(bytes).subspan(begin);
    if (piece.slice.file != nullptr) {
      const Result<size_t> found =
          end->node->disk().read_to_send(*piece.slice.file, piece.slice.offset + piece.sent, into);
      if (!found.ok() || found.value() < count) {
        world_.count("network.short_file");
        break_end(end, found.ok() ? Failure{FailureKind::io, piece.slice.file->path() + ": shorter than promised"}
                                  : found.failure());
        send_reset(end, true);
        return false;
      }
      end->queued_file -= count;
    } else {
      std::memcpy(into.data(), piece.bytes.data() + piece.sent, count);
      end->queued_memory -= count;
    }
    piece.sent += count;
    end->under_way += count;
    if (piece.sent == piece.size()) end->queue.pop_front();
  }
  return true;
}

void Fabric::flush(const EndRef& end) {
  if (!end->alive() || end->broken()) return;
  uint64_t sent = 0;
  while (!end->queue.empty() && end->under_way < end->window && sent < turn_bytes_max) {
    std::vector<std::byte> bytes;
    if (!gather(end, bytes)) return;
    sent += bytes.size();
    send_bytes(end, std::move(bytes));
    if (end->broken()) return;
  }
  if (!end->queue.empty()) {
    end->waited = true;
    if (end->under_way < end->window) plan_flush(end);
    return;
  }
  if (std::exchange(end->waited, false) && !end->finishing) {
    end->node->soon([end, shard = end->node]() {
      if (end->node != shard) return;
      if (end->held && !end->broken() && end->queue.empty() && end->handler != nullptr) end->handler->on_drained();
    });
  }
  finish_if_sent(end);
}

void Fabric::send_bytes(const EndRef& end, std::vector<std::byte> bytes) {
  if (draw(faults_.cut_ppm)) {
    world_.count("network.reset");
    const EndRef peer = end->peer.lock();
    world_.at(world_.now() + delay(), [this, end]() { reset_arrived(end, "connection reset"); });
    if (peer != nullptr) {
      carry({end->node->name(), peer->node->name()}, world_.now() + delay(),
            [this, peer]() { reset_arrived(peer, "connection reset"); });
    }
  }
  if (draw(faults_.hold_ppm)) {
    world_.count("network.held");
    end->held_until = world_.now() + nanoseconds(prng_.between(0, faults_.hold_max.nanoseconds));
  }
  if (bytes.size() > 1 && draw(faults_.split_ppm)) {
    const size_t first = 1 + prng_.below(bytes.size() - 1);
    send_parcel(end, {bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(first)});
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(first));
  }
  send_parcel(end, std::move(bytes));
}

void Fabric::send_parcel(const EndRef& end, std::vector<std::byte> bytes) {
  const EndRef peer = end->peer.lock();
  const Instant when = std::max({end->last_arrival, world_.now() + delay(), end->held_until});
  end->last_arrival = when;
  Parcel parcel{end->parcels_sent++, std::move(bytes)};
  watch(end);
  if (peer == nullptr) {  // the other side is long gone: its kernel answers with a reset
    if (!parcel.bytes.empty()) {
      world_.at(when + delay(), [this, end]() { reset_arrived(end, "connection reset by peer"); });
    }
    return;
  }
  carry({end->node->name(), peer->node->name()}, when, [this, end, peer, parcel = std::move(parcel)]() mutable {
    parcel_arrived(end, peer, std::move(parcel));
  });
}

void Fabric::finish_if_sent(const EndRef& end) {
  if (!end->finishing || end->closed || end->broken()) return;
  send_parcel(end, {});
  end->closed = true;
  end->why = Failure{FailureKind::closed, "finished"};
  end->inbound.clear();
  end->inbound_read = 0;
  plan_break(end);
}

/// Breaks the sender when nothing of what it sent is acknowledged for too long.
void Fabric::watch(const EndRef& end) {
  if (end->watched) return;
  end->watched = true;
  const EndRef peer = end->peer.lock();
  const uint64_t received = peer == nullptr ? 0 : peer->parcels_received;
  world_.at(world_.now() + faults_.give_up_after, [this, end, received]() {
    end->watched = false;
    if (!end->alive() || end->broken()) return;
    const EndRef other = end->peer.lock();
    const uint64_t now_received = other == nullptr ? 0 : other->parcels_received;
    const bool heard = other != nullptr && !blocked_.contains({other->node->name(), end->node->name()});
    if (heard && now_received == end->parcels_sent) return;
    if ((heard && now_received > received) || end->held_until > world_.now()) {
      watch(end);
      return;
    }
    world_.count("network.gave_up");
    break_end(end, Failure{FailureKind::timed_out, "connection timed out"});
    send_reset(end, true);
  });
}

// --- arriving

void Fabric::parcel_arrived(const EndRef& from, const EndRef& to, Parcel parcel) {
  if (!to->alive() && to->node->crashed()) {
    // Nobody there: the sender's kernel tries again, as long as it believes in the connection.
    if (!from->alive() || (from->broken() && !from->closed)) return;
    carry({from->node->name(), to->node->name()}, world_.now() + retransmit_after,
          [this, from, to, parcel = std::move(parcel)]() mutable { parcel_arrived(from, to, std::move(parcel)); });
    return;
  }
  world_.trace(to->node->name(), "network.arrived", to->id, hash_of(parcel.bytes));
  if (!to->alive()) {
    send_reset(to, false);
    return;
  }
  if (parcel.number != to->parcels_received) {
    to->early[parcel.number] = std::move(parcel.bytes);
    return;
  }
  take_in(to, std::move(parcel.bytes));
  while (!to->early.empty() && to->early.begin()->first == to->parcels_received) {
    take_in(to, std::move(to->early.extract(to->early.begin()).mapped()));
  }
}

/// The next bytes of the direction (none: its end) reach the kernel of the receiver.
void Fabric::take_in(const EndRef& to, std::vector<std::byte> bytes) {
  ++to->parcels_received;
  if (to->broken() || to->closed) {
    if (!to->finishing && !bytes.empty()) send_reset(to, false);
    return;
  }
  if (bytes.empty()) {
    to->end_arrived = true;
  } else {
    to->may_be_more = true;
    to->inbound.insert(to->inbound.end(), bytes.begin(), bytes.end());
  }
  plan_readable(to);
}

void Fabric::send_credit(const EndRef& reader, uint64_t size) {
  const EndRef sender = reader->peer.lock();
  if (sender == nullptr) return;
  carry({reader->node->name(), sender->node->name()}, world_.now() + delay(), [this, sender, size]() {
    sender->under_way -= size;
    if (!sender->queue.empty()) plan_flush(sender);
  });
}

/// Tells the peer of `end` that the connection is no more; `after_bytes`: behind what was sent before.
void Fabric::send_reset(const EndRef& end, bool after_bytes) {
  const EndRef peer = end->peer.lock();
  if (peer == nullptr) return;
  Instant when = world_.now() + delay();
  if (after_bytes) when = std::max(when, end->last_arrival);
  carry({end->node->name(), peer->node->name()}, when,
        [this, peer]() { reset_arrived(peer, "connection reset by peer"); });
}

void Fabric::reset_arrived(const EndRef& end, const char* message) {
  if (!end->alive() || end->broken() || end->closed) return;
  world_.trace(end->node->name(), "network.reset", end->id);
  if (prng_.chance(1, 2)) {
    end->inbound.clear();
    end->inbound_read = 0;
  }
  break_end(end, Failure{FailureKind::closed, message});
}

void Fabric::forget_outgoing(End& end) {
  // What goes may own shell objects only through blocks and files, which do nothing when they die.
  end.queue.clear();
  end.queued_memory = 0;
  end.queued_file = 0;
}

void Fabric::break_end(const EndRef& end, Failure why) {
  if (end->broken()) return;
  end->why = std::move(why);
  forget_outgoing(*end);
  if (end->inbound_size() > 0 && !end->paused && end->handler != nullptr) {
    plan_readable(end);  // the last bytes first; the read that finds no more reports the break
  } else {
    plan_break(end);
  }
}

void Fabric::plan_break(const EndRef& end) {
  if (end->break_planned || end->handler == nullptr || !end->held || !end->alive()) return;
  end->break_planned = true;
  end->node->soon([end, shard = end->node]() {
    if (end->node == shard && end->held && end->handler != nullptr) end->handler->on_broken(*end->why);
  });
}

void Fabric::plan_readable(const EndRef& end) {
  if (end->readable_planned || !end->held || end->handler == nullptr || end->paused || !end->alive()) return;
  end->readable_planned = true;
  end->node->soon([this, end, shard = end->node]() {
    if (end->node != shard) return;  // it moved to another shard
    end->readable_planned = false;
    if (!end->held || end->handler == nullptr || end->paused || end->break_planned) return;
    end->handler->on_readable();
    const bool more = end->inbound_size() > 0 || (end->end_arrived && !end->end_reported);
    const bool spurious = end->may_be_more && prng_.chance(1, 16);
    if (more || spurious) plan_readable(end);
  });
}

ReadOutcome Fabric::read(const EndRef& end, std::span<std::byte> into) {
  if (!end->alive()) return {0, true};
  if (into.empty()) return {0, false};
  if (end->inbound_size() == 0) {
    end->may_be_more = false;
    if (end->broken()) {
      plan_break(end);
      return {0, true};
    }
    if (end->end_arrived) end->end_reported = true;
    return {0, end->end_arrived};
  }
  size_t count = std::min(into.size(), end->inbound_size());
  if (count > 1 && draw(faults_.short_read_ppm)) count = 1 + prng_.below(count - 1);
  std::memcpy(into.data(), end->inbound.data() + end->inbound_read, count);
  end->inbound_read += count;
  if (end->inbound_size() == 0) {
    end->inbound.clear();
    end->inbound_read = 0;
  }
  send_credit(end, count);
  return {count, false};
}

// The kernel keeps the connection meanwhile: bytes arrive and are acknowledged, a break is kept.
bool Fabric::detach(const EndRef& end) {
  if (!end->alive() || end->broken() || end->finishing || end->closed || !end->queue.empty()) return false;
  end->handler = nullptr;
  end->readable_planned = false;  // what is planned in this shard does nothing (plan_readable)
  end->break_planned = false;
  end->paused = false;
  if (end->inbound_size() > 0) end->may_be_more = true;
  world_.trace(end->node->name(), "network.detach", end->id);
  return true;
}

void Fabric::shell_dropped(const EndRef& end) {
  end->held = false;
  end->handler = nullptr;
  if (!end->alive() || end->closed || end->broken()) return;
  end->closed = true;
  forget_outgoing(*end);
  if (end->inbound_size() > 0 || prng_.chance(1, 5)) {
    send_reset(end, prng_.chance(1, 2));
  } else {
    send_parcel(end, {});
  }
}

}  // namespace moldau::io::sim
