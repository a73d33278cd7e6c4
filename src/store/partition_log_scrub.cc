// PartitionLog, what the scrubber needs: which segments may be looked at, taking what was found, and finding it again
// after a restart.
#include <algorithm>
#include <utility>

#include "base/trace.h"
#include "log/damage_marks.h"
#include "store/partition_log.h"

namespace moldau::store {
namespace {

constexpr uint64_t marks_bytes_max = 1 << 20;

}  // namespace

std::string PartitionLog::damage_marks_path(Offset base) const {
  return path_in(folder_, log::damage_marks_name(base));
}

std::optional<ScrubSource> PartitionLog::open_for_scrub(Offset from) {
  const Offset stable = std::min(recovery_point(), stable_end_);
  for (size_t i = 0; i + 1 < segments_.size(); ++i) {
    Segment& segment = segments_[i];
    const Offset limit = segments_[i + 1].base;
    if (segment.base < from || segment.size == 0) continue;
    if (limit > stable) return std::nullopt;
    const Status opened = ensure_open(segment);
    if (opened.ok()) return ScrubSource{segment.base, limit, segment.size, generation_, segment.log};
    (void)fail_directory(opened.failure());
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<size_t> PartitionLog::take_scrubbed(const ScrubSource& source,
                                                  const std::vector<log::DamagedBytes>& found) {
  const auto at = segment_of(source.base);
  if (retired_ || offline() || generation_ != source.cuts || !at) return std::nullopt;
  const Segment& segment = segments_[*at];
  if (segment.base != source.base || segment.size != source.size || segment.log != source.log) return std::nullopt;
  const auto known = [&](const log::DamagedBytes& bytes) {
    return std::any_of(holes_.begin(), holes_.end(), [&](const Hole& hole) {
      return hole.segment == source.base && hole.bytes.from <= bytes.from && bytes.to <= hole.bytes.to;
    });
  };
  const auto fresh = static_cast<size_t>(
      std::count_if(found.begin(), found.end(), [&](const log::DamagedBytes& bytes) { return !known(bytes); }));
  if (fresh > 0) {
    add_holes(source.base, found);
    core_->forget_windows(this);
    for (Mark& mark : marks_) {
      if (mark.segment == source.base) mark = {};
    }
  }
  return fresh;
}

/// Of each segment that has damage marks: what they say holds as long as no sound batch stands there.
Status PartitionLog::load_marks(const std::vector<Offset>& bases) {
  for (const Offset base : bases) {
    const std::string path = damage_marks_path(base);
    const auto at = segment_of(base);
    const auto text = io::read_file(disk(), path, marks_bytes_max);
    auto marks = text.ok() ? log::parse_damage_marks(as_text(*text)) : Result<log::DamageMarks>(text.failure());
    bool holds = marks.ok() && at && segments_[*at].base == base && segments_[*at].size == marks->segment_bytes;
    if (holds) {
      Segment& segment = segments_[*at];
      RETURN_IF_FAILED(ensure_open(segment));
      for (const log::DamagedBytes& range : marks->ranges) {
        BatchScan scan(disk(), *segment.log, range.from, range.to);
        scan.pass_over_unreadable();
        ASSIGN_OR_RETURN(const BatchScan::Step step, scan.next());
        if (step == BatchScan::Step::batch && scan.batch().base_offset() == range.first) holds = false;
      }
    }
    if (holds) {
      add_holes(base, marks->ranges);
      continue;
    }
    trace(TraceLevel::warn, "log={} file={} state=removed reason=\"marks of a segment that is another now\"", folder_,
          path);
    RETURN_IF_FAILED(disk().remove(path));
  }
  return {};
}

}  // namespace moldau::store
