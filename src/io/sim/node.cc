// sim::Node: one machine's surface, the order in which its turns run what is ready, and its deaths.
#include <algorithm>
#include <cstring>

#include "io/sim/disk.h"
#include "io/sim/network.h"
#include "io/sim/world.h"

namespace moldau::io::sim {

Node::Node(World& world, std::string name, uint64_t seed)
    : world_(world),
      machine_(*this),
      name_(std::move(name)),
      seed_(seed),
      order_prng_(Prng(seed).split()),
      entropy_prng_(Prng(seed + 1).split()),
      disk_prng_(Prng(seed + 2).split()),
      disk_(std::make_unique<SimDisk>(*this)),
      network_(make_network(*this)) {}

Node::Node(Node& machine, uint64_t seed)
    : world_(machine.world_),
      machine_(machine),
      name_(machine.name_),
      seed_(seed),
      order_prng_(Prng(seed).split()),
      entropy_prng_(Prng(seed + 1).split()),
      disk_prng_(Prng(seed + 2).split()),
      network_(make_network(*this)),
      incarnation_(machine.incarnation_),
      crashed_(machine.crashed_) {}

Node::~Node() = default;

Surface Node::surface() { return {*this, *this, *this, *this, disk(), *network_}; }

Node& Node::shard(size_t index) {
  if (index == 0) return *this;
  constexpr uint64_t seed_step = 0x9E3779B97F4A7C15ULL;
  while (shards_.size() < index) {
    shards_.push_back(std::make_unique<Node>(*this, seed_ + (shards_.size() + 1) * seed_step));
  }
  return *shards_[index - 1];
}

// --- life and death

void Node::crash(CrashKind kind) {
  if (&machine_ != this) {
    machine_.crash(kind);
    return;
  }
  if (crashed_) return;
  each_shard([](Node& shard) {
    shard.crashed_ = true;
    ++shard.incarnation_;
  });
  const bool power = kind == CrashKind::power;
  world_.trace(name_, power ? "node.power_cut" : "node.killed", incarnation_);
  world_.count(power ? "node.power_cut" : "node.killed");
  if (power) {
    disk_->power_cut();
  } else {
    disk_->process_killed();
  }
  world_.fabric().node_died(*this, power);
  each_shard([](Node& shard) { shard.bury_work(); });
  world_.at(world_.now(), [this, died = incarnation_]() {
    if (!crashed_ || incarnation_ != died || !on_crash_) return;
    const std::function<void(Node&)> callback = on_crash_;
    callback(*this);
  });
}

std::string Node::boot_id() const { return "boot " + std::to_string(machine_.disk_->power_cuts()); }

void Node::restart() {
  ASSERT(crashed_);
  drop_everything();
  each_shard([this](Node& shard) {
    shard.crashed_ = false;
    shard.busy_until_ = world_.now();
    shard.blocked_ = {};
  });
  world_.trace(name_, "node.restart", incarnation_);
}

void Node::bury_all(std::vector<Callback>& callbacks) {
  for (Callback& callback : callbacks) graves_.push_back(std::move(callback));
  callbacks.clear();
}

void Node::bury_work() {
  std::vector<Callback> timers = timers_.take_all();
  bury_all(timers);
  bury_all(soon_);
  bury_all(deferred_);
  bury_all(mail_);
  bury_all(turn_end_);
  bury_all(sending_);
  for (Arrival& arrival : arrivals_) arrival_graves_.push_back(std::move(arrival.arrive));
  arrivals_.clear();
}

void Node::drop_everything() {
  each_shard([](Node& shard) { shard.bury_work(); });
  // What dies may call the surface from its destructor, and so add to the graves, of any shard.
  for (bool more = true; more;) {
    more = false;
    each_shard([&more](Node& shard) {
      more = more || !shard.graves_.empty() || !shard.arrival_graves_.empty();
      const auto callbacks = std::exchange(shard.graves_, {});
      const auto arrivals = std::exchange(shard.arrival_graves_, {});
    });
  }
}

void Node::stall(Duration duration) {
  each_shard([&](Node& shard) { shard.busy_until_ = std::max(shard.busy_until_, world_.now()) + duration; });
  world_.trace(name_, "node.stall", static_cast<uint64_t>(duration.nanoseconds));
  world_.count("node.stall");
}

// --- the surface

Instant Node::now() const { return world_.now(); }

WallMillis Node::wall() const {
  return world_.options().wall_start + Duration{world_.now().nanoseconds}.milliseconds() + machine_.wall_offset_ms_;
}

TimerId Node::start(Instant deadline, Callback callback) {
  if (crashed_) {
    bury(std::move(callback));
    return 0;
  }
  return timers_.start(deadline, std::move(callback));
}

void Node::cancel(TimerId timer) { timers_.cancel(timer); }

void Node::fill(std::span<std::byte> into) {
  while (!into.empty()) {
    const uint64_t value = entropy_prng_.next();
    const size_t count = std::min(into.size(), sizeof(value));
    std::memcpy(into.data(), &value, count);
    into = into.subspan(count);
  }
}

void Node::defer(Callback callback) { (crashed_ ? graves_ : deferred_).push_back(std::move(callback)); }
void Node::at_turn_end(Callback callback) { (crashed_ ? graves_ : turn_end_).push_back(std::move(callback)); }
void Node::post(Callback message) { (crashed_ ? graves_ : mail_).push_back(std::move(message)); }

void Node::soon(Callback callback) {
  Node& node = acting();
  (crashed_ ? node.graves_ : node.soon_).push_back(std::move(callback));
}

void Node::at(Instant when, std::move_only_function<Callback()> arrive) {
  if (&acting() != this) {
    acting().at(when, std::move(arrive));
    return;
  }
  if (crashed_) {
    arrival_graves_.push_back(std::move(arrive));
    return;
  }
  arrivals_.push_back({when, arrival_sequence_++, std::move(arrive)});
  std::push_heap(arrivals_.begin(), arrivals_.end());
}

void Node::offload(Callback work, Callback done) {
  const int64_t delay_max = std::max<int64_t>(world_.options().offload_delay_max.nanoseconds, 0);
  const Duration delay = nanoseconds(order_prng_.between(0, delay_max));
  at(world_.now() + delay, [this, work = std::move(work), done = std::move(done)]() mutable -> Callback {
    world_.trace(name_, "pool.work");
    const Duration blocked_before = std::exchange(blocked_, Duration{});
    work();
    const Duration took = std::exchange(blocked_, blocked_before);
    bury(std::move(work));  // destroyed with the turn, not in the midst of a crash
    at(world_.now() + took, [done = std::move(done)]() mutable { return std::move(done); });
    return nullptr;
  });
}

// --- turns

bool Node::has_immediate_work() const {
  return !soon_.empty() || !deferred_.empty() || !mail_.empty() || !turn_end_.empty() || !sending_.empty();
}

Instant Node::next_turn() const {
  if (crashed_) return Instant::never();
  Instant next = has_immediate_work() ? world_.now() : timers_.next();
  if (!arrivals_.empty()) next = std::min(next, arrivals_.front().when);
  return next == Instant::never() ? next : std::max(next, busy_until_);
}

void Node::collect_arrivals(std::vector<Callback>& ready) {
  while (!arrivals_.empty() && arrivals_.front().when <= world_.now()) {
    std::pop_heap(arrivals_.begin(), arrivals_.end());
    Arrival arrival = std::move(arrivals_.back());
    arrivals_.pop_back();
    if (Callback callback = arrival.arrive()) ready.push_back(std::move(callback));
    arrival_graves_.push_back(std::move(arrival.arrive));
  }
}

/// Runs what is ready: `ready` in any order; timers, mail and deferred calls each in theirs.
void Node::run_ready(std::vector<Callback>& ready) {
  std::vector<Callback> mail = std::exchange(mail_, {});
  std::vector<Callback> deferred = std::exchange(deferred_, {});
  size_t timers = timers_.collect_due(world_.now());
  size_t next_mail = 0;
  size_t next_deferred = 0;
  while (!crashed_) {
    const size_t left = ready.size() + timers + (mail.size() - next_mail) + (deferred.size() - next_deferred);
    if (left == 0) break;
    size_t choice = order_prng_.below(left);
    if (choice < ready.size()) {
      std::swap(ready[choice], ready.back());
      Callback callback = std::move(ready.back());
      ready.pop_back();
      callback();
      continue;
    }
    choice -= ready.size();
    if (choice < timers) {
      --timers;
      timers_.run_due();
    } else if (choice - timers < mail.size() - next_mail) {
      std::exchange(mail[next_mail++], nullptr)();
    } else {
      std::exchange(deferred[next_deferred++], nullptr)();
    }
  }
  bury_all(mail);
  bury_all(deferred);
}

void Node::run_turn_end() {
  for (size_t i = 0; i < turn_end_.size() && !crashed_; ++i) {
    Callback callback = std::move(turn_end_[i]);  // may add more, which run in this turn too
    callback();
  }
  if (!crashed_) turn_end_.clear();
  std::vector<Callback> sending = std::exchange(sending_, {});
  for (Callback& send : sending) {
    if (!crashed_) send();
  }
  bury_all(sending);
}

void Node::run_turn() {
  machine_.acting_ = this;
  run_callbacks();
  machine_.acting_ = nullptr;
}

void Node::run_callbacks() {
  std::vector<Callback> ready = std::exchange(soon_, {});
  collect_arrivals(ready);
  world_.trace(name_, "turn", ready.size(), timers_.size());
  run_ready(ready);
  run_turn_end();
  bury_all(ready);
  if (crashed_) return;
  const int64_t turn_max = std::max<int64_t>(world_.options().turn_max.nanoseconds, 1);
  busy_until_ = std::max(busy_until_, world_.now() + nanoseconds(order_prng_.between(1, turn_max)) + blocked_);
  blocked_ = {};
  const auto callbacks = std::exchange(graves_, {});
  const auto arrivals = std::exchange(arrival_graves_, {});
}

}  // namespace moldau::io::sim
