// SpaceAhead: how much room to reserve beyond the end of a segment file, growing with the rate at which the log grows:
// none for a log that was hardly written to, then doubling up to 32 MiB. So thousands of idle partitions reserve
// nothing, and busy ones extend their files in large steps (measured: 3.9 GB/s with 32 MiB steps, 0.84 GB/s with 64 KiB
// ones). Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace moldau::log {

inline constexpr uint64_t space_ahead_first = 256u
                                              << 10;    ///< bytes a log writes before it reserves, and its first step
inline constexpr uint64_t space_ahead_max = 32u << 20;  ///< the largest step

class SpaceAhead {
 public:
  struct Range {
    uint64_t offset = 0;
    uint64_t size = 0;
  };

  /// A write of `bytes` ends at `end` of the file: returns the range to reserve now, if any, of at most `budget` bytes
  /// and never beyond `file_bytes_max` (the segment's size limit).
  std::optional<Range> written(uint64_t end, uint64_t bytes, uint64_t file_bytes_max, uint64_t budget) {
    written_ += bytes;
    if (written_ < space_ahead_first) return std::nullopt;
    const uint64_t reserved_to = std::max(reserved_to_, end);
    // Reserve again when less than a quarter of the last step is left.
    if (reserved_to - end > step_ / 4) return std::nullopt;
    const uint64_t step = step_ == 0 ? space_ahead_first : std::min(step_ * 2, space_ahead_max);
    if (end >= file_bytes_max || step > budget) return std::nullopt;
    const uint64_t size = std::min(step, file_bytes_max - end);
    step_ = step;
    reserved_to_ = end + size;
    return Range{end, size};
  }
  /// Bytes reserved beyond `end`: what counts against the node's budget.
  uint64_t reserved_beyond(uint64_t end) const { return reserved_to_ > end ? reserved_to_ - end : 0; }
  /// The file was trimmed or rolled: nothing is reserved; the step stays, as the rate does.
  void trimmed() { reserved_to_ = 0; }
  /// The reservation failed or is not supported: forget it and begin small again.
  void refused() {
    reserved_to_ = 0;
    step_ = 0;
    written_ = 0;
  }

 private:
  uint64_t written_ = 0;
  uint64_t step_ = 0;
  uint64_t reserved_to_ = 0;
};

}  // namespace moldau::log
