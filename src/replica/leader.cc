#include "replica/leader.h"

#include <algorithm>
#include <utility>

namespace moldau::replica {

using wire::ErrorCode;

Leader::Leader(LeaderOptions options, Offset log_end, Offset commit_end, Offset high_watermark)
    : options_(std::move(options)),
      epoch_start_(log_end),
      log_end_(log_end),
      commit_end_(commit_end),
      high_watermark_(std::min(high_watermark, commit_end)) {
  for (NodeId node : options_.replicas) {
    if (node != options_.self) followers_.push_back({.node = node});
  }
  const bool alone = options_.isr.size() == 1 && options_.isr.front() == options_.self;
  if (alone) high_watermark_ = std::max(high_watermark_, commit_end_);
}

void Leader::step(const Event& event, Instant now, Effects<Effect>& out) {
  if (const auto* queued = std::get_if<Queued>(&event)) {
    on_queued(*queued, out);
  } else if (const auto* appended = std::get_if<Appended>(&event)) {
    on_appended(*appended, now, out);
  } else if (const auto* stable = std::get_if<Stable>(&event)) {
    on_stable(*stable, now, out);
  } else if (const auto* refused = std::get_if<Refused>(&event)) {
    on_refused(*refused, out);
  } else if (const auto* fetched = std::get_if<FollowerFetched>(&event)) {
    on_follower(*fetched, now, out);
  } else if (const auto* isr = std::get_if<IsrCommitted>(&event)) {
    on_isr(*isr, now, out);
  } else if (const auto* configured = std::get_if<Configured>(&event)) {
    on_configured(*configured, now, out);
  } else if (const auto* demoted = std::get_if<Demoted>(&event)) {
    on_demoted(*demoted, out);
  } else {
    on_ticked(now, out);
  }
}

void Leader::on_queued(const Queued& event, Effects<Effect>& out) {
  if (!leading_) {
    out.add(Acknowledge{event.id, ErrorCode::not_leader_or_follower});
    return;
  }
  const bool all = event.acks == -1;
  if (event.end <= (all ? high_watermark_ : log_end_)) {
    // A duplicate of what is long committed; Kafka still looks at the size of the ISR.
    const bool enough = !all || maximal_isr_size() >= effective_min_isr();
    out.add(Acknowledge{event.id, enough ? ErrorCode::none : ErrorCode::not_enough_replicas_after_append});
    return;
  }
  Waiters& waiters = all ? for_commit_ : for_append_;
  auto place = waiters.end();
  while (place != waiters.begin() && std::prev(place)->end > event.end) --place;
  waiters.insert(place, {event.id, event.end, event.deadline});
}

void Leader::on_appended(const Appended& event, Instant now, Effects<Effect>& out) {
  log_end_ = std::max(log_end_, event.end);
  acknowledge_below(for_append_, log_end_, ErrorCode::none, out);
  if (!followers_.empty()) out.add(WakeFetches{});
  on_stable({event.commit_end}, now, out);
}

void Leader::on_stable(const Stable& event, Instant now, Effects<Effect>& out) {
  if (event.commit_end <= commit_end_) return;
  commit_end_ = event.commit_end;
  log_end_ = std::max(log_end_, commit_end_);
  advance(now, out);
}

void Leader::on_refused(const Refused& event, Effects<Effect>& out) {
  const auto refuse = [&](Waiters& waiters) {
    auto first =
        std::find_if(waiters.begin(), waiters.end(), [&](const Waiter& w) { return w.end > event.first_lost; });
    for (auto it = first; it != waiters.end(); ++it) out.add(Acknowledge{it->id, event.error});
    waiters.erase(first, waiters.end());
  };
  refuse(for_append_);
  refuse(for_commit_);
}

void Leader::on_follower(const FollowerFetched& event, Instant now, Effects<Effect>& out) {
  Follower* const state = follower(event.follower);
  if (!leading_ || state == nullptr) return;
  if (event.fetch_offset >= event.leader_log_end) {
    state->last_caught_up = std::max(state->last_caught_up, now);
  } else if (state->leader_end_at_last_fetch != no_offset && event.fetch_offset >= state->leader_end_at_last_fetch) {
    state->last_caught_up = std::max(state->last_caught_up, state->last_fetch);
  }
  state->end = event.fetch_offset;
  state->leader_end_at_last_fetch = event.leader_log_end;
  state->last_fetch = now;
  if (!in_maximal_isr(event.follower) && !proposed_.has_value() && state->end >= high_watermark_ &&
      state->end >= epoch_start_) {
    std::vector<NodeId> grown = options_.isr;
    grown.push_back(event.follower);
    propose(std::move(grown), out);
  }
  advance(now, out);
}

void Leader::on_isr(const IsrCommitted& event, Instant now, Effects<Effect>& out) {
  if (event.leader_epoch != options_.leader_epoch) return;
  if (event.error != ErrorCode::none) {
    proposed_.reset();
    return;
  }
  if (event.partition_epoch < options_.partition_epoch) return;
  proposed_.reset();
  options_.partition_epoch = event.partition_epoch;
  options_.isr = event.isr;
  advance(now, out);
}

void Leader::on_configured(const Configured& event, Instant now, Effects<Effect>& out) {
  options_.min_insync_replicas = event.min_insync_replicas;
  advance(now, out);
}

void Leader::on_demoted(const Demoted& event, Effects<Effect>& out) {
  leading_ = false;
  proposed_.reset();
  acknowledge_below(for_append_, INT64_MAX, event.error, out);
  acknowledge_below(for_commit_, INT64_MAX, event.error, out);
  out.add(WakeFetches{});
}

void Leader::on_ticked(Instant now, Effects<Effect>& out) {
  expire(for_append_, now, out);
  expire(for_commit_, now, out);
  if (!leading_ || proposed_.has_value()) return;
  std::vector<NodeId> kept;
  for (NodeId node : options_.isr) {
    const Follower* const state = follower(node);
    if (state == nullptr || state->end >= log_end_ || now - state->last_caught_up <= options_.replica_lag_max) {
      kept.push_back(node);
    }
  }
  if (kept.size() < options_.isr.size()) propose(std::move(kept), out);
}

// The high watermark is the smallest commit end of the maximal ISR and of those about to join it; under min ISR it
// stands still (KIP-966), so that an eligible leader replica always holds everything below it.
void Leader::advance(Instant now, Effects<Effect>& out) {
  if (!leading_ || maximal_isr_size() < effective_min_isr()) return;
  Offset smallest = commit_end_;
  for (const Follower& state : followers_) {
    const bool joining = now - state.last_caught_up <= options_.replica_lag_max && state.end >= high_watermark_;
    if (in_maximal_isr(state.node) || joining) smallest = std::min(smallest, std::max<Offset>(state.end, 0));
  }
  if (smallest <= high_watermark_) return;
  high_watermark_ = smallest;
  out.add(AdvanceHighWatermark{high_watermark_});
  acknowledge_below(for_commit_, high_watermark_, ErrorCode::none, out);
  out.add(WakeFetches{});
}

void Leader::acknowledge_below(Waiters& waiters, Offset end, ErrorCode error, Effects<Effect>& out) {
  auto last = waiters.begin();
  for (; last != waiters.end() && last->end <= end; ++last) out.add(Acknowledge{last->id, error});
  waiters.erase(waiters.begin(), last);
  if (waiters.empty() && waiters.capacity() > 64) waiters.shrink_to_fit();
}

void Leader::expire(Waiters& waiters, Instant now, Effects<Effect>& out) {
  std::erase_if(waiters, [&](const Waiter& waiter) {
    if (waiter.deadline > now) return false;
    out.add(Acknowledge{waiter.id, ErrorCode::request_timed_out});
    return true;
  });
}

ErrorCode Leader::may_append(int16_t acks) const noexcept {
  if (!leading_) return ErrorCode::not_leader_or_follower;
  if (acks == -1 && options_.isr.size() < effective_min_isr()) return ErrorCode::not_enough_replicas;
  return ErrorCode::none;
}

ErrorCode Leader::check_epoch(Epoch current_leader_epoch) const noexcept {
  if (current_leader_epoch < 0 || current_leader_epoch == options_.leader_epoch) return ErrorCode::none;
  return current_leader_epoch < options_.leader_epoch ? ErrorCode::fenced_leader_epoch
                                                      : ErrorCode::unknown_leader_epoch;
}

bool Leader::is_follower(NodeId node) const noexcept {
  return node != options_.self &&
         std::find(options_.replicas.begin(), options_.replicas.end(), node) != options_.replicas.end();
}

Instant Leader::next_deadline() const noexcept {
  Instant earliest = Instant::never();
  for (const Waiter& waiter : for_append_) earliest = std::min(earliest, waiter.deadline);
  for (const Waiter& waiter : for_commit_) earliest = std::min(earliest, waiter.deadline);
  return earliest;
}

bool Leader::in_isr(NodeId node) const noexcept {
  return std::find(options_.isr.begin(), options_.isr.end(), node) != options_.isr.end();
}

bool Leader::in_maximal_isr(NodeId node) const noexcept {
  return in_isr(node) ||
         (proposed_.has_value() && std::find(proposed_->begin(), proposed_->end(), node) != proposed_->end());
}

size_t Leader::maximal_isr_size() const noexcept {
  return std::max(options_.isr.size(), proposed_.has_value() ? proposed_->size() : 0);
}

// min.insync.replicas above the number of replicas counts as that number (Kafka's effectiveMinIsr).
size_t Leader::effective_min_isr() const noexcept {
  return std::min(static_cast<size_t>(std::max(options_.min_insync_replicas, 1)),
                  std::max<size_t>(options_.replicas.size(), 1));
}

Leader::Follower* Leader::follower(NodeId node) noexcept {
  const auto found =
      std::find_if(followers_.begin(), followers_.end(), [&](const Follower& f) { return f.node == node; });
  return found == followers_.end() ? nullptr : &*found;
}

void Leader::propose(std::vector<NodeId> isr, Effects<Effect>& out) {
  proposed_ = isr;
  out.add(ProposeIsr{options_.leader_epoch, options_.partition_epoch, std::move(isr)});
}

}  // namespace moldau::replica
