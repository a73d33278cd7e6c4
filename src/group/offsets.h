// Offsets: the committed offsets of the groups of one partition of __consumer_offsets, and those that open transactions
// have committed and not yet ended (KIP-447). Changed by replay only.
//
// Invariants: no empty group or topic entries; a transaction's offsets are seen by nobody until it commits, and then
// only where no later record (by its offset in the log) has spoken: compaction may have taken the commits between.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "group/records.h"

namespace moldau::group {

struct CommittedOffset {
  Offset offset = no_offset;
  Epoch leader_epoch = no_epoch;
  std::string metadata;
  WallMillis committed = no_timestamp;
  WallMillis expires = no_timestamp;  ///< set by OffsetCommit up to v4 only
  Uuid topic_id;                      ///< zero: from a record that has none
  Offset record_offset = no_offset;

  static CommittedOffset from_record(const OffsetCommitValue& value, Offset record_offset);
  static CommittedOffset from_record(const LegacyOffsetCommitValue& value, Offset record_offset);
  bool operator==(const CommittedOffset&) const = default;
};

/// Offsets by group, topic and partition, in order.
class OffsetMap {
 public:
  using Partitions = std::map<PartitionIndex, CommittedOffset>;
  using Topics = std::map<std::string, Partitions, std::less<>>;
  using Groups = std::map<std::string, Topics, std::less<>>;

  const CommittedOffset* find(std::string_view group, std::string_view topic, PartitionIndex partition) const;
  const Topics* find(std::string_view group) const;
  const Groups& groups() const { return groups_; }
  /// True if there was none before.
  bool put(std::string_view group, std::string_view topic, PartitionIndex partition, CommittedOffset offset);
  bool erase(std::string_view group, std::string_view topic, PartitionIndex partition);

 private:
  Groups groups_;
};

class Offsets {
 public:
  /// Takes up a commit; `producer` if it is part of a transaction that is still open.
  void commit(std::string_view group, std::string_view topic, PartitionIndex partition, CommittedOffset offset,
              ProducerId producer);
  /// Takes up a tombstone: of what was committed, and of what open transactions would commit.
  void remove(std::string_view group, std::string_view topic, PartitionIndex partition);
  void end_transaction(ProducerId producer, bool committed);

  const OffsetMap& committed() const { return committed_; }
  /// True while an open transaction has committed this offset.
  bool is_pending(std::string_view group, std::string_view topic, PartitionIndex partition) const;
  bool has_open_transactions(std::string_view group) const { return open_by_group_.contains(group); }
  /// Calls visit(topic, partition) for each partition that has an offset, pending ones too, once each.
  template <typename Visit>
  void for_each(std::string_view group, Visit&& visit) const {
    if (const OffsetMap::Topics* const topics = committed_.find(group)) {
      for (const auto& [topic, partitions] : *topics) {
        for (const auto& [partition, offset] : partitions) visit(topic, partition);
      }
    }
    const auto open = open_by_group_.find(group);
    if (open == open_by_group_.end()) return;
    std::set<std::pair<std::string_view, PartitionIndex>> seen;
    for (const ProducerId producer : open->second) {
      const OffsetMap::Topics* const topics = pending_.at(producer).find(group);
      if (topics == nullptr) continue;
      for (const auto& [topic, partitions] : *topics) {
        for (const auto& [partition, offset] : partitions) {
          if (committed_.find(group, topic, partition) != nullptr) continue;
          if (seen.emplace(topic, partition).second) visit(topic, partition);
        }
      }
    }
  }
  size_t size() const { return size_; }

 private:
  OffsetMap committed_;
  std::map<ProducerId, OffsetMap> pending_;
  std::map<std::string, std::set<ProducerId>, std::less<>> open_by_group_;
  size_t size_ = 0;
};

}  // namespace moldau::group
