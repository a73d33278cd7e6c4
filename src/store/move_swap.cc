#include "store/move_swap.h"

#include <algorithm>
#include <utility>

#include "log/damage_marks.h"

namespace moldau::store {
namespace {

constexpr size_t copy_buffer_bytes = 256 << 10;

bool written_anew(std::string_view name) {
  return name == log::partition_metadata_name || name == log::epoch_checkpoint_name;
}

/// An answer without room for it says nothing of what the disk did: what it was asked for may be there after a crash.
Status as_damage(Status outcome) {
  if (outcome.ok() || outcome.failure().kind != FailureKind::no_space) return outcome;
  return Failure{FailureKind::io, outcome.failure().message, outcome.failure().os_errno};
}

}  // namespace

Status copy_range(io::Disk& disk, io::File& source, io::File& target, uint64_t from, uint64_t to,
                  log::BatchTracker* tracker, bool& source_failed) {
  std::vector<std::byte> buffer(static_cast<size_t>(std::min<uint64_t>(copy_buffer_bytes, to - std::min(from, to))));
  while (from < to) {
    const auto wanted = std::span(buffer).first(static_cast<size_t>(std::min<uint64_t>(buffer.size(), to - from)));
    const auto got = disk.read(source, from, wanted);
    if (!got.ok() || *got == 0) {
      source_failed = true;
      if (!got.ok()) return got.failure();
      return Failure{FailureKind::corrupt, source.path() + " is shorter than it was"};
    }
    const std::span<const std::byte> piece = wanted.first(*got);
    RETURN_IF_FAILED(disk.write(target, from, std::span(&piece, 1)));
    if (tracker != nullptr) tracker->feed(from, piece);
    from += *got;
  }
  return {};
}

Result<ExtraFiles> list_extra_files(io::Disk& disk, const std::string& folder) {
  ASSIGN_OR_RETURN(const auto entries, disk.list(folder));
  ExtraFiles extras;
  for (const io::DirectoryEntry& entry : entries) {
    if (entry.is_directory || written_anew(entry.name) || entry.name.ends_with(".tmp")) continue;
    if (const auto name = log::parse_segment_file_name(entry.name)) {
      if (name->state != log::FileState::normal) continue;
      if (name->kind != log::FileKind::transaction_index && name->kind != log::FileKind::producer_snapshot) continue;
    }
    extras[entry.name] = entry.size;
  }
  return extras;
}

Status MoveSwap::copy_file(io::Disk& disk, const std::string& name, uint64_t from_byte, uint64_t to_byte, bool fresh) {
  const auto source = disk.open(path_in(folder, name), io::OpenMode::read);
  if (!source.ok()) {
    if (source.failure().kind == FailureKind::not_found && to_byte == 0) return {};  // an index without entries
    source_failed = true;
    return source.failure();
  }
  ASSIGN_OR_RETURN(io::FileRef target, disk.open(path_in(future_folder, name), io::OpenMode::create));
  if (fresh) RETURN_IF_FAILED(disk.truncate(*target, 0));
  RETURN_IF_FAILED(copy_range(disk, **source, *target, from_byte, to_byte, nullptr, source_failed));
  bytes += to_byte - from_byte;
  unsynced.push_back(std::move(target));
  return {};
}

Status MoveSwap::copy_rest(io::Disk& disk) {
  plan.drop_gone(segments);
  while (const auto next = plan.next(segments, UINT64_MAX / 2)) {
    RETURN_IF_FAILED(
        copy_file(disk, log::segment_file_name(next->base, next->kind), next->from, next->to, next->fresh));
    const auto segment = std::find_if(segments.begin(), segments.end(),
                                      [&](const log::MoveSegment& one) { return one.base == next->base; });
    plan.took(*next, segment->index_version);
  }
  return {};
}

Status MoveSwap::copy_extras(io::Disk& disk) {
  auto present = list_extra_files(disk, folder);
  if (!present.ok()) {
    source_failed = true;
    return present.failure();
  }
  for (const auto& [name, size] : *present) {
    const auto copied = extras.find(name);
    // Marks of damage may have been written anew, and be as long as before.
    const bool as_copied = copied != extras.end() && copied->second == size && !log::parse_damage_marks_name(name);
    if (!as_copied) RETURN_IF_FAILED(copy_file(disk, name, 0, size, true));
  }
  extras = std::move(present).value();
  return {};
}

/// What the log had when it was copied, and has no more.
Status MoveSwap::remove_gone(io::Disk& disk) const {
  ASSIGN_OR_RETURN(const auto entries, disk.list(future_folder));
  for (const io::DirectoryEntry& entry : entries) {
    if (written_anew(entry.name) || extras.contains(entry.name)) continue;
    const auto name = log::parse_segment_file_name(entry.name);
    const bool kept = name && name->state == log::FileState::normal &&
                      std::any_of(segments.begin(), segments.end(),
                                  [&](const log::MoveSegment& segment) { return segment.base == name->base; }) &&
                      name->kind != log::FileKind::transaction_index && name->kind != log::FileKind::producer_snapshot;
    if (!kept) RETURN_IF_FAILED(disk.remove(path_in(future_folder, entry.name)));
  }
  return {};
}

Status MoveSwap::run(io::Disk& disk) {
  RETURN_IF_FAILED(copy_rest(disk));
  RETURN_IF_FAILED(copy_extras(disk));
  RETURN_IF_FAILED(remove_gone(disk));
  RETURN_IF_FAILED(io::replace_file(disk, path_in(future_folder, log::epoch_checkpoint_name), as_bytes(epochs)));
  for (const io::FileRef& file : unsynced) RETURN_IF_FAILED(disk.sync_now(*file));
  RETURN_IF_FAILED(to.sync_folder(future_folder));
  // Before the folder has its name: without its log start in there, a crash would bring back deleted records.
  for (const CheckpointJob& write : checkpoints) RETURN_IF_FAILED(write(disk));

  RETURN_IF_FAILED(as_damage(disk.rename(future_folder, final_folder)));
  RETURN_IF_FAILED(as_damage(to.sync_folder(to.path())));
  arrived = true;
  RETURN_IF_FAILED(as_damage(disk.rename(folder, deleted_folder)));
  RETURN_IF_FAILED(as_damage(from.sync_folder(from.path())));
  departed = true;
  return {};
}

}  // namespace moldau::store
