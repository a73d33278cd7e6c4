// Producer snapshots: the <20-digit offset>.snapshot files beside a partition's segments, in Kafka's format, version 1.
// Written at each roll and clean stop, read at start. The offset in the name is the end (exclusive) of what the
// snapshot covers.
//
//   version i16 = 1 | crc u32 (CRC-32C of what follows it) | count i32 | per producer, 46 bytes:
//   producer id i64 | epoch i16 | last sequence i32 | last offset i64 | offset delta i32 | timestamp i64
//   | coordinator epoch i32 | current transaction's first offset i64
//
// Kafka keeps one batch per producer, so that after a restart it answers an older batch that is sent again (its
// response was lost) with OUT_OF_ORDER_SEQUENCE_NUMBER, and the producer, starting a new epoch, writes it twice. So a
// trailer follows, covered by the crc, which Kafka reads over: it holds the older of the five batches that the table
// remembers.
//
//   magic u32 = "MLDU" | count i32 | per producer: producer id i64 | first known sequence i32 | batches i8 (1 to 4),
//   oldest first: last sequence i32 | last offset i64 | offset delta i32 | timestamp i64
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "log/producer_table.h"

namespace moldau::log {

inline constexpr int16_t producer_snapshot_version = 1;
inline constexpr size_t producer_snapshot_header_bytes = 10;
inline constexpr size_t producer_snapshot_entry_bytes = 46;
inline constexpr uint32_t producer_snapshot_trailer_magic = 0x4D4C4455;

/// The file's bytes for `entries`, in their order.
std::vector<std::byte> encode_producer_snapshot(std::span<const ProducerEntry> entries);

/// The entries of a file. Fails with FailureKind::corrupt for a wrong length, version or crc. Each has one batch, or
/// more if the file has a trailer.
Result<std::vector<ProducerEntry>> decode_producer_snapshot(std::span<const std::byte> file);

}  // namespace moldau::log
