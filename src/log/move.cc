#include "log/move.h"

#include <algorithm>
#include <utility>

#include "base/endian.h"

namespace moldau::log {
namespace {

constexpr std::array kinds = {FileKind::log, FileKind::offset_index, FileKind::time_index};

std::array<uint64_t, 3> sizes_of(const MoveSegment& segment) {
  return {segment.log_bytes, segment.offset_index_bytes, segment.time_index_bytes};
}

constexpr size_t last_offset_delta_at = 23;

}  // namespace

std::optional<MoveStep> MovePlan::next(std::span<const MoveSegment> source, uint64_t bytes_max) const {
  for (const MoveSegment& segment : source) {
    const auto found = copied_.find(segment.base);
    const Copied copied = found == copied_.end() ? Copied{} : found->second;
    const std::array<uint64_t, 3> sizes = sizes_of(segment);
    for (size_t i = 0; i < kinds.size(); ++i) {
      const bool outdated = kinds[i] != FileKind::log && copied.index_version != segment.index_version;
      const bool fresh = !copied.begun[i] || outdated || copied.bytes[i] > sizes[i];
      const uint64_t from = fresh ? 0 : copied.bytes[i];
      // An empty file is made too: a segment whose index is missing would be scanned.
      if (fresh || from < sizes[i]) {
        return MoveStep{segment.base, kinds[i], from, std::min(sizes[i], from + std::max<uint64_t>(bytes_max, 1)),
                        fresh};
      }
    }
  }
  return std::nullopt;
}

void MovePlan::took(const MoveStep& step, uint32_t index_version) {
  Copied& copied = copied_[step.base];
  const auto i = static_cast<size_t>(std::find(kinds.begin(), kinds.end(), step.kind) - kinds.begin());
  if (step.kind != FileKind::log && copied.index_version != index_version) {
    // The other index is of the version before.
    copied.begun[1] = copied.begun[2] = false;
    copied.bytes[1] = copied.bytes[2] = 0;
    copied.index_version = index_version;
  }
  copied.bytes[i] = step.to;
  copied.begun[i] = true;
}

uint64_t MovePlan::lag(std::span<const MoveSegment> source) const {
  uint64_t lag = 0;
  for (const MoveSegment& segment : source) {
    const auto found = copied_.find(segment.base);
    const Copied copied = found == copied_.end() ? Copied{} : found->second;
    const std::array<uint64_t, 3> sizes = sizes_of(segment);
    for (size_t i = 0; i < kinds.size(); ++i) {
      const bool outdated = kinds[i] != FileKind::log && copied.index_version != segment.index_version;
      lag += sizes[i] - (outdated || copied.bytes[i] > sizes[i] ? 0 : copied.bytes[i]);
    }
  }
  return lag;
}

uint64_t MovePlan::log_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [base, copied] : copied_) bytes += copied.bytes[0];
  return bytes;
}

void MovePlan::drop_gone(std::span<const MoveSegment> source) {
  std::erase_if(copied_, [&](const auto& entry) {
    const auto at = std::lower_bound(source.begin(), source.end(), entry.first,
                                     [](const MoveSegment& segment, Offset base) { return segment.base < base; });
    return at == source.end() || at->base != entry.first;
  });
}

void BatchTracker::begin(Offset base) {
  batch_at_ = 0;
  header_bytes_ = 0;
  lost_ = false;
  end_ = std::max(end_, base);
}

void BatchTracker::feed(uint64_t position, std::span<const std::byte> bytes) {
  const uint64_t feed_end = position + bytes.size();
  while (!lost_ && batch_at_ < feed_end) {
    if (header_bytes_ < header_.size()) {
      const uint64_t want = batch_at_ + header_bytes_;
      if (want < position) {
        lost_ = true;  // bytes were left out
        return;
      }
      const auto from = static_cast<size_t>(want - position);
      const size_t count = std::min(header_.size() - header_bytes_, bytes.size() - std::min(from, bytes.size()));
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), count,
                  header_.begin() + static_cast<std::ptrdiff_t>(header_bytes_));
      header_bytes_ += count;
      if (header_bytes_ < header_.size()) return;
    }
    const auto size = wire::batch_size(header_);
    const auto base = load_big_endian<int64_t>(header_.data());
    const auto delta = load_big_endian<int32_t>(header_.data() + last_offset_delta_at);
    if (!size || *size < wire::batch_header_bytes || base < 0 || delta < 0 || base > INT64_MAX - delta - 1) {
      lost_ = true;
      return;
    }
    if (batch_at_ + *size > feed_end) return;
    end_ = std::max(end_, base + delta + 1);
    batch_at_ += *size;
    header_bytes_ = 0;
  }
}

bool second_is_newer(const LogCopy& first, const LogCopy& second) {
  const std::pair one(first.latest_epoch, first.end);
  const std::pair two(second.latest_epoch, second.end);
  if (one != two) return one < two;
  return second.named && !first.named;
}

}  // namespace moldau::log
