// Reserve: room that a log directory keeps back for what keeps its node alive when the disk is full: the metadata log,
// the logs of coordinators, log starts, removals. A file without content, `.moldau-reserve`, has the room (fallocate);
// removing it gives the room back. docs/design/faults.md, Full disks. Internal to store/; from any thread.
//
//   none --take: there is room--> held   the first time some while after something was written, not in a start's way
//   none, held --lend--> lent            one of those writes found no room, or there was too little for a start
//   lent --take: there is room--> held   until then appends of other topics are refused, or they would use the room up
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "io/disk.h"

namespace moldau::store {

class Reserve {
 public:
  /// 0 bytes: there is none, ever.
  Reserve(std::string path, uint64_t bytes) : path_(std::move(path)), bytes_(bytes) {}

  bool held() const { return state_.load(std::memory_order_relaxed) == State::held; }
  /// True while others are to leave the room alone.
  bool lent() const { return state_.load(std::memory_order_relaxed) == State::lent; }
  bool wanted() const { return bytes_ > 0 && !held(); }

  /// Takes the room unless it is held; without room for all of it nothing changes. Blocking: for the pool.
  void take(io::Disk& disk);
  /// Gives the room back. True when there is some now that was not there before: a write that found none may be tried
  /// again, once. Removes a file.
  bool lend(io::Disk& disk);

 private:
  enum class State : unsigned char { none, held, lent };

  const std::string path_;
  const uint64_t bytes_;
  std::atomic_flag guard_;  // of the file, and of changes of the state
  std::atomic<State> state_{State::none};
};

/// Whether the node needs what is written there: the metadata log, and the logs of coordinators.
inline bool is_essential(std::string_view topic) {
  return topic.starts_with("__");
}

/// Does `work`, and if it found no room once more with that of the reserve.
template <typename Work>
auto with_reserve(Reserve& reserve, io::Disk& disk, Work work) {
  auto outcome = work();
  if (!outcome.ok() && outcome.failure().kind == FailureKind::no_space && reserve.lend(disk)) outcome = work();
  return outcome;
}

}  // namespace moldau::store
