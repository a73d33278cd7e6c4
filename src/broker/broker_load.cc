// Broker: the balance of its shards: what they did is asked of them in each interval, the balancer decides, partitions
// move. While they do, nothing is asked. docs/design/shards.md
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/trace.h"
#include "broker/broker.h"

namespace moldau::broker {

void Broker::start_balancing() {
  if (shards_.size() == 1 || options_.settings.shards_balance_interval_ms == 0) return;
  each_shard([](Shard& shard) { shard.start_metering(); });
  balance_later();
}

void Broker::balance_later() {
  if (stopping_) return;
  const Duration interval = milliseconds(options_.settings.shards_balance_interval_ms);
  surface_.timers.start(now() + interval, guarded_call([this] { ask_for_work(); }));
}

void Broker::ask_for_work() {
  if (stopping_) return;
  work_.assign(shards_.size(), {});
  work_missing_ = shards_.size();
  for (size_t i = 1; i < shards_.size(); ++i) {
    home().post(i, [busy = busy_](Shard& shard) {
      shard.post(0, [from = shard.index(), work = shard.take_work(busy)](Shard& home) mutable {
        home.node().take_work(from, std::move(work));
      });
    });
  }
  take_work(0, home().take_work(busy_));
}

void Broker::take_work(size_t shard, ShardWork work) {
  work_[shard] = std::move(work);
  if (--work_missing_ == 0 && !stopping_) balance();
}

void Broker::balance() {
  std::vector<Ppm> busy;
  for (const ShardWork& work : work_) busy.push_back(work.busy);
  hosting_->set_busy(busy);
  busy_ = std::make_shared<const std::vector<Ppm>>(busy);
  const bool matters = *std::max_element(busy.begin(), busy.end()) >= Balancer::gap_min;
  std::vector<Balancer::Move> moves = balancer_.step(work_, matters ? spare_processors() : 0);
  if (moves.empty()) {
    balance_later();
    return;
  }
  trace(TraceLevel::debug, "event=shards_balanced busy_percent={} partitions={} first={}-{} from={} to={}",
        fmt::join(std::span(busy).first(std::min<size_t>(busy.size(), 16)), ","), moves.size(),
        moves.front().id.topic_id.to_string(), moves.front().id.partition, moves.front().from, moves.front().to);
  run_moves(std::move(moves));
}

void Broker::run_moves(std::vector<Balancer::Move> moves) {
  balancing_ = moves.size();
  for (const Balancer::Move& move : moves) {
    move_partition(move.id, move.to, [this](bool moved) {
      if (moved) home().metrics().partitions_moved += 1;
      if (--balancing_ == 0) balance_later();
    });
  }
}

/// Since it was called last; none if that was not in the interval before.
Ppm Broker::spare_processors() {
  if (!options_.idle_time) return all_of_it;
  const Instant before = std::exchange(idle_time_read_, now());
  const Duration elapsed = now() - before;
  const Duration idle_before = idle_time_;
  idle_time_ = options_.idle_time().value_or(idle_time_ + elapsed);
  if (elapsed > milliseconds(options_.settings.shards_balance_interval_ms) * 2 || elapsed <= Duration{}) return 0;
  return static_cast<Ppm>(static_cast<double>((idle_time_ - idle_before).nanoseconds) /
                          static_cast<double>(elapsed.nanoseconds) * all_of_it);
}

size_t Broker::seat_for_connection() const {
  std::vector<size_t> counts;
  for (const int64_t count : connections_by_shard_) counts.push_back(static_cast<size_t>(std::max<int64_t>(count, 0)));
  return shard_with_room(busy_ == nullptr ? std::span<const Ppm>() : std::span<const Ppm>(*busy_), counts, fill());
}

}  // namespace moldau::broker
