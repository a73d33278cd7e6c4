#include "coordinator/timers.h"

#include <utility>

namespace moldau::coordinator {

void Timers::schedule(std::string_view name, Instant deadline, Action action) {
  const Place place{deadline, ++turns_};
  const auto [entry, fresh] = timers_.try_emplace(std::string(name));
  Timer& timer = entry->second;
  timer.action = std::move(action);
  timer.wanted = place;
  if (!fresh && timer.queued < place) return;
  if (!fresh) queue_.erase(timer.queued);
  timer.queued = place;
  queue_.emplace(place, &*entry);
}

void Timers::schedule_if_absent(std::string_view name, Instant deadline, Action action) {
  if (!is_scheduled(name)) schedule(name, deadline, std::move(action));
}

void Timers::cancel(std::string_view name) {
  const auto found = timers_.find(std::string(name));
  if (found == timers_.end()) return;
  queue_.erase(found->second.queued);
  timers_.erase(found);
}

std::optional<Instant> Timers::deadline_of(std::string_view name) const {
  const auto found = timers_.find(std::string(name));
  if (found == timers_.end()) return std::nullopt;
  return found->second.wanted.deadline;
}

void Timers::clear() {
  queue_.clear();
  timers_.clear();
}

std::optional<Timers::Due> Timers::take_due(Instant now, uint64_t last_turn) {
  for (auto next = queue_.begin(); next != queue_.end() && next->first.deadline <= now;) {
    Entries::value_type* const entry = next->second;
    Timer& timer = entry->second;
    if (timer.wanted != timer.queued) {
      next = queue_.erase(next);
      timer.queued = timer.wanted;
      const auto moved = queue_.emplace(timer.queued, entry).first;
      if (next == queue_.end() || moved->first < next->first) next = moved;
      continue;
    }
    if (timer.wanted.turn > last_turn) {
      ++next;
      continue;
    }
    queue_.erase(next);
    Due due{entry->first, std::move(timer.action)};
    timers_.erase(due.name);
    return due;
  }
  return std::nullopt;
}

}  // namespace moldau::coordinator
