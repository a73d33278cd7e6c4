// BatchScan: walks the batches of a segment file from a position on, checking each whole: header, length, checksum. For
// recovery, rebuilding of indexes and producer state, lookups by time, truncation: everything that may wait for the
// disk. Reads go through one buffer; a batch larger than it is checked by streaming before it is taken into memory, so
// a length that lies costs reads, not memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "log/recovery.h"
#include "wire/batch.h"

namespace moldau::store {

/// What one read takes: small enough to stay in the inner caches, with its pages within reach of the translation
/// caches, from the copy to the last look at it. 1 MiB is a tenth slower.
inline constexpr size_t scan_buffer_bytes = 128 << 10;
/// Batches up to this size are read whole before their checksum is known.
inline constexpr size_t scan_trusted_bytes_max = 8 << 20;

class BatchScan {
 public:
  enum class Step : unsigned char {
    batch,  ///< batch() and position() tell of it
    end,    ///< the end of the range, at a batch's end
    fault,  ///< the bytes at position() are no whole, sound batch: fault() says why
  };

  /// Scans [from, end) of `file`. `verify`: compute checksums (off only for planted bugs and known-good ranges).
  BatchScan(io::Disk& disk, io::File& file, uint64_t from, uint64_t end, bool verify = true);

  /// Moves to the next batch; after a fault it stays there until seek().
  Result<Step> next();
  /// From now on bytes that are not in memory are not waited for: next() fails, and cold() says what to bring in.
  void stay_in_memory() { in_memory_ = true; }
  /// From now on blocks that cannot be read (EIO) count as garbage, where else next() fails: what they held is damage.
  void pass_over_unreadable() { tolerant_ = true; }
  uint64_t unreadable_blocks() const { return unreadable_blocks_; }
  struct Range {
    uint64_t position = 0;
    uint64_t size = 0;
  };
  const std::optional<Range>& cold() const { return cold_; }
  /// Valid until the next call.
  const wire::BatchView& batch() const { return *batch_; }
  /// Where the current batch (or fault) starts.
  uint64_t position() const { return position_; }
  wire::BatchFault fault() const { return fault_; }
  /// Where the range ends.
  uint64_t end() const { return end_; }
  /// Goes on at `position`.
  void seek(uint64_t position);

  /// Searches behind position() for the first sound batch for which `fits` holds. Leaves position() alone.
  Result<std::optional<log::ScannedBatch>> search(const std::function<bool(const log::ScannedBatch&)>& fits);

 private:
  Result<size_t> read_at(uint64_t position, std::span<std::byte> into);
  /// Makes [position, position + size) of the file available in the buffer; false when the range ends before.
  Result<bool> load(uint64_t position, size_t size);
  std::span<const std::byte> at(uint64_t position, size_t size) const;
  /// Checks the batch at `position`: nothing when it is sound, else why not.
  Result<wire::BatchFault> examine(uint64_t position);
  Result<bool> checksum_holds(uint64_t position, uint64_t size);

  io::Disk& disk_;
  io::File& file_;
  uint64_t end_;
  bool verify_;
  bool in_memory_ = false;
  bool tolerant_ = false;
  uint64_t unreadable_blocks_ = 0;
  std::optional<Range> cold_;
  uint64_t position_;
  uint64_t next_position_;
  std::vector<std::byte> buffer_;
  uint64_t buffer_at_ = 0;
  size_t buffer_size_ = 0;
  std::optional<wire::BatchView> batch_;
  wire::BatchFault fault_ = wire::BatchFault::none;
};

/// The facts of a batch at a position, for recovery's rules.
log::ScannedBatch scanned(const wire::BatchView& batch, uint64_t position);

}  // namespace moldau::store
