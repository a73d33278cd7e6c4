// Timers: the deadlines of a coordinator's machine, by name: setting a timer again replaces it. They are soft state:
// gone when the coordinator is unloaded, set anew when it is loaded.
//
// Moving a timer to a later moment, which every heartbeat does, touches one hash entry: the queue keeps the old place
// and the timer is put back in when that comes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "coordinator/decision.h"

namespace moldau::coordinator {

class Timers {
 public:
  /// What to do when the time has come.
  using Action = std::function<void(const Now& now, Decision& decision)>;

  /// Sets the timer `name`, replacing the one of that name.
  void schedule(std::string_view name, Instant deadline, Action action);
  /// As schedule(), unless there is a timer of that name.
  void schedule_if_absent(std::string_view name, Instant deadline, Action action);
  void cancel(std::string_view name);
  bool is_scheduled(std::string_view name) const { return timers_.contains(std::string(name)); }
  /// When the timer comes; nothing if there is none.
  std::optional<Instant> deadline_of(std::string_view name) const;
  size_t size() const noexcept { return timers_.size(); }
  void clear();

  /// The earliest moment at which take_due() may have something.
  Instant next_deadline() const { return queue_.empty() ? Instant::never() : queue_.begin()->first.deadline; }
  /// Counts the settings of timers.
  uint64_t last_turn() const noexcept { return turns_; }
  /// A timer whose time has come.
  struct Due {
    std::string name;
    Action action;
  };
  /// Takes out the first timer that is due at `now` and was set at `last_turn` or before, in the order of their
  /// deadlines, then of their setting; nothing if there is none.
  std::optional<Due> take_due(Instant now, uint64_t last_turn);

 private:
  struct Place {
    Instant deadline;
    uint64_t turn = 0;
    auto operator<=>(const Place&) const = default;
  };
  struct Timer {
    Place wanted;
    Place queued;  ///< not after `wanted`
    Action action;
  };
  using Entries = std::unordered_map<std::string, Timer>;

  Entries timers_;
  std::map<Place, Entries::value_type*> queue_;
  uint64_t turns_ = 0;
};

}  // namespace moldau::coordinator
