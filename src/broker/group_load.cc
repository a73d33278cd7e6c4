// GroupLoop: reading the log of a partition of __consumer_offsets into its machine, some at a turn.
#include <algorithm>
#include <utility>

#include "api/10_find_coordinator.h"
#include "base/endian.h"
#include "base/trace.h"
#include "broker/broker.h"
#include "broker/group_loop.h"
#include "broker/group_loop_ask.h"

namespace moldau::broker {

using coordinator::RuntimeState;
using wire::ErrorCode;

namespace {

/// What one turn reads, at most; offsets.load.buffer.size bounds it too.
constexpr uint64_t load_turn_bytes_max = 1 << 20;
/// How often a load may wait for the same bytes before it reads them where it stands, or gives up.
constexpr int load_waits_max = 100;
constexpr Duration load_pause = milliseconds(10);

Failure corrupt(const std::string& what) {
  return {FailureKind::corrupt, what};
}

}  // namespace

void GroupLoop::begin_load(Coordinated& coordinated) {
  store::Log& log = shard_.partition(coordinated.id)->log();
  coordinated.runtime.begin_load(
      std::make_unique<group::GroupMachine>(static_cast<group::GroupHost&>(*this), coordinated.runtime.timers()));
  coordinated.load = ++last_load_;
  coordinated.load_next = log.log_start();
  coordinated.load_end = log.next_offset();
  coordinated.load_waits = 0;
  coordinated.load_began = shard_.now();
  shard_.surface().executor.defer(shard_.guarded_call(
      [this, index = coordinated.id.partition, load = coordinated.load] { load_step(index, load); }));
}

void GroupLoop::load_later(const Coordinated& coordinated, Duration delay) {
  const auto again = [this, index = coordinated.id.partition, load = coordinated.load] { load_step(index, load); };
  if (delay.nanoseconds == 0) {
    shard_.surface().executor.defer(shard_.guarded_call(again));
  } else {
    shard_.surface().timers.start(shard_.now() + delay, shard_.guarded_call(again));
  }
}

void GroupLoop::load_step(PartitionIndex index, uint64_t load) {
  Coordinated* const found = find(index);
  if (found == nullptr || found->load != load || found->runtime.state() != RuntimeState::loading) return;
  bool wait = false;
  if (found->load_next < found->load_end) {
    const Status some = load_some(*found, wait);
    if (!some.ok()) {
      const Failure why{some.failure().kind,
                        some.failure().message + " (at offset " + std::to_string(found->load_next) + ")"};
      enter(*found, [&] { found->runtime.fail(why, now()); });
      return;
    }
    if (wait) return;
  }
  if (found->load_next < found->load_end) {
    load_later(*found, Duration{});
  } else {
    finish_load(*found);
  }
}

Status GroupLoop::load_some(Coordinated& coordinated, bool& wait) {
  Partition* const partition = shard_.partition(coordinated.id);
  if (partition == nullptr) return Failure{FailureKind::unavailable, "the partition is not here any more"};
  store::Log& log = partition->log();
  coordinated.load_next = std::max(coordinated.load_next, log.log_start());
  const auto bytes_max = std::clamp<uint64_t>(static_cast<uint64_t>(shard_.settings().groups.offsets_load_buffer_size),
                                              1, load_turn_bytes_max);
  store::ReadError error = store::ReadError::none;
  const store::ReadResult result = log.read(coordinated.load_next, coordinated.load_end, bytes_max, true, error);
  if (error != store::ReadError::none) return corrupt("the log cannot be read");
  if (result.cold.has_value() && ++coordinated.load_waits < load_waits_max) {
    wait = true;
    shard_.surface().disk.prefetch(
        result.cold->file, result.cold->offset, result.cold->size,
        shard_.guarded<Status>([this, index = coordinated.id.partition, load = coordinated.load](const Status&) {
          load_step(index, load);
        }));
    return {};
  }
  ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, bytes_of(result));
  const Offset before = coordinated.load_next;
  RETURN_IF_FAILED(load_bytes(coordinated, bytes));
  if (coordinated.load_next > before) {
    coordinated.load_waits = 0;
    return {};
  }
  // Queued, and not yet where it can be read.
  if (++coordinated.load_waits >= load_waits_max) return corrupt("the log does not go on");
  wait = true;
  load_later(coordinated, load_pause);
  return {};
}

Result<std::vector<std::byte>> GroupLoop::bytes_of(const store::ReadResult& result) {
  std::vector<std::byte> into;
  for (const store::Piece& piece : result.pieces) {
    if (const auto* const bytes = std::get_if<Bytes>(&piece)) {
      into.insert(into.end(), bytes->view().begin(), bytes->view().end());
      continue;
    }
    const auto& slice = std::get<io::FileSlice>(piece);
    const size_t at = into.size();
    into.resize(at + slice.size);
    ASSIGN_OR_RETURN(const size_t size,
                     shard_.surface().disk.read(*slice.file, slice.offset, std::span(into).subspan(at)));
    if (size != slice.size) return corrupt(slice.file->path() + " ends too early");
  }
  return into;
}

Status GroupLoop::load_bytes(Coordinated& coordinated, std::span<const std::byte> bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const wire::BatchResult batch = wire::BatchView::parse_checked(bytes.subspan(at));
    if (!batch.has_value()) {
      if (batch.error() == wire::BatchFault::incomplete && at > 0) return {};  // cut: read again from there
      return corrupt(std::string("a batch is ") + wire::name_of(batch.error()));
    }
    const bool skipped =
        settings_.mutant == group::Mutant::load_ends_early && batch->next_offset() >= coordinated.load_end;
    if (!skipped) RETURN_IF_FAILED(load_batch(coordinated, *batch));
    coordinated.load_next = batch->next_offset();
    at += batch->size();
  }
  return {};
}

Status GroupLoop::load_batch(Coordinated& coordinated, const wire::BatchView& batch) {
  if (batch.record_count() == 0) return {};  // compaction left the shell
  if (const wire::RecordFault fault = records_.start(batch); fault != wire::RecordFault::none) {
    return corrupt(std::string("records: ") + wire::name_of(fault));
  }
  wire::RecordView record;
  while (records_.next(record)) {
    if (record.offset < coordinated.load_next) continue;
    if (!record.key.has_value()) return corrupt("a record has no key");
    if (batch.is_control()) {
      constexpr size_t control_key_bytes = 4;
      constexpr int16_t abort_type = 0;
      constexpr int16_t commit_type = 1;
      if (record.key->size() < control_key_bytes) return corrupt("a control record is too short");
      const auto type = load_big_endian<int16_t>(record.key->data() + 2);
      if (type == abort_type || type == commit_type) {
        coordinated.runtime.end_transaction(batch.producer_id(), type == commit_type);
      }
      continue;
    }
    RETURN_IF_FAILED(coordinated.runtime.replay(
        {*record.key, record.value},
        {.offset = record.offset, .producer_id = batch.is_transactional() ? batch.producer_id() : no_producer_id}));
  }
  if (records_.fault() != wire::RecordFault::none) {
    return corrupt(std::string("records: ") + wire::name_of(records_.fault()));
  }
  return {};
}

void GroupLoop::finish_load(Coordinated& coordinated) {
  Partition* const partition = shard_.partition(coordinated.id);
  if (partition == nullptr) return;
  const Offset end = coordinated.load_end;
  // What was appended meanwhile (by a client that writes to the topic itself) is read too.
  if (partition->log().next_offset() > end) {
    coordinated.load_end = partition->log().next_offset();
    load_later(coordinated, Duration{});
    return;
  }
  enter(coordinated, [&] { coordinated.runtime.finish_load(end, partition->high_watermark(), now()); });
  coordinated.acknowledged = true;  // the high watermark may not have reached the end: be told of it
  if (partition->high_watermark() < end) {
    partition->wait_for({{static_cast<uint64_t>(coordinated.id.partition), produce_part}, end, -1, Instant::never()});
  }
  trace(TraceLevel::debug, "event=coordinator_loaded partition={}-{} end={} groups={} ms={}", api::offsets_topic,
        coordinated.id.partition, end, coordinated.machine().group_count(),
        (shard_.now() - coordinated.load_began).milliseconds());
  settle(coordinated);
}

}  // namespace moldau::broker
