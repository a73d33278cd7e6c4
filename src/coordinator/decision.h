// Decision: what a coordinator's machine wants done about one request or one timer: records to append, answers to give
// once they are committed, and what to do then. The machine fills it in; the Runtime carries it out (runtime.h).
//
// Answers are encoded while the decision is made, so that a machine may answer with views into its own state.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "coordinator/record.h"
#include "wire/descriptor.h"
#include "wire/encoder.h"
#include "wire/error_code.h"

namespace moldau::coordinator {

/// Names a request that waits for its answer. Given out by the shell, never 0 and never twice.
using Ticket = uint64_t;
inline constexpr Ticket no_ticket = 0;

/// The moment of a decision, on both clocks: deadlines count on the first, records carry the second.
struct Now {
  Instant instant;
  WallMillis wall = 0;
};

/// Turns a message into the answer of the request that `ticket` names.
class ReplyEncoder {
 public:
  virtual wire::Encoded encode(Ticket ticket, const wire::MessageDescriptor& type, const void* message) = 0;

 protected:
  ~ReplyEncoder() = default;
};

struct Reply {
  Ticket ticket = no_ticket;
  wire::Encoded answer;
};

class Decision;
/// Called once: with none when the records of the decision (and all before them) are committed; else with why they were
/// not appended or not committed. What is added to `next` is carried out after it, unless the coordinator is going
/// away.
using Continuation = std::function<void(wire::ErrorCode error, const Now& now, Decision& next)>;

class Decision {
 public:
  explicit Decision(ReplyEncoder& encoder) : encoder_(encoder) {}
  Decision(const Decision&) = delete;
  Decision& operator=(const Decision&) = delete;

  /// Appends `record`; all records of a decision are appended, or none; as one batch, unless may_split().
  void add(Record record) { records_.push_back(std::move(record)); }
  void add(std::vector<Record> records) {
    for (Record& record : records) records_.push_back(std::move(record));
  }
  /// Answers `ticket` with `message` when the records are committed. A ticket is answered once.
  template <typename M>
  void reply(Ticket ticket, const M& message) {
    replies_.push_back({ticket, encoder_.encode(ticket, wire::descriptor_of<M>(), &message)});
  }
  /// Calls `continuation` when it is known what became of the records; continuations run in the order they were added.
  void then(Continuation continuation) { continuations_.push_back(std::move(continuation)); }

  /// The records may go into several batches: they are many, and none depends on another.
  void may_split() noexcept { split_ = true; }

  const std::vector<Record>& records() const noexcept { return records_; }
  bool empty() const noexcept { return records_.empty() && replies_.empty() && continuations_.empty(); }

 private:
  friend class Runtime;
  ReplyEncoder& encoder_;
  std::vector<Record> records_;
  std::vector<Reply> replies_;
  std::vector<Continuation> continuations_;
  bool split_ = false;
};

}  // namespace moldau::coordinator
