// How far a group is behind: the arithmetic of `group describe`, without a cluster.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/admin_groups.h"

namespace moldau::cli {

/// What the log of a partition holds; an error in place of an offset that could not be had.
struct LogRange {
  Offset start = no_offset;
  Offset end = no_offset;
  wire::ErrorCode error = wire::ErrorCode::none;
};

using LogRanges = std::map<client::GroupPartition, LogRange>;

/// One partition that a group has an offset of, or that one of its members is assigned.
struct LagRow {
  client::GroupPartition partition;
  std::optional<Offset> current;  ///< committed
  LogRange log;
  std::optional<int64_t> lag;  ///< none where the log's end is not known
  const client::GroupMember* member = nullptr;
  wire::ErrorCode error = wire::ErrorCode::none;  ///< why something is missing
};

/// The partitions that `lag_rows` needs the ranges of.
std::vector<client::GroupPartition> partitions_of(const client::DescribedGroup& group,
                                                  const std::vector<client::GroupOffset>& offsets);

/// Rows ascending by topic and partition. What is behind the log's start, or was never committed, lags from the start;
/// what is ahead of its end lags 0.
std::vector<LagRow> lag_rows(const client::DescribedGroup& group, const std::vector<client::GroupOffset>& offsets,
                             const LogRanges& ranges);
int64_t total_lag(const std::vector<LagRow>& rows);

/// The partition of __consumer_offsets, of so many, that holds `group`: by Java's hash of the string.
int32_t coordinator_partition(std::string_view group, int32_t partitions);

}  // namespace moldau::cli
