#include "metadata/snapshot.h"

#include <fmt/format.h>

#include "wire/batch_builder.h"
#include "wire/batch_records.h"

namespace moldau::metadata {
namespace {

Failure corrupt(std::string message) {
  return {FailureKind::corrupt, std::move(message)};
}

/// What a control batch may hold, besides the quorum's records.
struct ControlSeen {
  std::optional<WallMillis> header_timestamp;
  bool header = false;
  bool footer = false;
};

Status read_control(const wire::RecordView& record, QuorumRecords& quorum, ControlSeen& seen) {
  const std::optional<int16_t> type = record.key ? raft::control_type(*record.key) : std::nullopt;
  if (!type || !record.value) return corrupt(fmt::format("control record at offset {} has no type", record.offset));
  switch (static_cast<raft::ControlType>(*type)) {
    case raft::ControlType::leader_change:
      return {};
    case raft::ControlType::snapshot_header: {
      ASSIGN_OR_RETURN(seen.header_timestamp, raft::parse_snapshot_header(*record.value));
      seen.header = true;
      return {};
    }
    case raft::ControlType::snapshot_footer:
      seen.footer = true;
      return {};
    case raft::ControlType::kraft_version: {
      ASSIGN_OR_RETURN(quorum.kraft_version, raft::parse_kraft_version(*record.value));
      return {};
    }
    case raft::ControlType::kraft_voters: {
      ASSIGN_OR_RETURN(quorum.voters, raft::parse_voters(*record.value));
      return {};
    }
    case raft::ControlType::abort:
    case raft::ControlType::commit:
      break;
  }
  return Failure{FailureKind::unsupported,
                 fmt::format("control record at offset {} has the unknown type {}", record.offset, *type)};
}

Status read_one(const wire::BatchView& batch, wire::RecordIterator& iterator, QuorumRecords& quorum, ControlSeen& seen,
                const std::function<Status(std::span<const std::byte>, Offset)>& on_record) {
  if (!batch.crc_valid()) return corrupt(fmt::format("batch at offset {}: bad checksum", batch.base_offset()));
  const auto fault = [&](wire::RecordFault why) {
    return corrupt(fmt::format("batch at offset {}: {}", batch.base_offset(), wire::name_of(why)));
  };
  if (const wire::RecordFault why = iterator.start(batch); why != wire::RecordFault::none) return fault(why);
  wire::RecordView record;
  while (iterator.next(record)) {
    if (batch.is_control()) {
      RETURN_IF_FAILED(read_control(record, quorum, seen));
    } else {
      if (!record.value) return corrupt(fmt::format("metadata record at offset {} has no value", record.offset));
      RETURN_IF_FAILED(on_record(*record.value, record.offset));
    }
  }
  if (iterator.fault() != wire::RecordFault::none) return fault(iterator.fault());
  return {};
}

Status read_all(std::span<const std::byte> bytes, QuorumRecords& quorum, ControlSeen& seen,
                const std::function<Status(std::span<const std::byte>, Offset)>& on_record,
                const std::function<Status(const LogBatch&)>& on_batch) {
  wire::RecordIterator iterator;
  Status status;
  const wire::BatchWalk walk = wire::for_each_batch(bytes, [&](const wire::BatchView& batch) {
    status = read_one(batch, iterator, quorum, seen, on_record);
    if (!status.ok()) return false;
    status = on_batch({.base_offset = batch.base_offset(),
                       .last_offset = batch.last_offset(),
                       .epoch = batch.leader_epoch(),
                       .timestamp = batch.max_timestamp(),
                       .control = batch.is_control()});
    return status.ok();
  });
  if (!status.ok()) return status;
  if (walk.fault == wire::BatchFault::none) return {};
  return corrupt(fmt::format("metadata batches, byte {}: {}", walk.consumed, wire::name_of(walk.fault)));
}

std::vector<std::byte> finished(wire::BatchBuilder& builder) {
  const Result<std::span<std::byte>> batch = builder.finish();
  ASSERT(batch.ok());  // only compression can fail
  return {batch.value().begin(), batch.value().end()};
}

void append(std::vector<std::byte>& file, const std::vector<std::byte>& batch) {
  file.insert(file.end(), batch.begin(), batch.end());
}

}  // namespace

Status read_batches(std::span<const std::byte> bytes, QuorumRecords& quorum,
                    const std::function<Status(std::span<const std::byte>, Offset)>& on_record,
                    const std::function<Status(const LogBatch&)>& on_batch) {
  ControlSeen seen;
  return read_all(bytes, quorum, seen, on_record, on_batch);
}

std::vector<std::byte> data_batch(std::span<const EncodedRecord> records, Offset base_offset, Epoch epoch,
                                  WallMillis timestamp) {
  wire::BatchBuilder builder({.base_offset = base_offset, .leader_epoch = epoch});
  for (const EncodedRecord& record : records) {
    builder.add(wire::NewRecord{.timestamp = timestamp, .key = {}, .value = std::span(record), .headers = {}});
  }
  return finished(builder);
}

std::vector<std::byte> control_batch(std::span<const raft::ControlRecord> records, Offset base_offset, Epoch epoch,
                                     WallMillis timestamp) {
  wire::BatchBuilder builder({.base_offset = base_offset, .leader_epoch = epoch, .control = true});
  for (const raft::ControlRecord& record : records) {
    builder.add(wire::NewRecord{
        .timestamp = timestamp, .key = std::span(record.key), .value = std::span(record.value), .headers = {}});
  }
  return finished(builder);
}

std::vector<std::byte> write_snapshot(const SnapshotHead& head, std::span<const EncodedRecord> records,
                                      WallMillis now) {
  std::vector<raft::ControlRecord> first{raft::snapshot_header_record(head.last_contained_log_timestamp)};
  if (head.voters) {
    first.push_back(raft::kraft_version_record(head.kraft_version));
    first.push_back(raft::voters_record(*head.voters));
  }
  std::vector<std::byte> file = control_batch(first, 0, head.id.epoch, now);
  auto offset = static_cast<Offset>(first.size());
  while (!records.empty()) {
    size_t count = 0;
    for (size_t bytes = 0; count < records.size(); ++count) {
      bytes += records[count].size();
      if (bytes > metadata_batch_bytes_max && count > 0) break;
    }
    append(file, data_batch(records.first(count), offset, head.id.epoch, now));
    offset += static_cast<Offset>(count);
    records = records.subspan(count);
  }
  const raft::ControlRecord footer = raft::snapshot_footer_record();
  append(file, control_batch(std::span(&footer, 1), offset, head.id.epoch, now));
  return file;
}

Result<SnapshotContents> read_snapshot(std::span<const std::byte> bytes) {
  SnapshotContents contents;
  ControlSeen seen;
  bool after_footer = false;
  const Status status = read_all(
      bytes, contents.quorum, seen,
      [&](std::span<const std::byte> value, Offset) -> Status {
        if (!seen.header) return corrupt("snapshot: records before the header");
        contents.records.emplace_back(value.begin(), value.end());
        return {};
      },
      [&](const LogBatch&) -> Status {
        if (after_footer) return corrupt("snapshot: bytes behind the footer");
        after_footer = seen.footer;
        return {};
      });
  if (!status.ok()) return status.failure();
  if (!seen.header || !seen.footer) return corrupt("snapshot: header or footer is missing");
  contents.last_contained_log_timestamp = *seen.header_timestamp;
  return contents;
}

}  // namespace moldau::metadata
