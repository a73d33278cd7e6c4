// Shadow: what must be true of the data, kept beside the broker under test. It knows what every producer made, what was
// acknowledged and what was read, and reports the first contradiction.
//
// Rules (sync mode, or page-cache mode without power cuts): a record that was acknowledged, or read, stays at its
// offset for ever; a producer's records of one partition appear in the order of their numbers, none twice, none
// invented; bytes are those that were made. With a lying disk only the last two hold, and only within what one
// incarnation of the broker serves.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/prng.h"

namespace moldau::sim {

/// Names one record: the n-th that `producer` made for a partition.
struct RecordName {
  uint32_t producer = 0;
  uint32_t partition = 0;  ///< number over all topics
  uint64_t number = 0;

  auto operator<=>(const RecordName&) const = default;
};

/// The value of the record of that name: its name in 16 bytes, then filler whose length and bytes follow from it.
std::vector<std::byte> value_of(const RecordName& name);
/// The record whose value this is; nothing when no value_of() gives these bytes.
std::optional<RecordName> name_of_value(std::span<const std::byte> value);

class Shadow {
 public:
  /// `durable`: whether acknowledged records must survive everything that will happen.
  Shadow(size_t partitions, bool durable) : partitions_(partitions), durable_(durable) {}

  /// A producer made this many records for a partition so far.
  void made(uint32_t producer, uint32_t partition, uint64_t records);
  /// A batch of `count` records, the first of them `first`, was acknowledged at `base` (no_offset: it does not say
  /// where).
  void acknowledged(const RecordName& first, uint32_t count, Offset base);
  /// A reader was given this record.
  void read(uint32_t partition, Offset offset, std::span<const std::byte> value);
  /// A reader was told this high watermark.
  void high_watermark(uint32_t partition, Offset offset);
  /// The broker lost power or was killed: what was only seen, not promised, may change if nothing is durable.
  void broker_died();
  /// The whole partition as read at the end, from its log start.
  void audit(uint32_t partition, Offset log_start, std::span<const std::pair<Offset, RecordName>> records);

  /// The offset behind the last one that is known.
  Offset known_end(uint32_t partition) const;
  Offset largest_high_watermark(uint32_t partition) const { return partitions_[partition].high_watermark; }
  uint64_t acknowledged_records() const { return acknowledged_records_; }

  /// The first contradiction; empty while all is well.
  const std::string& violation() const { return violation_; }
  void violate(std::string what);

 private:
  struct Partition {
    std::map<Offset, RecordName> known;
    std::map<uint32_t, uint64_t> made;          // by producer
    std::map<uint32_t, uint64_t> acknowledged;  // by producer: records, all from number 0 on
    Offset high_watermark = 0;
  };
  void learn(uint32_t partition, Offset offset, const RecordName& name, const char* how);

  std::vector<Partition> partitions_;
  bool durable_;
  uint64_t acknowledged_records_ = 0;
  std::string violation_;
};

}  // namespace moldau::sim
