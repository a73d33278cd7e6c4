#include "store/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "log/checkpoint.h"
#include "log/identity.h"
#include "log/index.h"
#include "log/producer_snapshot.h"
#include "log/segment_name.h"
#include "store/batch_scan.h"

namespace moldau::store::testing {
namespace {

using Content = std::vector<std::byte>;

Content content_of(io::Disk& disk, const std::string& path) {
  auto bytes = io::read_file(disk, path, 1u << 30);
  return bytes.ok() ? std::move(bytes).value() : Content();
}

struct BatchFacts {
  uint64_t position;
  Offset last;
  WallMillis max_timestamp;
};

std::string audit_segment(io::Disk& disk, const std::string& folder, Offset base, bool inactive, bool whole,
                          Offset& expected) {
  const std::string stem = folder + "/" + log::segment_file_name(base, log::FileKind::log);
  const Content bytes = content_of(disk, stem);
  std::map<Offset, BatchFacts> by_last;
  WallMillis largest = no_timestamp;
  size_t at = 0;
  while (at < bytes.size()) {
    const auto batch = wire::BatchView::parse_checked(std::span(bytes).subspan(at));
    if (!batch) {
      if (whole) return fmt::format("{} is damaged at {}: {}", stem, at, wire::name_of(batch.error()));
      break;
    }
    if (batch->base_offset() < expected)
      return fmt::format("{}: offset {} at {} is too low", stem, batch->base_offset(), at);
    expected = batch->next_offset();
    by_last[batch->last_offset()] = {at, batch->last_offset(), batch->max_timestamp()};
    largest = std::max(largest, batch->max_timestamp());
    at += batch->size();
  }
  const Content index = content_of(disk, folder + "/" + log::segment_file_name(base, log::FileKind::offset_index));
  if (!log::offset_index_plausible(index, base, bytes.size())) return stem + ": the offset index is implausible";
  for (size_t slot = 0; slot < index.size() / log::offset_entry_bytes; ++slot) {
    const log::OffsetEntry entry = log::offset_entry_at(index, base, slot);
    const auto found = by_last.find(entry.offset);
    if (found == by_last.end() || found->second.position != entry.position) {
      return fmt::format("{}: index entry {} ({} at {}) is wrong", stem, slot, entry.offset, entry.position);
    }
  }
  const Content times = content_of(disk, folder + "/" + log::segment_file_name(base, log::FileKind::time_index));
  if (!log::time_index_plausible(times, base)) return stem + ": the time index is implausible";
  WallMillis last_time = no_timestamp;
  for (size_t slot = 0; slot < times.size() / log::time_entry_bytes; ++slot) {
    const log::TimeEntry entry = log::time_entry_at(times, base, slot);
    const auto found = by_last.find(entry.offset);
    if (found == by_last.end() || found->second.max_timestamp != entry.timestamp) {
      return fmt::format("{}: time index entry {} ({} at {}) is wrong", stem, slot, entry.timestamp, entry.offset);
    }
    last_time = entry.timestamp;
  }
  if (inactive && last_time != largest)
    return fmt::format("{}: the time index ends at {}, not {}", stem, last_time, largest);
  return {};
}

std::string audit_folder(io::Disk& disk, const std::string& folder, bool active_too) {
  const auto entries = disk.list(folder);
  if (!entries.ok()) return folder + ": " + entries.failure().message;
  std::vector<Offset> bases;
  for (const auto& entry : *entries) {
    const auto name = log::parse_segment_file_name(entry.name);
    if (!name || name->state != log::FileState::normal) continue;
    if (name->kind == log::FileKind::log) bases.push_back(name->base);
    if (name->kind == log::FileKind::producer_snapshot) {
      const auto snapshot = log::decode_producer_snapshot(content_of(disk, folder + "/" + entry.name));
      if (!snapshot.ok()) return folder + "/" + entry.name + ": " + snapshot.failure().message;
    }
  }
  Offset expected = 0;
  for (size_t i = 0; i < bases.size(); ++i) {
    const bool inactive = i + 1 < bases.size();
    std::string problem = audit_segment(disk, folder, bases[i], inactive, inactive || active_too, expected);
    if (!problem.empty()) return problem;
  }
  const auto epochs = log::parse_epoch_checkpoint(as_text(content_of(disk, folder + "/leader-epoch-checkpoint")));
  if (!epochs.ok()) return folder + ": " + epochs.failure().message;
  const auto identity = log::parse_partition_metadata(as_text(content_of(disk, folder + "/partition.metadata")));
  if (!identity.ok()) return folder + ": " + identity.failure().message;
  return {};
}

}  // namespace

std::string audit_directory(io::Disk& disk, const std::string& path, bool active_too) {
  const auto entries = disk.list(path);
  if (!entries.ok()) return path + ": " + entries.failure().message;
  for (const auto& entry : *entries) {
    const auto name = log::parse_folder_name(entry.name);
    if (!entry.is_directory || !name || name->kind != log::FolderKind::partition) continue;
    std::string problem = audit_folder(disk, path + "/" + entry.name, active_too);
    if (!problem.empty()) return problem;
  }
  for (const auto* file :
       {"recovery-point-offset-checkpoint", "replication-offset-checkpoint", "log-start-offset-checkpoint"}) {
    const auto offsets = log::parse_offset_checkpoint(as_text(content_of(disk, path + "/" + file)));
    if (!offsets.ok()) return path + "/" + file + ": " + offsets.failure().message;
  }
  return {};
}

}  // namespace moldau::store::testing
