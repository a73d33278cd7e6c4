// The grammar of `topic consume -o`: where to begin in each partition, and where to end.
//
//   start | oldest      the first record                    @T          the first record at or after time T
//   end | newest        the next record to come             @T:  @:T    from time T, until time T
//   N | N:              offset N                            @T1:T2      from T1 until T2; T2 may be a duration from T1,
//   or "end" +N | -N             N after the first, N before the end :end  :N  N:M  N:end    until an end, which is not
//   included (N-M is N:M)
//
//   T is 13 digits (milliseconds), 10 digits (seconds), YYYY-MM-DD, RFC 3339 with Z, or a duration from now, usually
//   negative.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace moldau::cli {

/// One end of a range.
struct OffsetBound {
  enum class Kind : uint8_t {
    none,       ///< of an end: go on forever
    exact,      ///< offset `value`
    start,      ///< `value` after the log's start
    end,        ///< `value` (not positive) from the log's end
    timestamp,  ///< the first record at or after `value`, in wall milliseconds; the log's end if there is none
  };
  Kind kind = Kind::none;
  int64_t value = 0;

  bool operator==(const OffsetBound&) const = default;
};

struct OffsetRange {
  OffsetBound from{OffsetBound::Kind::start, 0};
  OffsetBound until;

  bool operator==(const OffsetRange&) const = default;
};

/// Parses `text`; durations count from `now`.
Result<OffsetRange> parse_offset_range(std::string_view text, WallMillis now);

/// A day or an instant in UTC as `topic consume -o` takes it (see above, without durations); nothing for any other
/// text.
std::optional<WallMillis> parse_time(std::string_view text);

}  // namespace moldau::cli
