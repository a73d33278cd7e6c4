// Records of the metadata log as bytes: encoding of single ones, the records that rebuild an image (snapshots), and
// those that an empty log begins with. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "base/assert.h"
#include "metadata/image.h"
#include "wire/metadata_record.h"

namespace moldau::metadata {

/// One record as it goes into a batch: framing and message.
using EncodedRecord = std::vector<std::byte>;

/// `record` in `version`. REQUIRES: the record has a form in that version (versions come from record_versions(); texts
/// were checked by whoever let them in).
template <typename Record>
EncodedRecord encode_record(const Record& record, int16_t version) {
  wire::Encoder encoder;
  const wire::EncodeStatus status = wire::encode_metadata_record(encoder, record, version);
  ASSERT(status == wire::EncodeStatus::ok);
  const auto view = encoder.view();
  return EncodedRecord(view.begin(), view.end());
}

/// The record that describes a partition, in the form that `image`'s metadata.version has for it.
EncodedRecord partition_record(const Uuid& topic_id, PartitionIndex index, const PartitionImage& partition,
                               const RecordVersions& versions);
/// The record that describes a broker.
EncodedRecord broker_record(const BrokerImage& broker, const RecordVersions& versions);

/// The records that rebuild `image` from nothing, in Kafka's snapshot order: features (metadata.version first),
/// brokers, controllers, topics with their partitions, configurations, quotas, producer ids, access control entries,
/// SCRAM credentials, tokens.
std::vector<EncodedRecord> records_of(const Image& image);

/// The records that a fresh folder's bootstrap.checkpoint holds: the features that this version finalizes.
std::vector<EncodedRecord> default_bootstrap_records();

}  // namespace moldau::metadata
