#include "log/journal_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/assert.h"

namespace moldau::log {
namespace {

std::string about(const TopicPartitionId& id) {
  return fmt::format("partition {} of topic id {}", id.partition, id.topic_id.to_string());
}

Failure contradiction(const TopicPartitionId& id, const JournalRecord& before, const JournalRecord& after) {
  return Failure{FailureKind::corrupt,
                 fmt::format("the journal contradicts itself on {}: round {} has offsets {} to {} of epoch {}, round "
                             "{} goes on at {} with epoch {}",
                             about(id), before.sequence, before.entry.base, before.entry.end,
                             before.entry.leader_epoch, after.sequence, after.entry.base, after.entry.leader_epoch)};
}

/// Batches of one partition must ascend, by offset and by epoch.
Status check_order(const PartitionReplay& replay) {
  for (size_t i = 1; i < replay.batches.size(); ++i) {
    const JournalRecord& before = replay.batches[i - 1];
    const JournalRecord& after = replay.batches[i];
    if (after.entry.base < before.entry.end || after.entry.leader_epoch < before.entry.leader_epoch) {
      return contradiction(replay.id, before, after);
    }
  }
  return {};
}

}  // namespace

Result<JournalChain> chain_journal(std::span<const JournalRun> runs, std::span<const std::string> paths) {
  ASSERT(runs.size() == paths.size());
  std::vector<size_t> order;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].rounds > 0) order.push_back(i);
  }
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return runs[a].name.generation < runs[b].name.generation; });
  JournalChain chain;
  if (order.empty()) return chain;
  chain.shard = runs[order.front()].name.shard;
  for (size_t i = 1; i < order.size(); ++i) {
    const JournalRun& before = runs[order[i - 1]];
    const JournalRun& after = runs[order[i]];
    if (after.first_sequence == before.next_sequence) continue;
    return Failure{FailureKind::corrupt,
                   fmt::format("{} ends before round {}, and {} begins with round {}: rounds are missing",
                               paths[order[i - 1]], before.next_sequence, paths[order[i]], after.first_sequence)};
  }
  const JournalRun& last = runs[order.back()];
  chain.next_sequence = last.next_sequence;
  for (const size_t i : order) {
    for (JournalRecord record : runs[i].records) {
      if (record.sequence < last.needed_from) continue;
      record.file = static_cast<uint32_t>(i);
      chain.records.push_back(record);
    }
  }
  return chain;
}

Result<std::vector<PartitionReplay>> plan_journal_replay(std::span<const JournalChain> chains, JournalMutant mutant) {
  std::map<TopicPartitionId, PartitionReplay> all;
  for (const JournalChain& chain : chains) {
    std::map<TopicPartitionId, PartitionReplay> of_chain;
    for (const JournalRecord& record : chain.records) {
      const JournalEntry& entry = record.entry;
      PartitionReplay& replay = of_chain.try_emplace(entry.id, PartitionReplay{entry.id, no_offset, {}}).first->second;
      if (entry.kind == JournalKind::batches) {
        replay.batches.push_back(record);
      } else if (entry.kind == JournalKind::log_start) {
        replay.log_start = std::max(replay.log_start, entry.base);
      } else if (mutant != JournalMutant::closing_ignored) {
        replay = PartitionReplay{entry.id, no_offset, {}};
      }
    }
    for (auto& [id, replay] : of_chain) {
      RETURN_IF_FAILED(check_order(replay));
      PartitionReplay& whole = all.try_emplace(id, PartitionReplay{id, no_offset, {}}).first->second;
      whole.log_start = std::max(whole.log_start, replay.log_start);
      whole.batches.insert(whole.batches.end(), replay.batches.begin(), replay.batches.end());
    }
  }
  std::vector<PartitionReplay> plan;
  for (auto& [id, replay] : all) {
    std::sort(replay.batches.begin(), replay.batches.end(), [](const JournalRecord& a, const JournalRecord& b) {
      return std::pair(a.entry.leader_epoch, a.entry.base) < std::pair(b.entry.leader_epoch, b.entry.base);
    });
    RETURN_IF_FAILED(check_order(replay));
    if (!replay.batches.empty() || replay.log_start != no_offset) plan.push_back(std::move(replay));
  }
  return plan;
}

}  // namespace moldau::log
