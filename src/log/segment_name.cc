#include "log/segment_name.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/assert.h"

namespace moldau::log {
namespace {

constexpr size_t offset_digits = 20;

struct KindSuffix {
  FileKind kind;
  std::string_view suffix;
};
constexpr std::array kind_suffixes{
    KindSuffix{FileKind::log, ".log"},
    KindSuffix{FileKind::offset_index, ".index"},
    KindSuffix{FileKind::time_index, ".timeindex"},
    KindSuffix{FileKind::transaction_index, ".txnindex"},
    KindSuffix{FileKind::producer_snapshot, ".snapshot"},
};

struct StateSuffix {
  FileState state;
  std::string_view suffix;
};
constexpr std::array state_suffixes{
    StateSuffix{FileState::normal, ""},
    StateSuffix{FileState::deleted, ".deleted"},
    StateSuffix{FileState::cleaned, ".cleaned"},
    StateSuffix{FileState::swap, ".swap"},
};

constexpr std::string_view delete_suffix = "-delete";
constexpr std::string_view future_suffix = "-future";
constexpr std::string_view stray_suffix = "-stray";

template <typename Number>
std::optional<Number> parse_digits(std::string_view text) {
  if (text.empty() || text.front() == '-') return std::nullopt;
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool has_space(std::string_view text) {
  return text.find_first_of(" \t\n\v\f\r") != std::string_view::npos;
}

/// "-<partition>.<hex of unique><suffix>"
std::string unique_suffix(PartitionIndex partition, const Uuid& unique, std::string_view suffix) {
  std::string hex;
  for (const uint8_t byte : unique.bytes) hex += fmt::format("{:02x}", byte);
  return fmt::format("-{}.{}{}", partition, hex, suffix);
}

std::string cut_folder_name(std::string_view topic, PartitionIndex partition, const Uuid& unique,
                            std::string_view suffix) {
  const std::string rest = unique_suffix(partition, unique, suffix);
  return fmt::format("{}{}", topic.substr(0, folder_name_bytes_max - rest.size()), rest);
}

}  // namespace

std::string segment_file_name(Offset base, FileKind kind, FileState state) {
  ASSERT(base >= 0);
  return fmt::format("{:020}{}{}", base, kind_suffixes[static_cast<size_t>(kind)].suffix,
                     state_suffixes[static_cast<size_t>(state)].suffix);
}

std::optional<SegmentFileName> parse_segment_file_name(std::string_view name) {
  if (name.size() <= offset_digits || name[offset_digits] != '.') return std::nullopt;
  const auto base = parse_digits<Offset>(name.substr(0, offset_digits));
  if (!base) return std::nullopt;
  const std::string_view rest = name.substr(offset_digits);
  for (const auto& [kind, suffix] : kind_suffixes) {
    if (!rest.starts_with(suffix)) continue;
    for (const auto& [state, state_suffix] : state_suffixes) {
      if (rest.substr(suffix.size()) == state_suffix) return SegmentFileName{*base, kind, state};
    }
  }
  return std::nullopt;
}

std::string kept_aside_name(Offset base, uint64_t position) {
  return fmt::format("{}.cut-{}", segment_file_name(base, FileKind::log), position);
}

std::string partition_folder_name(std::string_view topic, PartitionIndex partition) {
  return fmt::format("{}-{}", topic, partition);
}

std::string deleted_folder_name(std::string_view topic, PartitionIndex partition, const Uuid& unique) {
  return cut_folder_name(topic, partition, unique, delete_suffix);
}

std::string stray_folder_name(std::string_view topic, PartitionIndex partition, const Uuid& unique) {
  return cut_folder_name(topic, partition, unique, stray_suffix);
}

std::string future_folder_name(std::string_view topic, PartitionIndex partition, const Uuid& unique) {
  return fmt::format("{}{}", topic, unique_suffix(partition, unique, future_suffix));
}

bool future_folder_name_fits(std::string_view topic, PartitionIndex partition) {
  return topic.size() + unique_suffix(partition, Uuid(), future_suffix).size() <= folder_name_bytes_max;
}

std::optional<FolderName> parse_folder_name(std::string_view name) {
  FolderName folder;
  std::string_view suffix;
  if (name.ends_with(delete_suffix)) {
    folder.kind = FolderKind::deleted;
    suffix = delete_suffix;
  } else if (name.ends_with(future_suffix)) {
    folder.kind = FolderKind::future;
    suffix = future_suffix;
  } else if (name.ends_with(stray_suffix)) {
    folder.kind = FolderKind::stray;
    suffix = stray_suffix;
  }
  if (!suffix.empty()) {
    // <topic>-<partition>.<unique>-suffix, no white space anywhere, the unique part not empty.
    const std::string_view stem = name.substr(0, name.size() - suffix.size());
    const size_t dot = stem.rfind('.');
    if (dot == std::string_view::npos || dot + 1 == stem.size() || has_space(name)) return std::nullopt;
    name = stem.substr(0, dot);
  }
  const size_t dash = name.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  const auto partition = parse_digits<PartitionIndex>(name.substr(dash + 1));
  if (!partition) return std::nullopt;
  folder.topic = name.substr(0, dash);
  folder.partition = *partition;
  return folder;
}

}  // namespace moldau::log
