// CheckpointFile: a small file that is replaced whole, now and then, by jobs in the pool and sometimes by the loop itself. The
// newest content wins, whoever comes last. Internal to store/.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "io/disk.h"

namespace moldau::store {

class CheckpointFile {
 public:
  explicit CheckpointFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  /// Numbers a content at the moment when it is gathered. Loop only.
  uint64_t next_version() { return ++gathered_; }
  /// Replaces the file unless it holds a newer version already. Blocking; from any thread.
  Status write(io::Disk& disk, uint64_t version, const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (version < written_) return {};
    RETURN_IF_FAILED(io::replace_file(disk, path_, as_bytes(text)));
    written_ = version;
    return {};
  }

 private:
  std::string path_;
  uint64_t gathered_ = 0;
  std::mutex mutex_;  // loop and pool
  uint64_t written_ = 0;
};

}  // namespace moldau::store
