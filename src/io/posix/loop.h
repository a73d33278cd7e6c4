// posix::Loop: the io surface on Linux. One Loop is one thread: epoll, timers, mailbox, sockets; a small pool of
// threads does what blocks (sync, cold reads, offloaded jobs, name resolution) and answers through the mailbox.
//
// Made by app/ (and tests) only. All of it but stop() and Mailbox::post belongs to the thread that calls run().
//
// Cost of a turn that serves one request: epoll_wait, recv, sendmsg: three syscalls, and one clock read of 23 ns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "io/surface.h"

namespace moldau::io::posix {

struct LoopOptions {
  /// How long the loop polls after an event, at most, before it sleeps; waking a sleeping thread costs 25-30 us on a
  /// small VM. How much of it is used depends on what came before (posix/spin_policy.h).
  Duration spin = microseconds(40);
  /// All of `spin` is polled after each event, whatever it costs.
  bool always_spin = false;
  // What may block at once, in threads that start when they are needed and end when they are idle; each 1 to 64. No
  // kind waits for another. Names are looked up beside these, two at a time.

  /// Syncs: twice what one log directory has under way (StoreOptions::syncs_in_flight_max), so that a directory whose
  /// device hangs does not hold up another one.
  unsigned syncs_max = 64;
  unsigned reads_max = 4;  ///< reads and prefetches
  unsigned jobs_max = 2;   ///< offloaded jobs
  /// A thread without work ends after this.
  Duration pool_idle_max = seconds(10);
  /// Descriptors that open Files may hold at once; beyond it the ones used longest ago are closed and opened again when
  /// they are used. 0: 40 % of RLIMIT_NOFILE.
  size_t descriptors_max = 0;
};

/// What the loop did so far, for tests and metrics.
struct LoopCounters {
  uint64_t turns = 0;              ///< turns run
  uint64_t spins = 0;              ///< waits that polled before they slept, or instead
  Duration spun;                   ///< time in them, without the turns that they ended in
  Duration slept;                  ///< time in waits that were allowed to block
  Duration busy;                   ///< time since it began to run, without `spun` and `slept`
  uint64_t mails = 0;              ///< messages taken out of the mailbox
  uint64_t sleeps = 0;             ///< waits that were allowed to block
  uint64_t wakes_written = 0;      ///< times a poster had to wake the loop through its eventfd
  uint64_t sends = 0;              ///< sendmsg calls
  uint64_t file_sends = 0;         ///< sendfile calls
  uint64_t receives = 0;           ///< recv calls
  uint64_t accepted = 0;           ///< connections accepted
  uint64_t accepts_refused = 0;    ///< connections closed at once for want of descriptors
  uint64_t files_reopened = 0;     ///< descriptors opened again after the bound had closed them
  uint64_t files_open = 0;         ///< Files that hold a descriptor now
  uint64_t pool_threads = 0;       ///< threads of the pool now
  uint64_t pool_threads_started = 0;
};

class Loop {
 public:
  /// Makes a loop; fails when the process has no descriptors left for it. With `sibling`: both are shards of one node,
  /// Files of either Disk are good for the other one, and descriptors_max counts for both together.
  static Result<std::unique_ptr<Loop>> make(const LoopOptions& options = {}, const Loop* sibling = nullptr);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  /// Waits for the pool's running jobs and drops the queued ones; callbacks that did not run are destroyed. Streams,
  /// listeners, files and locks must be gone before.
  ~Loop();

  Surface surface();
  /// Runs turns until stop().
  void run();
  /// Thread-safe: makes run() return after its current turn; a stop() before run() makes it return at once.
  void stop();
  /// Runs turns until `done` says true (asked after each turn) or `limit` has passed; returns what `done` says.
  bool run_until(const std::function<bool()>& done, Duration limit);
  /// Calls `callback` in a turn each time the process gets signal `number`, which from then on has no other effect. To
  /// be called before other threads than this loop's own start, so that all of them block the signal.
  Status on_signal(int number, Callback callback);
  /// For the loop's own thread.
  LoopCounters counters() const;
  /// A socket that listens but is not accepted from: the caller owns it, and may give duplicates of it to several
  /// loops, of which each in its time accepts what came. May wait for name servers.
  static Result<int> listening_socket(const Address& address, const ListenOptions& options = {});
  /// Accepts from such a socket, and owns it from now on (also when this fails).
  Result<std::unique_ptr<Listener>> adopt_listener(int socket, AcceptHandler accepted);

 private:
  class Impl;
  explicit Loop(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace moldau::io::posix
