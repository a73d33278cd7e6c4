#include "sim/faults.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/sim/disk.h"

namespace moldau::sim {
namespace {

constexpr Duration watch_interval = milliseconds(20);

bool ends_with(const std::string& text, std::string_view end) {
  return text.ends_with(end);
}

/// Operations of disks that were made to fail so far.
uint64_t failed_operations(const io::sim::World& world) {
  uint64_t times = 0;
  for (const char* name : {"disk.sync.failed", "disk.write.failed", "disk.read.failed"}) {
    const auto at = world.counters().find(name);
    if (at != world.counters().end()) times += at->second;
  }
  return times;
}

}  // namespace

void FaultDriver::start() {
  io::sim::Node& broker = host_.node();
  broker.disk().faults() = context_.profile.disk;
  context_.world.network_faults() = context_.profile.network;
  broker.on_crash([this](io::sim::Node&) {
    host_.destroy();
    context_.shadow.broker_died();
    context_.count("crashes");
    restart_later();
  });
  context_.world.after(watch_interval, [this] { watch(); });
  context_.world.after(milliseconds(prng_.between(5, 200)), [this] { next_fault(); });
}

/// X1 and St3, as far as they can be seen from outside at any moment.
void FaultDriver::check_invariants() {
  // Each connection may have a frame and an answer under way when the budget is used up.
  constexpr uint64_t under_way = 64 << 20;
  const uint64_t bytes = host_.buffer_bytes();
  if (bytes > context_.profile.buffer_bytes_max + under_way) {
    context_.shadow.violate(
        fmt::format("X1: {} bytes of buffers, the budget is {}", bytes, context_.profile.buffer_bytes_max));
  }
  // What lies leave below the recovery point is damage; nothing else is.
  if (context_.profile.durable() && host_.scrub_damage() > 0) {
    context_.shadow.violate("St3: the scrubber found damage where none was done");
  }
  if (host_.scrub_rounds() > 0 && !std::exchange(scrubbed_, true)) context_.count("lives with a round of the scrubber");
}

void FaultDriver::watch() {
  check_invariants();
  // Also after healing: a sync that failed before may tell of it only then.
  if (!host_.down() && host_.failed()) {
    context_.count("broker ended by a storage failure");
    broker_ended();
  }
  const uint64_t share = context_.profile.operations / (context_.profile.crashes + 1);
  if (!healed_ && !host_.down() && crashes_begun_ < context_.profile.crashes &&
      context_.operations >= share * (crashes_begun_ + 1)) {
    ++crashes_begun_;
    next_crash();
  }
  context_.world.after(watch_interval, [this] { watch(); });
}

/// The process ended by itself, as it does when its storage fails: start it again.
void FaultDriver::broker_ended() {
  host_.node().crash(io::sim::CrashKind::process);
}

void FaultDriver::next_crash() {
  const Profile& profile = context_.profile;
  if (profile.clean_stops && prng_.chance(1, 3) && crashes_begun_ > 1) {
    context_.count("clean stops");
    host_.stop([this] {
      stopped_in_order_ = true;
      host_.destroy();
      host_.node().crash(io::sim::CrashKind::process);
    });
    return;
  }
  if (profile.crash_in_operation && profile.power_cuts()) {
    context_.count("crashes in an operation");
    host_.node().disk().crash_after_operations(1 + prng_.below(40));
    // An idle disk may never get there.
    context_.world.after(seconds(2), [this, incarnation = host_.node().incarnation()] {
      host_.node().disk().crash_after_operations(0);
      if (!healed_ && host_.node().incarnation() == incarnation && !host_.down()) crash();
    });
    return;
  }
  crash();
}

void FaultDriver::crash() {
  const bool power = context_.profile.power_cuts() && prng_.chance(3, 4);
  context_.count(power ? "power cuts" : "kills");
  host_.node().crash(power ? io::sim::CrashKind::power : io::sim::CrashKind::process);
}

void FaultDriver::restart_later() {
  if (std::exchange(restarting_, true)) return;
  context_.world.after(milliseconds(prng_.between(1, 400)), [this] {
    restarting_ = false;
    restart();
  });
}

void FaultDriver::restart() {
  io::sim::Node& node = host_.node();
  node.restart();
  // After a stop in order, and starts that died before they took its mark away, nothing is scanned, rightly: what is
  // damaged then is the scrubber's matter.
  if (context_.profile.damaged_indexes && !stopped_in_order_ && prng_.chance(1, 2)) damage_files();
  if (context_.profile.torn_tail && !stopped_in_order_) append_garbage();
  if (!healed_ && context_.profile.crash_in_recovery && context_.profile.power_cuts() && prng_.chance(1, 2)) {
    context_.count("crashes in recovery");
    node.disk().crash_after_operations(1 + prng_.below(60));
  }
  const uint64_t failed_before = failed_operations(context_.world);
  const Status started = host_.start();
  if (node.crashed()) return;  // on_crash starts it once more
  node.disk().crash_after_operations(0);
  if (!started.ok()) {
    if (started.failure().kind == FailureKind::no_space) {  // the disk is full: room comes back, then it starts
      node.disk().faults().capacity_bytes = uint64_t{1} << 40;
      context_.count("starts refused by a full disk");
      node.crash(io::sim::CrashKind::process);
      return;
    }
    // A fault that was set before hit its start. Without one it is the content of a file (log starts that cannot be
    // read take their directory offline), and every later start would fail as this one.
    if (started.failure().kind == FailureKind::io && failed_operations(context_.world) > failed_before) {
      context_.count("starts that met a failing disk");
      node.crash(io::sim::CrashKind::process);
      return;
    }
    if (!context_.profile.durable()) {
      context_.count("starts refused after lies");
      given_up_ = true;
      return;
    }
    context_.shadow.violate("the broker did not start: " + started.failure().message);
    return;
  }
  stopped_in_order_ = false;
  context_.count("recoveries");
}

/// Flips bits in index, snapshot and checkpoint files, which all can be built again.
void FaultDriver::damage_files() {
  io::sim::Node& node = host_.node();
  io::Disk& disk = node.disk();
  const auto folders = disk.list(host_.data_folder());
  if (!folders.ok()) return;
  std::vector<std::string> files;
  for (const io::DirectoryEntry& folder : *folders) {
    if (!folder.is_directory || folder.name.starts_with("__cluster_metadata")) continue;
    const std::string path = host_.data_folder() + "/" + folder.name;
    const auto entries = disk.list(path);
    if (!entries.ok()) continue;
    for (const io::DirectoryEntry& entry : *entries) {
      const bool rebuildable = ends_with(entry.name, ".index") || ends_with(entry.name, ".timeindex");
      if (rebuildable && entry.size > 0) files.push_back(path + "/" + entry.name);
    }
  }
  for (int64_t count = prng_.between(1, 4); count > 0 && !files.empty(); --count) {
    const std::string& path = files[prng_.below(files.size())];
    const uint64_t size = disk.stat(path).value_or({}).size;
    if (size == 0) continue;
    const uint64_t offset = prng_.below(size);
    if (node.disk().damage(path, offset, std::min<uint64_t>(size - offset, 1 + prng_.below(64))).ok()) {
      context_.count("index files damaged");
    }
  }
}

/// Garbage behind the last batch of a partition, as a torn write leaves it: at the end of its last segment, under
/// whatever name a crash in recovery left that (names_anew.h). What lies before it was ended in order.
void FaultDriver::append_garbage() {
  io::Disk& disk = host_.node().disk();
  const PartitionName& name = context_.partitions[prng_.below(context_.partitions.size())];
  std::string folder = fmt::format("{}/{}-{}", host_.data_folder(), name.topic, name.index);
  if (context_.offsets_partitions > 0 && prng_.chance(1, 2)) {
    folder = fmt::format("{}/__consumer_offsets-{}", host_.data_folder(), prng_.below(context_.offsets_partitions));
  }
  const auto entries = disk.list(folder);
  if (!entries.ok()) return;
  std::string last;
  uint64_t size = 0;
  for (const io::DirectoryEntry& entry : *entries) {
    if (ends_with(entry.name, ".log") || ends_with(entry.name, ".log~")) last = entry.name, size = entry.size;
  }
  if (last.empty()) return;
  auto file = disk.open(folder + "/" + last, io::OpenMode::write);
  if (!file.ok()) return;
  std::vector<std::byte> garbage(static_cast<size_t>(prng_.between(1, 600)));
  const bool zeros = prng_.chance(1, 3);
  for (std::byte& byte : garbage) byte = zeros ? std::byte{0} : static_cast<std::byte>(prng_.next());
  const std::span<const std::byte> piece(garbage);
  if (disk.write(**file, size, std::span(&piece, 1)).ok() && disk.sync_now(**file).ok()) context_.count("torn tails");
}

void FaultDriver::fill_disk() {
  io::sim::SimDisk& disk = host_.node().disk();
  disk.faults().capacity_bytes = disk.used_bytes() + prng_.below(20'000);
  context_.count("disk filled");
  context_.world.after(milliseconds(prng_.between(20, 600)),
                       [&disk] { disk.faults().capacity_bytes = uint64_t{1} << 40; });
}

void FaultDriver::next_fault() {
  if (healed_) return;
  const Profile& profile = context_.profile;
  io::sim::World& world = context_.world;
  io::sim::Node& broker = host_.node();
  switch (prng_.below(5)) {
    case 0:
      if (profile.full_disk) fill_disk();
      break;
    case 1:
      if (profile.failing_sync && prng_.chance(1, 8)) {
        broker.disk().fail_sync_in(1 + prng_.below(5));
        context_.count("syncs set to fail");
      }
      break;
    case 2:
      if (profile.failing_write && prng_.chance(1, 8)) {
        broker.disk().fail_write_in(1 + prng_.below(20));
        context_.count("writes set to fail");
      }
      break;
    case 3:
      if (profile.partitions_of_network) {
        std::string client = fmt::format("producer-{}", prng_.below(profile.producers));
        if (!context_.member_nodes.empty() && prng_.chance(2, 3)) {
          client = context_.member_nodes[prng_.below(context_.member_nodes.size())];
        }
        if (prng_.chance(1, 2)) {
          world.partition(client, broker_name);
        } else if (prng_.chance(1, 2)) {
          world.partition_one_way(client, broker_name);
        } else {
          world.partition_one_way(broker_name, client);
        }
        context_.count("network partitions");
        world.after(milliseconds(prng_.between(10, 3'000)), [&world, client] { world.heal(client, broker_name); });
      }
      break;
    default:
      if (profile.stalls && !broker.crashed()) {
        broker.stall(milliseconds(prng_.between(1, 1'500)));
        context_.count("stalls of the broker");
      }
      break;
  }
  world.after(milliseconds(prng_.between(10, 500)), [this] { next_fault(); });
}

void FaultDriver::heal() {
  healed_ = true;
  io::sim::SimDisk& disk = host_.node().disk();
  const uint32_t uncached = disk.faults().uncached_ppm;
  disk.faults() = io::sim::DiskFaults{};
  disk.faults().uncached_ppm = uncached;
  disk.crash_after_operations(0);
  disk.fail_sync_in(0);
  disk.fail_write_in(0);
  context_.world.network_faults() = io::sim::NetworkFaults{};
  context_.world.heal_all();
}

}  // namespace moldau::sim
