// What `topic analyze` finds out: how many batches a partition gets in a second, and how large they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace moldau::cli {

/// The batches of one partition that were read, and the time that they stand for.
class PartitionAnalysis {
 public:
  PartitionAnalysis(std::string topic, PartitionIndex partition) : topic_(std::move(topic)), partition_(partition) {}

  /// A batch of `bytes` whose last record is of `time`.
  void add(int64_t bytes, int64_t records, WallMillis time);
  /// The time from `begin` to `end` was read: all of it, or up to the last batch that was added.
  void close(WallMillis begin, WallMillis end, bool all);

  const std::string& topic() const { return topic_; }
  PartitionIndex partition() const { return partition_; }
  int64_t batches() const { return static_cast<int64_t>(sizes_.size()); }
  int64_t bytes() const { return bytes_; }
  int64_t records() const { return records_; }
  double batches_per_second() const { return rate(static_cast<double>(sizes_.size())); }
  double bytes_per_second() const { return rate(static_cast<double>(bytes_)); }
  double records_per_second() const { return rate(static_cast<double>(records_)); }
  /// The size that this share (0 to 1) of the batches do not exceed; 0 without batches.
  int64_t size_quantile(double share) const;

 private:
  double rate(double count) const { return seconds_ > 0 ? count / seconds_ : 0; }

  std::string topic_;
  PartitionIndex partition_;
  std::vector<int64_t> sizes_;
  int64_t bytes_ = 0;
  int64_t records_ = 0;
  WallMillis last_time_ = 0;
  double seconds_ = 0;
};

/// The sums of several partitions.
struct AnalysisSum {
  int64_t partitions = 0;
  int64_t batches = 0;
  int64_t bytes = 0;
  double batches_per_second = 0;
  double bytes_per_second = 0;
  double records_per_second = 0;

  void add(const PartitionAnalysis& partition);
  double batch_bytes_average() const {
    return batches > 0 ? static_cast<double>(bytes) / static_cast<double>(batches) : 0;
  }
};

}  // namespace moldau::cli
