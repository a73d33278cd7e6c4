// Machine: the deterministic state of one partition of a coordinator's log (groups now, transactions later).
//
// Its requests are functions of its own class: `void handle(request, ticket, const Now&, Decision&)`. They decide by
// the state as it is (uncommitted records included) and change nothing that the log keeps: records of the decision come
// back through replay(), which alone does. What the log does not keep (timers, answers that wait, a rebalance under
// way) they may change at once; it dies with the Runtime's unload().
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "base/result.h"
#include "coordinator/decision.h"
#include "coordinator/record.h"

namespace moldau::coordinator {

/// Where a replayed record stands.
struct ReplayContext {
  Offset offset = no_offset;
  ProducerId producer_id = no_producer_id;  ///< of a transaction that is still open; else none
};

class Machine {
 public:
  virtual ~Machine() = default;

  /// Takes up one record, while the log is read or as the outcome of a decision. A failure: the record is damaged, or
  /// does not fit the state; the coordinator must not be served.
  virtual Status replay(const RecordView& record, const ReplayContext& context) = 0;
  /// A transaction that wrote records to this log ended.
  virtual void end_transaction(ProducerId producer, bool committed) = 0;
  /// All of the log was replayed: the time to set timers.
  virtual void loaded(const Now& now, Decision& decision) = 0;
};

}  // namespace moldau::coordinator
