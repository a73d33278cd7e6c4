// Profile: what one seed does: how many clients, which faults, how the broker is configured. Swarm testing: each class
// of faults is on or off by the seed, then has a random rate, so that seeds differ in kind and not only in luck.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "io/sim/faults.h"

namespace moldau::sim {

/// What a seed is about: `walking` produces and reads; `groups` has consumer groups besides.
enum class Scenario : uint8_t { walking, groups };

enum class GroupKind : uint8_t { eager, cooperative, consumer, mixed };
const char* name_of(GroupKind kind);

/// One consumer group of a seed.
struct GroupPlan {
  std::string name;
  GroupKind kind = GroupKind::eager;
  uint32_t members = 3;
  uint32_t static_members = 0;   ///< the first so many
  uint32_t classic_members = 0;  ///< of a mixed group: the last so many
  bool cooperative = false;      ///< what the classic members of a mixed group are
  bool regex = false;
  std::string regex_text;
  std::string assignor;  ///< empty: the broker's default
  std::vector<std::string> topics;
  Duration session;
  Duration rebalance;
  Duration heartbeat;
};

struct Profile {
  uint64_t seed = 0;

  uint32_t producers = 6;
  uint32_t readers = 3;  ///< with one administrator and one hostile client: at least 8 clients
  uint32_t topics = 2;
  uint32_t partitions_per_topic = 9;  ///< at least 16 partitions in all
  uint32_t operations = 2200;         ///< acknowledged produces and answered reads before the end
  uint32_t records_per_batch_max = 6;
  int16_t acks = -1;
  int32_t segment_bytes = 1 << 20;  ///< internal.segment.bytes of the topics: rolls come often

  bool write_caching = false;  ///< page-cache mode; crashes are then kill -9 only, for a power cut may take data
  bool lying_disk = false;     ///< syncs lie: only that nothing wrong is served is checked
  bool full_disk = false;
  bool failing_sync = false;
  bool failing_write = false;
  bool partitions_of_network = false;
  bool stalls = false;
  bool damaged_indexes = false;  ///< index and checkpoint files are damaged while the broker is down
  bool torn_tail = false;        ///< garbage is appended to a segment while the broker is down
  bool clean_stops = false;
  uint32_t crashes = 1;
  bool crash_in_operation = false;  ///< the crash comes in the midst of a disk operation
  bool crash_in_recovery = false;   ///< another crash comes while it starts again

  std::vector<GroupPlan> groups;      ///< none in the walking scenario
  Duration pause_max;                 ///< between the requests of producers and readers; 0: they do not rest
  uint32_t offsets_partitions = 0;    ///< of __consumer_offsets
  int32_t offsets_segment_bytes = 0;  ///< 0: it is made as the broker makes it; else rolled and compacted often
  double offsets_cleanable_ratio = 0.5;
  int64_t offsets_delete_retention_ms = 0;
  uint64_t rebalances = 0;  ///< at least so many before the end
  uint64_t commits = 0;

  uint64_t buffer_bytes_max = uint64_t{1} << 30;  ///< X1: the broker's buffers, beyond which it reads no more

  io::sim::DiskFaults disk;
  io::sim::NetworkFaults network;
  std::vector<std::string> settings;  ///< key=value for the broker

  /// Acknowledged records must survive whatever this seed does.
  bool durable() const { return !lying_disk; }
  /// acks=1 and the page-cache mode promise nothing against a power cut: such seeds die by kill -9 only.
  bool power_cuts() const { return lying_disk || (!write_caching && acks == -1); }
};

/// The fault classes that are on, for people.
std::string describe(const Profile& profile);

/// The profile of a seed.
Profile draw_profile(uint64_t seed, Scenario scenario);

}  // namespace moldau::sim
