// Run: one seed from start to end: a broker, its clients, the faults of the profile, then healing, the audit and a
// verdict.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/profile.h"

namespace moldau::sim {

struct RunOptions {
  std::string mutant;  ///< a planted bug, by name; empty: none
  Scenario scenario = Scenario::walking;
  size_t shards = 1;   ///< of the broker
  bool trace = false;  ///< print every event of the world
};

struct Verdict {
  uint64_t seed = 0;
  std::string violation;  ///< empty: all held
  uint64_t trace_hash = 0;
  /// Whether it did enough to count: clients, partitions, acknowledged operations, a crash with recovery, other faults.
  bool counts = false;
  std::map<std::string, uint64_t> counters;  ///< faults, recovery paths, error codes, work done
};

Verdict run_seed(uint64_t seed, const RunOptions& options);

}  // namespace moldau::sim
