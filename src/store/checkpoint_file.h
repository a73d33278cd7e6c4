// CheckpointFile: a small file of offsets by partition that is replaced whole, now and then, by jobs in the pool and
// sometimes by a loop itself. The newest content wins, whoever comes last. Internal to store/.
//
// Each shard puts the lines of its own logs; what is written is the newest of all of them. A log on its way between
// shards keeps its line: the old shard's lines are read without it from the moment it left, and what it had stands by
// itself until the new shard has put lines with it. So every log has one line at any time, and lines never go back.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "io/disk.h"
#include "log/checkpoint.h"

namespace moldau::store {

/// Writes a checkpoint file with what was gathered when the job was made, or since. For the pool.
using CheckpointJob = std::function<Status(io::Disk&)>;

class CheckpointFile {
 public:
  using Lines = std::vector<log::PartitionOffset>;
  using Key = std::pair<std::string, PartitionIndex>;

  CheckpointFile(std::string path, size_t shards) : path_(std::move(path)), parts_(shards), departed_(shards) {}

  const std::string& path() const { return path_; }

  // From any shard's thread; short.

  /// The lines of a shard's logs as they are now, in no order. The number of this content, for write().
  uint64_t put(size_t shard, Lines lines);
  /// What was put last.
  uint64_t newest();
  /// True when there is, or was, anything to write here.
  bool worth_writing(bool any_lines);
  /// A file that is there is kept up to date.
  void keep() { (void)put(0, {}); }
  /// A log left a shard, with this line; nothing: it is to have none.
  void depart(size_t shard, const Key& key, std::optional<Offset> line);
  /// It is with a shard again, which puts its line from now on.
  void arrive(size_t shard, const Key& key);
  /// A log is gone.
  void forget(const Key& key);
  /// All logs are the home shard's from here on.
  void bring_home();

  /// Replaces the file unless it holds that content already, or a newer one. Blocking; from any thread.
  Status write(io::Disk& disk, uint64_t version);

 private:
  struct Traveller {
    std::optional<Offset> line;
    std::optional<size_t> arrived;  ///< at this shard, which has not put its lines since
  };
  using Part = std::shared_ptr<const Lines>;
  /// What is to be written.
  struct Content {
    std::vector<Part> parts;
    std::vector<std::set<Key>> departed;
    Lines travelling;
    uint64_t version = 0;
  };

  Content take();
  static std::string print(const Content& content);

  const std::string path_;
  std::atomic_flag busy_;   // guards the file, and the order of writes
  std::atomic_flag guard_;  // of what follows; held for moments
  uint64_t gathered_ = 0;
  uint64_t written_ = 0;
  std::vector<Part> parts_;  // by shard; with one shard, until it is written
  std::vector<std::set<Key>> departed_;
  std::map<Key, Traveller> travelling_;
};

}  // namespace moldau::store
