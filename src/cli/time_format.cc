#include "cli/time_format.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <iterator>

#include <fmt/core.h>
#include <fmt/format.h>

namespace moldau::cli {
namespace {

constexpr std::array<std::string_view, 12> months{"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> weekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};

struct Civil {
  std::tm parts{};
  int milliseconds = 0;
};

Civil civil_of(WallMillis time) {
  int64_t whole = time / 1000;
  int64_t rest = time % 1000;
  if (rest < 0) {
    rest += 1000;
    --whole;
  }
  Civil civil;
  const std::time_t stamp = whole;
  if (gmtime_r(&stamp, &civil.parts) == nullptr) civil.parts = {};
  civil.milliseconds = static_cast<int>(rest);
  return civil;
}

enum class Piece : uint8_t {
  year,
  year_2,
  month_name,
  month_short,
  month_2,
  month,
  weekday_name,
  weekday_short,
  day_2,
  day_space,
  day,
  day_of_year,
  hour_24,
  hour_12_2,
  hour_12,
  minute_2,
  minute,
  second_2,
  second,
  pm_upper,
  pm_lower,
  zone_name,
  zulu,
  offset
};

struct Word {
  std::string_view text;
  Piece piece;
};

// Go's words; of two that begin alike the longer stands first.
constexpr Word words[] = {
    {"January", Piece::month_name},
    {"Jan", Piece::month_short},
    {"Monday", Piece::weekday_name},
    {"Mon", Piece::weekday_short},
    {"MST", Piece::zone_name},
    {"2006", Piece::year},
    {"Z07:00:00", Piece::zulu},
    {"Z07:00", Piece::zulu},
    {"Z070000", Piece::zulu},
    {"Z0700", Piece::zulu},
    {"Z07", Piece::zulu},
    {"-07:00:00", Piece::offset},
    {"-07:00", Piece::offset},
    {"-070000", Piece::offset},
    {"-0700", Piece::offset},
    {"-07", Piece::offset},
    {"002", Piece::day_of_year},
    {"01", Piece::month_2},
    {"02", Piece::day_2},
    {"03", Piece::hour_12_2},
    {"04", Piece::minute_2},
    {"05", Piece::second_2},
    {"06", Piece::year_2},
    {"15", Piece::hour_24},
    {"PM", Piece::pm_upper},
    {"pm", Piece::pm_lower},
    {"_2", Piece::day_space},
    {"1", Piece::month},
    {"2", Piece::day},
    {"3", Piece::hour_12},
    {"4", Piece::minute},
    {"5", Piece::second},
};

void append_piece(std::string& out, const Word& word, const Civil& civil) {
  const std::tm& t = civil.parts;
  const int hour_12 = t.tm_hour % 12 == 0 ? 12 : t.tm_hour % 12;
  const auto month = months[static_cast<size_t>(t.tm_mon) % months.size()];
  const auto weekday = weekdays[static_cast<size_t>(t.tm_wday) % weekdays.size()];
  const auto number = [&](std::string_view pattern, int value) {
    fmt::format_to(std::back_inserter(out), fmt::runtime(pattern), value);
  };
  switch (word.piece) {
    case Piece::year:
      return number("{:04}", t.tm_year + 1900);
    case Piece::year_2:
      return number("{:02}", (t.tm_year + 1900) % 100);
    case Piece::month_name:
      out += month;
      return;
    case Piece::month_short:
      out += month.substr(0, 3);
      return;
    case Piece::month_2:
      return number("{:02}", t.tm_mon + 1);
    case Piece::month:
      return number("{}", t.tm_mon + 1);
    case Piece::weekday_name:
      out += weekday;
      return;
    case Piece::weekday_short:
      out += weekday.substr(0, 3);
      return;
    case Piece::day_2:
      return number("{:02}", t.tm_mday);
    case Piece::day_space:
      return number("{:2}", t.tm_mday);
    case Piece::day:
      return number("{}", t.tm_mday);
    case Piece::day_of_year:
      return number("{:03}", t.tm_yday + 1);
    case Piece::hour_24:
      return number("{:02}", t.tm_hour);
    case Piece::hour_12_2:
      return number("{:02}", hour_12);
    case Piece::hour_12:
      return number("{}", hour_12);
    case Piece::minute_2:
      return number("{:02}", t.tm_min);
    case Piece::minute:
      return number("{}", t.tm_min);
    case Piece::second_2:
      return number("{:02}", t.tm_sec);
    case Piece::second:
      return number("{}", t.tm_sec);
    case Piece::pm_upper:
      out += t.tm_hour >= 12 ? "PM" : "AM";
      return;
    case Piece::pm_lower:
      out += t.tm_hour >= 12 ? "pm" : "am";
      return;
    case Piece::zone_name:
      out += "UTC";
      return;
    case Piece::zulu:
      out += 'Z';
      return;
    case Piece::offset:
      for (const char c : word.text) out += c == '-' ? '+' : c == ':' ? ':' : '0';
      return;
  }
}

/// A fraction of a second, ".000" (digits kept) or ".999" (trailing zeros dropped): its size in the layout, 0 if there
/// is none.
size_t append_fraction(std::string& out, std::string_view layout, const Civil& civil) {
  if (layout.size() < 2 || (layout[0] != '.' && layout[0] != ',') || (layout[1] != '0' && layout[1] != '9')) return 0;
  const size_t end = std::min(layout.find_first_not_of(layout[1], 1), layout.size());
  if (end < layout.size() && layout[end] >= '0' && layout[end] <= '9') return 0;
  std::string digits = fmt::format("{:09}", civil.milliseconds * 1'000'000).substr(0, std::min<size_t>(end - 1, 9));
  if (layout[1] == '9') {
    while (!digits.empty() && digits.back() == '0') digits.pop_back();
    if (digits.empty()) return end;
  }
  out += layout[0];
  out += digits;
  return end;
}

}  // namespace

void append_go_time(std::string& out, std::string_view layout, WallMillis time) {
  const Civil civil = civil_of(time);
  while (!layout.empty()) {
    if (const size_t size = append_fraction(out, layout, civil); size > 0) {
      layout.remove_prefix(size);
      continue;
    }
    const auto* word =
        std::ranges::find_if(words, [&](const Word& candidate) { return layout.starts_with(candidate.text); });
    if (word == std::end(words)) {
      out += layout[0];
      layout.remove_prefix(1);
      continue;
    }
    append_piece(out, *word, civil);
    layout.remove_prefix(word->text.size());
  }
}

void append_strftime(std::string& out, std::string_view layout, WallMillis time) {
  const Civil civil = civil_of(time);
  std::string pattern;
  for (size_t i = 0; i < layout.size(); ++i) {
    const std::string_view two = layout.substr(i, 2);
    if (two == "%s")
      pattern += fmt::format("{}", time >= 0 ? time / 1000 : (time - 999) / 1000);  // strftime's is local
    else if (two == "%Z")
      pattern += "UTC";
    else if (two.size() == 2 && two[0] == '%')
      pattern += two;
    else
      pattern += layout[i];
    if (two.size() == 2 && two[0] == '%') ++i;
  }
  if (pattern.empty()) return;
  pattern += ' ';  // so that an empty result is told from one that does not fit
  std::array<char, 1024> buffer{};
  const size_t size = std::strftime(buffer.data(), buffer.size(), pattern.c_str(), &civil.parts);
  if (size > 0) out.append(buffer.data(), size - 1);
}

}  // namespace moldau::cli
