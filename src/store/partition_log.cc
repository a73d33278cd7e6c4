#include "store/partition_log.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/trace.h"

namespace moldau::store {
namespace {

/// Index entries gathered before they are written: at the default interval one write per index and 32 KiB of log. A
/// start after a process died looks through what lies behind the last one.
constexpr size_t pending_entries_max = 8;
constexpr size_t batches_queued_max = 1 << 20;

}  // namespace

PartitionLog::PartitionLog(StoreCore& core, LogDirectory& directory, const TopicPartitionId& id, std::string topic,
                           std::string folder, const LogConfig& config)
    : core_(&core),
      directory_(&directory),
      data_folder_(&directory.folder()),
      owner_(&core),
      attached_(true),
      id_(id),
      topic_(std::move(topic)),
      folder_(std::move(folder)),
      config_(config),
      recent_(core.tail),
      producers_(core.options.producers_per_log_max) {
  directory_->attach(this);
}

PartitionLog::~PartitionLog() { detach(); }

void PartitionLog::configure(const LogConfig& config) {
  const bool was_caching = config_.write_caching;
  config_ = config;
  // In page-cache mode nothing is held for rounds: what was before has a gap behind it then.
  if (was_caching != config_.write_caching) for_round_.reset();
  // What was only written before must now become stable for anybody to see it.
  if (was_caching && !config_.write_caching) flush();
}

uint64_t PartitionLog::size_bytes() const {
  uint64_t sum = 0;
  for (const Segment& segment : segments_) sum += segment.size;
  return sum;
}

Log::EpochEnd PartitionLog::end_of_epoch(Epoch epoch) const {
  const log::EpochEnd found = epochs_.end_of(epoch, next_offset_);
  return {found.epoch, found.end};
}

Status PartitionLog::begin_epoch(Epoch epoch) {
  if (offline()) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  if (epochs_.assign(epoch, next_offset_)) {
    // Written down with the first batch of it: a start begins as many epochs as there are partitions.
    epoch_begun_ = true;
  }
  return {};
}

const log::ProducerTable& PartitionLog::producers() {
  if (!producers_loaded_) {
    const Status loaded = load_producers(appended_end_, clean_producers_);
    if (!loaded.ok()) (void)fail_directory(loaded.failure());
    producers_loaded_ = true;
  }
  return producers_;
}

std::optional<Offset> PartitionLog::first_open_transaction() {
  if (!transactional_) return std::nullopt;
  return producers().first_open_transaction_offset();
}

void PartitionLog::expire_producers(WallMillis now) {
  // What is queued may yet be refused, and its producers go back to what they were. An empty queue is only kept room.
  const bool queued = queue_ != nullptr && !queue_->batches.empty();
  if (producers_loaded_ && !queued) producers_.expire(now, config_.producer_id_expiration_ms);
}

void PartitionLog::trim_memory() {
  if (offline() || retired_ || held_) return;
  if (queue_ != nullptr && queue_->batches.empty()) queue_.reset();
  if (for_round_ != nullptr && for_round_->batches.empty()) for_round_.reset();
  if (!pending_offset_entries_.empty()) {
    const Status written = write_pending_entries();
    if (!written.ok() && written.failure().kind != FailureKind::no_space) (void)fail_directory(written.failure());
  }
  if (std::exchange(written_since_trim_, false) || naming_ != nullptr) return;
  for (Segment& segment : segments_) {
    segment.log.reset();
    segment.offset_index.reset();
    segment.time_index.reset();
  }
}

Failure PartitionLog::fail_directory(Failure why) {
  directory_->fail(why);
  return why;
}

std::string PartitionLog::path_of(Offset base, log::FileKind kind, log::FileState state) const {
  return path_in(folder_, log::segment_file_name(base, kind, state));
}

log::SegmentLimits PartitionLog::limits() const {
  return {config_.segment_bytes, config_.segment_ms, jitter_ms_, config_.segment_index_bytes,
          config_.index_interval_bytes};
}

Result<std::vector<Appended>> PartitionLog::append(std::vector<BatchToAppend> batches, Epoch leader_epoch) {
  if (offline() || retired_) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  RETURN_IF_FAILED(ensure_active_ready());
  (void)producers();
  if (offline()) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  if (Status room = check_room(batches.size()); !room.ok()) {
    for (const BatchToAppend& batch : batches) note_refused(batch.bytes.view());
    return room.failure();
  }

  std::vector<Appended> appended;
  appended.reserve(batches.size());
  for (BatchToAppend& batch : batches) {
    wire::set_base_offset(batch.bytes.span(), next_offset_);
    wire::set_leader_epoch(batch.bytes.span(), leader_epoch);
    const auto view = wire::BatchView::parse(batch.bytes.view());
    ASSERT(view && view->size() == batch.bytes.size() && view->last_offset_delta() >= 0);
    const bool append_time = view->timestamp_type() == wire::TimestampType::log_append_time;
    appended.push_back({view->base_offset(), view->last_offset(), append_time ? view->max_timestamp() : no_timestamp});
    queue_batch(std::move(batch.bytes), *view, leader_epoch);
  }
  return appended;
}

Status PartitionLog::check_room(size_t batches) const {
  if (directory_->refuses_appends() && !essential())
    return Failure{FailureKind::no_space, directory_->path() + " is full"};
  if (queue_ != nullptr && queue_->batches.size() + batches > batches_queued_max) {
    return Failure{FailureKind::unavailable, folder_ + " has too much queued"};
  }
  return {};
}

void PartitionLog::note_refused(std::span<const std::byte> bytes) {
  const auto view = wire::BatchView::parse(bytes);
  if (view && view->has_producer_id() && !view->is_control()) producers_.refused(log::append_of(*view));
}

Status PartitionLog::append_as_follower(Bytes batches) {
  if (offline() || retired_) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  if (directory_->refuses_appends() && !essential())
    return Failure{FailureKind::no_space, directory_->path() + " is full"};

  // All is checked before anything is queued: it came from a peer.
  Offset expected = next_offset_;
  bool sound = true;
  const wire::BatchWalk walk = wire::for_each_batch(batches.view(), [&](const wire::BatchView& batch) {
    sound = batch.base_offset() >= expected && batch.last_offset_delta() >= 0 &&
            batch.base_offset() <= INT64_MAX - batch.last_offset_delta() - 1 && batch.crc_valid();
    expected = batch.next_offset();
    return sound;
  });
  if (!sound || (walk.fault != wire::BatchFault::none && walk.fault != wire::BatchFault::incomplete)) {
    return Failure{FailureKind::corrupt,
                   fmt::format("batches for {} at offset {} are not sound: {}", folder_, next_offset_,
                               sound ? wire::name_of(walk.fault) : "offsets or checksum")};
  }
  RETURN_IF_FAILED(ensure_active_ready());
  (void)producers();
  if (offline()) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  size_t at = 0;
  wire::for_each_batch(batches.view().first(walk.consumed), [&](const wire::BatchView& batch) {
    queue_batch(batches.slice(at, batch.size()), batch, batch.leader_epoch());
    at += batch.size();
    return true;
  });
  return {};
}

void PartitionLog::queue_batch(Bytes bytes, const wire::BatchView& view, Epoch epoch) {
  if (queue_ == nullptr) queue_ = std::make_unique<Queue>();
  changed_ = true;
  QueuedBatch batch{
      std::move(bytes), {view.size(), view.base_offset(), view.last_offset(), view.max_timestamp()}, false, {}};
  if (planned_.must_roll(limits(), batch.facts, wall())) {
    batch.roll_before = true;
    batch.snapshot = encode_producers();  // before this batch: what recovery of the new segment begins with
    planned_ = log::new_segment_tail(batch.facts.base_offset, wall());
    const int64_t jitter_max = std::min(config_.segment_jitter_ms, config_.segment_ms);
    jitter_ms_ =
        jitter_max > 0 ? static_cast<int64_t>(core_->surface.entropy.next() % static_cast<uint64_t>(jitter_max)) : 0;
  }
  planned_.add(batch.facts, config_.index_interval_bytes);
  if (view.has_producer_id()) {
    const log::ProducerEntry* before = producers_.find(view.producer_id());
    queue_->undo.push_back(
        {batch.facts.base_offset, view.producer_id(), before == nullptr ? std::nullopt : std::optional(*before)});
    producers_.replay(view);
  }
  // Control batches without a producer are the metadata log's own.
  if (view.is_transactional() || (view.is_control() && !is_metadata())) transactional_ = true;
  const bool begun = std::exchange(epoch_begun_, false);
  if (epochs_.assign(epoch, batch.facts.base_offset) || begun) epochs_dirty_ = true;
  next_offset_ = batch.facts.last_offset + 1;
  queue_->batches.push_back(std::move(batch));
  schedule_write();
}

void PartitionLog::schedule_write() {
  if (write_scheduled_) return;
  write_scheduled_ = true;
  core_->write_at_turn_end(shared_from_this());
}

void PartitionLog::write_queued() {
  write_scheduled_ = false;
  if (retired_ || held_ || queue_ == nullptr || queue_->batches.empty()) return;
  // The listener may append while it hears of this write: that goes into a queue of its own.
  std::vector<QueuedBatch> batches;
  std::vector<ProducerUndo> undo;
  batches.swap(queue_->batches);
  undo.swap(queue_->undo);

  Status outcome;
  size_t done = 0;
  while (done < batches.size() && outcome.ok() && !offline()) {
    size_t end = done + 1;
    while (end < batches.size() && !batches[end].roll_before) ++end;
    const auto group = std::span(batches).subspan(done, end - done);
    const auto write = [&] { return write_part(group); };
    outcome = essential() ? with_reserve(data_folder_->reserve, disk(), write) : write();
    if (outcome.ok()) done = end;
  }
  directory_->want_reserve();
  if (!outcome.ok() && outcome.failure().kind != FailureKind::no_space) (void)fail_directory(outcome.failure());
  if (offline()) return;
  if (done > 0) {
    directory_->note_room();
    after_write();
  }
  if (done < batches.size()) {
    const Offset first_lost = batches[done].facts.base_offset;
    refuse(first_lost, std::span(batches).subspan(done), undo, outcome.failure());
  } else if (queue_ != nullptr && queue_->batches.capacity() == 0) {
    batches.clear();
    undo.clear();
    queue_->batches.swap(batches);  // keep the room for the next turn
    queue_->undo.swap(undo);
  }
}

Status PartitionLog::write_part(std::span<QueuedBatch> group) {
  const QueuedBatch& first = group.front();
  // The segment may have been begun when its batches found no room.
  if (first.roll_before && tail_.base != first.facts.base_offset) {
    RETURN_IF_FAILED(roll_to(first.facts.base_offset, first.snapshot));
  }
  return write_group(group);
}

Status PartitionLog::write_group(std::span<QueuedBatch> group) {
  Segment& segment = active();
  RETURN_IF_FAILED(ensure_open(segment));
  auto& pieces = core_->pieces;
  pieces.clear();
  uint64_t bytes = 0;
  for (const QueuedBatch& batch : group) {
    pieces.emplace_back(batch.bytes.view());
    bytes += batch.bytes.size();
  }
  reserve_space(bytes);
  Status written = disk().write(*segment.log, tail_.size, pieces);
  if (!written.ok()) {
    if (written.failure().kind != FailureKind::no_space) return written;
    // A part of it may have been written: cut back to the last whole batch before.
    const Status cut = disk().truncate(*segment.log, tail_.size);
    cut_unsynced_ = true;
    if (!cut.ok()) return Failure{FailureKind::io, cut.failure().message, cut.failure().os_errno};
    space_ahead_.refused();
    return written;
  }
  for (QueuedBatch& batch : group) took(batch);
  segment.size = tail_.size;
  segment.modified_wall_ms = wall();
  unflushed_bytes_ += bytes;
  written_since_trim_ = true;
  return {};
}

void PartitionLog::took(QueuedBatch& batch) {
  const log::TailEntries entries = tail_.add(batch.facts, config_.index_interval_bytes);
  if (entries.offset) {
    std::array<std::byte, log::offset_entry_bytes> bytes;
    log::put_entry(bytes.data(), tail_.base, *entries.offset);
    pending_offset_entries_.insert(pending_offset_entries_.end(), bytes.begin(), bytes.end());
  }
  if (entries.time) {
    std::array<std::byte, log::time_entry_bytes> bytes;
    log::put_entry(bytes.data(), tail_.base, *entries.time);
    pending_time_entries_.insert(pending_time_entries_.end(), bytes.begin(), bytes.end());
  }
  if (journaled()) hold_for_round(batch.bytes);
  appended_end_ = batch.facts.last_offset + 1;
  recent_.push(batch.facts.base_offset, batch.facts.last_offset, std::move(batch.bytes));
}

void PartitionLog::reserve_space(uint64_t bytes) {
  if (data_folder_->reserve.lent()) return;  // what is left is not for what may come
  const uint64_t before = space_ahead_.reserved_beyond(tail_.size);
  const uint64_t others = core_->reserved_bytes - std::min(core_->reserved_bytes, before);
  const uint64_t budget = core_->options.space_ahead_bytes_max - std::min(core_->options.space_ahead_bytes_max, others);
  const uint64_t end = tail_.size + bytes;
  const auto range =
      space_ahead_.written(end, bytes, static_cast<uint64_t>(std::max(config_.segment_bytes, 0)), budget);
  if (range && !disk().allocate(*active().log, range->offset, range->size).ok()) space_ahead_.refused();
  core_->reserved_bytes = others + space_ahead_.reserved_beyond(end);
}

void PartitionLog::after_write() {
  remember(appended_end_, tail_.base, tail_.size);
  if (pending_offset_entries_.size() >= pending_entries_max * log::offset_entry_bytes) {
    // Indexes are hints: no room for them is no reason to refuse what is written already.
    const Status written = write_pending_entries();
    if (!written.ok() && written.failure().kind != FailureKind::no_space) {
      (void)fail_directory(written.failure());
      return;
    }
  }
  if (core_->mutant(Mutant::ack_before_sync)) stable_end_ = appended_end_;
  directory_->add_unflushed(unflushed_bytes_ - accounted_bytes_);
  accounted_bytes_ = unflushed_bytes_;
  if (!config_.write_caching || !unsynced_files_.empty() || appended_end_ - stable_end_ >= config_.flush_messages) {
    join_commit();
  } else if (config_.flush_ms != INT64_MAX) {
    start_flush_timer();
  }
  if (listener_ == nullptr) return;
  listener_->on_appended(appended_end_);
  if (core_->mutant(Mutant::ack_before_sync) && listener_ != nullptr) listener_->on_stable(stable_end_);
}

void PartitionLog::refuse(Offset first_lost, std::span<const QueuedBatch> lost, std::vector<ProducerUndo>& undo,
                          const Failure& why) {
  directory_->note_full();
  // What the listener queued while it heard of the part that was written lies beyond the lost batches: it goes with
  // them.
  std::vector<QueuedBatch> behind;
  if (queue_ != nullptr && !queue_->batches.empty()) {
    restore_producers(first_lost, queue_->undo);
    behind.swap(queue_->batches);
    queue_->undo.clear();
  }
  restore_producers(first_lost, undo);
  for (const QueuedBatch& batch : lost) note_refused(batch.bytes.view());
  for (const QueuedBatch& batch : behind) note_refused(batch.bytes.view());
  next_offset_ = first_lost;
  planned_ = tail_;
  if (epochs_.truncate_from_end(first_lost + 1)) epochs_dirty_ = true;
  trace(TraceLevel::warn, "log={} refused_from={} reason=\"{}\"", folder_, first_lost, why.message);
  if (listener_ != nullptr) listener_->on_refused(first_lost, why);
}

void PartitionLog::restore_producers(Offset first_lost, std::vector<ProducerUndo>& undo) {
  if (core_->mutant(Mutant::refused_state_kept)) return;
  for (auto change = undo.rbegin(); change != undo.rend() && change->batch >= first_lost; ++change) {
    producers_.put_back(change->producer_id, change->before);
  }
}

void PartitionLog::join_commit() {
  if (held_) {
    commit_wanted_ = true;
    return;
  }
  directory_->commits().add(shared_from_this());
  core_->kick_at_turn_end();
}

void PartitionLog::remember(Offset offset, Offset segment, uint64_t position) {
  for (Mark& mark : marks_) {
    if (mark.offset == offset) {
      mark = {offset, segment, position};
      return;
    }
  }
  marks_[next_mark_] = {offset, segment, position};
  next_mark_ = static_cast<uint8_t>((next_mark_ + 1) % marks_.size());
}

void PartitionLog::went_offline(const Failure& why) {
  if (std::exchange(lost_, true)) return;
  if (queue_ != nullptr) queue_.reset();
  for_round_.reset();
  recent_.clear();
  if (listener_ != nullptr && !retired_) listener_->on_offline(why);
}

void PartitionLog::retire() {
  if (std::exchange(retired_, true)) return;
  // Work that still waits in the pool must not touch a folder of the same name that is made next.
  cancel_commit();
  if (commit_later_) core_->surface.executor.defer(std::exchange(commit_later_, nullptr));
  if (naming_ != nullptr) naming_->cancel();
  drop_swap();
  listener_ = nullptr;
  queue_.reset();
  for_round_.reset();
  detach();
}

}  // namespace moldau::store
