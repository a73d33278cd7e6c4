#include "log/doubt.h"

#include <utility>

namespace moldau::log {
namespace {

constexpr const char* misplaced_batch = "its offset is not its own";

}  // namespace

DoubtfulScan::DoubtfulScan(Offset base, uint64_t size, Offset limit, int64_t index_interval_bytes, WallMillis now)
    : size_(size), limit_(limit), rules_(base, base, no_epoch, INT64_MAX, limit, true, index_interval_bytes, now) {}

bool DoubtfulScan::take(const ScannedBatch& batch) {
  if (doubtful_ && batch.base_offset <= doubtful_->batch.last_offset && rules_.could_resume(batch)) {
    rules_.damage(doubtful_->from, size_, batch, doubtful_->why);
    doubtful_.reset();
  }
  accept_doubtful();
  if (!behind_damage_ && batch.base_offset > rules_.expected() && rules_.could_resume(batch)) {
    behind_damage_ = Damage{batch.position, misplaced_batch};
  }
  if (behind_damage_) {
    doubtful_ = Doubtful{batch, behind_damage_->from, behind_damage_->from < batch.position, behind_damage_->why};
    behind_damage_.reset();
    return true;
  }
  return rules_.accept(batch);
}

/// It is where it belongs: what it left out was compacted, or is the damage before it.
void DoubtfulScan::accept_doubtful() {
  const auto good = std::exchange(doubtful_, std::nullopt);
  if (!good) return;
  if (good->damage_before) rules_.damage(good->from, size_, good->batch, good->why);
  (void)rules_.accept(good->batch);
}

void DoubtfulScan::pass_over(uint64_t position, const std::optional<ScannedBatch>& resume, std::string why) {
  Damage damage{behind_damage_ ? behind_damage_->from : position, std::move(why)};
  // Each damaged batch had an offset. Where none is left for it behind the batch in doubt, that one lies in its place.
  if (doubtful_ && (resume ? resume->base_offset : limit_) <= doubtful_->batch.last_offset + 1) {
    damage = {doubtful_->from, doubtful_->why};
    doubtful_.reset();
  }
  accept_doubtful();
  if (resume) {
    behind_damage_ = std::move(damage);
  } else {
    rules_.damage(damage.from, size_, std::nullopt, std::move(damage.why));
  }
}

}  // namespace moldau::log
