// PartitionLog, reading: from memory near the end, else as a slice of a segment file that is found through the offset
// index and a walk over a few batch headers.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/endian.h"
#include "base/trace.h"
#include "log/doubt.h"
#include "store/partition_log.h"

namespace moldau::store {
namespace {

/// Bytes read at once while walking over headers: at the default index interval one read finds the batch.
constexpr size_t walk_bytes = 8192;
/// A range that is found cold so often in a row, though it was brought in each time, is read to see whether it can be.
constexpr int cold_times_max = 4;
/// With more blocks of a segment unreadable, the disk is failing: its directory goes offline.
constexpr uint64_t unreadable_blocks_max = 64;
/// Pieces of one read from memory.
constexpr size_t pieces_max = 1024;

/// What a header walk needs of a batch.
struct Header {
  Offset base = 0;
  Offset last = 0;
  uint64_t size = 0;
};

/// Nothing when the bytes cannot be a v2 batch header.
std::optional<Header> parse_header(std::span<const std::byte> bytes) {
  ASSERT(bytes.size() >= wire::batch_header_bytes);
  const auto size = wire::batch_size(bytes);
  const auto base = load_big_endian<int64_t>(bytes.data());
  const auto delta = load_big_endian<int32_t>(bytes.data() + 23);
  if (!size || *size < wire::batch_header_bytes || static_cast<int8_t>(bytes[16]) != 2) return std::nullopt;
  if (base < 0 || delta < 0 || base > INT64_MAX - delta - 1) return std::nullopt;
  return Header{base, base + delta, *size};
}

}  // namespace

ReadResult PartitionLog::read(Offset from, Offset up_to, uint64_t bytes_max, bool at_least_one, ReadError& error) {
  error = ReadError::none;
  ReadResult result;
  if (offline() || retired_) {
    error = ReadError::offline;
    return result;
  }
  if (from < log_start_ || from > appended_end_) {
    error = ReadError::out_of_range;
    return result;
  }
  up_to = std::min(up_to, appended_end_);
  if (from >= up_to || (bytes_max == 0 && !at_least_one)) return result;
  if (read_tail(from, up_to, bytes_max, at_least_one, result)) return result;

  Reading how;
  Place place;
  Found found = Found::yes;
  if (const auto known = marked(from)) {
    place = *known;
    found = locate_in(place.segment, from, place, how);
  } else {
    found = locate(from, place, how);
  }
  if (found == Found::failed && how.unreadable) {  // at a known place: the way round through the index
    how = {};
    found = locate(from, place, how);
  }
  if (found == Found::yes) {
    result = read_file_part(place, up_to, bytes_max, at_least_one, error);
    how.cold = result.cold;
    if (!how.cold || error != ReadError::none) return result;
    found = Found::cold;
  }
  const bool unreadable = found == Found::damaged && how.unreadable;  // in a segment that was examined before
  if (unreadable || (found == Found::cold && how.cold && cannot_be_read(*how.cold))) {
    return read_around_damage(from, up_to, bytes_max, at_least_one, error);
  }
  switch (found) {
    case Found::yes:
    case Found::past_end:
      return result;
    case Found::cold:
      result.cold = std::move(how.cold);
      return result;
    case Found::damaged:
      error = ReadError::damaged;
      return result;
    case Found::failed:
      (void)fail_directory(*how.failure);
      error = ReadError::offline;
      return result;
  }
  return result;
}

/// True when a range that does not become warm, however often it is brought in, cannot be read at all. Rare, and then
/// it waits for the disk.
bool PartitionLog::cannot_be_read(const io::FileSlice& slice) {
  if (cold_again_.file != slice.file.get() || cold_again_.offset != slice.offset) {
    cold_again_ = {slice.file.get(), slice.offset, 0};
  }
  if (++cold_again_.times < cold_times_max) return false;
  cold_again_.times = 0;
  std::vector<std::byte> bytes(static_cast<size_t>(std::min<uint64_t>(slice.size, scan_buffer_bytes)));
  const Result<size_t> got = disk().read(*slice.file, slice.offset, bytes);
  return !got.ok() && got.failure().kind == FailureKind::io;
}

/// A block of the segment that holds `from` cannot be read: looks where the damage is, once, and reads again.
ReadResult PartitionLog::read_around_damage(Offset from, Offset up_to, uint64_t bytes_max, bool at_least_one,
                                            ReadError& error) {
  const size_t known = holes_.size();
  const Status examined = examine(segment_of(from).value_or(0));
  if (!examined.ok()) {
    (void)fail_directory(examined.failure());
    error = ReadError::offline;
    return {};
  }
  if (holes_.size() > known) return read(from, up_to, bytes_max, at_least_one, error);
  error = ReadError::damaged;
  return {};
}

/// Serves from the newest batches in memory; false when `from` lies before them. Neighbours in one Block become one
/// piece.
bool PartitionLog::read_tail(Offset from, Offset up_to, uint64_t bytes_max, bool at_least_one, ReadResult& result) {
  const auto entries = recent_.entries();
  if (entries.empty() || from < entries.front().base) return false;
  for (size_t i = recent_.find(from); i < entries.size() && result.pieces.size() < pieces_max; ++i) {
    const RecentBatches::Entry& entry = entries[i];
    if (entry.last >= up_to) break;
    const bool first = result.size == 0;
    if (result.size + entry.bytes.size() > bytes_max && !(first && at_least_one)) break;
    Bytes* previous = result.pieces.empty() ? nullptr : std::get_if<Bytes>(&result.pieces.back());
    if (previous != nullptr && previous->block().get() == entry.bytes.block().get() &&
        previous->data() + previous->size() == entry.bytes.data()) {
      *previous = Bytes(previous->block(), {previous->data(), previous->size() + entry.bytes.size()});
    } else {
      result.pieces.emplace_back(entry.bytes);
    }
    result.size += entry.bytes.size();
  }
  return true;
}

/// Reads all of `into` at `at`, a range that lies within the file. False: see `how`.
bool PartitionLog::fetch(const io::FileRef& file, uint64_t at, std::span<std::byte> into, Reading& how) {
  const Result<size_t> got = how.may_wait ? disk().read(*file, at, into) : disk().read_cached(*file, at, into);
  if (!got.ok()) {
    how.failure = got.failure();
    how.unreadable = how.failure->kind == FailureKind::io;
    return false;
  }
  if (*got == into.size()) return true;
  if (!how.may_wait) {
    const Result<uint64_t> size = disk().size(*file);
    if (size.ok() && at + into.size() <= *size) {
      how.cold = io::FileSlice{file, at, into.size()};
      return false;
    }
  }
  how.failure = Failure{FailureKind::io, fmt::format("{} is shorter than it was", file->path())};
  return false;
}

std::optional<size_t> PartitionLog::segment_of(Offset offset) const {
  const auto above = std::upper_bound(segments_.begin(), segments_.end(), offset,
                                      [](Offset wanted, const Segment& segment) { return wanted < segment.base; });
  if (above == segments_.begin()) return std::nullopt;
  return static_cast<size_t>(above - segments_.begin()) - 1;
}

Offset PartitionLog::end_of_segment(size_t index) const {
  return index + 1 < segments_.size() ? segments_[index + 1].base : appended_end_;
}

std::optional<PartitionLog::Place> PartitionLog::marked(Offset offset) const {
  for (const Mark& mark : marks_) {
    if (mark.offset != offset) continue;
    const auto segment = segment_of(mark.segment);
    if (segment && segments_[*segment].base == mark.segment)
      return Place{*segment, mark.position, 0, offset, no_offset};
  }
  return std::nullopt;
}

std::optional<log::OffsetEntry> PartitionLog::search_window(const Segment& segment, Offset offset) const {
  for (const auto& window : core_->windows) {
    if (window->log != this || window->segment != segment.base) continue;
    const auto bytes = std::span<const std::byte>(window->bytes).first(window->count * log::offset_entry_bytes);
    const auto slot = log::floor_by_offset(bytes, segment.base, offset);
    const bool reaches_end =
        window->first_slot + window->count == segment.offset_entries && &segment != &segments_.back();
    if (slot && (*slot + 1 < window->count || reaches_end)) return log::offset_entry_at(bytes, segment.base, *slot);
  }
  return std::nullopt;
}

/// The last index entry at or below `offset`: one pread where it lies within 512 entries (2 MiB of log at the default
/// interval) of one looked up lately or the index is small, else a few of 8 bytes before it.
std::optional<log::OffsetEntry> PartitionLog::floor_entry(Segment& segment, Offset offset, Reading& how) {
  const log::OffsetEntry start{segment.base, 0};
  if (&segment == &active() && !pending_offset_entries_.empty()) {
    const auto slot = log::floor_by_offset(pending_offset_entries_, segment.base, offset);
    if (slot) return log::offset_entry_at(pending_offset_entries_, segment.base, *slot);
  }
  if (segment.offset_entries == 0) return start;
  if (const auto known = search_window(segment, offset)) return known;
  const Status opened = ensure_indexes_open(segment);
  if (!opened.ok()) {
    how.failure = opened.failure();
    return std::nullopt;
  }
  size_t low = 0;  // the entry wanted, if there is one, is in [low, high)
  size_t high = segment.offset_entries;
  while (high - low > index_window_entries) {
    const size_t middle = low + (high - low) / 2;
    std::array<std::byte, log::offset_entry_bytes> bytes;
    if (!fetch(segment.offset_index, middle * log::offset_entry_bytes, bytes, how)) return std::nullopt;
    if (log::offset_entry_at(bytes, segment.base, 0).offset <= offset) {
      low = middle;
    } else {
      high = middle;
    }
  }
  if (core_->windows.size() < index_windows) {
    core_->windows.push_back(std::make_unique<IndexWindow>());
    core_->next_window = core_->windows.size() - 1;
  } else {
    core_->next_window = (core_->next_window + 1) % index_windows;
  }
  IndexWindow& window = *core_->windows[core_->next_window];
  window.log = nullptr;
  const size_t count = std::min<size_t>(index_window_entries, segment.offset_entries - low);
  const auto bytes = std::span(window.bytes).first(count * log::offset_entry_bytes);
  if (!fetch(segment.offset_index, low * log::offset_entry_bytes, bytes, how)) return std::nullopt;
  window.log = this;
  window.segment = segment.base;
  window.first_slot = low;
  window.count = count;
  const auto slot = log::floor_by_offset(bytes, segment.base, offset);
  return slot ? log::offset_entry_at(bytes, segment.base, *slot) : start;
}

PartitionLog::Found PartitionLog::locate(Offset offset, Place& place, Reading& how) {
  auto index = segment_of(offset);
  // Below the first segment: its first batch is the next one there is.
  for (size_t i = index.value_or(0); i < segments_.size(); ++i) {
    Segment& segment = segments_[i];
    const auto entry = floor_entry(segment, offset, how);
    if (!entry && !how.unreadable) return how.failure ? Found::failed : Found::cold;
    Found found = Found::damaged;
    if (entry && (entry->position < segment.size || segment.size == 0)) {
      place = {i, entry->position, 0, 0, entry->position == 0 ? no_offset : entry->offset};
      found = locate_in(i, offset, place, how);
    }
    if (found == Found::failed && how.unreadable) found = Found::damaged;
    if (found == Found::damaged && !segment.examined) {
      // Damage, blocks that cannot be read, or an index that lies: a scan of the segment tells, once.
      how = {.may_wait = how.may_wait};
      const Status examined = examine(i);
      if (!examined.ok()) {
        how.failure = examined.failure();
        return Found::failed;
      }
      --i;
      continue;
    }
    if (found != Found::past_end) return found;
  }
  return Found::past_end;
}

uint64_t PartitionLog::skip_hole(Offset segment, uint64_t position) const {
  for (const Hole& hole : holes_) {
    if (hole.segment == segment && position >= hole.bytes.from && position < hole.bytes.to) return hole.bytes.to;
  }
  return position;
}

/// Walks from place.position to the first batch of segment `index` that ends at or after `offset`.
PartitionLog::Found PartitionLog::locate_in(size_t index, Offset offset, Place& place, Reading& how) {
  Segment& segment = segments_[index];
  const Status opened = ensure_open(segment);
  if (!opened.ok()) {
    how.failure = opened.failure();
    return Found::failed;
  }
  for (const Hole& hole : holes_) {
    if (hole.segment == segment.base && offset >= hole.bytes.first && offset <= hole.bytes.last) return Found::damaged;
  }
  std::array<std::byte, walk_bytes> buffer;
  uint64_t buffer_at = 0;
  size_t buffer_size = 0;
  uint64_t position = skip_hole(segment.base, place.position);
  if (position != place.position) place.indexed_last = no_offset;  // the entry named a batch that is damaged
  while (position < segment.size) {
    if (segment.size - position < wire::batch_header_bytes) return Found::damaged;
    if (position < buffer_at || position + wire::batch_header_bytes > buffer_at + buffer_size) {
      uint64_t until = segment.size;
      for (const Hole& hole : holes_) {  // what lies there perhaps cannot be read
        if (hole.segment == segment.base && hole.bytes.from > position) until = std::min(until, hole.bytes.from);
      }
      if (until - position < wire::batch_header_bytes) return Found::damaged;
      const auto wanted = static_cast<size_t>(std::min<uint64_t>(walk_bytes, until - position));
      if (!fetch(segment.log, position, std::span(buffer).first(wanted), how)) {
        return how.failure ? Found::failed : Found::cold;
      }
      buffer_at = position;
      buffer_size = wanted;
    }
    const auto header = parse_header(std::span<const std::byte>(buffer).subspan(
        static_cast<size_t>(position - buffer_at), wire::batch_header_bytes));
    if (!header || header->size > segment.size - position || header->base < segment.base) return Found::damaged;
    // The index names the last offset of the batch it points at: if that is not so, it lies.
    if (place.indexed_last != no_offset && std::exchange(place.indexed_last, no_offset) != header->last)
      return Found::damaged;
    if (header->last >= offset) {
      place = {index, position, header->size, header->base, no_offset};
      return Found::yes;
    }
    position = skip_hole(segment.base, position + header->size);
  }
  return Found::past_end;
}

/// The slice from a batch on: up to the batch that holds `up_to`, a hole, the end of the segment, or `bytes_max`.
ReadResult PartitionLog::read_file_part(const Place& place, Offset up_to, uint64_t bytes_max, bool at_least_one,
                                        ReadError& error) {
  ReadResult result;
  if (place.base_offset >= up_to) return result;
  const Segment& segment = segments_[place.segment];
  uint64_t limit = segment.size;
  if (up_to < end_of_segment(place.segment)) {
    if (const auto known = marked(up_to); known && known->segment == place.segment) {
      limit = known->position;
    } else {
      Reading how;
      Place bound;
      switch (locate(up_to, bound, how)) {
        case Found::yes:
          if (bound.segment == place.segment) {
            limit = bound.position;
            remember(up_to, segment.base, limit);
          }
          break;
        case Found::cold:
          result.cold = std::move(how.cold);
          return result;
        case Found::failed:
          (void)fail_directory(*how.failure);
          error = ReadError::offline;
          return result;
        case Found::past_end:
          break;
        case Found::damaged:
          for (const Hole& hole : holes_) {
            if (hole.segment == segment.base && hole.bytes.first <= up_to && hole.bytes.last >= up_to) {
              limit = hole.bytes.from;
            }
          }
          break;
      }
    }
  }
  for (const Hole& hole : holes_) {
    if (hole.segment == segment.base && hole.bytes.from > place.position) limit = std::min(limit, hole.bytes.from);
  }
  if (limit <= place.position) return result;
  uint64_t size = std::min(bytes_max, limit - place.position);
  if (size < place.batch_bytes) size = at_least_one ? std::min(place.batch_bytes, limit - place.position) : 0;
  if (size == 0) return result;
  io::FileSlice slice{segment.log, place.position, size};
  if (!disk().is_cached(*slice.file, slice.offset, slice.size)) {
    result.cold = std::move(slice);
    return result;
  }
  result.size = size;
  result.pieces.emplace_back(std::move(slice));
  return result;
}

void PartitionLog::add_holes(Offset segment, const std::vector<log::DamagedBytes>& found) {
  std::erase_if(holes_, [segment](const Hole& hole) { return hole.segment == segment; });
  for (const log::DamagedBytes& bytes : found) {
    holes_.push_back({segment, bytes});
    trace(TraceLevel::error, "log={} segment={} damaged_bytes={}-{} offsets={}-{} reason=\"{}\"", folder_, segment,
          bytes.from, bytes.to, bytes.first, bytes.last, bytes.reason);
    const auto same = [&](const DamagedRange& range) { return range.first == bytes.first && range.kept_in.empty(); };
    if (bytes.last >= bytes.first && std::find_if(damaged_.begin(), damaged_.end(), same) == damaged_.end()) {
      damaged_.push_back({bytes.first, bytes.last, {}, bytes.reason});
    }
  }
}

/// Scans a whole segment, waiting for the disk: rebuilds its indexes and learns where it is damaged. Happens once per
/// segment and process, when a walk over it failed; nothing is cut.
Status PartitionLog::examine(size_t index) {
  Segment& segment = segments_[index];
  RETURN_IF_FAILED(ensure_open(segment));
  trace(TraceLevel::warn, "log={} segment={} state=examined", folder_, segment.base);
  const bool is_active = index + 1 == segments_.size();
  const Offset limit = is_active ? INT64_MAX : segments_[index + 1].base;
  log::DoubtfulScan walk(segment.base, segment.size, limit, config_.index_interval_bytes, wall());
  BatchScan scan(disk(), *segment.log, 0, segment.size);
  scan.pass_over_unreadable();
  while (true) {
    ASSIGN_OR_RETURN(const BatchScan::Step step, scan.next());
    if (scan.unreadable_blocks() > unreadable_blocks_max) {
      return Failure{FailureKind::io, fmt::format("{}: many blocks cannot be read", segment.log->path())};
    }
    if (step == BatchScan::Step::end) {
      walk.end();
      break;
    }
    if (step == BatchScan::Step::batch && walk.take(scanned(scan.batch(), scan.position()))) continue;
    const char* why = step == BatchScan::Step::batch ? "offsets do not ascend"
                      : scan.unreadable_blocks() > 0 ? "unreadable"
                                                     : wire::name_of(scan.fault());
    ASSIGN_OR_RETURN(const auto resume, scan.search([&](const log::ScannedBatch& b) { return walk.could_resume(b); }));
    walk.pass_over(scan.position(), resume, why);
    if (!resume) break;
    scan.seek(resume->position);
  }
  log::SegmentRecovery& rules = walk.rules();
  std::vector<log::DamagedBytes> holes = rules.damaged();
  for (log::DamagedBytes& hole : holes) hole.last = std::min(hole.last, end_of_segment(index) - 1);
  add_holes(segment.base, holes);
  return write_rebuilt(index, rules, false);
}

}  // namespace moldau::store
