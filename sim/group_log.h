// GroupLog: reads __consumer_offsets as a client. While the run goes on it follows the log and gives each commit to the
// shadow, in the log's order; at the end it folds the whole log into what must be committed.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/group_member.h"
#include "wire/batch_records.h"

namespace moldau::sim {

/// The committed offset and its metadata, by group and partition.
using Committed = std::map<std::string, std::map<uint32_t, std::pair<Offset, std::string>>>;

class GroupLog {
 public:
  explicit GroupLog(GroupContext& groups);

  /// Follows the log until the run stops.
  io::Task<void> run();
  bool done() const { return done_; }
  /// Reads all of it; false if it could not be read to its end.
  io::Task<bool> fold(Committed& into);
  uint64_t records() const { return records_; }

 private:
  struct Walk {
    Offset next = 0;
    Offset high_watermark = 0;
    Committed* fold = nullptr;
  };
  /// One fetch; true if it was answered well.
  io::Task<bool> fetch(PartitionIndex partition, Walk& walk);
  void take(PartitionIndex partition, Walk& walk, std::span<const std::byte> records);
  void take_record(PartitionIndex partition, Walk& walk, const wire::RecordView& record);
  void check_epoch(std::string_view group, Epoch epoch);

  GroupContext& groups_;
  io::sim::Node& node_;
  client::Client client_;
  Prng prng_;
  wire::RecordIterator iterator_;
  std::vector<Walk> walks_;
  std::vector<std::map<Offset, size_t>> seen_;  ///< a hash of what stood at an offset, by partition
  std::map<std::string, Epoch, std::less<>> epochs_;
  uint64_t records_ = 0;
  bool done_ = false;
};

}  // namespace moldau::sim
