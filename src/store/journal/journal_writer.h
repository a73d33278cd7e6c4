// JournalWriter: the journal of one shard in one log directory, as its commit rounds use it. A round is one gathered
// write and one sync, both in the pool; one is under way at a time. Loop only, but for the jobs that it gives away.
//
//   a file:   making ready --prepared--> ready --begun--> active --sealed--> settling --settled--> spent
//             spent --named anew--> ready
//
// The host appends rounds, and makes the segments behind a sealed file durable (JournalHost::checkpoint). Where the
// writer has no room (no file is ready yet, all are settling, the disk is full), the host commits as if there were no
// journal: each log syncs its own files.
//
// Costs of a round. Loop: no syscall; the batches by reference, 64 bytes an entry. Pool: checksums of head and
// payloads, one pwritev per 128 pieces (the head is one, each batch, the zeros at the end), one fdatasync of a
// prewritten file. One wake of a pool thread, one of the loop.
//
// Failures: no_space leaves everything as it was, and the round may be committed another way; any other failed write
// and any failed sync is never tried again: nothing more is appended, and the host takes its log directory offline.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "io/surface.h"
#include "log/journal.h"
#include "store/journal/journal_files.h"

namespace moldau::store {

struct JournalOptions {
  std::string directory;  ///< the log directory
  Uuid directory_id;
  uint32_t shard = 0;
  /// A file; together they bound what a start has to replay, and what must be synced behind at once.
  uint64_t file_bytes = 64ull << 20;
  size_t files_max = 4;
  log::JournalMutant mutant = log::JournalMutant::none;
  /// Called in the pool, in the job whose sync failed.
  std::function<void()> sync_failed = [] {};
};

/// What one commit round writes: gathered by the host, given to the writer whole.
class JournalRound {
 public:
  /// [base, end) of a partition: whole batches, of which the last has `leader_epoch`.
  void add_batches(const TopicPartitionId& id, Epoch leader_epoch, Offset base, Offset end,
                   std::span<const Bytes> batches);
  /// The same, and leaves `batches` empty: who has them for the round alone spares a reference each.
  void take_batches(const TopicPartitionId& id, Epoch leader_epoch, Offset base, Offset end, std::span<Bytes> batches);
  /// Any other kind: a cut or a log start `at` an offset, a removal, a move.
  void add(log::JournalKind kind, const TopicPartitionId& id, Offset at);

  bool empty() const { return entries_.empty(); }
  uint64_t payload_bytes() const { return payload_bytes_; }
  const std::vector<log::JournalEntry>& entries() const { return entries_; }
  /// False when it would be too large with that many more entries and bytes.
  bool fits_with(size_t entries, uint64_t bytes) const;

 private:
  friend class JournalWriter;
  std::vector<log::JournalEntry> entries_;
  std::vector<size_t> pieces_;  // of each entry
  std::vector<Bytes> batches_;
  uint64_t payload_bytes_ = 0;
};

class JournalHost {
 public:
  /// The first round of a file is about to be written: the host is to seal() it, should it not fill up.
  virtual void file_begun() = 0;
  /// A file is full, or was sealed: makes durable what it holds of `members` (their segments, and the log starts that
  /// were written down in it), then calls settled(). Called from a turn of its own.
  virtual void checkpoint(uint64_t generation, std::vector<TopicPartitionId> members) = 0;
  /// A write or a sync failed for good: the log directory is to go offline.
  virtual void journal_failed(const Failure& why) = 0;

 protected:
  ~JournalHost() = default;
};

/// For metrics.
struct JournalCounts {
  uint64_t rounds = 0;
  uint64_t entries = 0;
  uint64_t payload_bytes = 0;
  uint64_t written_bytes = 0;  ///< payloads with heads and zeros
  uint64_t files_begun = 0;
  uint64_t refused = 0;  ///< rounds for which there was no room
  size_t files = 0;
};

class JournalWriter {
 public:
  JournalWriter(io::Surface surface, JournalOptions options, JournalHost& host);
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  /// Finds out where generations go on; makes no file yet. Blocking. REQUIRES: the journals that were there are
  /// replayed and retired.
  Status open();

  /// True when a round of that size can be appended now. If there is no file for it, one is being made ready.
  bool ready_for(size_t entries, uint64_t payload_bytes);
  /// Nothing is under way.
  bool idle() const { return job_ == nullptr; }
  /// What the largest round may take in a file.
  uint64_t round_bytes_max() const;
  /// Writes and syncs a round; `done` in a later turn. REQUIRES: ready_for() its size.
  void append(JournalRound round, io::Completion<Status> done);
  /// The same at once, after what is under way: for a few entries that must be durable before the host goes on.
  /// Blocking. FailureKind::no_space when there is no file, or no room; each file keeps room for closing entries, and a
  /// log that has no entries needs none.
  Status append_now(JournalRound round);

  /// True when replay might find live entries of a partition: then a closing entry is due before its segments are
  /// changed but by appending.
  bool holds(const TopicPartitionId& id) const;
  /// The host has made everything durable that file `generation` was sealed with.
  void settled(uint64_t generation);
  /// Ends the active file, so that it can be settled: after a while, and before a stop. A round that is under way is
  /// the last in it.
  void seal();
  /// True when another file is ready to follow the active one; else one is asked for, if there may be one more.
  bool next_is_ready();
  /// Bytes in files that are not settled yet.
  uint64_t unsettled_bytes() const;
  const JournalCounts& counts() const { return counts_; }
  bool failed() const { return failed_; }

  /// Waits for what is under way, and appends nothing any more. Its outcome: of the last round. Blocking.
  Status close();

 private:
  struct LiveFile {
    PreparedJournal prepared;
    uint64_t used = 0;
    uint64_t first_sequence = 0;
    bool sealed = false;
    bool settled = false;
    std::set<TopicPartitionId> members;  ///< partitions whose entries replay would find live here, settled or not
  };
  struct RoundJob;
  struct PrepareJob;

  std::shared_ptr<RoundJob> make_job(JournalRound round);
  /// Takes over what a job that is over did. Once.
  void apply(RoundJob& job);
  void take_over(PrepareJob& job);
  bool fits_active(uint64_t bytes, uint64_t reserve) const;
  bool may_close_in_last(const JournalRound& round) const;
  uint64_t closing_reserve() const;
  void begin_file();
  void want_file();
  void seal_active();
  void note_entries(const JournalRound& round);
  uint64_t needed_from() const;
  bool has_active() const { return !files_.empty() && !files_.back().sealed; }
  LiveFile* find(uint64_t generation);
  void fail(const Failure& why);

  io::Surface surface_;
  JournalOptions options_;
  JournalHost& host_;
  JournalFiles maker_;
  std::deque<LiveFile> files_;  // by generation; all but the last are sealed
  std::optional<PreparedJournal> next_;
  std::shared_ptr<PrepareJob> preparing_;
  std::shared_ptr<RoundJob> job_;
  uint64_t next_generation_ = 1;
  uint64_t next_sequence_ = 1;
  bool seal_after_round_ = false;
  bool failed_ = false;
  bool closed_ = false;
  Instant no_room_before_;  // the disk was full
  JournalCounts counts_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace moldau::store
