// sim::World: a deterministic world of nodes on one thread, made from one seed. Each node has a whole io surface: a
// virtual clock, timers, a disk that can lie, tear and die (sim/disk.h), a network that delays, splits and cuts
// (sim/network.h). The same seed and the same calls give the same events, byte for byte: trace_hash() proves it.
//
// Scheduling: time jumps to the next event. A node runs turns as a real loop does: everything of its own that is due by
// the start of the turn runs in it, in an order drawn from the seed, but for what is promised to keep its order
// (timers, mail, deferred calls, bytes of one connection). A turn keeps its node busy for a drawn while, so that events
// gather. Events of the world itself (at, after, crash callbacks) run between turns.
//
// Crashes: Node::crash, or SimDisk::crash_after_operations in the midst of a call. From then on calls on the node's
// surface have no effect and fail; nothing of the old incarnation runs any more. The world then calls on_crash in a
// turn of its own: destroy there everything that ran on the node, then restart() it and build anew on the same surface.
//
// Used by sim/ and by the tests of everything that takes an io::Surface.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "io/sim/faults.h"
#include "io/surface.h"
#include "io/timer_heap.h"

namespace moldau::io::sim {

class Fabric;
class SimDisk;
class World;

/// How a node dies.
enum class CrashKind : unsigned char {
  power,    ///< the page cache is lost, peers hear nothing until they send
  process,  ///< kill -9: the page cache stays, peers see their connections reset
};

/// One machine: made by World::node, lives as long as the world. It has one shard, itself, unless shard() makes more:
/// each is a Node with turns of its own (timers, mail, streams) on the disk, under the name and in the life of the
/// machine.
class Node final : private Clock, private Timers, private Entropy, private Executor, private Mailbox {
 public:
  Node(World& world, std::string name, uint64_t seed);
  Node(Node& machine, uint64_t seed);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() override;

  const std::string& name() const { return name_; }
  Surface surface();
  SimDisk& disk() { return *machine_.disk_; }
  /// The shard of that number of this machine, made at the first call (with those before it); 0 is the machine itself.
  Node& shard(size_t index);
  size_t shards() const { return shards_.size() + 1; }
  Node& machine() { return machine_; }

  /// Kills the node. A no-op on a dead one.
  void crash(CrashKind kind = CrashKind::power);
  bool crashed() const { return crashed_; }
  /// Grows with every crash; what carries an older number is dead.
  uint64_t incarnation() const { return incarnation_; }
  /// Another one after each power cut.
  std::string boot_id() const;
  /// Brings a dead node up again. REQUIRES: everything that ran on it has been destroyed.
  void restart();
  /// Called in a turn of the world after each crash, unless the node was restarted before.
  void on_crash(std::function<void(Node&)> callback) { on_crash_ = std::move(callback); }

  /// Nothing runs on the node for this long (a stopped process, a paused machine).
  void stall(Duration duration);
  /// Shifts the node's wall clock against the world's; the monotonic clock does not notice.
  void set_wall_offset_ms(int64_t offset_ms) { wall_offset_ms_ = offset_ms; }

  // What follows is for the parts of the simulator.

  World& world() { return world_; }
  /// Adds time that a blocking call costs to the turn (or pool job) that made it.
  void block(Duration duration) { Node& node = acting(); node.blocked_ = node.blocked_ + duration; }
  /// At `when`: `arrive` changes the state of the world, then the callback it returns (if any) runs in that turn among
  /// the others, in an order drawn from the seed. Arrivals of one node at one time run in the order they were made.
  /// Dropped when the node dies before.
  void at(Instant when, std::move_only_function<Callback()> arrive);
  /// Runs `callback` among the others of the next turn.
  void soon(Callback callback);
  Prng& disk_prng() { return disk_prng_; }
  /// Instant of the next turn; never when there is nothing to do.
  Instant next_turn() const;
  void run_turn();
  /// Runs `callback` after the turn's other callbacks: what sends.
  void at_sending(Callback callback) { sending_.push_back(std::move(callback)); }
  /// Keeps a callback that will not run until its shell is gone, for it may own parts of it.
  void bury(Callback callback) { graves_.push_back(std::move(callback)); }
  /// Destroys all that has not run.
  void drop_everything();

 private:
  struct Arrival {
    Instant when;
    uint64_t sequence;
    std::move_only_function<Callback()> arrive;
    bool operator<(const Arrival& other) const {  // a max-heap: the latest is the least
      return when != other.when ? when > other.when : sequence > other.sequence;
    }
  };

  Instant now() const override;
  WallMillis wall() const override;
  TimerId start(Instant deadline, Callback callback) override;
  void cancel(TimerId timer) override;
  void fill(std::span<std::byte> into) override;
  void defer(Callback callback) override;
  void at_turn_end(Callback callback) override;
  void offload(Callback work, Callback done) override;
  void offload_sync(Callback work, Callback done) override { offload(std::move(work), std::move(done)); }
  Mailbox& mailbox() override { return *this; }
  void post(Callback message) override;

  /// Whose turn it is among the shards of the machine: the machine's disk answers there.
  Node& acting() { return acting_ == nullptr ? *this : *acting_; }
  template <typename Visit>
  void each_shard(Visit visit) {
    visit(*this);
    for (const auto& shard : shards_) visit(*shard);
  }
  bool has_immediate_work() const;
  void collect_arrivals(std::vector<Callback>& ready);
  void run_callbacks();
  void run_ready(std::vector<Callback>& ready);
  void run_turn_end();
  void bury_all(std::vector<Callback>& callbacks);
  void bury_work();

  World& world_;
  Node& machine_;
  std::string name_;
  const uint64_t seed_;
  Prng order_prng_;
  Prng entropy_prng_;
  Prng disk_prng_;
  std::unique_ptr<SimDisk> disk_;  ///< of a machine
  std::unique_ptr<Network> network_;
  Node* acting_ = nullptr;  ///< of a machine
  std::vector<std::unique_ptr<Node>> shards_;  ///< of a machine: those after the first
  TimerHeap timers_;
  std::vector<Arrival> arrivals_;
  uint64_t arrival_sequence_ = 0;
  std::vector<Callback> soon_;
  std::vector<Callback> deferred_;
  std::vector<Callback> mail_;
  std::vector<Callback> turn_end_;
  std::vector<Callback> sending_;
  /// Callbacks of dead incarnations; see bury.
  std::vector<Callback> graves_;
  std::vector<std::move_only_function<Callback()>> arrival_graves_;
  std::function<void(Node&)> on_crash_;
  Instant busy_until_;
  Duration blocked_;
  int64_t wall_offset_ms_ = 0;
  uint64_t incarnation_ = 1;
  bool crashed_ = false;
};

class World {
 public:
  explicit World(uint64_t seed, const WorldOptions& options = {});
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  /// Everything that uses a surface of this world must be gone before.
  ~World();

  uint64_t seed() const { return seed_; }
  /// The node of that name, made at the first call.
  Node& node(const std::string& name);
  /// Null when there is no such node.
  Node* find_node(const std::string& name);

  Instant now() const { return now_; }
  /// Runs the next turn (of a node or of the world); false when nothing will ever happen any more.
  bool step();
  /// Runs all turns of the next `duration`.
  void run_for(Duration duration);
  /// Runs turns until `done` says true (asked before the first and after each) or `limit` has passed; returns what it
  /// says.
  bool run_until(const std::function<bool()>& done, Duration limit);
  /// Runs `callback` in a turn of the world.
  void at(Instant when, Callback callback);
  void after(Duration delay, Callback callback) { at(now_ + delay, std::move(callback)); }
  /// Randomness for the harness, drawn from the seed.
  Prng& prng() { return harness_prng_; }
  const WorldOptions& options() const { return options_; }

  NetworkFaults& network_faults();
  /// Bytes between the two stand still, both ways, until healed; connections give up after
  /// NetworkFaults::give_up_after.
  void partition(const std::string& a, const std::string& b);
  /// The same for one direction: what `from` sends does not reach `to`.
  void partition_one_way(const std::string& from, const std::string& to);
  void heal(const std::string& a, const std::string& b);
  void heal_all();
  /// Resets all connections between the two; how many there were.
  size_t cut_connections(const std::string& a, const std::string& b);

  /// A hash over every event so far: time, node, kind, arguments.
  uint64_t trace_hash() const { return hash_; }
  uint64_t trace_events() const { return events_; }
  /// Adds an event to the trace; for the harness too.
  void trace(std::string_view node, std::string_view kind, uint64_t a = 0, uint64_t b = 0);
  /// Receives each event as a line of text (to find where two runs part); null stops it.
  void print_trace(std::function<void(std::string_view)> sink) { sink_ = std::move(sink); }
  /// Counts a fault (or anything else) under a name: "disk.sync.failed" 3.
  void count(std::string_view what, uint64_t times = 1);
  const std::map<std::string, uint64_t, std::less<>>& counters() const { return counters_; }

  Fabric& fabric() { return *fabric_; }

 private:
  struct Event {
    Instant when;
    uint64_t sequence;
    Callback run;
    bool operator<(const Event& other) const {  // a max-heap: the latest is the least
      return when != other.when ? when > other.when : sequence > other.sequence;
    }
  };
  /// Runs the next turn if it starts by `limit`.
  bool step_until(Instant limit);

  uint64_t seed_;
  WorldOptions options_;
  Prng order_prng_;
  Prng harness_prng_;
  Instant now_;
  std::vector<Event> events_heap_;
  uint64_t sequence_ = 0;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> nodes_;
  std::unique_ptr<Fabric> fabric_;
  uint64_t hash_ = 0;
  uint64_t events_ = 0;
  std::function<void(std::string_view)> sink_;
  std::map<std::string, uint64_t, std::less<>> counters_;
};

}  // namespace moldau::io::sim
