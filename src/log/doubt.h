// DoubtfulScan: the batches of a segment below the recovery point, where a whole batch with a right checksum may lie in
// the place of another (a misdirected write). Its base offset is under no checksum, so one that leaves a gap, or
// follows damage, is in doubt until what comes next shows whether it lies where it belongs. Pure; fed by who reads the
// segment: the scrubber, and whoever meets damage.
//
//   state      | a batch that leaves a gap | another batch                            | damage
//   sure       | in doubt                  | accepted, or damage                      | behind damage
//   behind     | in doubt                  | in doubt                                 | behind damage
//   in doubt   | accepted; the next one in | accepted, and the one in doubt too;      | accepted, unless no offset is
//   left for
//              | doubt                     | or that one was damage, if this one fits | what is damaged: then it was
//              damage
#pragma once

#include <optional>
#include <string>

#include "log/recovery.h"

namespace moldau::log {

class DoubtfulScan {
 public:
  /// `size` of the segment; `limit`: the base of the next one, or INT64_MAX.
  DoubtfulScan(Offset base, uint64_t size, Offset limit, int64_t index_interval_bytes, WallMillis now);

  /// The next whole batch. False: it is damage where it stands, see pass_over().
  bool take(const ScannedBatch& batch);
  /// The bytes at `position` are damage; `resume`: the first batch behind for which could_resume() holds, where the
  /// scan is to go on. Without one the scan is over, and nothing else may be called but rules().
  void pass_over(uint64_t position, const std::optional<ScannedBatch>& resume, std::string why);
  bool could_resume(const ScannedBatch& batch) const { return rules_.could_resume(batch); }
  /// The segment ends here, at a batch's end.
  void end() { accept_doubtful(); }

  /// What came of it, when it is over.
  SegmentRecovery& rules() { return rules_; }
  const SegmentRecovery& rules() const { return rules_; }

 private:
  struct Damage {
    uint64_t from = 0;
    std::string why;
  };
  struct Doubtful {
    ScannedBatch batch;
    uint64_t from = 0;  // of the damage, if it is not where it belongs
    bool damage_before = false;
    std::string why;
  };

  void accept_doubtful();

  const uint64_t size_;
  const Offset limit_;
  SegmentRecovery rules_;
  std::optional<Doubtful> doubtful_;
  std::optional<Damage> behind_damage_;  // what lies before the next batch
};

}  // namespace moldau::log
