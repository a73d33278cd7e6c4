// Broker: which partition goes from which shard to which other one, one after the other. How one goes: shard_moves.cc.
#include <utility>

#include "broker/broker.h"

namespace moldau::broker {

void Broker::move_partition(const TopicPartitionId& id, size_t to, std::function<void(bool)> done) {
  moves_.push_back({id, to, std::move(done)});
  next_move();
}

void Broker::next_move() {
  while (!moving_ && !moves_.empty()) {
    const std::optional<size_t> owner = leaving_ ? std::nullopt : hosting_->owner_of(moves_.front().id);
    if (!owner.has_value() || *owner == moves_.front().to) {
      end_move(owner.has_value());
      continue;
    }
    moving_ = true;
    const TopicPartitionId id = moves_.front().id;
    const size_t to = moves_.front().to;
    if (*owner == 0) {
      home().give_partition(id, to);
    } else {
      home().post(*owner, [id, to](Shard& shard) { shard.give_partition(id, to); });
    }
    return;
  }
  if (!moving_ && stop_after_move_) finish_stop();
}

void Broker::end_move(bool moved) {
  moving_ = false;
  const auto done = std::move(moves_.front().done);
  moves_.pop_front();
  if (done) done(moved);
}

void Broker::partition_not_moved(const TopicPartitionId&) {
  end_move(false);
  next_move();
}

// Its topic may be gone by now; then nobody asks for it any more.
void Broker::partition_moved(const MovedPartition& moved) {
  if (!hosting_->moved(moved.id, moved.to)) {
    partition_not_moved(moved.id);
    return;
  }
  settling_ = shards_.size();
  show_view({}, moved);
}

void Broker::move_settled() {
  if (--settling_ > 0) return;
  end_move(true);
  next_move();
}

}  // namespace moldau::broker
