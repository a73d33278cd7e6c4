#include "store/journal/journal_writer.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/crc32c.h"
#include "base/trace.h"
#include "store/journal/pool_work.h"

namespace moldau::store {
namespace {

/// A full disk is asked for a file again this often.
constexpr int64_t full_retry_ms = 1000;
/// Blocks at the end of a file that are kept for rounds of closing entries.
constexpr uint64_t closing_blocks_max = 64;

}  // namespace

void JournalRound::add_batches(const TopicPartitionId& id, Epoch leader_epoch, Offset base, Offset end,
                               std::span<const Bytes> batches) {
  log::JournalEntry entry{log::JournalKind::batches, id, leader_epoch, base, end, 0, 0};
  for (const Bytes& bytes : batches) {
    entry.bytes += bytes.size();
    batches_.push_back(bytes);
  }
  payload_bytes_ += entry.bytes;
  entries_.push_back(entry);
  pieces_.push_back(batches.size());
}

void JournalRound::take_batches(const TopicPartitionId& id, Epoch leader_epoch, Offset base, Offset end,
                                std::span<Bytes> batches) {
  log::JournalEntry entry{log::JournalKind::batches, id, leader_epoch, base, end, 0, 0};
  for (Bytes& bytes : batches) {
    entry.bytes += bytes.size();
    batches_.push_back(std::move(bytes));
  }
  payload_bytes_ += entry.bytes;
  entries_.push_back(entry);
  pieces_.push_back(batches.size());
}

void JournalRound::add(log::JournalKind kind, const TopicPartitionId& id, Offset at) {
  ASSERT(kind != log::JournalKind::batches);
  entries_.push_back({kind, id, no_epoch, at, at, 0, 0});
  pieces_.push_back(0);
}

bool JournalRound::fits_with(size_t entries, uint64_t bytes) const {
  const size_t count = entries_.size() + entries;
  return count <= log::journal_entries_max && bytes <= log::journal_round_bytes_max &&
         log::journal_round_bytes(count, payload_bytes_ + bytes) <= log::journal_round_bytes_max;
}

/// One round on its way to the disk.
struct JournalWriter::RoundJob final : PoolWork {
  RoundJob(io::Disk& on, JournalRound of, const JournalOptions& with)
      : disk(on), round(std::move(of)), mutant(with.mutant), sync_failed(with.sync_failed) {}

  void work() override {
    std::vector<std::byte> head;
    std::vector<std::span<const std::byte>> pieces(1);
    pieces.reserve(round.batches_.size() + 2);
    size_t next = 0;
    for (size_t i = 0; i < round.entries_.size(); ++i) {
      uint32_t checksum = 0;
      for (size_t left = round.pieces_[i]; left > 0; --left) {
        pieces.push_back(round.batches_[next++].view());
        checksum = crc32c(pieces.back(), checksum);
      }
      round.entries_[i].checksum = checksum;
    }
    log::encode_journal_head(header, round.entries_, head);
    pieces.front() = head;
    const std::vector<std::byte> zeros(
        static_cast<size_t>(header.round_bytes() - header.head_bytes() - header.payload_bytes));
    if (!zeros.empty()) pieces.emplace_back(zeros);
    outcome = disk.write(*file, position, pieces);
    if (!outcome.ok() || mutant == log::JournalMutant::acknowledged_before_sync) return;
    // Whatever a sync says is wrong, what it should have written may be gone: no room is no excuse here.
    const Status synced = disk.sync_now(*file);
    if (synced.ok()) return;
    outcome = Failure{FailureKind::io, synced.failure().message, synced.failure().os_errno};
    sync_failed();
  }

  io::Disk& disk;
  JournalRound round;
  log::JournalHeader header;
  io::FileRef file;
  uint64_t position = 0;
  const log::JournalMutant mutant;
  const std::function<void()>& sync_failed;  // of the writer, which calls the job off when it ends
  Status outcome = Failure{FailureKind::closed, "called off"};
  bool applied = false;
};

/// A file that is being made ready.
struct JournalWriter::PrepareJob final : PoolWork {
  PrepareJob(const JournalFiles& with, uint64_t from, uint64_t to)
      : maker(with), from_generation(from), generation(to) {}

  void work() override {
    outcome = from_generation != 0 ? maker.recycle(from_generation, generation) : maker.prepare(generation);
  }

  JournalFiles maker;
  const uint64_t from_generation;  // of the file that is named anew; 0 for another
  const uint64_t generation;
  Result<PreparedJournal> outcome = Failure{FailureKind::closed, "called off"};
};

JournalWriter::JournalWriter(io::Surface surface, JournalOptions options, JournalHost& host)
    : surface_(surface),
      options_(std::move(options)),
      host_(host),
      maker_(surface_.disk, options_.directory, options_.shard, options_.file_bytes, options_.mutant) {
  // With one, a full file could never be followed by another, and would never be settled.
  ASSERT(options_.files_max >= 2 && options_.file_bytes % log::journal_block_bytes == 0);
}

JournalWriter::~JournalWriter() {
  alive_.reset();
  if (job_ != nullptr) job_->cancel();
  if (preparing_ != nullptr) preparing_->cancel();
}

Status JournalWriter::open() {
  ASSIGN_OR_RETURN(next_generation_, maker_.first_generation());
  return {};
}

bool JournalWriter::ready_for(size_t entries, uint64_t payload_bytes) {
  if (closed_ || failed_ || job_ != nullptr || surface_.clock.now() < no_room_before_) return false;
  if (entries > log::journal_entries_max || payload_bytes > log::journal_round_bytes_max) return false;
  const uint64_t bytes = log::journal_round_bytes(entries, payload_bytes);
  if (bytes > round_bytes_max()) return false;
  if (fits_active(bytes, closing_reserve()) || next_) return true;
  want_file();
  ++counts_.refused;
  return false;
}

uint64_t JournalWriter::round_bytes_max() const {
  return std::min(options_.file_bytes - closing_reserve(), log::journal_round_bytes_max);
}

bool JournalWriter::next_is_ready() {
  want_file();
  return next_.has_value();
}

bool JournalWriter::fits_active(uint64_t bytes, uint64_t reserve) const {
  return has_active() && files_.back().used + bytes + reserve <= options_.file_bytes;
}

uint64_t JournalWriter::closing_reserve() const {
  const uint64_t blocks = options_.file_bytes / log::journal_block_bytes;
  return std::clamp<uint64_t>(blocks / 8, 1, closing_blocks_max) * log::journal_block_bytes;
}

/// A round of closing entries may also go to the end of a file that is sealed, as long as it is the last one: they make
/// nothing that segments need.
bool JournalWriter::may_close_in_last(const JournalRound& round) const {
  if (files_.empty()) return false;
  const LiveFile& last = files_.back();
  if (preparing_ != nullptr && preparing_->from_generation == last.prepared.name.generation) return false;
  const uint64_t bytes = log::journal_round_bytes(round.entries_.size(), round.payload_bytes_);
  return last.used + bytes <= options_.file_bytes &&
         std::all_of(round.entries_.begin(), round.entries_.end(),
                     [](const log::JournalEntry& entry) { return log::closes(entry.kind); });
}

void JournalWriter::append(JournalRound round, io::Completion<Status> done) {
  ASSERT(ready_for(round.entries_.size(), round.payload_bytes_));
  job_ = make_job(std::move(round));
  surface_.executor.offload_sync([job = job_] { job->run(); },
                                 [this, job = job_, done = std::move(done), alive = std::weak_ptr(alive_)]() mutable {
                                   if (!alive.expired()) apply(*job);
                                   done(job->outcome);
                                 });
}

Status JournalWriter::append_now(JournalRound round) {
  if (job_ != nullptr) {
    const auto before = job_;
    before->finish();
    apply(*before);
  }
  const size_t entries = round.entries_.size();
  const auto possible = [&] { return may_close_in_last(round) || ready_for(entries, round.payload_bytes_); };
  if (!possible() && preparing_ != nullptr) {
    const auto preparing = preparing_;
    preparing->finish();
    take_over(*preparing);
  }
  if (failed_ || closed_) return Failure{FailureKind::unavailable, options_.directory + ": the journal is closed"};
  if (!possible()) {
    return Failure{FailureKind::no_space, options_.directory + ": the journal has no room"};
  }
  job_ = make_job(std::move(round));
  const auto job = job_;
  job->finish();
  apply(*job);
  return job->outcome;
}

std::shared_ptr<JournalWriter::RoundJob> JournalWriter::make_job(JournalRound round) {
  ASSERT(job_ == nullptr && !closed_ && !failed_ && !round.empty());
  const uint64_t bytes = log::journal_round_bytes(round.entries_.size(), round.payload_bytes_);
  if (!fits_active(bytes, closing_reserve()) && !may_close_in_last(round)) begin_file();
  LiveFile& file = files_.back();
  ASSERT(file.used + bytes <= options_.file_bytes);
  auto job = std::make_shared<RoundJob>(surface_.disk, std::move(round), options_);
  job->header = {file.prepared.name.generation, next_sequence_, needed_from(),
                 options_.directory_id,         options_.shard, static_cast<uint32_t>(job->round.entries_.size()),
                 job->round.payload_bytes_};
  job->file = file.prepared.file;
  job->position = file.used;
  // Also of a round that fails something may reach the disk.
  for (const log::JournalEntry& entry : job->round.entries_) {
    if (!log::closes(entry.kind)) file.members.insert(entry.id);
  }
  return job;
}

void JournalWriter::apply(RoundJob& job) {
  if (std::exchange(job.applied, true)) return;
  job_.reset();
  if (job.outcome.ok()) {
    LiveFile& file = files_.back();
    file.used += job.header.round_bytes();
    ++next_sequence_;
    note_entries(job.round);
    ++counts_.rounds;
    counts_.entries += job.header.entries;
    counts_.payload_bytes += job.header.payload_bytes;
    counts_.written_bytes += job.header.round_bytes();
    if (file.used > options_.file_bytes / 2) want_file();
  } else if (job.outcome.failure().kind == FailureKind::no_space) {
    // Where it stands, the next round will be written: what reached the disk of this one goes.
    no_room_before_ = surface_.clock.now() + milliseconds(full_retry_ms);
    ++counts_.refused;
  } else if (job.outcome.failure().kind != FailureKind::closed) {
    fail(job.outcome.failure());
  }
  if (std::exchange(seal_after_round_, false)) seal_active();
}

/// In the order of the round: a closing entry voids what came before it, batches behind it are live again.
void JournalWriter::note_entries(const JournalRound& round) {
  for (const log::JournalEntry& entry : round.entries_) {
    if (log::closes(entry.kind)) {
      for (LiveFile& file : files_) file.members.erase(entry.id);
    } else {
      files_.back().members.insert(entry.id);
    }
  }
}

bool JournalWriter::holds(const TopicPartitionId& id) const {
  return std::any_of(files_.begin(), files_.end(), [&](const LiveFile& file) { return file.members.contains(id); });
}

uint64_t JournalWriter::needed_from() const {
  for (const LiveFile& file : files_) {
    if (!file.settled) return file.first_sequence;
  }
  return next_sequence_;
}

uint64_t JournalWriter::unsettled_bytes() const {
  uint64_t sum = 0;
  for (const LiveFile& file : files_) sum += file.settled ? 0 : file.used;
  return sum;
}

// ----------------------------------------------------------------------------------------------------------------
// files

void JournalWriter::begin_file() {
  ASSERT(next_.has_value());
  seal_active();
  LiveFile file;
  file.prepared = std::move(*next_);
  file.first_sequence = next_sequence_;
  next_.reset();
  files_.push_back(std::move(file));
  ++counts_.files_begun;
  host_.file_begun();
}

void JournalWriter::seal() {
  if (job_ != nullptr) {
    seal_after_round_ = true;
  } else {
    seal_active();
  }
}

void JournalWriter::seal_active() {
  if (!has_active() || files_.back().used == 0) return;
  LiveFile& file = files_.back();
  file.sealed = true;
  file.settled = options_.mutant == log::JournalMutant::recycled_before_settled;
  surface_.executor.defer([this, generation = file.prepared.name.generation, alive = std::weak_ptr(alive_)] {
    if (alive.expired() || closed_) return;
    LiveFile* sealed = find(generation);
    if (sealed == nullptr || sealed->settled) return;
    if (sealed->members.empty()) return settled(generation);
    host_.checkpoint(generation, {sealed->members.begin(), sealed->members.end()});
  });
}

JournalWriter::LiveFile* JournalWriter::find(uint64_t generation) {
  const auto at = std::find_if(files_.begin(), files_.end(), [generation](const LiveFile& file) {
    return file.prepared.name.generation == generation;
  });
  return at == files_.end() ? nullptr : &*at;
}

void JournalWriter::settled(uint64_t generation) {
  LiveFile* file = find(generation);
  if (file == nullptr) return;
  ASSERT(file->sealed);
  file->settled = true;
  if (!has_active() || files_.back().used > options_.file_bytes / 2) want_file();
}

/// One file is kept ready: the oldest that is settled, or another. In the order of generations, so that the files that
/// are left are always the end of the journal: a closing entry outlives what it closes.
void JournalWriter::want_file() {
  if (next_ || preparing_ != nullptr || closed_ || failed_ || surface_.clock.now() < no_room_before_) return;
  uint64_t from = 0;
  if (!files_.empty() && files_.front().settled) {
    from = files_.front().prepared.name.generation;
  } else if (files_.size() >= options_.files_max) {
    return;
  }
  preparing_ = std::make_shared<PrepareJob>(maker_, from, next_generation_++);
  surface_.executor.offload([job = preparing_] { job->run(); },
                            [this, job = preparing_, alive = std::weak_ptr(alive_)] {
                              if (!alive.expired()) take_over(*job);
                            });
}

void JournalWriter::take_over(PrepareJob& job) {
  if (preparing_.get() != &job) return;
  const auto keep = std::exchange(preparing_, nullptr);
  if (job.outcome.ok()) {
    if (job.from_generation != 0) {
      ASSERT(files_.front().prepared.name.generation == job.from_generation);
      files_.pop_front();
    } else {
      ++counts_.files;
    }
    next_ = std::move(job.outcome).value();
  } else if (job.outcome.failure().kind == FailureKind::no_space) {
    trace(TraceLevel::warn, "journal={} state=no_room reason=\"{}\"", options_.directory,
          job.outcome.failure().message);
    no_room_before_ = surface_.clock.now() + milliseconds(full_retry_ms);
  } else if (job.outcome.failure().kind != FailureKind::closed) {
    fail(job.outcome.failure());
  }
}

void JournalWriter::fail(const Failure& why) {
  if (std::exchange(failed_, true)) return;
  trace(TraceLevel::error, "journal={} state=failed reason=\"{}\"", options_.directory, why.message);
  host_.journal_failed(why);
}

Status JournalWriter::close() {
  closed_ = true;
  Status outcome;
  if (job_ != nullptr) {
    const auto job = job_;
    job->finish();
    apply(*job);
    outcome = job->outcome;
  }
  if (preparing_ != nullptr) {
    const auto preparing = preparing_;
    preparing->cancel();
    take_over(*preparing);
  }
  return outcome;
}

}  // namespace moldau::store
