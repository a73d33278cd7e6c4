// PartitionLog, going from shard to shard: coming to rest, leaving one, joining another. docs/design/shards.md
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "store/move_swap.h"
#include "store/partition_log.h"

namespace moldau::store {

bool PartitionLog::at_rest() const {
  const bool queued = queue_ != nullptr && !queue_->batches.empty() && !offline();
  return !queued && !write_scheduled_ && still() && uncleaned() && !held_ && !being_moved_ && starts_under_way_ == 0;
}

Status PartitionLog::leave() {
  ASSERT(attached_ && !retired_ && at_rest());
  if (!core_->mutant(Mutant::journal_leave_not_closed)) {
    RETURN_IF_FAILED(close_in_journal(log::JournalKind::moved, appended_end_));
  }
  listener_ = nullptr;
  queue_.reset();
  for_round_.reset();
  leaving_ = false;
  detach();
  return {};
}

void PartitionLog::detach() {
  if (!std::exchange(attached_, false)) return;
  owner_.store(nullptr, std::memory_order_release);
  if (flush_timer_ != 0) core_->surface.timers.cancel(std::exchange(flush_timer_, 0));
  recent_.clear();
  core_->reserved_bytes -= std::min(core_->reserved_bytes, space_ahead_.reserved_beyond(tail_.size));
  directory_->subtract_unflushed(accounted_bytes_);
  directory_->detach(this);
  core_->forget_windows(this);
}

void PartitionLog::join(StoreCore& core, Checkpointer& checkpointer) {
  ASSERT(!attached_ && !retired_);
  core_ = &core;
  directory_ = core.directories[data_folder_->index].get();
  checkpointer_ = &checkpointer;
  noted_high_watermark_.reset();
  recent_.use(core.tail);
  core.reserved_bytes += space_ahead_.reserved_beyond(tail_.size);
  directory_->attach(this);
  attached_ = true;
  owner_.store(&core, std::memory_order_release);
  if (offline()) {
    core.surface.executor.defer([weak = weak_from_this(), &core, alive = std::weak_ptr(core.alive)] {
      const auto self = weak.lock();
      if (alive.expired() || !self || !self->here(core)) return;
      self->lost_ = false;  // whoever listens now has not heard of it
      self->went_offline(Failure{FailureKind::unavailable, self->folder_ + " is offline"});
    });
    return;
  }
  directory_->add_unflushed(accounted_bytes_);
  if (appended_end_ > stable_end_ && !config_.write_caching) {
    join_commit();
  } else if (appended_end_ > stable_end_ && config_.flush_ms != INT64_MAX) {
    start_flush_timer();
  }
  core.kick_at_turn_end();
}

void PartitionLog::abandon() {
  owner_.store(nullptr, std::memory_order_release);
  listener_ = nullptr;
  if (flush_timer_ != 0) core_->surface.timers.cancel(std::exchange(flush_timer_, 0));
}

}  // namespace moldau::store
