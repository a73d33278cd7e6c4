// Snapshots of the metadata log (`*.checkpoint`, KIP-630) and the batches of the log itself, as bytes: a snapshot is a
// control batch (header, and with kraft.version 1 the quorum's version and voters), data batches with offsets that go
// on from there, and a control batch with the footer. bootstrap.checkpoint has the same form. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "metadata/records.h"
#include "raft/control.h"
#include "raft/types.h"

namespace moldau::metadata {

/// Most bytes of records in one batch of the metadata log (internal.metadata.max.batch.size.in.bytes).
inline constexpr size_t metadata_batch_bytes_max = 8 << 20;
/// A snapshot file longer than this is refused.
inline constexpr uint64_t snapshot_bytes_max = uint64_t{1} << 30;

/// What the control records of a log or snapshot say about its quorum.
struct QuorumRecords {
  std::optional<int16_t> kraft_version;
  std::optional<raft::VoterSet> voters;
};

/// One batch of the metadata log: header fields, and its records handed to whoever reads it.
struct LogBatch {
  Offset base_offset = no_offset;
  Offset last_offset = no_offset;
  Epoch epoch = 0;
  WallMillis timestamp = 0;  ///< the largest of its records
  bool control = false;
};

/// Reads all batches of `bytes` (of a log or snapshot), checksums checked. For data batches `on_record(value, offset)`
/// is called for each record; control batches go into `quorum`; after each batch `on_batch(batch)`. Stops at the first
/// failure, of its own (corrupt) or of a callback. A cut last batch is a failure.
Status read_batches(std::span<const std::byte> bytes, QuorumRecords& quorum,
                    const std::function<Status(std::span<const std::byte> value, Offset offset)>& on_record,
                    const std::function<Status(const LogBatch& batch)>& on_batch);

/// A batch of data records (values only), ready to be appended.
std::vector<std::byte> data_batch(std::span<const EncodedRecord> records, Offset base_offset, Epoch epoch,
                                  WallMillis timestamp);
/// A batch of control records.
std::vector<std::byte> control_batch(std::span<const raft::ControlRecord> records, Offset base_offset, Epoch epoch,
                                     WallMillis timestamp);

struct SnapshotHead {
  raft::SnapshotId id;
  WallMillis last_contained_log_timestamp = 0;
  /// Set with kraft.version 1 and up.
  std::optional<raft::VoterSet> voters;
  int16_t kraft_version = 0;
};

/// A whole snapshot file.
std::vector<std::byte> write_snapshot(const SnapshotHead& head, std::span<const EncodedRecord> records, WallMillis now);

struct SnapshotContents {
  WallMillis last_contained_log_timestamp = 0;
  QuorumRecords quorum;
  std::vector<EncodedRecord> records;
};

/// Reads a whole snapshot file: header first, footer last, nothing damaged; else `corrupt`.
Result<SnapshotContents> read_snapshot(std::span<const std::byte> bytes);

}  // namespace moldau::metadata
