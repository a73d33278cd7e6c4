#include "api/fetch_session.h"

#include <utility>

#include "base/prng.h"

namespace moldau::api {

FetchSession::FetchSession(int32_t id, bool privileged, bool uses_topic_ids, Instant now)
    : id_(id),
      epoch_(next_fetch_epoch(initial_fetch_epoch)),
      privileged_(privileged),
      uses_topic_ids_(uses_topic_ids),
      created_(now),
      last_used_(now) {}

void FetchSession::set(const FetchKey& key, const FetchWish& wish) {
  const auto found = index_.find(key);
  if (found != index_.end()) {
    found->second->wish = wish;
    return;
  }
  partitions_.push_back({key, wish});
  index_.emplace(key, std::prev(partitions_.end()));
}

void FetchSession::forget(const FetchKey& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return;
  partitions_.erase(found->second);
  index_.erase(found);
}

void FetchSession::note(const FetchKey& key, Offset high_watermark, Offset log_start) {
  const auto found = index_.find(key);
  if (found == index_.end()) return;
  found->second->high_watermark = high_watermark;
  found->second->log_start = log_start;
}

bool FetchSession::take_up(const FetchKey& key, const FetchOutcome& outcome) {
  const auto found = index_.find(key);
  if (found == index_.end()) return false;
  Partition& cached = *found->second;
  bool must_send = outcome.records_bytes > 0 || outcome.preferred_replica || outcome.diverging;
  if (cached.high_watermark != outcome.high_watermark) {
    must_send = true;
    cached.high_watermark = outcome.high_watermark;
  }
  if (cached.log_start != outcome.log_start) {
    must_send = true;
    cached.log_start = outcome.log_start;
  }
  if (outcome.error != wire::ErrorCode::none) {
    must_send = true;
    cached.high_watermark = no_offset;  // so that the partition is sent again when the error is gone
  }
  if (must_send && outcome.records_bytes > 0) partitions_.splice(partitions_.end(), partitions_, found->second);
  return must_send;
}

FetchSession* FetchSessions::create(bool privileged, bool uses_topic_ids, size_t size, Instant now, uint64_t random) {
  const EvictKey newcomer{privileged, static_cast<int64_t>(size), 0};
  if (sessions_.size() >= slots_max_ && !try_evict(privileged, newcomer, now)) return nullptr;
  const int32_t id = new_id(random);
  auto made = std::make_unique<FetchSession>(id, privileged, uses_topic_ids, now);
  FetchSession* const session = made.get();
  sessions_.emplace(id, std::move(made));
  return session;
}

int32_t FetchSessions::new_id(uint64_t random) const {
  Prng prng(random);
  for (;;) {
    const auto drawn = static_cast<uint32_t>(prng.below(INT32_MAX - 1)) + 1;
    const uint32_t id = drawn - drawn % tables_ + (tables_ == 1 ? 0 : own_);
    if (id == 0 || id > INT32_MAX || sessions_.contains(static_cast<int32_t>(id))) continue;
    return static_cast<int32_t>(id);
  }
}

FetchSession* FetchSessions::find(int32_t id) noexcept {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void FetchSessions::remove(int32_t id) {
  take_out(id);
}

std::unique_ptr<FetchSession> FetchSessions::take_out(int32_t id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return nullptr;
  std::unique_ptr<FetchSession> session = std::move(found->second);
  sessions_.erase(found);
  by_use_.erase({session->last_used_, id});
  if (session->cached_size_ >= 0) {
    const EvictKey key{session->privileged_, session->cached_size_, id};
    evictable_by_all_.erase(key);
    evictable_by_privileged_.erase(key);
    partitions_ -= static_cast<uint64_t>(std::exchange(session->cached_size_, -1));
  }
  return session;
}

void FetchSessions::put(std::unique_ptr<FetchSession> session, Instant now) {
  const EvictKey newcomer{session->privileged_, static_cast<int64_t>(session->size()), 0};
  if (sessions_.size() >= slots_max_ && !try_evict(session->privileged_, newcomer, now)) return;
  FetchSession& here = *session;
  if (sessions_.try_emplace(here.id_, std::move(session)).second) touch(here, now);
}

void FetchSessions::touch(FetchSession& session, Instant now) {
  const int32_t id = session.id_;
  by_use_.erase({session.last_used_, id});
  session.last_used_ = now;
  by_use_.insert({now, id});
  if (session.cached_size_ >= 0) {
    const EvictKey old{session.privileged_, session.cached_size_, id};
    evictable_by_all_.erase(old);
    evictable_by_privileged_.erase(old);
    partitions_ -= static_cast<uint64_t>(session.cached_size_);
  }
  session.cached_size_ = static_cast<int64_t>(session.size());
  partitions_ += session.size();
  const EvictKey key{session.privileged_, session.cached_size_, id};
  const bool old_enough = now - session.created_ > eviction_;
  if (!session.privileged_ || old_enough) evictable_by_privileged_.insert(key);
  if (old_enough) evictable_by_all_.insert(key);
}

// A newcomer may take the place of a session that is stale, of an unprivileged one if it is privileged, and of one that
// is smaller and not young.
bool FetchSessions::try_evict(bool privileged, const EvictKey& newcomer, Instant now) {
  if (by_use_.empty()) return false;
  const UseKey oldest = *by_use_.begin();
  int32_t victim = no_fetch_session;
  if (now - oldest.first > eviction_) {
    victim = oldest.second;
  } else {
    const std::set<EvictKey>& evictable = privileged ? evictable_by_privileged_ : evictable_by_all_;
    if (evictable.empty() || newcomer < *evictable.begin()) return false;
    victim = std::get<2>(*evictable.begin());
  }
  remove(victim);
  ++evictions_;
  return true;
}

}  // namespace moldau::api
