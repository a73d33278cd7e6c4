// Damage marks: which bytes of a segment are known to hold no sound batch, in a small file beside it,
// `<segment>.log.damaged`. Kafka passes such names by: it looks at the end of a name. Text, as Kafka's checkpoints are:
//
//   0                          the version
//   <bytes of the segment>
//   <number of ranges>
//   <from> <to> <first offset> <last offset> <reason>      for each
//
// Written by the scrubber (store/scrub.h), read when a log is opened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "log/recovery.h"

namespace moldau::log {

/// Ranges of one segment that are remembered at most; beyond them, one range covers the rest.
inline constexpr size_t damage_ranges_max = 1'024;

struct DamageMarks {
  uint64_t segment_bytes = 0;
  std::vector<DamagedBytes> ranges;  ///< ascending
};

/// "<20-digit base>.log.damaged".
std::string damage_marks_name(Offset base);
/// The base of the segment whose marks have this name; nothing for all other names.
std::optional<Offset> parse_damage_marks_name(std::string_view name);

/// REQUIRES: no more than damage_ranges_max ranges.
std::string print_damage_marks(const DamageMarks& marks);
/// FailureKind::corrupt when it is no such file.
Result<DamageMarks> parse_damage_marks(std::string_view text);

}  // namespace moldau::log
