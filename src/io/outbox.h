// Outbox: what one shard has to say to another one, handed over at the end of the turn as one letter, so that many
// messages cost one exchange on the target's mailbox and at most one wake. docs/design/shards.md
//
// Messages arrive in the order in which they were posted, each in a turn of the target. Belongs to the posting shard.
#pragma once

#include <memory>
#include <vector>

#include "io/executor.h"

namespace moldau::io {

class Outbox {
 public:
  /// `own` is the executor of the posting shard. Both must outlive this, and what was posted.
  Outbox(Executor& own, Mailbox& target);
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  ~Outbox();

  /// Runs `message` in a turn of the target: posted at the end of this turn. What was posted before this object died
  /// is still handed over.
  void post(Callback message);
  /// Messages so far.
  uint64_t posted() const noexcept;
  /// Letters so far: turns in which something was posted, or more where the end of a turn brought more.
  uint64_t letters() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace moldau::io
