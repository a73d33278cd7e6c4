// PartitionLog, for the mover: what there is to copy, holding still while a copy takes its place, taking the copy's
// folder. docs/design/moves.md
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/trace.h"
#include "store/move_swap.h"
#include "store/partition_log.h"

namespace moldau::store {

std::vector<log::MoveSegment> PartitionLog::move_segments() const {
  const auto bytes = [](uint32_t entries, size_t entry) {
    return entries == UINT32_MAX ? 0 : uint64_t{entries} * entry;
  };
  std::vector<log::MoveSegment> facts;
  facts.reserve(segments_.size());
  for (const Segment& segment : segments_) {
    facts.push_back({segment.base, segment.size, bytes(segment.offset_entries, log::offset_entry_bytes),
                     bytes(segment.time_entries, log::time_entry_bytes), segment.index_version});
  }
  return facts;
}

bool PartitionLog::has_files_of(const log::MoveSegment& then) const {
  const auto at = segment_of(then.base);
  return at && segments_[*at].base == then.base && segments_[*at].index_version == then.index_version;
}

Status PartitionLog::hold() {
  ASSERT(!held_);
  (void)producers();  // from here on the snapshots may be under another name
  if (offline() || retired_) return Failure{FailureKind::unavailable, folder_ + " is offline"};
  if (const Status opened = open_first_files(); !opened.ok()) return fail_directory(opened.failure());
  const Status written = write_pending_entries();
  if (!written.ok() && written.failure().kind != FailureKind::no_space) return fail_directory(written.failure());
  if (!written.ok()) return written;
  held_ = true;
  return {};
}

void PartitionLog::release() {
  ASSERT(held_ && swap_ == nullptr);
  held_ = false;
  if (queue_ != nullptr && !queue_->batches.empty() && !offline() && !retired_) schedule_write();
  if (std::exchange(commit_wanted_, false) && !offline() && !retired_) join_commit();
  for (io::Callback& call : std::exchange(after_hold_, {})) {
    core_->surface.executor.defer([self = weak_from_this(), call = std::move(call)]() mutable {
      if (const auto alive = self.lock()) call();
    });
  }
}

void PartitionLog::end_swap() {
  const std::shared_ptr<MoveSwap> swap = std::exchange(swap_, nullptr);
  ASSERT(swap != nullptr);
  const Status& outcome = swap->step.outcome();
  swap->to.detach_arriving(this);
  if (swap->arrived) {
    take_folder(*swap);
    if (!swap->departed) swap->from.fail(outcome.failure());
  } else if (!outcome.ok() && !swap->source_failed && outcome.failure().kind != FailureKind::no_space &&
             outcome.failure().kind != FailureKind::closed) {
    swap->to.fail(outcome.failure());
  }
  release();
}

/// The copy is the log now, and all of it is on stable storage.
void PartitionLog::take_folder(const MoveSwap& swap) {
  core_->reserved_bytes -= std::min(core_->reserved_bytes, space_ahead_.reserved_beyond(tail_.size));
  space_ahead_.trimmed();
  directory_->subtract_unflushed(accounted_bytes_);
  unflushed_bytes_ = accounted_bytes_ = 0;
  directory_->detach(this);
  directory_ = &swap.to;
  directory_->attach(this);
  data_folder_ = &directory_->folder();
  folder_ = swap.final_folder;
  for (Segment& segment : segments_) {
    segment.log.reset();
    segment.offset_index.reset();
    segment.time_index.reset();
  }
  core_->forget_windows(this);
  unsynced_files_.clear();
  folder_dirty_ = parent_dirty_ = false;
  durable_first_base_ = segments_.front().base;
  changed_ = true;
  trace(TraceLevel::info, "log={} moved_from={}", folder_, swap.folder);
  if (directory_->offline()) {
    core_->surface.executor.defer([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self) self->went_offline(Failure{FailureKind::unavailable, self->folder_ + " is offline"});
    });
    return;
  }
  synced_end_ = appended_end_;
  cut_unsynced_ = false;
  for_round_.reset();
  if (appended_end_ <= stable_end_) return;
  stable_end_ = appended_end_;
  if (listener_ != nullptr) listener_->on_stable(stable_end_);
}

void PartitionLog::settle_move() {
  if (!held_) return;
  if (swap_ == nullptr) return release();
  (void)swap_->step.cancel();
  end_swap();
}

/// The log goes away, and nobody asks for what came of its swap.
void PartitionLog::drop_swap() {
  if (swap_ == nullptr) return;
  (void)swap_->step.cancel();
  swap_->to.detach_arriving(this);
  swap_.reset();
}

}  // namespace moldau::store
