// What replay of the journals of a log directory has to do, decided from the rounds that were found. Pure; called by
// store/journal/journal_replay at start.
//
// The files of one shard are a chain: sequences go on from file to file. What the last round says is settled is passed
// by; whether the chain begins early enough shows per partition, where entries go on at the end of a segment. Per
// partition, the entries of a chain are folded in their order: a closing entry voids all before it, batches and log
// starts add up. A partition has live entries in one chain only (a move to another shard closes it in the old one);
// should it have them in several, they are put in the order of leader epoch and offset, and must then follow one
// another.
#pragma once

#include <span>
#include <vector>

#include "log/journal_scan.h"

namespace moldau::log {

/// The entries of one shard's journal that count, in the order in which they were written.
struct JournalChain {
  uint32_t shard = 0;
  uint64_t next_sequence = 0;
  std::vector<JournalRecord> records;
};

/// Puts the files of one shard together. `paths` names them for messages, in the same order as `runs`. Fails with
/// FailureKind::corrupt when rounds are missing. The records' `file` is the index among `runs`.
Result<JournalChain> chain_journal(std::span<const JournalRun> runs, std::span<const std::string> paths);

/// What the journals say of one partition.
struct PartitionReplay {
  TopicPartitionId id;
  /// DeleteRecords: nothing below is there any more; no_offset when the journal says nothing.
  Offset log_start = no_offset;
  std::vector<JournalRecord> batches;  ///< ascending, without overlap
};

/// In the order of ids; partitions of which nothing is left are not there. Fails with FailureKind::corrupt when entries
/// contradict one another.
Result<std::vector<PartitionReplay>> plan_journal_replay(std::span<const JournalChain> chains,
                                                         JournalMutant mutant = JournalMutant::none);

}  // namespace moldau::log
