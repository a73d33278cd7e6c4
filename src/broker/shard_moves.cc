// Shard: partitions that go from one shard to another while they are used. docs/design/shards.md
//
// A gives a partition to B:
//   home -> A   give_partition: A holds what is for owners; its log is written, committed, and leaves
//   A -> B      take_partition: B's store has the log, B owns the partition; A goes on, and sends B what is for it
//   B -> home   home shows a view with the new placement
//   C -> A -> B -> C   whoever else takes that view up holds, and sends a word the way that his earlier requests went:
//   when
//               it is back, these are handled, and what follows may go to B without passing them
//   C -> home   when all have settled, the move is over, and the next may begin
#include <utility>

#include "broker/broker.h"
#include "broker/shard.h"

namespace moldau::broker {

void Shard::hold() {
  ++holds_;
}

void Shard::go_on() {
  --holds_;
  run_early();
}

// In the order in which it came; what comes meanwhile comes behind.
void Shard::run_early() {
  std::vector<Early> waiting = std::exchange(early_, {});
  size_t at = 0;
  for (; at < waiting.size() && holds_ == 0; ++at) {
    if (waiting[at].view <= view_->number) {
      std::exchange(waiting[at].call, nullptr)();
    } else {
      early_.push_back(std::move(waiting[at]));
    }
  }
  early_.insert(early_.end(), std::make_move_iterator(waiting.begin() + static_cast<ptrdiff_t>(at)),
                std::make_move_iterator(waiting.end()));
}

void Shard::give_partition(const TopicPartitionId& id, size_t to) {
  Partition* const found = partition(id);
  if (found == nullptr) {
    gave_partition(to, id, Failure{FailureKind::not_found, "not here"});
    return;
  }
  hold();
  replicas_->hold(id);
  store_->leave(found->log(), guarded<Result<store::LogRef>>([this, to, id](Result<store::LogRef> left) {
                  if (!left.ok()) replicas_->release(*view_);
                  gave_partition(to, id, std::move(left));
                  go_on();
                }));
}

void Shard::gave_partition(size_t to, const TopicPartitionId& id, Result<store::LogRef> left) {
  if (!left.ok()) {
    if (home()) {
      node_.partition_not_moved(id);
    } else {
      post(0, [id](Shard& shard) { shard.node_.partition_not_moved(id); });
    }
    return;
  }
  Partition& leaving = *partition(id);
  ArrivingLog arriving{.log = left->get(), .ref = std::move(left).value(), .high_watermark = leaving.high_watermark()};
  given_ = {.id = id,
            .to = to,
            .high_watermark = leaving.high_watermark(),
            .last_stable = leaving.last_stable_offset(),
            .log_start = leaving.log().log_start(),
            .end = leaving.log().appended_end(),
            .leader_epoch = leaving.leader_epoch()};
  replicas_->take_out(id);
  post(to, [arriving = std::move(arriving), from = index_](Shard& shard) { shard.take_partition(arriving, from); });
}

void Shard::take_partition(const ArrivingLog& arriving, size_t from) {
  const MovedPartition moved{arriving.log->id(), from, index_};
  if (given_.has_value() && given_->id == moved.id) given_.reset();  // it is back
  store_->join(arriving.ref);
  replicas_->add(arriving, *view_);
  if (home()) {
    node_.partition_moved(moved);
  } else {
    post(0, [moved](Shard& shard) { shard.node_.partition_moved(moved); });
  }
}

// A knows better already.
void Shard::settle_move(const MovedPartition& moved) {
  const auto settled = [](Shard& shard) {
    if (shard.home()) {
      shard.node_.move_settled();
    } else {
      shard.post(0, [](Shard& home) { home.node_.move_settled(); });
    }
  };
  if (index_ == moved.from) {
    settled(*this);
    return;
  }
  hold();
  const auto back = [settled](Shard& shard) {
    shard.go_on();
    settled(shard);
  };
  post_seen(moved.from, [back, asks = index_, to = moved.to](Shard& from) {
    if (asks == to) {
      from.post(asks, back);
    } else {
      from.post_seen(to, [back, asks](Shard& owner) { owner.post(asks, back); });
    }
  });
}

}  // namespace moldau::broker
