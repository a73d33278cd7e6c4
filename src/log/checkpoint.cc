#include "log/checkpoint.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace moldau::log {
namespace {

/// Hands out lines without their line feeds (CR LF and CR too, as Java's readers do).
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    ++number_;
    const size_t end = rest_.find_first_of("\r\n");
    const std::string_view line = rest_.substr(0, end);
    if (end == std::string_view::npos) {
      rest_ = {};
    } else {
      const bool pair = rest_[end] == '\r' && end + 1 < rest_.size() && rest_[end + 1] == '\n';
      rest_.remove_prefix(end + (pair ? 2 : 1));
    }
    return line;
  }
  size_t number() const { return number_; }
  size_t remaining_bytes() const { return rest_.size(); }

 private:
  std::string_view rest_;
  size_t number_ = 0;
};

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Splits at runs of white space into exactly N words.
template <size_t N>
std::optional<std::array<std::string_view, N>> words_of(std::string_view line) {
  std::array<std::string_view, N> words;
  size_t count = 0;
  while (true) {
    const size_t start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos) break;
    line.remove_prefix(start);
    const size_t end = std::min(line.find_first_of(" \t"), line.size());
    if (count == N) return std::nullopt;
    words[count++] = line.substr(0, end);
    line.remove_prefix(end);
  }
  if (count != N) return std::nullopt;
  return words;
}

Failure malformed(const Lines& lines) {
  return {FailureKind::corrupt, fmt::format("line {} of the checkpoint is malformed", lines.number())};
}

/// Reads version, count and entries; `parse_line(line)` gives an optional entry.
template <typename Entry, typename ParseLine>
Result<std::vector<Entry>> parse_entries(std::string_view text, ParseLine&& parse_line) {
  Lines lines(text);
  std::vector<Entry> entries;
  const auto version_line = lines.next();
  if (!version_line) return entries;
  const auto version = parse_number<int32_t>(*version_line);
  if (!version) return malformed(lines);
  if (*version != 0) {
    return Failure{FailureKind::unsupported, fmt::format("version {} of the checkpoint is unknown", *version)};
  }
  const auto count_line = lines.next();
  if (!count_line) return entries;
  const auto count = parse_number<int32_t>(*count_line);
  // An entry takes at least 4 bytes, so a count beyond that is a lie and reserves nothing.
  if (!count || *count < 0) return malformed(lines);
  entries.reserve(std::min(static_cast<size_t>(*count), lines.remaining_bytes() / 4 + 1));
  while (const auto line = lines.next()) {
    auto entry = parse_line(*line);
    if (!entry) return malformed(lines);
    entries.push_back(std::move(*entry));
  }
  if (entries.size() != static_cast<size_t>(*count)) {
    return Failure{FailureKind::corrupt,
                   fmt::format("the checkpoint has {} entries and claims {}", entries.size(), *count)};
  }
  return entries;
}

}  // namespace

Result<std::vector<PartitionOffset>> parse_offset_checkpoint(std::string_view text) {
  return parse_entries<PartitionOffset>(text, [](std::string_view line) -> std::optional<PartitionOffset> {
    const auto words = words_of<3>(line);
    if (!words) return std::nullopt;
    const auto partition = parse_number<PartitionIndex>((*words)[1]);
    const auto offset = parse_number<Offset>((*words)[2]);
    if (!partition || !offset || *partition < 0 || *offset < 0) return std::nullopt;
    return PartitionOffset{std::string((*words)[0]), *partition, *offset};
  });
}

std::string print_offset_checkpoint(std::span<const PartitionOffset> entries) {
  std::string text = fmt::format("0\n{}\n", entries.size());
  for (const PartitionOffset& entry : entries) {
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", entry.topic, entry.partition, entry.offset);
  }
  return text;
}

Result<std::vector<EpochStart>> parse_epoch_checkpoint(std::string_view text) {
  return parse_entries<EpochStart>(text, [](std::string_view line) -> std::optional<EpochStart> {
    const auto words = words_of<2>(line);
    if (!words) return std::nullopt;
    const auto epoch = parse_number<Epoch>((*words)[0]);
    const auto start = parse_number<Offset>((*words)[1]);
    if (!epoch || !start || *epoch < 0 || *start < 0) return std::nullopt;
    return EpochStart{*epoch, *start};
  });
}

std::string print_epoch_checkpoint(std::span<const EpochStart> entries) {
  std::string text = fmt::format("0\n{}\n", entries.size());
  for (const EpochStart& entry : entries) {
    fmt::format_to(std::back_inserter(text), "{} {}\n", entry.epoch, entry.start);
  }
  return text;
}

}  // namespace moldau::log
