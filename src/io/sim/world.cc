#include "io/sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/sim/disk.h"
#include "io/sim/network.h"

namespace moldau::io::sim {
namespace {

/// 64-bit FNV-1a, for names.
constexpr uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

constexpr uint64_t mixed(uint64_t hash, uint64_t value) { return Prng(hash ^ (value * 0xD6E8FEB86659FD93ULL)).next(); }

}  // namespace

World::World(uint64_t seed, const WorldOptions& options)
    : seed_(seed),
      options_(options),
      order_prng_(mixed(seed, 1)),
      harness_prng_(mixed(seed, 2)),
      fabric_(std::make_unique<Fabric>(*this, mixed(seed, 3))),
      hash_(mixed(seed, 4)) {}

World::~World() {
  // What is pending may own streams and files: it goes while nodes and fabric still stand.
  for (auto& [name, node] : nodes_) node->drop_everything();
  // A stream that goes tells its other end, by an event: not into the list that is being cleared.
  while (!events_heap_.empty()) std::exchange(events_heap_, {}).clear();
  fabric_->drop_everything();
  for (auto& [name, node] : nodes_) node->drop_everything();
}

Node& World::node(const std::string& name) {
  std::unique_ptr<Node>& node = nodes_[name];
  if (node == nullptr) node = std::make_unique<Node>(*this, name, mixed(seed_, hash_of(name)));
  return *node;
}

Node* World::find_node(const std::string& name) {
  const auto found = nodes_.find(name);
  return found == nodes_.end() ? nullptr : found->second.get();
}

void World::at(Instant when, Callback callback) {
  events_heap_.push_back({std::max(when, now_), sequence_++, std::move(callback)});
  std::push_heap(events_heap_.begin(), events_heap_.end());
}

bool World::step() { return step_until(Instant{INT64_MAX - 1}); }

bool World::step_until(Instant limit) {
  Instant next = events_heap_.empty() ? Instant::never() : events_heap_.front().when;
  Node* chosen = nullptr;
  uint64_t ties = 1;
  for (const auto& [name, machine] : nodes_) {
    for (size_t i = 0; i < machine->shards(); ++i) {
      Node& node = machine->shard(i);
      const Instant turn = node.next_turn();
      if (turn == Instant::never() || turn > next) continue;
      if (turn == next) {
        // Between nodes the seed decides; the world's own events come first.
        if (chosen == nullptr || order_prng_.below(++ties) != 0) continue;
      } else {
        ties = 1;
      }
      next = turn;
      chosen = &node;
    }
  }
  if (next > limit) return false;
  now_ = std::max(now_, next);
  if (chosen != nullptr) {
    chosen->run_turn();
    return true;
  }
  std::pop_heap(events_heap_.begin(), events_heap_.end());
  Callback run = std::move(events_heap_.back().run);
  events_heap_.pop_back();
  run();
  return true;
}

void World::run_for(Duration duration) {
  const Instant limit = now_ + duration;
  while (step_until(limit)) {
  }
  now_ = std::max(now_, limit);
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
  const Instant end = now_ + limit;
  while (!done()) {
    if (step_until(end)) continue;
    now_ = std::max(now_, end);
    return done();
  }
  return true;
}

NetworkFaults& World::network_faults() { return fabric_->faults(); }

void World::partition(const std::string& a, const std::string& b) {
  count("network.partition");
  trace(a, "network.partition", hash_of(b));
  fabric_->block(a, b);
  fabric_->block(b, a);
}

void World::partition_one_way(const std::string& from, const std::string& to) {
  count("network.partition_one_way");
  trace(from, "network.partition_one_way", hash_of(to));
  fabric_->block(from, to);
}

void World::heal(const std::string& a, const std::string& b) {
  trace(a, "network.heal", hash_of(b));
  fabric_->unblock(a, b);
  fabric_->unblock(b, a);
}

void World::heal_all() {
  trace("", "network.heal_all");
  fabric_->unblock_all();
}

size_t World::cut_connections(const std::string& a, const std::string& b) { return fabric_->cut(a, b); }

void World::trace(std::string_view node, std::string_view kind, uint64_t a, uint64_t b) {
  ++events_;
  hash_ = mixed(hash_, static_cast<uint64_t>(now_.nanoseconds));
  hash_ = mixed(hash_, hash_of(node));
  hash_ = mixed(hash_, hash_of(kind));
  hash_ = mixed(hash_, a);
  hash_ = mixed(hash_, b);
  if (sink_) sink_(fmt::format("{:>15} {} {} {} {}", now_.nanoseconds, node, kind, a, b));
}

void World::count(std::string_view what, uint64_t times) {
  const auto found = counters_.find(what);
  if (found != counters_.end()) {
    found->second += times;
  } else {
    counters_.emplace(what, times);
  }
}

}  // namespace moldau::io::sim
