// Descriptors: a bound on the descriptors that open Files hold. A File is a promise to reach one inode; its descriptor
// is closed when others need the room and nobody uses it, and opened again, by name, when it is used. Renames through
// the Disk take the Files under the old name along; Files whose name is removed keep their descriptor. Thread-safe.
//
// Closing a descriptor with unsynced writes loses nothing: they are in the page cache, and an error of writing them
// back that nobody has seen yet is reported to the next descriptor of the inode. Clean files are closed first all the
// same.
//
// Cost of a use of an open File: one uncontended lock. Of a closed one: close, open, fstat.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "io/disk.h"

namespace moldau::io::posix {

class Descriptors;

class PosixFile final : public File {
 public:
  PosixFile(std::shared_ptr<Descriptors> descriptors, std::string path, bool writable)
      : descriptors_(std::move(descriptors)), path_(std::move(path)), writable_(writable) {}
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() override;

  /// The name it was opened under.
  const std::string& path() const override { return path_; }
  bool writable() const { return writable_; }
  /// Written since its last sync.
  void set_dirty(bool dirty) { dirty_.store(dirty, std::memory_order_relaxed); }

 private:
  friend class Descriptors;
  friend class Pin;
  const std::shared_ptr<Descriptors> descriptors_;
  const std::string path_;
  const bool writable_;
  std::atomic<int> pins_{0};
  std::atomic<bool> dirty_{false};
  // Under the lock of descriptors_:
  std::string current_path_;
  int descriptor_ = -1;
  bool unlinked_ = false;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::list<PosixFile*>::iterator use_;
};

/// Keeps the descriptor of a File open while it is used.
class Pin {
 public:
  Pin(PosixFile& file, int descriptor) : file_(&file), descriptor_(descriptor) {}
  Pin(Pin&& other) noexcept : file_(std::exchange(other.file_, nullptr)), descriptor_(other.descriptor_) {}
  Pin& operator=(Pin&&) = delete;
  ~Pin() {
    if (file_ != nullptr) file_->pins_.fetch_sub(1, std::memory_order_release);
  }
  int descriptor() const { return descriptor_; }

 private:
  PosixFile* file_;
  int descriptor_;
};

class Descriptors : public std::enable_shared_from_this<Descriptors> {
 public:
  /// `max`: see LoopOptions::descriptors_max.
  explicit Descriptors(size_t max);

  Result<std::shared_ptr<PosixFile>> open(const std::string& path, OpenMode mode);
  /// The descriptor of `file`, opened again if need be.
  Result<Pin> pin(PosixFile& file);
  Status rename(const std::string& from, const std::string& to);
  /// Must come before the names at and below `path` are removed.
  void before_removal(const std::string& path);

  size_t open_count() const;
  uint64_t reopened() const { return reopened_.load(std::memory_order_relaxed); }

 private:
  friend class PosixFile;
  using Names = std::multimap<std::string, PosixFile*>;

  int open_descriptor(const std::string& path, int flags);
  Status reopen(PosixFile& file);
  bool close_one(bool dirty_too);
  void make_room();
  void keep_unlinked(const std::string& path);
  void forget(PosixFile& file);
  /// Calls visit(entry) for each File at `path` or below it.
  template <typename Visit>
  void each_at(const std::string& path, Visit visit);

  const size_t max_;
  mutable std::mutex mutex_;
  std::list<PosixFile*> used_;  ///< Files with a descriptor, the one used last first
  Names names_;
  std::atomic<uint64_t> reopened_{0};
};

/// "a//b/./c" as "a/b/c": the same name in every spelling that the Disk's callers use.
std::string plain_path(const std::string& path);

}  // namespace moldau::io::posix
