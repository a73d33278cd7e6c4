// Records of the metadata log (__cluster_metadata) as they stand in the values of its batches: three unsigned varints
// (frame version 1, record id, record version), then the record, flexible. Texts are views into the value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "wire/codec.h"
#include "wire/metadata/00_brokers.h"
#include "wire/metadata/02_topics.h"
#include "wire/metadata/04_configs.h"
#include "wire/metadata/10_security.h"
#include "wire/metadata/20_transactions.h"

namespace moldau::wire {

/// Any record of the metadata log, by ascending id.
using MetadataRecord =
    std::variant<RegisterBrokerRecord, UnregisterBrokerRecord, TopicRecord, PartitionRecord, ConfigRecord,
                 PartitionChangeRecord, FenceBrokerRecord, UnfenceBrokerRecord, RemoveTopicRecord,
                 DelegationTokenRecord, UserScramCredentialRecord, FeatureLevelRecord, ClientQuotaRecord,
                 ProducerIdsRecord, BrokerRegistrationChangeRecord, AccessControlEntryRecord,
                 RemoveAccessControlEntryRecord, NoOpRecord, ZkMigrationStateRecord, RemoveUserScramCredentialRecord,
                 BeginTransactionRecord, EndTransactionRecord, AbortTransactionRecord, RemoveDelegationTokenRecord,
                 RegisterControllerRecord, ClearElrRecord>;

/// Version of the frame around each record.
inline constexpr uint32_t metadata_frame_version = 1;

/// Reads the value of one record of the metadata log, whole: bytes left over are an error (bad_length). `version` gets
/// the record's version. An id or frame version that this program does not know is unknown_type: such a log cannot be
/// read on.
DecodeStatus decode_metadata_record(std::span<const std::byte> value, MetadataRecord& into, int16_t& version);
inline DecodeStatus decode_metadata_record(std::span<const std::byte> value, MetadataRecord& into) {
  int16_t version = 0;
  return decode_metadata_record(value, into, version);
}

/// Writes the frame's start for a record of `key` and `version`.
void encode_metadata_frame(Encoder& encoder, int16_t key, int16_t version);

/// Writes one record with its frame.
template <WireMessage R>
  requires(R::kind == MessageKind::metadata_record)
EncodeStatus encode_metadata_record(Encoder& encoder, const R& record, int16_t version) {
  encode_metadata_frame(encoder, R::message_id, version);
  return encode(encoder, version, record);
}
EncodeStatus encode_metadata_record(Encoder& encoder, const MetadataRecord& record, int16_t version);

/// The id of the record that `record` holds.
int16_t key_of(const MetadataRecord& record);
/// The schema's name of the record that `record` holds, e.g. "TopicRecord".
const char* name_of(const MetadataRecord& record);

}  // namespace moldau::wire
