#include "store/journal/journal_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace moldau::store {
namespace {

/// What is written between two syncs of a file that is being made.
constexpr uint64_t fill_step_bytes = 4 << 20;
constexpr size_t zeros_bytes = 1 << 20;

std::string in_folder(const std::string& folder, std::string_view name) {
  return fmt::format("{}/{}", folder, name);
}
std::string journal_folder_of(const std::string& directory) {
  return in_folder(directory, log::journal_folder_name);
}

Status sync_unless(io::Disk& disk, const std::string& path, log::JournalMutant mutant) {
  return mutant == log::JournalMutant::no_folder_sync ? Status() : disk.sync_dir(path);
}

/// The entries of a folder; none when it is missing.
Result<std::vector<io::DirectoryEntry>> list_if_there(io::Disk& disk, const std::string& path) {
  auto entries = disk.list(path);
  if (entries.ok() || entries.failure().kind != FailureKind::not_found) return entries;
  return std::vector<io::DirectoryEntry>();
}

bool has_name(const std::vector<io::DirectoryEntry>& entries, const std::string& name) {
  return std::any_of(entries.begin(), entries.end(), [&](const auto& entry) { return entry.name == name; });
}

/// Moves the files of a settled folder out, as spares, and removes it.
Status clear_settled(io::Disk& disk, const std::string& directory, log::JournalMutant mutant) {
  const std::string settled = in_folder(directory, log::settled_journal_folder_name);
  const auto entries = disk.list(settled);
  if (!entries.ok()) return entries.failure().kind == FailureKind::not_found ? Status() : Status(entries.failure());
  ASSIGN_OR_RETURN(const auto outside, disk.list_files(directory));
  auto spares = static_cast<size_t>(std::count_if(outside.begin(), outside.end(), [](const io::DirectoryEntry& entry) {
    return log::parse_spare_journal_name(entry.name).has_value();
  }));
  for (const io::DirectoryEntry& entry : *entries) {
    const auto name = log::parse_journal_file_name(entry.name);
    const std::string path = in_folder(settled, entry.name);
    // A file that is a spare already may be this one: a name given to a file that has it would stay here, too.
    const bool is_spare = name && has_name(outside, log::spare_journal_name(*name));
    if (!name || entry.is_directory || is_spare || ++spares > spare_journals_max) {
      RETURN_IF_FAILED(disk.remove_tree(path));
    } else {
      RETURN_IF_FAILED(disk.rename(path, in_folder(directory, log::spare_journal_name(*name))));
    }
  }
  RETURN_IF_FAILED(disk.remove(settled));
  return sync_unless(disk, directory, mutant);
}

}  // namespace

Result<std::vector<FoundJournal>> find_journals(io::Disk& disk, const std::string& directory) {
  const std::string folder = journal_folder_of(directory);
  ASSIGN_OR_RETURN(const auto entries, list_if_there(disk, folder));
  std::vector<FoundJournal> found;
  for (const io::DirectoryEntry& entry : entries) {
    const auto name = log::parse_journal_file_name(entry.name);
    if (!name || entry.is_directory) {
      return Failure{FailureKind::foreign,
                     fmt::format("{} holds {}, which is no file of a journal", folder, entry.name)};
    }
    found.push_back({*name, in_folder(folder, entry.name), entry.size});
  }
  std::sort(found.begin(), found.end(), [](const FoundJournal& a, const FoundJournal& b) {
    return std::pair(a.name.shard, a.name.generation) < std::pair(b.name.shard, b.name.generation);
  });
  return found;
}

Result<bool> has_journal(io::Disk& disk, const std::string& directory) {
  const auto there = disk.stat(journal_folder_of(directory));
  if (there.ok()) return there->is_directory;
  if (there.failure().kind == FailureKind::not_found) return false;
  return there.failure();
}

Status retire_journals(io::Disk& disk, const std::string& directory, log::JournalMutant mutant) {
  RETURN_IF_FAILED(clear_settled(disk, directory, mutant));  // of a stop that was cut short
  ASSIGN_OR_RETURN(const bool there, has_journal(disk, directory));
  if (!there) return {};
  // One name for all: were files voided one by one, a crash in between would leave a journal with holes.
  RETURN_IF_FAILED(disk.rename(journal_folder_of(directory), in_folder(directory, log::settled_journal_folder_name)));
  RETURN_IF_FAILED(sync_unless(disk, directory, mutant));
  return clear_settled(disk, directory, mutant);
}

std::string JournalFiles::path_of(uint64_t generation) const {
  return in_folder(journal_folder_of(directory_), log::journal_file_name({shard_, generation}));
}

Status JournalFiles::sync_folder(const std::string& path) {
  return sync_unless(disk_, path, mutant_);
}

Result<uint64_t> JournalFiles::first_generation() {
  uint64_t largest = 0;
  std::set<uint64_t> kept;
  ASSIGN_OR_RETURN(const auto outside, disk_.list_files(directory_));
  for (const io::DirectoryEntry& entry : outside) {
    if (entry.is_directory) continue;
    if (entry.name.ends_with(".spare.tmp")) {
      const auto unfinished = log::parse_spare_journal_name(entry.name.substr(0, entry.name.size() - 4));
      if (unfinished && unfinished->shard == shard_) {
        RETURN_IF_FAILED(disk_.remove(in_folder(directory_, entry.name)));
      }
      continue;
    }
    const auto spare = log::parse_spare_journal_name(entry.name);
    if (!spare) continue;
    largest = std::max(largest, spare->generation);
    // A power cut behind a failed sync of names can leave a file under two of them: it must not be used twice at once.
    if (spare->shard == shard_ && (entry.size != file_bytes_ || !kept.insert(entry.inode).second)) {
      RETURN_IF_FAILED(disk_.remove(in_folder(directory_, entry.name)));
    }
  }
  ASSIGN_OR_RETURN(const auto found, find_journals(disk_, directory_));
  for (const FoundJournal& journal : found) largest = std::max(largest, journal.name.generation);
  return largest + 1;
}

/// A spare of the right size: what is in it will be of another generation than its name.
Result<std::optional<std::string>> JournalFiles::take_spare() {
  ASSIGN_OR_RETURN(const auto outside, disk_.list_files(directory_));
  for (const io::DirectoryEntry& entry : outside) {
    const auto spare = log::parse_spare_journal_name(entry.name);
    if (spare && !entry.is_directory && spare->shard == shard_ && entry.size == file_bytes_) {
      return std::optional(in_folder(directory_, entry.name));
    }
  }
  return std::optional<std::string>();
}

/// A file of zeros, synced, under a name that start removes: its bytes are on the device, so that overwriting them
/// needs no change of the file system's own tables.
Result<std::string> JournalFiles::make_file(uint64_t generation) {
  std::string path = in_folder(directory_, log::spare_journal_name({shard_, generation}) + ".tmp");
  // Not by filling the disk to its end, which others would meet.
  const auto space = disk_.space(directory_);
  if (space.ok() && space->usable_bytes < file_bytes_ + room_left_min) {
    return Failure{FailureKind::no_space, path + ": no room for a file of the journal"};
  }
  const auto fill = [&]() -> Status {
    ASSIGN_OR_RETURN(const io::FileRef file, disk_.open(path, io::OpenMode::create));
    RETURN_IF_FAILED(disk_.truncate(*file, 0));
    const std::vector<std::byte> zeros(static_cast<size_t>(std::min<uint64_t>(zeros_bytes, file_bytes_)));
    for (uint64_t at = 0; at < file_bytes_;) {
      const auto part = static_cast<size_t>(std::min<uint64_t>(zeros.size(), file_bytes_ - at));
      const std::span<const std::byte> piece = std::span(zeros).first(part);
      RETURN_IF_FAILED(disk_.write(*file, at, std::span(&piece, 1)));
      at += part;
      // In steps: acknowledgements wait for other syncs of the same device, which would come behind all of it.
      if (at % fill_step_bytes == 0 || at == file_bytes_) RETURN_IF_FAILED(disk_.sync_now(*file));
    }
    return {};
  };
  const Status filled = fill();
  if (filled.ok()) return path;
  if (filled.failure().kind == FailureKind::no_space) (void)disk_.remove(path);
  return filled.failure();
}

Result<PreparedJournal> JournalFiles::prepare(uint64_t generation) {
  const std::string folder = journal_folder_of(directory_);
  RETURN_IF_FAILED(disk_.make_dir(folder));
  ASSIGN_OR_RETURN(std::optional<std::string> from, take_spare());
  if (!from) {
    ASSIGN_OR_RETURN(from, make_file(generation));
  }
  const std::string path = path_of(generation);
  RETURN_IF_FAILED(disk_.rename(*from, path));
  RETURN_IF_FAILED(sync_folder(folder));
  RETURN_IF_FAILED(sync_folder(directory_));
  ASSIGN_OR_RETURN(io::FileRef file, disk_.open(path, io::OpenMode::write));
  return PreparedJournal{{shard_, generation}, std::move(file)};
}

Result<PreparedJournal> JournalFiles::recycle(uint64_t from_generation, uint64_t generation) {
  const std::string path = path_of(generation);
  RETURN_IF_FAILED(disk_.rename(path_of(from_generation), path));
  // Before anything is written: were the old name to come back, it must not be with new rounds in the file.
  if (mutant_ != log::JournalMutant::written_past_prepared) {
    RETURN_IF_FAILED(sync_folder(journal_folder_of(directory_)));
  }
  ASSIGN_OR_RETURN(io::FileRef file, disk_.open(path, io::OpenMode::write));
  return PreparedJournal{{shard_, generation}, std::move(file)};
}

}  // namespace moldau::store
