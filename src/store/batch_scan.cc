#include "store/batch_scan.h"

#include <algorithm>
#include <cstring>

#include "base/crc32c.h"
#include "base/endian.h"

namespace moldau::store {
namespace {

constexpr size_t crc_position = 17;
constexpr size_t crc_covers_from = 21;
constexpr size_t magic_position = 16;
constexpr std::byte magic_2{2};
/// What a device fails to read, it fails to read in blocks.
constexpr size_t block_bytes = 4096;
/// Stands where nothing could be read; not zeros, for a batch may hold zeros.
constexpr int unreadable_filler = 0xDB;

/// What a v2 header says of its batch, unverified; nothing when its fields contradict themselves.
std::optional<log::ScannedBatch> claims(std::span<const std::byte> header, uint64_t position) {
  const auto size = wire::batch_size(header);
  const auto base = load_big_endian<int64_t>(header.data());
  const auto delta = load_big_endian<int32_t>(header.data() + 23);
  if (!size || *size < wire::batch_header_bytes || base < 0 || delta < 0 || base > INT64_MAX - delta)
    return std::nullopt;
  return log::ScannedBatch{position,
                           *size,
                           base,
                           base + delta,
                           load_big_endian<int64_t>(header.data() + 35),
                           load_big_endian<int32_t>(header.data() + 12)};
}

}  // namespace

log::ScannedBatch scanned(const wire::BatchView& batch, uint64_t position) {
  return {
      position, batch.size(), batch.base_offset(), batch.last_offset(), batch.max_timestamp(), batch.leader_epoch()};
}

BatchScan::BatchScan(io::Disk& disk, io::File& file, uint64_t from, uint64_t end, bool verify)
    : disk_(disk), file_(file), end_(end), verify_(verify), position_(from), next_position_(from) {}

void BatchScan::seek(uint64_t position) {
  position_ = position;
  next_position_ = position;
  batch_.reset();
  fault_ = wire::BatchFault::none;
}

std::span<const std::byte> BatchScan::at(uint64_t position, size_t size) const {
  return std::span(buffer_).subspan(static_cast<size_t>(position - buffer_at_), size);
}

Result<size_t> BatchScan::read_at(uint64_t position, std::span<std::byte> into) {
  Result<size_t> whole = disk_.read(file_, position, into);
  if (whole.ok() || !tolerant_ || whole.failure().kind != FailureKind::io) return whole;
  size_t done = 0;
  while (done < into.size()) {
    const size_t to_boundary = block_bytes - static_cast<size_t>((position + done) % block_bytes);
    const auto piece = into.subspan(done, std::min(to_boundary, into.size() - done));
    const Result<size_t> got = disk_.read(file_, position + done, piece);
    if (!got.ok()) {
      std::memset(piece.data(), unreadable_filler, piece.size());
      ++unreadable_blocks_;
    } else if (*got < piece.size()) {
      return done + *got;
    }
    done += piece.size();
  }
  return done;
}

Result<bool> BatchScan::load(uint64_t position, size_t size) {
  if (position > end_ || size > end_ - position) return false;
  if (position >= buffer_at_ && position + size <= buffer_at_ + buffer_size_) return true;
  const size_t wanted = static_cast<size_t>(std::min<uint64_t>(std::max(size, scan_buffer_bytes), end_ - position));
  if (in_memory_ && !disk_.is_cached(file_, position, wanted)) {
    cold_ = Range{position, wanted};
    return Failure{FailureKind::unavailable, "not in memory"};
  }
  if (buffer_.size() < wanted) buffer_.resize(wanted);
  ASSIGN_OR_RETURN(const size_t got, read_at(position, std::span(buffer_).first(wanted)));
  buffer_at_ = position;
  buffer_size_ = got;
  return got >= size;
}

Result<bool> BatchScan::checksum_holds(uint64_t position, uint64_t size) {
  std::vector<std::byte> chunk(scan_buffer_bytes);
  uint32_t stated = 0;
  uint32_t computed = 0;
  for (uint64_t done = 0; done < size;) {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(chunk.size(), size - done));
    ASSIGN_OR_RETURN(const size_t got, read_at(position + done, std::span(chunk).first(wanted)));
    if (got < wanted) return false;
    if (done == 0) stated = load_big_endian<uint32_t>(chunk.data() + crc_position);
    const size_t skip = done == 0 ? crc_covers_from : 0;
    computed = crc32c(std::span<const std::byte>(chunk).subspan(skip, got - skip), computed);
    done += got;
  }
  return stated == computed;
}

Result<wire::BatchFault> BatchScan::examine(uint64_t position) {
  ASSIGN_OR_RETURN(const bool has_header, load(position, wire::batch_header_bytes));
  if (!has_header) return wire::BatchFault::incomplete;
  const auto size = wire::batch_size(at(position, wire::batch_header_bytes));
  if (!size) return size.error();
  if (*size > end_ - position) return wire::BatchFault::incomplete;
  // Magic 0 and 1 are smaller than a v2 header; parse() below says what they are.
  if (*size > scan_trusted_bytes_max && verify_) {
    ASSIGN_OR_RETURN(const bool sound, checksum_holds(position, *size));
    if (!sound) return wire::BatchFault::bad_crc;
  }
  ASSIGN_OR_RETURN(const bool loaded, load(position, *size));
  if (!loaded) return wire::BatchFault::incomplete;
  const auto batch =
      verify_ ? wire::BatchView::parse_checked(at(position, *size)) : wire::BatchView::parse(at(position, *size));
  if (!batch) return batch.error();
  if (batch->base_offset() < 0 || batch->last_offset_delta() < 0) return wire::BatchFault::bad_length;
  batch_ = *batch;
  return wire::BatchFault::none;
}

Result<BatchScan::Step> BatchScan::next() {
  position_ = next_position_;
  batch_.reset();
  if (position_ >= end_) return Step::end;
  ASSIGN_OR_RETURN(fault_, examine(position_));
  if (fault_ != wire::BatchFault::none) return Step::fault;
  next_position_ = position_ + batch_->size();
  return Step::batch;
}

Result<std::optional<log::ScannedBatch>> BatchScan::search(const std::function<bool(const log::ScannedBatch&)>& fits) {
  // Only the magic is looked for, by memchr, which passes zeros quickly. Bytes made to look like many large batches
  // cost at most a few checksums of the whole range.
  uint64_t effort = 4 * (end_ - position_);
  for (uint64_t from = position_ + 1; from + wire::batch_header_bytes <= end_;) {
    ASSIGN_OR_RETURN(const bool loaded, load(from, wire::batch_header_bytes));
    if (!loaded) break;
    const auto available = static_cast<size_t>(buffer_at_ + buffer_size_ - from);
    const auto window = at(from, available);
    const void* hit =
        std::memchr(window.data() + magic_position, static_cast<int>(magic_2), available - magic_position);
    if (hit == nullptr) {
      from += available - magic_position;
      continue;
    }
    const auto distance = static_cast<size_t>(static_cast<const std::byte*>(hit) - window.data()) - magic_position;
    from += distance;
    ASSIGN_OR_RETURN(const bool has_header, load(from, wire::batch_header_bytes));
    if (!has_header) break;
    // The header's own claims are checked before its checksum: few of the bytes that look like one get further.
    const auto claimed = claims(at(from, wire::batch_header_bytes), from);
    if (claimed && claimed->size <= end_ - from && fits(*claimed) && claimed->size <= effort) {
      effort -= claimed->size;
      ASSIGN_OR_RETURN(const wire::BatchFault fault, examine(from));
      batch_.reset();
      if (fault == wire::BatchFault::none) return claimed;
    }
    ++from;
  }
  return std::optional<log::ScannedBatch>();
}

}  // namespace moldau::store
