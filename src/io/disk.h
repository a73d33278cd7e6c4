// Disk: files and folders as the storage layer needs them. Paths are absolute or relative to the process; '/'
// separates.
//
// What blocks: read, write, sync_now, truncate, rename, list, remove, make_dir, sync_dir, allocate act at once and may
// wait for the device; the loop uses write (into the page cache) and the small ones, everything else runs in the pool:
// sync and read_async here, or a whole job through Executor::offload. Thread-safe for calls on distinct files.
//
// Failures: no_space for ENOSPC, EDQUOT and short writes (some of the bytes may have been written: cut back with
// truncate); any other failed write, and every failed sync, means that the state of the file is unknown and must never
// be retried.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/executor.h"

namespace moldau::io {

enum class OpenMode : unsigned char {
  read,        ///< must exist
  write,       ///< read and write, must exist
  create,      ///< read and write, made if missing
  create_new,  ///< read and write, must not exist
};

/// An open file. Closed when the last reference goes; a response that sends a part of it holds one. The implementation
/// may close the descriptor of an idle File and open it again behind the caller's back (bounded descriptors).
class File {
 public:
  virtual ~File() = default;
  virtual const std::string& path() const = 0;
};
using FileRef = std::shared_ptr<File>;

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
  uint64_t size = 0;              ///< bytes, of files
  int64_t modified_wall_ms = 0;   ///< wall time of the last change
  uint64_t inode = 0;             ///< which file it is: two names of one file have the same
};

struct Space {
  uint64_t total_bytes = 0;
  uint64_t usable_bytes = 0;
};

/// Held as long as the lock is.
class FolderLock {
 public:
  virtual ~FolderLock() = default;
};

class Disk {
 public:
  virtual ~Disk() = default;

  virtual Result<FileRef> open(const std::string& path, OpenMode mode) = 0;
  virtual Result<uint64_t> size(File& file) = 0;

  /// Reads up to into.size() bytes at `offset`; fewer only at the end of the file. May wait for the device.
  virtual Result<size_t> read(File& file, uint64_t offset, std::span<std::byte> into) = 0;
  /// Reads what is in memory already: the number of bytes from `offset` that were there, possibly 0. Never waits.
  virtual Result<size_t> read_cached(File& file, uint64_t offset, std::span<std::byte> into) = 0;
  /// True when the whole range is in memory, so that sending it would not wait for the device (a probe, not a promise).
  virtual bool is_cached(File& file, uint64_t offset, uint64_t size) = 0;
  /// As read, in the pool. `into` must stay valid until `done` runs.
  virtual void read_async(FileRef file, uint64_t offset, std::span<std::byte> into,
                          Completion<Result<size_t>> done) = 0;
  /// Brings a range into memory, in the pool, so that a later send of it does not wait.
  virtual void prefetch(FileRef file, uint64_t offset, uint64_t size, Completion<Status> done) = 0;

  /// Writes all pieces one after the other at `offset`, extending the file if need be; not durable before a sync.
  virtual Status write(File& file, uint64_t offset, std::span<const std::span<const std::byte>> pieces) = 0;
  /// Makes the file's bytes and size durable (fdatasync), in the pool.
  virtual void sync(FileRef file, Completion<Status> done) = 0;
  virtual Status sync_now(File& file) = 0;
  virtual Status truncate(File& file, uint64_t size) = 0;
  /// Reserves room for [offset, offset + size) without changing the file's size.
  virtual Status allocate(File& file, uint64_t offset, uint64_t size) = 0;

  /// Atomically gives `from` the name `to`, replacing a file of that name. Files and folders. Durable after sync_dir.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;
  /// Removes a folder and all in it; a missing folder is no error.
  virtual Status remove_tree(const std::string& path) = 0;
  /// Makes a folder; one that exists is no error. The parent must exist.
  virtual Status make_dir(const std::string& path) = 0;
  /// Makes the names in a folder durable.
  virtual Status sync_dir(const std::string& path) = 0;
  /// Makes everything of the file system that holds `path` durable (syncfs), in the pool.
  virtual void sync_all(const std::string& path, Completion<Status> done) = 0;
  /// Entries in the order of their names; without "." and "..".
  virtual Result<std::vector<DirectoryEntry>> list(const std::string& path) = 0;
  /// The same without folders, of which there may be thousands: they are not looked at.
  virtual Result<std::vector<DirectoryEntry>> list_files(const std::string& path) = 0;
  virtual Result<DirectoryEntry> stat(const std::string& path) = 0;
  virtual Result<Space> space(const std::string& path) = 0;
  /// Takes the lock file `path` (made if missing) for this process: FailureKind::locked if another holds it.
  virtual Result<std::unique_ptr<FolderLock>> lock(const std::string& path) = 0;
};

/// Reads a whole small file (up to `size_max` bytes; longer is FailureKind::corrupt).
Result<std::vector<std::byte>> read_file(Disk& disk, const std::string& path, uint64_t size_max);

/// Replaces `path` with `content` so that after a crash it holds the old or the new bytes whole: writes path + ".tmp",
/// syncs it, renames, syncs the folder.
Status replace_file(Disk& disk, const std::string& path, std::span<const std::byte> content);

/// The folder part of `path`; "." if it has none.
std::string parent_of(const std::string& path);

}  // namespace moldau::io
