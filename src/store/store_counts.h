// What syncs and journals of a shard's logs did, for metrics. Part of store.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/histogram.h"

namespace moldau::store {

/// What the syncs of logs did, for metrics.
struct SyncCounts {
  Histogram durations;           ///< of single syncs, from the turn that asked to the turn that heard
  uint64_t failed = 0;           ///< each took its directory offline
  uint64_t unflushed_bytes = 0;  ///< written, and not yet on stable storage

  /// With those of another shard.
  void add(const SyncCounts& other) {
    durations.add(other.durations);
    failed += other.failed;
    unflushed_bytes += other.unflushed_bytes;
  }
};

/// What the journals did, for metrics; over all log directories.
struct JournalStats {
  uint64_t rounds = 0;   ///< each one write and one sync
  uint64_t entries = 0;  ///< logs in them
  uint64_t payload_bytes = 0;
  uint64_t written_bytes = 0;  ///< payloads with heads and the zeros up to the next block
  uint64_t refused = 0;        ///< asked for when there was no room: logs synced themselves
  uint64_t settled_files = 0;  ///< files of the journal whose segments were synced
  size_t settling = 0;         ///< those under way
  size_t files = 0;
  uint64_t unsettled_bytes = 0;   ///< what a start would have to replay
  uint64_t replayed_rounds = 0;   ///< at this start
  uint64_t replayed_batches = 0;  ///< that were missing in segments
  uint64_t replayed_bytes = 0;
  uint64_t replay_missing = 0;  ///< partitions without a folder

  /// With those of another shard.
  void add(const JournalStats& other) {
    rounds += other.rounds;
    entries += other.entries;
    payload_bytes += other.payload_bytes;
    written_bytes += other.written_bytes;
    refused += other.refused;
    settled_files += other.settled_files;
    settling += other.settling;
    files += other.files;
    unsettled_bytes += other.unsettled_bytes;
    replayed_rounds += other.replayed_rounds;
    replayed_batches += other.replayed_batches;
    replayed_bytes += other.replayed_bytes;
    replay_missing += other.replay_missing;
  }
};

}  // namespace moldau::store
