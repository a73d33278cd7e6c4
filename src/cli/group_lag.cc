#include "cli/group_lag.h"

#include <algorithm>
#include <utility>

namespace moldau::cli {
namespace {

using client::GroupPartition;

std::map<GroupPartition, const client::GroupMember*> owners_of(const client::DescribedGroup& group) {
  std::map<GroupPartition, const client::GroupMember*> owners;
  for (const client::GroupMember& member : group.members) {
    for (const GroupPartition& partition : member.assigned) owners[partition] = &member;
  }
  return owners;
}

/// Adds the UTF-16 units of one character to Java's hash of a string.
uint32_t hash_character(uint32_t hash, uint32_t character) {
  if (character < 0x10000) return hash * 31 + character;
  const uint32_t rest = character - 0x10000;
  hash = hash * 31 + (0xD800 + (rest >> 10));
  return hash * 31 + (0xDC00 + (rest & 0x3FF));
}

uint32_t java_hash(std::string_view text) {
  uint32_t hash = 0;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    constexpr uint32_t masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t character = lead & masks[size];
    for (size_t j = 1; j < size && i + j < text.size(); ++j) {
      character = (character << 6) | (static_cast<unsigned char>(text[i + j]) & 0x3FU);
    }
    hash = hash_character(hash, character);
    i += size;
  }
  return hash;
}

LagRow row_of(const GroupPartition& partition, std::optional<Offset> current, const LogRanges& ranges) {
  LagRow row;
  row.partition = partition;
  row.current = current;
  const auto found = ranges.find(partition);
  if (found != ranges.end()) row.log = found->second;
  row.error = found != ranges.end() ? found->second.error : wire::ErrorCode::unknown_topic_or_partition;
  if (row.error != wire::ErrorCode::none) return row;
  const Offset from = std::max(current.value_or(row.log.start), row.log.start);
  row.lag = std::max<int64_t>(row.log.end - from, 0);
  return row;
}

}  // namespace

std::vector<GroupPartition> partitions_of(const client::DescribedGroup& group,
                                          const std::vector<client::GroupOffset>& offsets) {
  std::vector<GroupPartition> partitions;
  for (const auto& [partition, member] : owners_of(group)) partitions.push_back(partition);
  for (const client::GroupOffset& offset : offsets) partitions.push_back({offset.topic, offset.partition});
  std::ranges::sort(partitions);
  const auto repeated = std::ranges::unique(partitions);
  partitions.erase(repeated.begin(), repeated.end());
  return partitions;
}

std::vector<LagRow> lag_rows(const client::DescribedGroup& group, const std::vector<client::GroupOffset>& offsets,
                             const LogRanges& ranges) {
  std::map<GroupPartition, const client::GroupOffset*> committed;
  for (const client::GroupOffset& offset : offsets) committed[{offset.topic, offset.partition}] = &offset;
  const auto owners = owners_of(group);
  std::vector<LagRow> rows;
  for (const GroupPartition& partition : partitions_of(group, offsets)) {
    const auto offset = committed.find(partition);
    std::optional<Offset> current;
    if (offset != committed.end() && offset->second->offset >= 0) current = offset->second->offset;
    LagRow row = row_of(partition, current, ranges);
    if (offset != committed.end() && offset->second->error != wire::ErrorCode::none) row.error = offset->second->error;
    const auto owner = owners.find(partition);
    if (owner != owners.end()) row.member = owner->second;
    rows.push_back(std::move(row));
  }
  return rows;
}

int64_t total_lag(const std::vector<LagRow>& rows) {
  int64_t total = 0;
  for (const LagRow& row : rows) total += row.lag.value_or(0);
  return total;
}

int32_t coordinator_partition(std::string_view group, int32_t partitions) {
  const auto hash = static_cast<int32_t>(java_hash(group));
  const int32_t positive = hash == INT32_MIN ? 0 : hash < 0 ? -hash : hash;
  return partitions > 0 ? positive % partitions : 0;
}

}  // namespace moldau::cli
