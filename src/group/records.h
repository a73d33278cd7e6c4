// Records of __consumer_offsets as bytes and back. A key is the record's type in 16 bits, then the key's fields; a
// value is its version in 16 bits, then the value's fields; no value is a tombstone. Both as Kafka's
// CoordinatorRecordSerde writes them, so that its tools read our log and we read theirs. The structs: group/record/*.h.
//
// Invariants: a type that no version of this program knows is told apart from bytes that are no record (the first is
// skipped by whoever loads, as Kafka does; the second stops it); what was decoded views the bytes it came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "coordinator/record.h"
#include "group/record/00_offsets.h"
#include "group/record/02_classic.h"
#include "group/record/03_consumer.h"
#include "group/record/10_share.h"
#include "group/record/17_streams.h"
#include "wire/codec.h"

namespace moldau::group {

/// One record, decoded: `value` is nothing for a tombstone.
template <typename K, typename V>
struct Entry {
  using Key = K;
  using Value = V;
  static_assert(K::message_id == V::message_id);

  K key;
  std::optional<V> value;
};

using LegacyOffsetCommit = Entry<LegacyOffsetCommitKey, LegacyOffsetCommitValue>;
using OffsetCommit = Entry<OffsetCommitKey, OffsetCommitValue>;
using GroupMetadata = Entry<GroupMetadataKey, GroupMetadataValue>;
using ConsumerGroupMetadata = Entry<ConsumerGroupMetadataKey, ConsumerGroupMetadataValue>;
using ConsumerGroupPartitionMetadata = Entry<ConsumerGroupPartitionMetadataKey, ConsumerGroupPartitionMetadataValue>;
using ConsumerGroupMemberMetadata = Entry<ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue>;
using ConsumerGroupTargetAssignmentMetadata =
    Entry<ConsumerGroupTargetAssignmentMetadataKey, ConsumerGroupTargetAssignmentMetadataValue>;
using ConsumerGroupTargetAssignmentMember =
    Entry<ConsumerGroupTargetAssignmentMemberKey, ConsumerGroupTargetAssignmentMemberValue>;
using ConsumerGroupCurrentMemberAssignment =
    Entry<ConsumerGroupCurrentMemberAssignmentKey, ConsumerGroupCurrentMemberAssignmentValue>;
using ConsumerGroupRegularExpression = Entry<ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue>;
using ShareGroupMemberMetadata = Entry<ShareGroupMemberMetadataKey, ShareGroupMemberMetadataValue>;
using ShareGroupMetadata = Entry<ShareGroupMetadataKey, ShareGroupMetadataValue>;
using ShareGroupTargetAssignmentMetadata =
    Entry<ShareGroupTargetAssignmentMetadataKey, ShareGroupTargetAssignmentMetadataValue>;
using ShareGroupTargetAssignmentMember =
    Entry<ShareGroupTargetAssignmentMemberKey, ShareGroupTargetAssignmentMemberValue>;
using ShareGroupCurrentMemberAssignment =
    Entry<ShareGroupCurrentMemberAssignmentKey, ShareGroupCurrentMemberAssignmentValue>;
using ShareGroupStatePartitionMetadata =
    Entry<ShareGroupStatePartitionMetadataKey, ShareGroupStatePartitionMetadataValue>;
using StreamsGroupMetadata = Entry<StreamsGroupMetadataKey, StreamsGroupMetadataValue>;
using StreamsGroupMemberMetadata = Entry<StreamsGroupMemberMetadataKey, StreamsGroupMemberMetadataValue>;
using StreamsGroupTargetAssignmentMetadata =
    Entry<StreamsGroupTargetAssignmentMetadataKey, StreamsGroupTargetAssignmentMetadataValue>;
using StreamsGroupTargetAssignmentMember =
    Entry<StreamsGroupTargetAssignmentMemberKey, StreamsGroupTargetAssignmentMemberValue>;
using StreamsGroupCurrentMemberAssignment =
    Entry<StreamsGroupCurrentMemberAssignmentKey, StreamsGroupCurrentMemberAssignmentValue>;
using StreamsGroupTopology = Entry<StreamsGroupTopologyKey, StreamsGroupTopologyValue>;

/// Any record of __consumer_offsets, by ascending type.
using Record =
    std::variant<LegacyOffsetCommit, OffsetCommit, GroupMetadata, ConsumerGroupMetadata, ConsumerGroupPartitionMetadata,
                 ConsumerGroupMemberMetadata, ConsumerGroupTargetAssignmentMetadata,
                 ConsumerGroupTargetAssignmentMember, ConsumerGroupCurrentMemberAssignment, ShareGroupMemberMetadata,
                 ShareGroupMetadata, ShareGroupTargetAssignmentMetadata, ShareGroupTargetAssignmentMember,
                 ShareGroupCurrentMemberAssignment, ShareGroupStatePartitionMetadata, ConsumerGroupRegularExpression,
                 StreamsGroupMetadata, StreamsGroupMemberMetadata, StreamsGroupTargetAssignmentMetadata,
                 StreamsGroupTargetAssignmentMember, StreamsGroupCurrentMemberAssignment, StreamsGroupTopology>;

/// The record type that a key begins with; nothing if it is too short to have one.
std::optional<int16_t> record_type_of(std::span<const std::byte> key);

/// Reads one record. `unknown_type`: a key whose type this program does not know (of a later Kafka, say): to be
/// skipped. Everything else but `ok` is damage. As Kafka, a value's version above those we know is an error, and bytes
/// left over behind key or value are not looked at. `value_version` gets the value's version (0 for a tombstone).
wire::DecodeStatus decode_record(std::span<const std::byte> key, std::optional<std::span<const std::byte>> value,
                                 Record& into, int16_t& value_version);
inline wire::DecodeStatus decode_record(const coordinator::RecordView& bytes, Record& into) {
  int16_t version = 0;
  return decode_record(bytes.key, bytes.value, into, version);
}

/// The record's type, and the schema's name of its value (of its key, for a tombstone).
int16_t type_of(const Record& record);
const char* name_of(const Record& record);
/// The group that the record belongs to.
std::string_view group_of(const Record& record);

/// Appends the bytes of `key` with its type, or of `value` with its version, to `encoder`.
template <wire::WireMessage K>
  requires(K::kind == wire::MessageKind::coordinator_key)
wire::EncodeStatus encode_key(wire::Encoder& encoder, const K& key) {
  encoder.put_int16(K::message_id);
  return wire::encode(encoder, 0, key);
}
template <wire::WireMessage V>
  requires(V::kind == wire::MessageKind::coordinator_value)
wire::EncodeStatus encode_value(wire::Encoder& encoder, const V& value, int16_t version) {
  encoder.put_int16(version);
  return wire::encode(encoder, version, value);
}

/// What an encoder holds, as a record's key or value. ASSERTs that it could be encoded: machines bound what they write.
std::vector<std::byte> encoded_bytes(const wire::Encoder& encoder);

/// The record `key` = `value` as bytes. REQUIRES: texts are at most wire::string_bytes_max bytes and `version` has all
/// of `value` that may not be dropped.
template <typename K, typename V>
  requires(K::message_id == V::message_id)
coordinator::Record make_record(const K& key, const V& value, int16_t version) {
  wire::Encoder key_encoder(64);
  encode_key(key_encoder, key);
  wire::Encoder value_encoder(128);
  encode_value(value_encoder, value, version);
  return {encoded_bytes(key_encoder), encoded_bytes(value_encoder)};
}
/// The tombstone of `key`.
template <typename K>
coordinator::Record make_tombstone(const K& key) {
  wire::Encoder encoder(64);
  encode_key(encoder, key);
  return {encoded_bytes(encoder), std::nullopt};
}

}  // namespace moldau::group
