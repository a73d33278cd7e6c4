// Shard: what it did lately, and whom it may give connections to. Who asks: broker_load.cc.
#include <algorithm>
#include <utility>

#include "broker/hosting.h"
#include "broker/shard.h"

namespace moldau::broker {

void Shard::start_metering() {
  metering_ = true;
  take_work(nullptr);
}

// Only partitions that did something are looked at.
ShardWork Shard::take_work(std::shared_ptr<const std::vector<Ppm>> busy) {
  busy_ = std::move(busy);
  ShardWork done;
  for (const TopicPartitionId& id : std::exchange(worked_, {})) {
    Partition* const found = partition(id);
    if (found == nullptr) continue;
    const uint64_t work = std::exchange(found->work, 0);
    done.work += work;
    if (work > 0 && !is_home_topic(found->log().topic())) done.movable.push_back({id, work});
  }
  const auto costlier = [](const PartitionWork& a, const PartitionWork& b) {
    return a.work != b.work ? a.work > b.work : a.id < b.id;
  };
  const size_t listed = std::min(done.movable.size(), Balancer::listed_max);
  std::partial_sort(done.movable.begin(), done.movable.begin() + static_cast<ptrdiff_t>(listed), done.movable.end(),
                    costlier);
  done.movable.resize(listed);

  const auto elapsed = static_cast<double>((now() - metered_).nanoseconds) / 1e9;
  double spent = 0;
  if (options_.loop_counts) {
    options_.loop_counts(index_, metrics_);
    spent = metrics_.loop_busy_seconds - std::exchange(metered_busy_, metrics_.loop_busy_seconds);
  } else if (options_.work_per_second > 0) {
    spent = static_cast<double>(done.work) / static_cast<double>(options_.work_per_second);
  }
  metered_ = now();
  if (elapsed > 0) done.busy = std::clamp(static_cast<Ppm>(spent / elapsed * all_of_it), Ppm{0}, all_of_it);
  return done;
}

bool Shard::may_steer(size_t target) {
  if (busy_ != nullptr && (*busy_)[target] > std::max(busy_enough, (*busy_)[index_])) return false;
  if (now() - steering_since_ >= seconds(1)) {
    steering_since_ = now();
    steered_ = 0;
  }
  if (steered_ >= steered_max) return false;
  ++steered_;
  return true;
}

}  // namespace moldau::broker
