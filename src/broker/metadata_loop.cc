#include "broker/metadata_loop.h"

#include <fmt/format.h>

#include "base/trace.h"
#include "raft/control.h"

namespace moldau::broker {

using metadata::ControllerRequest;
using wire::ErrorCode;

MetadataLoop::MetadataLoop(io::Surface surface, store::Store& store, MetadataLoopOptions options)
    : surface_(surface), store_(store), options_(std::move(options)) {}

MetadataLoop::~MetadataLoop() {
  stop();
}

void MetadataLoop::stop() {
  if (log_ != nullptr) log_->set_listener(nullptr);
  if (snapshot_timer_ != 0) surface_.timers.cancel(snapshot_timer_);
  if (clean_timer_ != 0) surface_.timers.cancel(clean_timer_);
  snapshot_timer_ = clean_timer_ = 0;
  failed_ = true;
  subscriber_ = nullptr;
  on_fatal_ = nullptr;
  pending_.clear();
  alive_.reset();
}

void MetadataLoop::submit(ControllerRequest request, io::Completion<const Outcome&> done) {
  Pending pending;
  pending.done = std::move(done);
  const bool ready = node_ != nullptr && node_->is_leader();
  if (failed_ || !ready) {
    pending.outcome.error = failed_ ? ErrorCode::kafka_storage_error : ErrorCode::not_controller;
    complete(std::move(pending));
    return;
  }
  const auto* create = std::get_if<metadata::CreateTopics>(&request);
  const std::vector<Uuid> ids = random_ids(create == nullptr ? 0 : create->topics.size());
  pending.begin = log_->next_offset();
  metadata::Decision decision =
      controller_->handle(request, {.now = surface_.clock.now(), .next_offset = pending.begin, .random_ids = ids});
  pending.outcome.response = std::move(decision.response);
  if (!decision.records.empty()) {
    if (const Status appended = append_decision(decision); !appended.ok()) {
      trace(TraceLevel::error, "event=metadata_append_failed why=\"{}\"", appended.failure().message);
      pending.outcome.error = ErrorCode::kafka_storage_error;
      complete(std::move(pending));
      return;
    }
    pending.image = controller_->build(pending.delta);
  }
  // An answer without records waits as well: it may tell of records that are not committed yet.
  pending.end = log_->next_offset();
  if (pending_.empty() && pending.end <= node_->high_watermark()) {
    complete(std::move(pending));
    return;
  }
  pending_.push_back(std::move(pending));
}

void MetadataLoop::complete(Pending pending) {
  if (!pending.done) return;
  surface_.executor.defer([alive = std::weak_ptr<int>(alive_), pending = std::move(pending)]() mutable {
    if (!alive.expired()) pending.done(pending.outcome);
  });
}

std::vector<Uuid> MetadataLoop::random_ids(size_t count) {
  std::vector<Uuid> ids;
  while (ids.size() < count) {
    const Uuid id = surface_.entropy.uuid();
    // A leading dash would look like an option on command lines, so Kafka has none either.
    if (id.to_string().front() != '-') ids.push_back(id);
  }
  return ids;
}

// Appending
// ---------------------------------------------------------------------------------------------------------------

Status MetadataLoop::append_bytes(std::span<const std::byte> batch) {
  RETURN_IF_FAILED(log_->append_as_follower(Bytes::copy_of(batch)));
  bytes_since_snapshot_ += batch.size();
  return {};
}

Status MetadataLoop::append_decision(const metadata::Decision& decision) {
  const WallMillis now = surface_.clock.wall();
  std::span<const metadata::EncodedRecord> rest = decision.records;
  while (!rest.empty()) {
    size_t count = 0;
    for (size_t bytes = 0; count < rest.size(); ++count) {
      bytes += rest[count].size() + 16;
      if (!decision.atomic && bytes > metadata::metadata_batch_bytes_max && count > 0) break;
    }
    const std::span<const metadata::EncodedRecord> part = rest.first(count);
    const Offset base = log_->next_offset();
    RETURN_IF_FAILED(append_bytes(metadata::data_batch(part, base, node_->epoch(), now)));
    const metadata::Applied applied{
        .offset = base + static_cast<Offset>(count) - 1, .epoch = node_->epoch(), .timestamp = now};
    const Status replayed = controller_->replay(part, base, applied);
    // What the controller wrote it can read: anything else is a bug of ours.
    if (!replayed.ok()) {
      trace(TraceLevel::error, "event=metadata_record_refused why=\"{}\"", replayed.failure().message);
    }
    ASSERT(replayed.ok());
    rest = rest.subspan(count);
    if (rest.empty()) break;
    // Each batch may be committed, or lost, without the next: the image between them is one to go back to.
    Pending part_done;
    part_done.begin = base;
    part_done.end = log_->next_offset();
    part_done.image = controller_->build(part_done.delta);
    pending_.push_back(std::move(part_done));
  }
  return {};
}

Status MetadataLoop::append_leader_change(const raft::AppendLeaderChange& change) {
  std::vector<raft::ControlRecord> records{raft::leader_change_record(change, options_.settings.node_id)};
  if (kraft_version_ >= 1 && !voters_in_log_) {
    records.push_back(raft::kraft_version_record(kraft_version_));
    records.push_back(raft::voters_record(voters_));
    voters_in_log_ = true;
  }
  RETURN_IF_FAILED(log_->begin_epoch(change.epoch));
  const Offset base = log_->next_offset();
  const WallMillis now = surface_.clock.wall();
  RETURN_IF_FAILED(append_bytes(metadata::control_batch(records, base, change.epoch, now)));
  controller_->set_applied(
      {.offset = base + static_cast<Offset>(records.size()) - 1, .epoch = change.epoch, .timestamp = now});
  return {};
}

Status MetadataLoop::carry_out(Effects<raft::Effect>& effects) {
  for (const raft::Effect& effect : effects.take()) {
    if (const auto* persist = std::get_if<raft::PersistState>(&effect)) {
      const std::string text = raft::format_quorum_state(persist->state);
      RETURN_IF_FAILED(io::replace_file(surface_.disk, folder_ + "/quorum-state", as_bytes(text)));
    } else if (const auto* change = std::get_if<raft::AppendLeaderChange>(&effect)) {
      RETURN_IF_FAILED(append_leader_change(*change));
    } else if (const auto* advance = std::get_if<raft::AdvanceHighWatermark>(&effect)) {
      commit_up_to(advance->offset);
    } else if (const auto* known = std::get_if<raft::LeaderKnown>(&effect)) {
      trace(TraceLevel::info, "event=metadata_leader epoch={} leader={}", known->epoch, known->leader);
    }
    // The messages to peers have nobody to go to while there is one voter.
  }
  return {};
}

// The log's news
// ----------------------------------------------------------------------------------------------------------

void MetadataLoop::on_appended(Offset) {}
void MetadataLoop::on_log_start(Offset) {}

void MetadataLoop::on_stable(Offset end) {
  if (failed_ || node_ == nullptr) return;
  Effects<raft::Effect> effects;
  const Epoch epoch = end > 0 ? log_->epoch_of(end - 1) : 0;
  node_->step(raft::StableEnd{.end = {.offset = end, .epoch = epoch}}, surface_.clock.now(), effects);
  const std::weak_ptr<int> alive = alive_;
  const Status done = carry_out(effects);
  if (!alive.expired() && !done.ok()) fatal(done.failure());
}

void MetadataLoop::commit_up_to(Offset high_watermark) {
  const std::weak_ptr<int> alive = alive_;
  while (!pending_.empty() && pending_.front().end <= high_watermark) {
    Pending pending = std::move(pending_.front());
    pending_.pop_front();
    if (pending.image != nullptr) {
      published_ = pending.image;
      if (subscriber_) subscriber_(pending.image, pending.delta);
    }
    if (!alive.expired() && pending.done) pending.done(pending.outcome);
    if (alive.expired()) return;
  }
  maybe_snapshot();
}

void MetadataLoop::fail_pending_from(Offset begin, ErrorCode error) {
  std::vector<Pending> failed;
  while (!pending_.empty() && pending_.back().end > begin) {
    failed.push_back(std::move(pending_.back()));
    pending_.pop_back();
  }
  const std::weak_ptr<int> alive = alive_;
  for (auto pending = failed.rbegin(); pending != failed.rend() && !alive.expired(); ++pending) {
    pending->outcome.error = error;
    if (pending->done) pending->done(pending->outcome);
  }
}

void MetadataLoop::on_refused(Offset first_lost, const Failure& why) {
  if (failed_) return;
  if (first_lost <= node_->epoch_start()) {
    fatal(why);
    return;
  }
  // The controller goes back to what the log still holds; those who asked are told, and may ask again.
  metadata::ImageRef kept = published_;
  for (const Pending& pending : pending_) {
    if (pending.end <= first_lost && pending.image != nullptr) kept = pending.image;
  }
  controller_->roll_back(kept);
  fail_pending_from(first_lost, ErrorCode::kafka_storage_error);
}

void MetadataLoop::on_offline(const Failure& why) {
  fatal(why);
}

void MetadataLoop::fatal(const Failure& why) {
  if (failed_) return;
  failed_ = true;
  trace(TraceLevel::error, "event=metadata_failed why=\"{}\"", why.message);
  const std::weak_ptr<int> alive = alive_;
  fail_pending_from(0, ErrorCode::kafka_storage_error);
  if (!alive.expired() && on_fatal_) on_fatal_(why);
}

}  // namespace moldau::broker
