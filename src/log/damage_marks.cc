#include "log/damage_marks.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "base/assert.h"
#include "log/segment_name.h"

namespace moldau::log {
namespace {

constexpr std::string_view suffix = ".damaged";
constexpr size_t reason_bytes_max = 200;

Failure corrupt(const char* why) {
  return Failure{FailureKind::corrupt, std::string("damage marks: ") + why};
}

/// Takes a line off the front of `text`; nothing when there is no whole one.
std::optional<std::string_view> take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

template <typename Number>
bool take_number(std::string_view& line, Number& into) {
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), into);
  if (error != std::errc()) return false;
  line.remove_prefix(static_cast<size_t>(end - line.data()));
  if (!line.empty() && line.front() != ' ') return false;
  if (!line.empty()) line.remove_prefix(1);
  return true;
}

template <typename Number>
bool take_number_line(std::string_view& text, Number& into) {
  std::optional<std::string_view> line = take_line(text);
  return line && !line->ends_with(' ') && take_number(*line, into) && line->empty();
}

}  // namespace

std::string damage_marks_name(Offset base) {
  return segment_file_name(base, FileKind::log) + std::string(suffix);
}

std::optional<Offset> parse_damage_marks_name(std::string_view name) {
  if (!name.ends_with(suffix)) return std::nullopt;
  const auto segment = parse_segment_file_name(name.substr(0, name.size() - suffix.size()));
  if (!segment || segment->kind != FileKind::log || segment->state != FileState::normal) return std::nullopt;
  return segment->base;
}

std::string print_damage_marks(const DamageMarks& marks) {
  ASSERT(marks.ranges.size() <= damage_ranges_max);
  std::string text = fmt::format("0\n{}\n{}\n", marks.segment_bytes, marks.ranges.size());
  for (const DamagedBytes& range : marks.ranges) {
    text += fmt::format("{} {} {} {} ", range.from, range.to, range.first, range.last);
    for (const char c : std::string_view(range.reason).substr(0, reason_bytes_max)) {
      text += c >= ' ' && c < 127 ? c : '?';
    }
    text += '\n';
  }
  return text;
}

Result<DamageMarks> parse_damage_marks(std::string_view text) {
  int version = -1;
  DamageMarks marks;
  size_t count = 0;
  if (!take_number_line(text, version)) return corrupt("no version");
  if (version != 0) return corrupt("of an unknown version");
  if (!take_number_line(text, marks.segment_bytes)) return corrupt("no size");
  if (!take_number_line(text, count) || count > damage_ranges_max) return corrupt("no number of ranges");
  uint64_t behind = 0;
  for (size_t i = 0; i < count; ++i) {
    std::optional<std::string_view> line = take_line(text);
    DamagedBytes range;
    if (!line || !take_number(*line, range.from) || !take_number(*line, range.to) || !take_number(*line, range.first) ||
        !take_number(*line, range.last)) {
      return corrupt("a range that is none");
    }
    const bool sound = range.from >= behind && range.to > range.from && range.to <= marks.segment_bytes &&
                       range.first >= 0 && range.last >= range.first - 1;
    if (!sound) return corrupt("ranges that contradict each other");
    behind = range.to;
    range.reason = std::string(*line);
    marks.ranges.push_back(std::move(range));
  }
  if (!text.empty()) return corrupt("more than its ranges");
  return marks;
}

}  // namespace moldau::log
