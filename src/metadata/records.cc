#include "metadata/records.h"

#include <utility>

namespace moldau::metadata {
namespace {

template <typename Endpoint>
std::vector<Endpoint> endpoints_for(const std::vector<EndpointImage>& images) {
  std::vector<Endpoint> endpoints;
  for (const EndpointImage& image : images) {
    endpoints.push_back(
        {.name = image.name, .host = image.host, .port = image.port, .security_protocol = image.security_protocol});
  }
  return endpoints;
}

template <typename Feature>
std::vector<Feature> features_for(const std::vector<FeatureRange>& ranges) {
  std::vector<Feature> features;
  for (const FeatureRange& range : ranges) {
    features.push_back({.name = range.name, .min_supported_version = range.min, .max_supported_version = range.max});
  }
  return features;
}

EncodedRecord feature_record(std::string_view name, int16_t level) {
  return encode_record(wire::FeatureLevelRecord{.name = name, .feature_level = level}, 0);
}

void add_features(const Image& image, std::vector<EncodedRecord>& records) {
  if (image.features().empty()) return;
  records.push_back(feature_record(metadata_version_feature, image.metadata_version()));
  for (const auto& [name, level] : image.features()) {
    if (name != metadata_version_feature) records.push_back(feature_record(name, level));
  }
  if (image.zk_migration_state() != 0) {
    records.push_back(encode_record(wire::ZkMigrationStateRecord{.zk_migration_state = image.zk_migration_state()}, 0));
  }
}

void add_cluster(const Image& image, const RecordVersions& versions, std::vector<EncodedRecord>& records) {
  image.for_each_broker([&](const BrokerImage& broker) { records.push_back(broker_record(broker, versions)); });
  image.for_each_controller([&](const ControllerImage& controller) {
    using Record = wire::RegisterControllerRecord;
    Record record;
    record.controller_id = controller.id;
    record.incarnation_id = controller.incarnation;
    record.zk_migration_ready = controller.zk_migration_ready;
    record.end_points = endpoints_for<Record::ControllerEndpoint>(controller.listeners);
    record.features = features_for<Record::ControllerFeature>(controller.features);
    records.push_back(encode_record(record, 0));
  });
}

void add_topics(const Image& image, const RecordVersions& versions, std::vector<EncodedRecord>& records) {
  image.for_each_topic([&](const TopicImage& topic) {
    records.push_back(encode_record(wire::TopicRecord{.name = topic.name, .topic_id = topic.id}, 0));
    topic.partitions.for_each([&](PartitionIndex index, const PartitionRef& partition) {
      records.push_back(partition_record(topic.id, index, *partition, versions));
    });
  });
}

void add_configs(const Image& image, std::vector<EncodedRecord>& records) {
  image.for_each_config([&](const ConfigResource& resource, const ConfigMap& map) {
    for (const auto& [name, value] : map) {
      wire::ConfigRecord record;
      record.resource_type = static_cast<int8_t>(resource.type);
      record.resource_name = resource.name;
      record.name = name;
      record.value = value;
      records.push_back(encode_record(record, 0));
    }
  });
}

void add_opaque(const Image& image, bool quotas, std::vector<EncodedRecord>& records) {
  image.for_each_opaque([&](OpaqueKind kind, std::span<const std::byte> record) {
    if ((kind == OpaqueKind::client_quota) == quotas) records.emplace_back(record.begin(), record.end());
  });
}

}  // namespace

EncodedRecord partition_record(const Uuid& topic_id, PartitionIndex index, const PartitionImage& partition,
                               const RecordVersions& versions) {
  wire::PartitionRecord record;
  record.partition_id = index;
  record.topic_id = topic_id;
  record.replicas = partition.replicas;
  record.isr = partition.isr;
  record.removing_replicas = partition.removing;
  record.adding_replicas = partition.adding;
  record.leader = partition.leader;
  record.leader_recovery_state = static_cast<int8_t>(partition.leader_recovery_state);
  record.leader_epoch = partition.leader_epoch;
  record.partition_epoch = partition.partition_epoch;
  if (versions.directories) record.directories = partition.directories;
  if (versions.elr && !partition.elr.empty()) record.eligible_leader_replicas = partition.elr;
  if (versions.elr && !partition.last_known_elr.empty()) record.last_known_elr = partition.last_known_elr;
  return encode_record(record, versions.partition);
}

EncodedRecord broker_record(const BrokerImage& broker, const RecordVersions& versions) {
  using Record = wire::RegisterBrokerRecord;
  Record record;
  record.broker_id = broker.id;
  record.is_migrating_zk_broker = versions.register_broker >= 2 && broker.is_migrating_zk_broker;
  record.incarnation_id = broker.incarnation;
  record.broker_epoch = broker.epoch;
  record.end_points = endpoints_for<Record::BrokerEndpoint>(broker.listeners);
  record.features = features_for<Record::BrokerFeature>(broker.features);
  record.rack = broker.rack ? std::optional<std::string_view>(*broker.rack) : std::nullopt;
  record.fenced = broker.fenced;
  record.in_controlled_shutdown = broker.in_controlled_shutdown;
  if (versions.directories) record.log_dirs = broker.directories;
  if (versions.cordoned_directories) record.cordoned_log_dirs = broker.cordoned_directories;
  return encode_record(record, versions.register_broker);
}

std::vector<EncodedRecord> records_of(const Image& image) {
  const RecordVersions versions = record_versions(image.metadata_version());
  std::vector<EncodedRecord> records;
  records.reserve(image.partition_count() + image.topic_count() + 64);
  add_features(image, records);
  add_cluster(image, versions, records);
  add_topics(image, versions, records);
  add_configs(image, records);
  add_opaque(image, true, records);
  if (image.next_producer_id() > 0) {
    records.push_back(encode_record(wire::ProducerIdsRecord{.broker_id = image.producer_ids_broker(),
                                                            .broker_epoch = image.producer_ids_broker_epoch(),
                                                            .next_producer_id = image.next_producer_id()},
                                    0));
  }
  add_opaque(image, false, records);
  return records;
}

std::vector<EncodedRecord> default_bootstrap_records() {
  std::vector<EncodedRecord> records;
  for (const FeatureSupport& feature : supported_features()) {
    if (feature.formatted > 0) records.push_back(feature_record(feature.name, feature.formatted));
  }
  return records;
}

}  // namespace moldau::metadata
