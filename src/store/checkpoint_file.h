// CheckpointFile: a small file that is replaced whole, now and then, by jobs in the pool and sometimes by the loop
// itself. The newest content wins, whoever comes last. Internal to store/.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "io/disk.h"

namespace moldau::store {

/// Writes a checkpoint file with what was gathered when the job was made. For the pool.
using CheckpointJob = std::function<Status(io::Disk&)>;

class CheckpointFile {
 public:
  explicit CheckpointFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  /// Numbers a content at the moment when it is gathered. Loop only.
  uint64_t next_version() { return ++gathered_; }
  /// False for an empty checkpoint that would be the first thing ever written here.
  bool worth_writing(const std::string& text) const { return gathered_ > 0 || !text.starts_with("0\n0\n"); }
  /// Replaces the file unless it holds a newer version already. Blocking; from any thread.
  Status write(io::Disk& disk, uint64_t version, const std::string& text) {
    while (busy_.test_and_set(std::memory_order_acquire)) busy_.wait(true);
    Status outcome;
    if (version >= written_) outcome = io::replace_file(disk, path_, as_bytes(text));
    if (version >= written_ && outcome.ok()) written_ = version;
    busy_.clear(std::memory_order_release);
    busy_.notify_one();
    return outcome;
  }

 private:
  std::string path_;
  uint64_t gathered_ = 0;
  std::atomic_flag busy_;  // guards what follows, and the file
  uint64_t written_ = 0;
};

}  // namespace moldau::store
