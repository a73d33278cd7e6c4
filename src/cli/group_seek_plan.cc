#include "cli/group_seek_plan.h"

#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "cli/offsets.h"
#include "cli/text.h"

namespace moldau::cli {

Result<SeekTarget> parse_seek_target(std::string_view text, WallMillis now, std::string_view flag) {
  using Kind = SeekTarget::Kind;
  if (text == "start" || text == "beginning" || text == "oldest" || text == "earliest") return SeekTarget{Kind::start};
  if (text == "end" || text == "latest" || text == "newest") return SeekTarget{Kind::end};
  if (text.starts_with('@')) {
    ASSIGN_OR_RETURN(const OffsetRange range, parse_offset_range(text, now));
    if (range.from.kind == OffsetBound::Kind::timestamp && range.until.kind == OffsetBound::Kind::none) {
      return SeekTarget{Kind::time, range.from.value};
    }
  }
  const auto number = parse_integer(text);
  if (number && *number >= 0 && text.front() != '+') {
    // As rpk takes them: what looks like a Unix time is one.
    if (text.size() == 10) return SeekTarget{Kind::time, *number * 1000};
    if (text.size() == 13) return SeekTarget{Kind::time, *number};
    if (text.size() == 19) return SeekTarget{Kind::time, *number / 1'000'000};
    return SeekTarget{Kind::offset, *number};
  }
  return Failure{FailureKind::invalid_argument,
                 fmt::format("invalid {} '{}': expected start, end, an offset, or a time such as @-1h", flag, text)};
}

Offset seek_offset(const SeekTarget& target, const LogRange& log, std::optional<Offset> at_time) {
  switch (target.kind) {
    case SeekTarget::Kind::start:
      return log.start;
    case SeekTarget::Kind::end:
      return log.end;
    case SeekTarget::Kind::offset:
      return std::clamp(target.value, log.start, std::max(log.start, log.end));
    case SeekTarget::Kind::time:
      return at_time.value_or(log.end);
  }
  return log.end;
}

}  // namespace moldau::cli
