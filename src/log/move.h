// Moving a log to another log directory: what is to be copied next, how far the copy has come, and which of two folders
// of one partition is the right one. Pure; called by store/mover and store/store_moves. docs/design/moves.md
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "base/ids.h"
#include "log/segment_name.h"
#include "wire/batch.h"

namespace moldau::log {

/// One segment of the log that is moved, as it is written now.
struct MoveSegment {
  Offset base = 0;
  uint64_t log_bytes = 0;
  uint64_t offset_index_bytes = 0;
  uint64_t time_index_bytes = 0;
  uint32_t index_version = 0;  ///< grows when its indexes are made anew

  bool operator==(const MoveSegment&) const = default;
};

/// Bytes of one file to be copied: [from, to). `fresh`: what the copy has of it counts for nothing and is cut away.
struct MoveStep {
  Offset base = 0;
  FileKind kind = FileKind::log;
  uint64_t from = 0;
  uint64_t to = 0;
  bool fresh = false;

  bool operator==(const MoveStep&) const = default;
};

/// What is copied of a log whose files only grow, but for indexes that are made anew and segments that are dropped.
class MovePlan {
 public:
  /// The next bytes to copy, at most `bytes_max`; nothing when the copy has all that `source` has.
  std::optional<MoveStep> next(std::span<const MoveSegment> source, uint64_t bytes_max) const;
  /// `step` was copied; of the segment at `base` as it was when the step was planned.
  void took(const MoveStep& step, uint32_t index_version);
  /// Bytes of log and indexes that are still to be copied.
  uint64_t lag(std::span<const MoveSegment> source) const;
  /// Bytes of batches that the copy has.
  uint64_t log_bytes() const;
  /// Forgets what `source` does not have any more.
  void drop_gone(std::span<const MoveSegment> source);
  /// The log was cut: all is to be copied again.
  void begin_again() { copied_.clear(); }

 private:
  struct Copied {
    std::array<uint64_t, 3> bytes{};  // log, offset index, time index
    std::array<bool, 3> begun{};
    uint32_t index_version = 0;
  };
  std::map<Offset, Copied> copied_;
};

/// Finds the end of the last whole batch in bytes that pass by, in order.
class BatchTracker {
 public:
  /// A segment begins.
  void begin(Offset base);
  /// The next bytes of it, which begin at `position`. Bytes that are no batch end the tracking of this segment.
  void feed(uint64_t position, std::span<const std::byte> bytes);
  /// The offset behind the last whole batch.
  Offset end() const { return end_; }

 private:
  uint64_t batch_at_ = 0;
  std::array<std::byte, wire::batch_header_bytes> header_{};
  size_t header_bytes_ = 0;
  bool lost_ = false;
  Offset end_ = 0;
};

/// One of two folders of the same partition, recovered.
struct LogCopy {
  Epoch latest_epoch = no_epoch;
  Offset end = 0;
  bool named = false;  ///< the metadata names its directory
};

/// True when `second` is to be served and `first` set aside. The one that was written last goes further; where both
/// hold the same, a move was cut short between its renames, and the metadata knows where it went.
bool second_is_newer(const LogCopy& first, const LogCopy& second);

}  // namespace moldau::log
