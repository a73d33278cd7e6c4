#include "coordinator/runtime.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace moldau::coordinator {

using wire::ErrorCode;

ErrorCode error_for_clients(ErrorCode error) {
  switch (error) {
    case ErrorCode::unknown_topic_or_partition:
    case ErrorCode::not_enough_replicas:
    case ErrorCode::request_timed_out:
      return ErrorCode::coordinator_not_available;
    case ErrorCode::not_leader_or_follower:
    case ErrorCode::kafka_storage_error:
      return ErrorCode::not_coordinator;
    case ErrorCode::message_too_large:
    case ErrorCode::record_list_too_large:
    case ErrorCode::invalid_fetch_size:
      return ErrorCode::unknown_server_error;
    default:
      return error;
  }
}

ErrorCode Runtime::availability() const noexcept {
  switch (state_) {
    case RuntimeState::active:
      return ErrorCode::none;
    case RuntimeState::loading:
      return ErrorCode::coordinator_load_in_progress;
    case RuntimeState::idle:
    case RuntimeState::failed:
      return ErrorCode::not_coordinator;
  }
  return ErrorCode::not_coordinator;
}

void Runtime::begin_load(std::unique_ptr<Machine> machine) {
  ASSERT(machine_ == nullptr);
  machine_ = std::move(machine);
  state_ = RuntimeState::loading;
}

void Runtime::finish_load(Offset end, Offset high_watermark, const Now& now) {
  ASSERT(state_ == RuntimeState::loading);
  state_ = RuntimeState::active;
  end_ = end;
  high_watermark_ = high_watermark;
  run(now, [&](Decision& decision) { machine_->loaded(now, decision); });
}

void Runtime::unload(ErrorCode error, const Now& now) {
  if (state_ == RuntimeState::active) state_ = RuntimeState::idle;
  // The machine still stands while those that wait are told; what they decide now goes nowhere.
  for (Gated& gated : std::exchange(gate_, {})) release(std::move(gated), error, now);
  timers_.clear();
  machine_.reset();
  state_ = RuntimeState::idle;
}

void Runtime::fail(Failure why, const Now& now) {
  unload(ErrorCode::not_coordinator, now);
  state_ = RuntimeState::failed;
  host_.failed(why);
}

bool Runtime::carry_out(Decision& decision, const Now& now) {
  if (state_ != RuntimeState::active) {
    for (Reply& reply : decision.replies_) host_.refuse(reply.ticket, ErrorCode::not_coordinator);
    return false;
  }
  if (!decision.records_.empty()) {
    const std::expected<Offset, ErrorCode> end = host_.append(decision.records_, decision.split_, now);
    if (!end.has_value()) {
      refuse(decision, end.error(), now);
      return false;
    }
    end_ = *end;
    if (Status replayed = replay_own(decision, *end); !replayed.ok()) {
      for (Reply& reply : decision.replies_) host_.refuse(reply.ticket, ErrorCode::not_coordinator);
      fail(std::move(replayed).failure(), now);
      return false;
    }
  }
  if (decision.replies_.empty() && decision.continuations_.empty()) return true;
  Gated gated{end_, now.instant + commit_timeout_, std::move(decision.replies_), std::move(decision.continuations_)};
  if (gate_.empty() && end_ <= high_watermark_) {
    release(std::move(gated), ErrorCode::none, now);
  } else {
    gate_.push_back(std::move(gated));
  }
  return true;
}

Status Runtime::replay_own(const Decision& decision, Offset end) {
  Offset offset = end - static_cast<Offset>(decision.records_.size());
  for (const Record& record : decision.records_) {
    const Status replayed = machine_->replay(record, {.offset = offset++});
    if (!replayed.ok()) return replayed;
  }
  return {};
}

void Runtime::refuse(Decision& decision, ErrorCode error, const Now& now) {
  release({end_, now.instant, std::move(decision.replies_), std::move(decision.continuations_)}, error, now);
}

void Runtime::release(Gated gated, ErrorCode error, const Now& now) {
  for (Reply& reply : gated.replies) {
    if (error == ErrorCode::none) {
      host_.send(std::move(reply));
    } else {
      host_.refuse(reply.ticket, error);
    }
  }
  for (Continuation& continuation : gated.continuations) {
    Decision next(host_);
    continuation(error, now, next);
    if (!next.empty()) carry_out(next, now);
  }
}

void Runtime::advance(Offset high_watermark, const Now& now) {
  if (high_watermark > high_watermark_) high_watermark_ = high_watermark;
  while (!gate_.empty() && gate_.front().end <= high_watermark_) {
    Gated gated = std::move(gate_.front());
    gate_.pop_front();
    release(std::move(gated), ErrorCode::none, now);
  }
}

void Runtime::tick(const Now& now) {
  while (!gate_.empty() && gate_.front().deadline <= now.instant) {
    Gated gated = std::move(gate_.front());
    gate_.pop_front();
    release(std::move(gated), ErrorCode::request_timed_out, now);
  }
  // A timer that is set again for now waits for the next tick: this one ends.
  const uint64_t last_turn = timers_.last_turn();
  while (state_ == RuntimeState::active) {
    std::optional<Timers::Due> due = timers_.take_due(now.instant, last_turn);
    if (!due.has_value()) break;
    Decision decision(host_);
    due->action(now, decision);
    if (carry_out(decision, now) || state_ != RuntimeState::active) continue;
    timers_.schedule_if_absent(due->name, now.instant + timer_retry_pause, std::move(due->action));
  }
}

Instant Runtime::next_deadline() const {
  if (state_ != RuntimeState::active) return Instant::never();
  const Instant timer = timers_.next_deadline();
  return gate_.empty() ? timer : std::min(timer, gate_.front().deadline);
}

}  // namespace moldau::coordinator
