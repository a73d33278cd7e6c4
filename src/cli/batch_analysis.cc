#include "cli/batch_analysis.h"

#include <algorithm>
#include <cmath>

namespace moldau::cli {

void PartitionAnalysis::add(int64_t bytes, int64_t records, WallMillis time) {
  sizes_.push_back(bytes);
  bytes_ += bytes;
  records_ += records;
  last_time_ = std::max(last_time_, time);
}

void PartitionAnalysis::close(WallMillis begin, WallMillis end, bool all) {
  std::ranges::sort(sizes_);
  const WallMillis until = all ? end : std::min(end, last_time_);
  // Batches of one millisecond still took one.
  seconds_ = static_cast<double>(std::max<WallMillis>(until - begin, 1)) / 1000;
}

int64_t PartitionAnalysis::size_quantile(double share) const {
  if (sizes_.empty()) return 0;
  const double rank = std::ceil(share * static_cast<double>(sizes_.size()));
  const size_t index = static_cast<size_t>(std::max(rank, 1.0)) - 1;
  return sizes_[std::min(index, sizes_.size() - 1)];
}

void AnalysisSum::add(const PartitionAnalysis& partition) {
  ++partitions;
  batches += partition.batches();
  bytes += partition.bytes();
  batches_per_second += partition.batches_per_second();
  bytes_per_second += partition.bytes_per_second();
  records_per_second += partition.records_per_second();
}

}  // namespace moldau::cli
