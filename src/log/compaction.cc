#include "log/compaction.h"

#include <algorithm>
#include <utility>

namespace moldau::log {
namespace {

/// Unfolded, a batch may be this large: Kafka has no bound of its own here, and the records came in under admission's.
constexpr uint64_t unfolded_bytes_max = uint64_t{1} << 30;
constexpr size_t unfolded_bytes_kept = size_t{4} << 20;

compress::Limits limits() {
  return {unfolded_bytes_max, compress::zstd_window_log_kafka};
}

Failure unsound(const wire::BatchView& batch, std::string_view why) {
  return Failure{FailureKind::corrupt,
                 "the batch at offset " + std::to_string(batch.base_offset()) + " is not sound: " + std::string(why)};
}

using Segments = std::span<const CompactionSegment>;

/// The segments that hold offsets of [from, to), by their bases: the first may begin below `from`.
Segments range(Segments segments, Offset from, Offset to) {
  if (from >= to) return {};
  const auto below = [](Offset offset, const CompactionSegment& segment) { return offset < segment.base; };
  auto first = std::upper_bound(segments.begin(), segments.end(), from, below);
  if (first != segments.begin()) --first;
  const auto last = std::lower_bound(
      first, segments.end(), to, [](const CompactionSegment& segment, Offset offset) { return segment.base < offset; });
  return {first, last};
}

uint64_t bytes_of(Segments segments) {
  uint64_t sum = 0;
  for (const CompactionSegment& segment : segments) sum += segment.size;
  return sum;
}

int64_t saturating_difference(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) return a > b ? INT64_MAX : INT64_MIN;
  return difference;
}

}  // namespace

// --- which logs, how far

CompactionPlan plan_compaction(const CompactionLog& log, const CompactionPolicy& policy, WallMillis now) {
  const Segments segments = log.segments;
  const Offset active = segments.back().base;
  CompactionPlan plan;
  plan.first_dirty = log.clean_end.value_or(log.log_start);
  if (plan.first_dirty < log.log_start || plan.first_dirty > log.log_end) {
    plan.first_dirty = log.log_start;
    plan.clean_end_invalid = true;
  }
  const Segments dirty = plan.first_dirty > active ? Segments() : range(segments, plan.first_dirty, active);

  Offset uncleanable = std::min(log.last_stable, active);
  if (policy.min_lag_ms > 0) {
    const WallMillis young = saturating_difference(now, policy.min_lag_ms);
    const auto first = std::find_if(dirty.begin(), dirty.end(), [young](const CompactionSegment& segment) {
      return segment.largest_timestamp > young;
    });
    if (first != dirty.end()) uncleanable = std::min(uncleanable, first->base);
  }
  uncleanable = std::max(uncleanable, plan.first_dirty);

  // Whole segments only.
  const Segments above = uncleanable > active ? Segments() : range(segments, uncleanable, active);
  plan.first_uncleanable = above.empty() ? active : above.front().base;
  plan.clean_bytes = bytes_of(range(segments, -1, plan.first_dirty));
  plan.cleanable_bytes =
      bytes_of(range(segments, std::min(plan.first_dirty, plan.first_uncleanable), plan.first_uncleanable));

  if (policy.max_lag_ms != INT64_MAX) {
    WallMillis earliest = INT64_MAX;
    for (const CompactionSegment& segment : dirty) {
      if (segment.first_timestamp > 0) earliest = std::min(earliest, segment.first_timestamp);
    }
    const WallMillis until = saturating_difference(now, std::max<int64_t>(policy.max_lag_ms, 0));
    if (earliest < until) plan.delay_ms = saturating_difference(until, earliest);
  }
  return plan;
}

std::vector<SegmentGroup> group_segments(Segments segments, const CompactionPolicy& policy, Offset end,
                                         Offset first_uncleanable) {
  const Segments all = range(segments, 0, end);
  const auto shift = static_cast<size_t>(all.data() - segments.data());
  // The last offset of a segment is estimated by the next one's base: exact would mean to read it.
  const auto last_offset = [&](size_t i) { return (i + 1 < all.size() ? all[i + 1].base : first_uncleanable) - 1; };
  std::vector<SegmentGroup> groups;
  for (size_t i = 0; i < all.size();) {
    const size_t first = i;
    uint64_t size = all[i].size;
    uint64_t offset_index = all[i].offset_index_bytes;
    uint64_t time_index = all[i].time_index_bytes;
    const auto index_max = static_cast<uint64_t>(std::max<int64_t>(policy.index_bytes, 0));
    for (++i; i < all.size(); ++i) {
      const CompactionSegment& next = all[i];
      if (size + next.size > static_cast<uint64_t>(std::max<int64_t>(policy.segment_bytes, 0)) ||
          offset_index + next.offset_index_bytes > index_max || time_index + next.time_index_bytes > index_max ||
          (next.size > 0 && last_offset(i) - all[first].base > relative_offset_max)) {
        break;
      }
      size += next.size;
      offset_index += next.offset_index_bytes;
      time_index += next.time_index_bytes;
    }
    groups.push_back({shift + first, shift + i});
  }
  return groups;
}

void CompactionCounts::add(const CompactionCounts& other) {
  map_records += other.map_records;
  map_bytes += other.map_bytes;
  records_read += other.records_read;
  bytes_read += other.bytes_read;
  records_written += other.records_written;
  bytes_written += other.bytes_written;
  keyless_records += other.keyless_records;
}

// --- transactions

void TransactionFilter::add_aborted(std::span<const AbortedTransaction> transactions) {
  for (const AbortedTransaction& transaction : transactions) ahead_.emplace(transaction.first_offset, transaction);
}

void TransactionFilter::begin_up_to(Offset offset) {
  while (!ahead_.empty() && ahead_.begin()->first <= offset) {
    const AbortedTransaction transaction = ahead_.begin()->second;
    ahead_.erase(ahead_.begin());
    aborted_.emplace(transaction.producer_id, Ongoing{transaction, false});
  }
}

bool TransactionFilter::on_control(const wire::BatchView& batch) {
  begin_up_to(batch.last_offset());
  if (batch.record_count() == 0) return true;  // cleaned before
  const auto marker = read_marker(batch);
  if (!marker) return false;
  if (!marker->aborted) return committed_.erase(batch.producer_id()) == 0;
  const auto found = aborted_.find(batch.producer_id());
  if (found == aborted_.end()) return true;
  const Ongoing ended = found->second;
  aborted_.erase(found);
  if (!ended.data_seen) return true;
  retained_.push_back(ended.transaction);
  return false;
}

bool TransactionFilter::on_data(const wire::BatchView& batch) {
  begin_up_to(batch.last_offset());
  if (!batch.is_transactional()) return false;
  const auto found = aborted_.find(batch.producer_id());
  if (found == aborted_.end()) {
    committed_.insert(batch.producer_id());
    return false;
  }
  found->second.data_seen = true;
  return true;
}

// --- records

Result<wire::BatchView> UnfoldedBatch::of(const wire::BatchView& batch) {
  const auto codec = batch.codec();
  if (!codec) return unsound(batch, wire::name_of(wire::RecordFault::bad_codec));
  if (*codec == compress::Codec::none || batch.record_count() <= 0) return batch;
  if (bytes_.capacity() > unfolded_bytes_kept) bytes_ = {};
  const auto header = batch.bytes().first(wire::batch_header_bytes);
  bytes_.assign(header.begin(), header.end());
  const Status started = decompressor_.start(*codec, batch.payload(), limits());
  if (!started.ok()) return unsound(batch, started.failure().message);
  while (true) {
    const Result<std::span<const std::byte>> piece = decompressor_.next();
    if (!piece.ok()) return unsound(batch, piece.failure().message);
    if (piece->empty()) break;
    bytes_.insert(bytes_.end(), piece->begin(), piece->end());
  }
  store_big_endian<int32_t>(bytes_.data() + 8, static_cast<int32_t>(bytes_.size() - wire::batch_log_overhead));
  store_big_endian<int16_t>(bytes_.data() + 21, static_cast<int16_t>(batch.attributes() & ~0x07));
  const auto view = wire::BatchView::parse(bytes_);
  if (!view) return unsound(batch, wire::name_of(view.error()));
  return *view;
}

Result<bool> KeyMapBuilder::add(const wire::BatchView& batch, Offset segment, uint64_t position) {
  if (batch.last_offset() < first_dirty_) return false;
  survivors_.batch_at(batch.base_offset(), segment, position);
  if (batch.is_control() || batch.is_transactional()) survivors_.want(batch.last_offset());
  if (batch.is_control()) {
    transactions_.on_control(batch);
    ++counts_.map_records;
  } else if (transactions_.on_data(batch)) {
    counts_.map_records += static_cast<uint64_t>(std::max(batch.record_count(), 0));
  } else {
    ASSIGN_OR_RETURN(const bool full, add_records(batch));
    if (full) return true;
  }
  latest_ = batch.last_offset();
  counts_.map_bytes += batch.size();
  return false;
}

Result<bool> KeyMapBuilder::add_records(const wire::BatchView& batch) {
  ASSIGN_OR_RETURN(const wire::BatchView plain, unfolded_.of(batch));
  found_.clear();
  wire::RecordView record;
  records_.start(plain, limits());
  while (records_.next(record)) {
    ++counts_.map_records;
    if (!record.key) survivors_.want(record.offset);
    if (!record.key || record.offset < first_dirty_) continue;
    found_.push_back({hash_key(*record.key, secret_), record.offset});
    map_.prefetch(found_.back().hash);
  }
  if (records_.fault() != wire::RecordFault::none) return unsound(batch, wire::name_of(records_.fault()));
  for (const Found& found : found_) {
    if (!map_.put(found.hash, found.offset)) return true;
    latest_ = found.offset;
  }
  return false;
}

Survivors KeyMapBuilder::take_survivors() {
  survivors_.want_all(map_);
  survivors_.want(round_end_ - 1);
  survivors_.end_at(latest_ + 1);
  return std::move(survivors_);
}

void BatchCleaner::set_producers(std::vector<ProducerEntry> producers, Survivors& survivors) {
  producers_ = std::move(producers);
  for (const ProducerEntry& entry : producers_) {
    if (const ProducerBatch* newest = entry.newest()) survivors.want(newest->last_offset);
  }
}

bool BatchCleaner::is_last_of_producer(const wire::BatchView& batch) const {
  if (!batch.has_producer_id()) return false;
  const auto found = std::lower_bound(
      producers_.begin(), producers_.end(), batch.producer_id(),
      [](const ProducerEntry& entry, ProducerId producer_id) { return entry.producer_id < producer_id; });
  if (found == producers_.end() || found->producer_id != batch.producer_id()) return false;
  // Its last data, for the sequence; without any, the marker, for the epoch that fences.
  if (const ProducerBatch* newest = found->newest()) return batch.last_offset() == newest->last_offset;
  return batch.is_control() && batch.producer_epoch() == found->epoch;
}

bool BatchCleaner::keeps(const wire::BatchView& batch, const Judged& record) {
  if (record.offset > latest_) return true;
  if (!record.has_key) {
    ++counts_.keyless_records;
    return false;
  }
  const std::optional<Offset> newest = map_.find(record.hash);
  if (newest && record.offset < *newest) return false;
  return record.has_value || !batch.has_delete_horizon() || now_ < batch.base_timestamp();
}

/// Decides on each record of `plain`.
Status BatchCleaner::judge(const wire::BatchView& plain, bool discard, size_t& kept, bool& tombstones) {
  judged_.clear();
  wire::RecordView record;
  records_.start(plain, limits());
  int64_t previous = -1;
  while (records_.next(record)) {
    const int64_t delta = record.facts.offset_delta;
    if (delta <= previous || delta > plain.last_offset_delta()) return unsound(plain, "offsets do not ascend");
    previous = delta;
    Judged judged;
    judged.offset = record.offset;
    judged.has_key = record.key.has_value();
    judged.has_value = record.value.has_value();
    if (judged.has_key && !discard && !plain.is_control()) {
      judged.hash = hash_key(*record.key, secret_);
      map_.prefetch(judged.hash);
    }
    judged_.push_back(judged);
  }
  if (records_.fault() != wire::RecordFault::none) return unsound(plain, wire::name_of(records_.fault()));
  counts_.records_read += judged_.size();
  for (Judged& judged : judged_) {
    judged.keep = !discard && (plain.is_control() || keeps(plain, judged));
    kept += judged.keep ? 1 : 0;
    tombstones = tombstones || (judged.keep && !judged.has_value);
  }
  return {};
}

Result<BatchFate> BatchCleaner::clean(const wire::BatchView& batch, std::span<const std::byte>& out) {
  out = {};
  counts_.bytes_read += batch.size();
  // Markers go as tombstones do: not before their horizon, and never before the last data of their transaction.
  const bool may_discard = batch.is_control() ? transactions_.on_control(batch) : transactions_.on_data(batch);
  const bool expired = batch.has_delete_horizon() && batch.base_timestamp() <= now_;
  const bool discard = may_discard && (!batch.is_control() || expired);
  Retention retention = discard ? Retention::drop : Retention::drop_if_empty;
  if (is_last_of_producer(batch) || batch.next_offset() == round_end_) retention = Retention::keep_empty;
  if (retention == Retention::drop) return BatchFate::dropped;

  ASSIGN_OR_RETURN(const wire::BatchView plain, unfolded_.of(batch));
  size_t kept = 0;
  bool tombstones = false;
  RETURN_IF_FAILED(judge(plain, discard, kept, tombstones));
  if (kept == 0) {
    if (retention != Retention::keep_empty) return BatchFate::dropped;
    ASSIGN_OR_RETURN(out, empty_header(batch));
    counts_.bytes_written += out.size();
    return BatchFate::rewritten;
  }
  counts_.records_written += kept;
  const bool begins_horizon = !batch.has_delete_horizon() && (tombstones || (may_discard && batch.is_control()));
  if (kept == judged_.size() && !begins_horizon) {
    out = batch.bytes();
    counts_.bytes_written += out.size();
    return BatchFate::kept;
  }
  std::optional<WallMillis> horizon;
  if (batch.has_delete_horizon()) horizon = batch.base_timestamp();
  if (begins_horizon) horizon = wire::BatchView::wrapping_add(now_, delete_retention_ms_);
  ASSIGN_OR_RETURN(out, rebuild(batch, plain, horizon));
  counts_.bytes_written += out.size();
  return BatchFate::rewritten;
}

namespace {

wire::BatchOptions options_of(const wire::BatchView& batch) {
  wire::BatchOptions options;
  options.base_offset = batch.base_offset();
  options.leader_epoch = batch.leader_epoch();
  options.producer_id = batch.producer_id();
  options.producer_epoch = batch.producer_epoch();
  options.base_sequence = batch.base_sequence();
  options.transactional = batch.is_transactional();
  options.control = batch.is_control();
  if (batch.timestamp_type() == wire::TimestampType::log_append_time) options.append_time = batch.max_timestamp();
  return options;
}

}  // namespace

/// The records that stay, in a batch with the same offsets, epoch, producer and codec.
Result<std::span<const std::byte>> BatchCleaner::rebuild(const wire::BatchView& batch, const wire::BatchView& plain,
                                                         std::optional<WallMillis> horizon) {
  wire::BatchOptions options = options_of(batch);
  options.codec = *batch.codec();
  options.delete_horizon = horizon;
  builder_.reset(options);
  wire::RecordView record;
  records_.start(plain, limits());
  for (size_t i = 0; records_.next(record); ++i) {
    if (judged_[i].keep) builder_.add_copy_at(record.facts.offset_delta, record);
  }
  ASSIGN_OR_RETURN(const std::span<std::byte> bytes, builder_.finish(batch.last_offset_delta()));
  return std::span<const std::byte>(bytes);
}

Result<std::span<const std::byte>> BatchCleaner::empty_header(const wire::BatchView& batch) {
  wire::BatchOptions options = options_of(batch);
  options.max_timestamp = batch.max_timestamp();
  builder_.reset(options);
  ASSIGN_OR_RETURN(const std::span<std::byte> bytes, builder_.finish(batch.last_offset_delta()));
  return std::span<const std::byte>(bytes);
}

}  // namespace moldau::log
