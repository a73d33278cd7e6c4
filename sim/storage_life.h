// StorageLife: a scripted life of the real store on a simulated disk (appends to logs in sync and page-cache mode,
// rolls, epochs, DeleteRecords, truncation, topics that come and go, checkpoints, a stop in order), recorded so that at
// any moment it is known what must be true of whatever a power cut leaves (LogHistory). Every other life has a journal:
// small files that fill and settle, several logs dirty at once, and a partition that comes back under its id. Half of
// those are forgetful: they delete records near the end, and remove the partition, again and again.
// crash_image_run.h walks through those moments.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/prng.h"
#include "io/sim/world.h"
#include "store/store.h"

namespace moldau::sim {

/// One batch, by its offsets and a hash of its bytes.
struct BatchMark {
  Offset base = 0;
  Offset last = 0;
  uint64_t hash = 0;
  bool operator==(const BatchMark&) const = default;
};
uint64_t hash_of_batch(std::span<const std::byte> bytes);

/// What one log was told to hold. Each truncation begins a lineage; the last is what the log is now.
struct LogHistory {
  std::string topic;
  TopicPartitionId id;
  bool write_caching = false;
  std::vector<std::vector<BatchMark>> lineages{1};
  Offset stable = 0;         ///< acknowledged in sync mode, flushed in page-cache mode: must survive
  Offset appended = 0;       ///< written: survives a killed process
  Offset deleted_below = 0;  ///< acknowledged DeleteRecords
  Offset start_max = 0;      ///< the log start may have got so far
  bool removing = false;     ///< it may be gone
  bool gone = false;         ///< it must be
  uint64_t number = 0;       ///< of the logs that had this id
};

class StorageLife {
 public:
  StorageLife(uint64_t seed, store::Mutant mutant);
  ~StorageLife();
  StorageLife(const StorageLife&) = delete;
  StorageLife& operator=(const StorageLife&) = delete;

  /// Lives from an empty disk to a stop in order. `at_point` is called before each changing operation of the disk, and
  /// once at the end: the disk is then what a crash at that moment finds. True ends the life.
  void live(std::function<bool(uint64_t point)> at_point);

  io::sim::SimDisk& disk() { return node_.disk(); }
  const std::map<PartitionIndex, LogHistory>& histories() const { return histories_; }
  /// Set when the store itself broke a promise while it lived.
  const std::string& problem() const { return problem_; }
  bool with_journal() const { return with_journal_; }
  /// How a store is opened on what is left, in the run of the machine `boot_id`.
  static store::StoreOptions options(store::Mutant mutant, bool with_journal, const std::string& boot_id);
  /// The run of the machine in which the store lives.
  static constexpr const char* own_boot_id = "life";

 private:
  class Listener;
  void run(const std::function<void()>& work);
  void settle(Duration time) { world_.run_for(time); }
  store::Log* ensure(PartitionIndex partition);
  void append(store::Log& log, LogHistory& history);
  void delete_records(store::Log& log, LogHistory& history);
  void cut(store::Log& log, LogHistory& history);
  void remove_or_make();
  void append_to_many();
  void act();
  void forget();

  const bool with_journal_;
  const bool forgetful_;  // deletes records and removes a partition again and again
  Prng prng_;
  io::sim::World world_;
  io::sim::Node& node_;
  store::StoreOptions options_;
  std::unique_ptr<store::Store> store_;
  std::map<PartitionIndex, LogHistory> histories_;
  std::map<PartitionIndex, std::unique_ptr<Listener>> listeners_;
  std::map<PartitionIndex, int32_t> sequences_;
  uint64_t tag_ = 0;
  Epoch epoch_ = 0;
  bool over_ = false;
  std::string problem_;
};

}  // namespace moldau::sim
