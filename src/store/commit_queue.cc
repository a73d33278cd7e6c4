#include "store/commit_queue.h"

#include <utility>

namespace moldau::store {

void CommitQueue::add(const std::shared_ptr<CommitMember>& member) {
  using State = CommitMember::State;
  switch (member->commit_state_) {
    case State::idle:
      member->commit_state_ = State::waiting;
      waiting_.push_back(member);
      break;
    case State::syncing:
      member->commit_state_ = State::again;
      break;
    case State::waiting:
    case State::again:
      break;
  }
}

void CommitQueue::kick() {
  while (in_flight_ < in_flight_max_ && !waiting_.empty()) {
    const std::shared_ptr<CommitMember> member = waiting_.front().lock();
    waiting_.pop_front();
    if (!member) continue;
    member->commit_state_ = CommitMember::State::syncing;
    ++in_flight_;
    member->start_commit([queue = weak_from_this(), raw = member.get(), alive = std::weak_ptr(member)] {
      if (const auto self = queue.lock()) self->finished(raw, alive);
    });
  }
}

void CommitQueue::finished(CommitMember* member, const std::weak_ptr<CommitMember>& alive) {
  --in_flight_;
  if (const auto locked = alive.lock()) {
    const bool again = member->commit_state_ == CommitMember::State::again;
    member->commit_state_ = CommitMember::State::idle;
    if (again) add(locked);
  }
  kick();
}

void CommitQueue::clear() {
  for (const auto& waiting : waiting_) {
    if (const auto member = waiting.lock()) member->commit_state_ = CommitMember::State::idle;
  }
  waiting_.clear();
}

}  // namespace moldau::store
