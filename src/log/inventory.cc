#include "log/inventory.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace moldau::log {
namespace {

Failure corrupt(const char* why) {
  return Failure{FailureKind::corrupt, std::string("inventory: ") + why};
}

std::string_view take_until(std::string_view& text, char end) {
  const size_t at = text.find(end);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return taken;
}

template <typename Number>
bool parse(std::string_view word, Number& into, int base = 10) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), into, base);
  return !word.empty() && error == std::errc() && end == word.data() + word.size();
}

/// Takes the words of a line; once one is not as it should be, nothing is taken any more.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  template <typename... Numbers>
  bool take(Numbers&... into) {
    return ((good_ = good_ && parse(take_until(rest_, ' '), into)) && ...);
  }
  /// A count, and so many elements.
  template <typename Element, typename TakeOne>
  void take_all(std::vector<Element>& into, TakeOne&& take_one) {
    size_t count = 0;
    // An element takes at least two bytes: a count beyond that is a lie, and reserves nothing.
    if (!take(count) || count > rest_.size() / 2 + 1) good_ = false;
    if (!good_) return;
    into.resize(count);
    for (Element& element : into) {
      if (!take_one(element)) return;
    }
  }
  std::optional<Uuid> take_id() { return Uuid::parse(take_until(rest_, ' ')); }
  bool over() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

template <typename Element, typename KeyOf>
bool ascend(const std::vector<Element>& elements, KeyOf&& key_of) {
  for (size_t i = 0; i < elements.size(); ++i) {
    if (key_of(elements[i]) < 0 || (i > 0 && key_of(elements[i]) <= key_of(elements[i - 1]))) return false;
  }
  return true;
}

std::optional<LogInventory> parse_line(std::string_view folder, std::string_view line) {
  Words words(line);
  LogInventory log;
  log.folder = std::string(folder);
  const auto id = words.take_id();
  if (!id) return std::nullopt;
  log.topic_id = *id;
  int transactional = 0;
  words.take(log.modified_wall_ms, transactional);
  FolderFiles& files = log.files;
  files.transactional = transactional == 1;
  words.take_all(files.segments, [&](SegmentFiles& segment) {
    return words.take(segment.base, segment.bytes, segment.modified_wall_ms, segment.offset_entries,
                      segment.time_entries);
  });
  words.take_all(files.snapshots, [&](Offset& offset) { return words.take(offset); });
  words.take_all(log.epochs, [&](EpochStart& entry) { return words.take(entry.epoch, entry.start); });
  const bool sound = words.over() && (transactional == 0 || transactional == 1) &&
                     ascend(files.segments, [](const SegmentFiles& segment) { return segment.base; }) &&
                     ascend(files.snapshots, [](Offset offset) { return offset; });
  return sound ? std::optional(std::move(log)) : std::nullopt;
}

}  // namespace

std::string print_inventory(int64_t broker_epoch, std::span<const LogInventory> logs) {
  std::string lines;
  auto out = std::back_inserter(lines);
  for (const LogInventory& log : logs) {
    fmt::format_to(out, "{} {} {} {:d} {}", log.folder, log.topic_id.to_string(), log.modified_wall_ms,
                   log.files.transactional, log.files.segments.size());
    for (const SegmentFiles& segment : log.files.segments) {
      fmt::format_to(out, " {} {} {} {} {}", segment.base, segment.bytes, segment.modified_wall_ms,
                     segment.offset_entries, segment.time_entries);
    }
    fmt::format_to(out, " {}", log.files.snapshots.size());
    for (const Offset offset : log.files.snapshots) fmt::format_to(out, " {}", offset);
    fmt::format_to(out, " {}", log.epochs.size());
    for (const EpochStart& entry : log.epochs) fmt::format_to(out, " {} {}", entry.epoch, entry.start);
    lines += '\n';
  }
  return fmt::format("0\n{}\n{:x}\n{}", broker_epoch, crc32c(as_bytes(lines)), lines);
}

Result<Inventory> Inventory::open(std::string_view text) {
  int version = -1;
  if (!parse(take_until(text, '\n'), version)) return corrupt("no version");
  if (version != 0) return Failure{FailureKind::unsupported, "inventory: of an unknown version"};
  Inventory inventory;
  if (!parse(take_until(text, '\n'), inventory.broker_epoch_)) return corrupt("no broker epoch");
  uint32_t checksum = 0;
  if (!parse(take_until(text, '\n'), checksum, 16)) return corrupt("no checksum");
  if (checksum != crc32c(as_bytes(text))) return corrupt("its checksum is of something else");
  inventory.rest_ = text;
  return inventory;
}

std::optional<LogInventory> Inventory::find(std::string_view folder) {
  while (!rest_.empty()) {
    std::string_view behind = rest_;
    std::string_view line = take_until(behind, '\n');
    const std::string_view name = take_until(line, ' ');
    if (name > folder) return std::nullopt;
    rest_ = behind;
    if (name == folder) return parse_line(name, line);
  }
  return std::nullopt;
}

}  // namespace moldau::log
