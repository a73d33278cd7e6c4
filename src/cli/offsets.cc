#include "cli/offsets.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/core.h>

#include "cli/text.h"

namespace moldau::cli {
namespace {

using Kind = OffsetBound::Kind;

constexpr int64_t milliseconds_per_day = 86'400'000;

Failure invalid(std::string_view text, std::string_view why) {
  return {FailureKind::invalid_argument, fmt::format("invalid offset '{}': {}", text, why)};
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Days from 1970-01-01 to a civil date; nothing for a date that does not exist. (Howard Hinnant, "chrono-compatible
/// low-level date algorithms", days_from_civil.)
std::optional<int64_t> days_of(int64_t year, int64_t month, int64_t day) {
  constexpr std::array<int64_t, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (month < 1 || month > 12 || day < 1) return std::nullopt;
  if (day > lengths[static_cast<size_t>(month - 1)] + (leap && month == 2 ? 1 : 0)) return std::nullopt;
  const int64_t shifted = month <= 2 ? year - 1 : year;
  const int64_t era = shifted / 400;
  const int64_t year_of_era = shifted - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

std::optional<int64_t> number_at(std::string_view text, size_t at, size_t size) {
  const std::string_view part = text.substr(at, size);
  return part.size() == size && all_digits(part) ? parse_integer(part) : std::nullopt;
}

/// "YYYY-MM-DD" at the front of `text`, in milliseconds.
std::optional<WallMillis> day_of(std::string_view text) {
  const auto year = number_at(text, 0, 4);
  const auto month = number_at(text, 5, 2);
  const auto day = number_at(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto days = days_of(*year, *month, *day);
  if (!days) return std::nullopt;
  return *days * milliseconds_per_day;
}

/// "YYYY-MM-DDTHH:MM:SS[.fraction]Z".
std::optional<WallMillis> instant_of(std::string_view text) {
  if (text.size() < 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text.back() != 'Z')
    return std::nullopt;
  const auto day = day_of(text.substr(0, 10));
  const auto hour = number_at(text, 11, 2);
  const auto minute = number_at(text, 14, 2);
  const auto second = number_at(text, 17, 2);
  if (!day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  int64_t fraction = 0;
  if (text.size() > 20) {
    const std::string_view digits = text.substr(20, text.size() - 21);
    if (text[19] != '.' || !all_digits(digits)) return std::nullopt;
    for (size_t i = 0; i < 3; ++i) fraction = fraction * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  }
  return *day + ((*hour * 60 + *minute) * 60 + *second) * 1000 + fraction;
}

/// One half of a time range: what it means, and how many characters it takes.
struct Half {
  size_t size = 0;
  OffsetBound bound;
  bool absolute = false;  // a time, not a duration: the second half counts from it
};

Result<Half> parse_half(std::string_view text, WallMillis base) {
  const size_t colon = std::min(text.find(':'), text.size());
  const std::string_view part = text.substr(0, colon);
  // RFC 3339 has colons of its own: its end is its Z.
  const size_t zulu = text.find('Z');
  const std::string_view whole = zulu == std::string_view::npos ? part : text.substr(0, zulu + 1);
  if (part == "end") return Half{part.size(), {Kind::end, 0}, false};
  if (const auto time = parse_time(part)) return Half{part.size(), {Kind::timestamp, *time}, true};
  if (const auto time = parse_time(whole)) return Half{whole.size(), {Kind::timestamp, *time}, true};
  if (const auto duration = parse_duration(part)) {
    return Half{part.size(), {Kind::timestamp, base + duration->milliseconds()}, false};
  }
  return invalid(part,
                 "neither a time (13 or 10 digits, YYYY-MM-DD, YYYY-MM-DDTHH:MM:SSZ) nor a duration such as -1h30m");
}

Result<OffsetRange> parse_times(std::string_view text, WallMillis now) {
  OffsetRange range;
  std::string_view rest = text;
  WallMillis base = now;
  if (!rest.starts_with(':')) {
    ASSIGN_OR_RETURN(const Half from, parse_half(rest, now));
    if (from.bound.kind == Kind::end) return invalid(text, "a range of times cannot begin at its end");
    range.from = from.bound;
    if (from.absolute) base = from.bound.value;
    rest.remove_prefix(from.size);
    if (rest.empty() || rest == ":") return range;
    if (!rest.starts_with(':')) return invalid(text, "expected ':' between two times");
  }
  rest.remove_prefix(1);
  ASSIGN_OR_RETURN(const Half until, parse_half(rest, base));
  if (until.size != rest.size()) return invalid(text, "something follows the second time");
  range.until = until.bound;
  const bool backwards = range.from.kind == Kind::timestamp && range.until.kind == Kind::timestamp &&
                         range.until.value <= range.from.value;
  if (backwards) return invalid(text, "the range ends before it begins");
  return range;
}

std::optional<OffsetBound> exact(std::string_view text) {
  const auto offset = all_digits(text) ? parse_integer(text) : std::nullopt;
  if (!offset) return std::nullopt;
  return OffsetBound{Kind::exact, *offset};
}

std::optional<OffsetBound> until_of(std::string_view text) {
  if (text == "end") return OffsetBound{Kind::end, 0};
  return exact(text);
}

}  // namespace

std::optional<WallMillis> parse_time(std::string_view text) {
  if (all_digits(text) && text.size() == 13) return parse_integer(text);
  if (all_digits(text) && text.size() == 10) return *parse_integer(text) * 1000;
  if (text.size() == 10) return day_of(text);
  return instant_of(text);
}

Result<OffsetRange> parse_offset_range(std::string_view text, WallMillis now) {
  if (text.starts_with('@')) return parse_times(text.substr(1), now);
  OffsetRange range;
  if (text == "start" || text == "oldest") return range;
  if (text == "end" || text == "newest") {
    range.from = {Kind::end, 0};
    return range;
  }
  if (text.starts_with('+') || text.starts_with('-')) {
    const auto count = all_digits(text.substr(1)) ? parse_integer(text) : std::nullopt;
    if (!count) return invalid(text, "expected a number behind the sign");
    range.from = {text[0] == '+' ? Kind::start : Kind::end, *count};
    return range;
  }
  // N, N:, :M, N:M, and N-M for N:M.
  size_t separator = text.find(':');
  if (separator == std::string_view::npos) separator = text.find('-');
  const std::string_view left = text.substr(0, separator);
  if (!left.empty()) {
    const auto from = exact(left);
    if (!from) return invalid(text, "expected start, end, a number, +N, -N, N:M, :end or a time such as @-1h");
    range.from = *from;
  }
  if (separator == std::string_view::npos) {
    if (left.empty()) return invalid(text, "it is empty");
    return range;
  }
  const std::string_view right = text.substr(separator + 1);
  if (right.empty() && !left.empty() && text[separator] == ':') return range;
  const auto until = until_of(right);
  if (!until) return invalid(text, "expected a number or 'end' behind the colon");
  range.until = *until;
  if (range.until.kind == Kind::exact && range.from.kind == Kind::exact && range.until.value <= range.from.value) {
    return invalid(text, "the range ends before it begins");
  }
  return range;
}

}  // namespace moldau::cli
