#include "store/commit_queue.h"

#include <algorithm>
#include <utility>

namespace moldau::store {
namespace {

/// Entries without batches that one round takes.
constexpr size_t other_entries_max = 1024;

Failure no_room() { return Failure{FailureKind::no_space, "the journal has no room now"}; }

}  // namespace

void CommitQueue::use_journal(JournalWriter* writer, uint64_t after) {
  writer_ = writer;
  wanted_before_file_ = after;
}

void CommitQueue::add(const std::shared_ptr<CommitMember>& member) {
  using State = CommitMember::State;
  switch (member->commit_state_) {
    case State::idle:
      member->commit_state_ = State::waiting;
      waiting_.push_back(member);
      break;
    case State::committing:
      member->commit_state_ = State::again;
      break;
    case State::waiting:
    case State::again:
      break;
  }
}

void CommitQueue::add_entry(log::JournalKind kind, const TopicPartitionId& id, Offset at, io::Completion<Status> done) {
  entries_.push_back({kind, id, at, std::move(done)});
  kick_later_();
}

bool CommitQueue::closing_waits(const TopicPartitionId& id) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.id == id && log::closes(entry.kind); });
}

void CommitQueue::withdraw(const TopicPartitionId& id) {
  std::deque<Entry> entries;
  entries.swap(entries_);
  for (Entry& entry : entries) {
    if (entry.id != id) {
      entries_.push_back(std::move(entry));
    } else if (entry.done) {
      entry.done(no_room());
    }
  }
}

void CommitQueue::kick() {
  if (stopped_) return;
  sort_waiting();
  start_round();
  start_syncs();
}

void CommitQueue::sort_waiting() {
  for (std::weak_ptr<CommitMember>& waiting : waiting_) {
    const std::shared_ptr<CommitMember> member = waiting.lock();
    if (!member) continue;
    Members& way = writer_ != nullptr && member->round_bytes() > 0 ? for_round_ : own_;
    way.push_back(std::move(waiting));
  }
  waiting_.clear();
}

// ----------------------------------------------------------------------------------------------------------------
// rounds

void CommitQueue::start_round() {
  if (writer_ == nullptr || !writer_->idle() || (for_round_.empty() && entries_.empty())) return;
  const Gathered gathered = gather();
  if (gathered.members.empty() && gathered.entries == 0) return;
  if (takes_journal(gathered)) {
    write_round(gathered);
  } else {
    go_without(gathered);
  }
}

/// Takes as many members as one round holds; the others wait for the next.
CommitQueue::Gathered CommitQueue::gather() {
  Gathered gathered;
  gathered.entries = std::min(entries_.size(), other_entries_max);
  const uint64_t bytes_max = writer_->round_bytes_max();
  while (!for_round_.empty()) {
    const std::shared_ptr<CommitMember> member = for_round_.front().lock();
    const uint64_t bytes = member ? member->round_bytes() : 0;
    const size_t count = gathered.entries + gathered.members.size() + 1;
    if (bytes > 0 && (count > log::journal_entries_max ||
                      log::journal_round_bytes(count, gathered.bytes + bytes) > bytes_max)) {
      if (!gathered.members.empty()) break;
      own_.push_back(for_round_.front());  // too large for any round
    } else if (bytes > 0) {
      gathered.members.push_back(member);
      gathered.bytes += bytes;
    } else if (member) {
      own_.push_back(for_round_.front());  // meanwhile it has more to make durable than bytes
    }
    for_round_.pop_front();
  }
  return gathered;
}

bool CommitQueue::takes_journal(const Gathered& gathered) {
  const bool wanted =
      gathered.members.empty() || choice_.through_journal(gathered.members.size(), gathered.bytes);
  if (!wanted) return false;
  if (wanted_before_file_ > 0 && !gathered.members.empty()) --wanted_before_file_;
  if (wanted_before_file_ > 0 && writer_->counts().files == 0) return false;
  return writer_->ready_for(gathered.entries + gathered.members.size(), gathered.bytes);
}

void CommitQueue::go_without(const Gathered& gathered) {
  for (const auto& member : gathered.members) own_.push_back(member);
  std::deque<Entry> entries;
  entries.swap(entries_);
  for (Entry& entry : entries) {
    if (entry.done) {
      entry.done(no_room());
    } else {
      entries_.push_back(std::move(entry));
    }
  }
}

void CommitQueue::write_round(const Gathered& gathered) {
  JournalRound content;
  Round round{.members = {}, .entries = {}, .bytes = gathered.bytes, .began = clock_.now()};
  for (size_t i = 0; i < gathered.entries; ++i) {
    content.add(entries_.front().kind, entries_.front().id, entries_.front().at);
    round.entries.push_back(std::move(entries_.front()));
    entries_.pop_front();
  }
  round.members.reserve(gathered.members.size());
  for (const auto& member : gathered.members) {
    member->commit_state_ = CommitMember::State::committing;
    member->join_round(content);
    round.members.push_back(member);
  }
  auto over = [queue = weak_from_this(), round = std::move(round)](const Status& outcome) mutable {
    if (const auto self = queue.lock()) self->round_over(round, outcome);
  };
  writer_->append(std::move(content), std::move(over));
}

void CommitQueue::round_over(Round& round, const Status& outcome) {
  if (stopped_) return;
  const Duration took = clock_.now() - round.began;
  const bool no_space = !outcome.ok() && outcome.failure().kind == FailureKind::no_space;
  if (outcome.ok()) choice_.note_round(round.bytes, took);
  if (!no_space) syncs_.durations.record(took);
  if (!outcome.ok() && !no_space) ++syncs_.failed;
  for (const auto& weak : round.members) {
    const auto member = weak.lock();
    if (!member) continue;
    member->end_round(outcome);
    release(member);
  }
  for (auto entry = round.entries.rbegin(); entry != round.entries.rend(); ++entry) {
    if (entry->done) {
      entry->done(outcome);
    } else if (no_space) {
      entries_.push_front(std::move(*entry));  // until there is room
    }
  }
  // Not at once: what this turn has yet to write joins the next round too.
  kick_later_();
}

// ----------------------------------------------------------------------------------------------------------------
// own syncs

void CommitQueue::start_syncs() {
  while (in_flight_ < in_flight_max_ && !own_.empty()) {
    const std::shared_ptr<CommitMember> member = own_.front().lock();
    own_.pop_front();
    if (!member) continue;
    member->commit_state_ = CommitMember::State::committing;
    if (in_flight_++ == 0) {
      began_ = clock_.now();
      started_ = 0;
    }
    ++started_;
    member->start_commit([queue = weak_from_this(), alive = std::weak_ptr(member)] {
      if (const auto self = queue.lock()) self->finished(alive);
    });
  }
}

void CommitQueue::finished(const std::weak_ptr<CommitMember>& alive) {
  if (stopped_) return;
  if (--in_flight_ == 0) choice_.note_syncs(started_, clock_.now() - began_);
  if (const auto locked = alive.lock()) release(locked);
  kick();
}

void CommitQueue::release(const std::shared_ptr<CommitMember>& member) {
  const bool again = member->commit_state_ == CommitMember::State::again;
  member->commit_state_ = CommitMember::State::idle;
  if (again) add(member);
}

void CommitQueue::clear() {
  for (Members* members : {&waiting_, &for_round_, &own_}) {
    for (const auto& waiting : *members) {
      if (const auto member = waiting.lock()) member->commit_state_ = CommitMember::State::idle;
    }
    members->clear();
  }
  std::deque<Entry> entries;
  entries.swap(entries_);
  for (Entry& entry : entries) {
    if (entry.done) entry.done(Failure{FailureKind::unavailable, "the log directory is offline"});
  }
}

}  // namespace moldau::store
