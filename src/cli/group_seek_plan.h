// The grammar of `group seek --to`, and the offsets that come of it, without a cluster.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "cli/group_lag.h"

namespace moldau::cli {

/// Where --to points.
struct SeekTarget {
  enum class Kind : uint8_t { start, end, offset, time };
  Kind kind = Kind::start;
  int64_t value = 0;  ///< the offset, or milliseconds

  bool operator==(const SeekTarget&) const = default;
};

/// "start", "beginning", "end", "latest", an offset, "@T" as `topic consume -o` takes it, or a Unix time of 10
/// (seconds), 13 (milliseconds) or 19 (nanoseconds) digits; durations count from `now`.
/// `flag` is named by failures.
Result<SeekTarget> parse_seek_target(std::string_view text, WallMillis now, std::string_view flag = "--to");

/// The offset to commit in one log; `at_time` is that of the first record at or after the time, none if all are older.
Offset seek_offset(const SeekTarget& target, const LogRange& log, std::optional<Offset> at_time);

}  // namespace moldau::cli
