// LogInReplay: a PartitionLog as replay of the journal sees it. Internal to store/.
#pragma once

#include <string>
#include <utility>

#include "store/journal/journal_replay.h"
#include "store/partition_log.h"

namespace moldau::store {

class LogInReplay final : public ReplayedLog {
 public:
  explicit LogInReplay(PartitionLog& log) : log_(log) {}

  const std::string& folder() const override { return log_.folder(); }
  Offset log_start() const override { return log_.log_start(); }
  Offset end() const override { return log_.appended_end(); }
  Offset recovery_point() const override { return log_.checkpointed_recovery_point(); }
  Result<Held> holds(const wire::BatchView& batch) override { return log_.holds_batch(batch); }
  Status write_over(const wire::BatchView& batch) override { return log_.write_over(batch); }
  Status append(Bytes batches) override { return log_.append_replayed(std::move(batches)); }
  Status advance_log_start(Offset offset) override { return log_.advance_log_start(offset); }

 private:
  PartitionLog& log_;
};

}  // namespace moldau::store
