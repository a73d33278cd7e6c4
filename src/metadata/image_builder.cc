// ImageBuilder: one function per record kind, each of which puts a new value into the persistent maps and notes the
// change.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "metadata/image.h"
#include "wire/metadata_record.h"

namespace moldau::metadata {
namespace {

Failure corrupt(std::string message) {
  return {FailureKind::corrupt, std::move(message)};
}

std::vector<Uuid> directories_or_migrating(const std::vector<Uuid>& directories, size_t replicas) {
  const auto is_migrating = [](const Uuid& id) { return id == directory_migrating; };
  if (std::all_of(directories.begin(), directories.end(), is_migrating)) {
    return std::vector<Uuid>(replicas, directory_migrating);
  }
  return directories;
}

template <typename Endpoints>
std::vector<EndpointImage> endpoints_of(const Endpoints& endpoints) {
  std::vector<EndpointImage> images;
  for (const auto& endpoint : endpoints) {
    images.push_back(
        {std::string(endpoint.name), std::string(endpoint.host), endpoint.port, endpoint.security_protocol});
  }
  return images;
}

/// By name: Kafka writes them in the order of a hash map.
template <typename Features>
std::vector<FeatureRange> features_in(const Features& features) {
  std::vector<FeatureRange> ranges;
  for (const auto& feature : features) {
    ranges.push_back({std::string(feature.name), feature.min_supported_version, feature.max_supported_version});
  }
  std::sort(ranges.begin(), ranges.end(), [](const FeatureRange& a, const FeatureRange& b) { return a.name < b.name; });
  return ranges;
}

void append_part(std::string& key, std::string_view part) {
  key += fmt::format("{}:", part.size());
  key += part;
}

}  // namespace

/// Applies single records to an image. Each overload returns a failure for what contradicts the image.
struct RecordFold {
  Image& image;
  ImageDelta& delta;
  std::span<const std::byte> bytes;  // the record as it came
  uint64_t edit;

  // Topics
  // ---------------------------------------------------------------------------------------------------------------

  void put_topic(TopicRef topic) {
    image.topics_by_name_.set(topic->name, topic, edit);
    const Uuid id = topic->id;
    image.topics_by_id_.set(id, std::move(topic), edit);
  }

  /// The topic as an object of this edit, which nobody else has seen.
  TopicImage& editable(const TopicImage& topic) {
    if (topic.edit == edit) return const_cast<TopicImage&>(topic);  // made by this builder, not const, in this edit
    auto copy = std::make_shared<TopicImage>(topic);
    copy->edit = edit;
    TopicImage& result = *copy;
    put_topic(std::move(copy));
    return result;
  }

  void put_partition(const TopicImage& topic, PartitionIndex index, PartitionImage partition) {
    TopicImage& changed = editable(topic);
    const size_t before = changed.partitions.size();
    changed.partitions.set(index, std::make_shared<const PartitionImage>(std::move(partition)), edit);
    image.partition_count_ += changed.partitions.size() - before;
    delta.changed_partitions.insert({changed.id, index});
  }

  Status operator()(const wire::TopicRecord& record) {
    if (image.topic(record.topic_id) != nullptr || image.topic(record.name) != nullptr) {
      return corrupt(fmt::format("topic {} ({}) is created twice", record.name, record.topic_id.to_string()));
    }
    auto topic = std::make_shared<TopicImage>();
    topic->name = record.name;
    topic->id = record.topic_id;
    topic->edit = edit;
    put_topic(std::move(topic));
    delta.created_topics.insert(record.topic_id);
    return {};
  }

  Status operator()(const wire::PartitionRecord& record) {
    const TopicImage* topic = image.topic(record.topic_id);
    if (topic == nullptr) return corrupt("partition of unknown topic " + record.topic_id.to_string());
    if (record.partition_id < 0) return corrupt("negative partition of topic " + topic->name);
    if (!record.directories.empty() && record.directories.size() != record.replicas.size()) {
      return corrupt(fmt::format("{}-{}: directories do not match replicas", topic->name, record.partition_id));
    }
    PartitionImage partition;
    partition.replicas = record.replicas;
    partition.isr = record.isr;
    partition.removing = record.removing_replicas;
    partition.adding = record.adding_replicas;
    if (record.eligible_leader_replicas) partition.elr = *record.eligible_leader_replicas;
    if (record.last_known_elr) partition.last_known_elr = *record.last_known_elr;
    partition.directories = directories_or_migrating(record.directories, record.replicas.size());
    partition.leader = record.leader;
    partition.leader_recovery_state = static_cast<LeaderRecoveryState>(record.leader_recovery_state);
    partition.leader_epoch = record.leader_epoch;
    partition.partition_epoch = record.partition_epoch;
    put_partition(*topic, record.partition_id, std::move(partition));
    return {};
  }

  Status operator()(const wire::PartitionChangeRecord& record) {
    const TopicImage* topic = image.topic(record.topic_id);
    if (topic == nullptr) return corrupt("change of a partition of unknown topic " + record.topic_id.to_string());
    const PartitionImage* old = topic->partition(record.partition_id);
    if (old == nullptr) return corrupt(fmt::format("change of unknown {}-{}", topic->name, record.partition_id));
    PartitionImage partition = *old;
    if (record.replicas) partition.replicas = *record.replicas;
    if (record.directories) partition.directories = *record.directories;
    partition.directories = directories_or_migrating(partition.directories, partition.replicas.size());
    if (partition.directories.size() != partition.replicas.size()) {
      return corrupt(fmt::format("{}-{}: directories do not match replicas", topic->name, record.partition_id));
    }
    if (record.isr) partition.isr = *record.isr;
    if (record.removing_replicas) partition.removing = *record.removing_replicas;
    if (record.adding_replicas) partition.adding = *record.adding_replicas;
    if (record.leader != -2) {
      partition.leader = record.leader;
      ++partition.leader_epoch;
    }
    if (record.leader_recovery_state != -1) {
      partition.leader_recovery_state = static_cast<LeaderRecoveryState>(record.leader_recovery_state);
    }
    if (record.eligible_leader_replicas) partition.elr = *record.eligible_leader_replicas;
    if (record.last_known_elr) partition.last_known_elr = *record.last_known_elr;
    ++partition.partition_epoch;
    put_partition(*topic, record.partition_id, std::move(partition));
    return {};
  }

  Status operator()(const wire::RemoveTopicRecord& record) {
    const TopicRef* found = image.topics_by_id_.find(record.topic_id);
    if (found == nullptr) return corrupt("removal of unknown topic " + record.topic_id.to_string());
    const TopicRef topic = *found;
    image.topics_by_name_.remove(topic->name, edit);
    image.topics_by_id_.remove(topic->id, edit);
    image.partition_count_ -= topic->partitions.size();
    const ConfigResource resource{ConfigResourceType::topic, topic->name};
    if (image.configs_.contains(resource)) {
      image.configs_.remove(resource, edit);
      delta.changed_configs.insert(resource);
    }
    const auto first = delta.changed_partitions.lower_bound({topic->id, INT32_MIN});
    const auto last = delta.changed_partitions.upper_bound({topic->id, INT32_MAX});
    delta.changed_partitions.erase(first, last);
    // A topic that came and went between two images was never seen.
    if (delta.created_topics.erase(topic->id) == 0) delta.deleted_topics.insert({topic->name, topic->id});
    return {};
  }

  void clear_elr(const TopicRef& topic) {
    std::vector<PartitionIndex> affected;
    topic->partitions.for_each([&](PartitionIndex index, const PartitionRef& partition) {
      if (!partition->elr.empty() || !partition->last_known_elr.empty()) affected.push_back(index);
    });
    for (const PartitionIndex index : affected) {
      const TopicImage& current = *image.topic(topic->id);
      PartitionImage partition = *current.partition(index);
      partition.elr.clear();
      partition.last_known_elr.clear();
      ++partition.partition_epoch;
      put_partition(current, index, std::move(partition));
    }
  }

  Status operator()(const wire::ClearElrRecord& record) {
    if (record.topic_name.empty()) {
      std::vector<TopicRef> topics;  // the map changes under a walk
      image.topics_by_name_.for_each([&](const std::string&, const TopicRef& topic) { topics.push_back(topic); });
      for (const TopicRef& topic : topics) clear_elr(topic);
      return {};
    }
    const TopicRef* topic = image.topics_by_name_.find(record.topic_name);
    if (topic == nullptr) return corrupt(fmt::format("eligible replicas of unknown topic {}", record.topic_name));
    clear_elr(TopicRef(*topic));
    return {};
  }

  // Brokers and controllers
  // ----------------------------------------------------------------------------------------------

  void put_broker(BrokerImage broker) {
    delta.changed_brokers.insert(broker.id);
    const NodeId id = broker.id;
    image.brokers_.set(id, std::make_shared<const BrokerImage>(std::move(broker)), edit);
  }

  Status operator()(const wire::RegisterBrokerRecord& record) {
    BrokerImage broker;
    broker.id = record.broker_id;
    broker.epoch = record.broker_epoch;
    broker.incarnation = record.incarnation_id;
    broker.listeners = endpoints_of(record.end_points);
    broker.features = features_in(record.features);
    if (record.rack) broker.rack = std::string(*record.rack);
    broker.fenced = record.fenced;
    broker.in_controlled_shutdown = record.in_controlled_shutdown;
    broker.is_migrating_zk_broker = record.is_migrating_zk_broker;
    broker.directories = record.log_dirs;
    broker.cordoned_directories = record.cordoned_log_dirs;
    put_broker(std::move(broker));
    return {};
  }

  Result<BrokerImage> registered(NodeId id, int64_t epoch) const {
    const BrokerImage* broker = image.broker(id);
    if (broker == nullptr) return corrupt(fmt::format("change of unknown broker {}", id));
    if (broker->epoch != epoch) {
      return corrupt(fmt::format("change of broker {} at epoch {}, which is at {}", id, epoch, broker->epoch));
    }
    return *broker;
  }

  Status operator()(const wire::UnregisterBrokerRecord& record) {
    ASSIGN_OR_RETURN(const BrokerImage broker, registered(record.broker_id, record.broker_epoch));
    image.brokers_.remove(broker.id, edit);
    delta.changed_brokers.insert(broker.id);
    return {};
  }

  Status operator()(const wire::FenceBrokerRecord& record) {
    ASSIGN_OR_RETURN(BrokerImage broker, registered(record.id, record.epoch));
    broker.fenced = true;
    put_broker(std::move(broker));
    return {};
  }

  Status operator()(const wire::UnfenceBrokerRecord& record) {
    ASSIGN_OR_RETURN(BrokerImage broker, registered(record.id, record.epoch));
    broker.fenced = false;
    put_broker(std::move(broker));
    return {};
  }

  Status operator()(const wire::BrokerRegistrationChangeRecord& record) {
    ASSIGN_OR_RETURN(BrokerImage broker, registered(record.broker_id, record.broker_epoch));
    if (record.fenced < -1 || record.fenced > 1 || record.in_controlled_shutdown < 0 ||
        record.in_controlled_shutdown > 1) {
      return corrupt(fmt::format("broker {}: a change of unknown kind", record.broker_id));
    }
    if (record.fenced != 0) broker.fenced = record.fenced > 0;
    if (record.in_controlled_shutdown != 0) broker.in_controlled_shutdown = true;
    if (!record.log_dirs.empty()) broker.directories = record.log_dirs;
    if (record.cordoned_log_dirs) broker.cordoned_directories = record.cordoned_log_dirs;
    put_broker(std::move(broker));
    return {};
  }

  Status operator()(const wire::RegisterControllerRecord& record) {
    auto controller = std::make_shared<ControllerImage>();
    controller->id = record.controller_id;
    controller->incarnation = record.incarnation_id;
    controller->zk_migration_ready = record.zk_migration_ready;
    controller->listeners = endpoints_of(record.end_points);
    controller->features = features_in(record.features);
    image.controllers_.set(record.controller_id, ControllerRef(std::move(controller)), edit);
    delta.changed_controllers.insert(record.controller_id);
    return {};
  }

  // Configuration, features, ids
  // -----------------------------------------------------------------------------------------

  Status operator()(const wire::ConfigRecord& record) {
    const ConfigResource resource{static_cast<ConfigResourceType>(record.resource_type),
                                  std::string(record.resource_name)};
    const std::shared_ptr<const ConfigMap>* old = image.configs_.find(resource);
    auto changed = old == nullptr ? std::make_shared<ConfigMap>() : std::make_shared<ConfigMap>(**old);
    if (record.value) {
      changed->insert_or_assign(std::string(record.name), std::string(*record.value));
    } else if (const auto at = changed->find(record.name); at != changed->end()) {
      changed->erase(at);
    }
    if (changed->empty()) {
      image.configs_.remove(resource, edit);
    } else {
      image.configs_.set(resource, std::shared_ptr<const ConfigMap>(std::move(changed)), edit);
    }
    delta.changed_configs.insert(resource);
    return {};
  }

  Status operator()(const wire::FeatureLevelRecord& record) {
    if (record.name == metadata_version_feature &&
        (record.feature_level < metadata_version_min || record.feature_level > metadata_version_latest)) {
      return Failure{FailureKind::unsupported,
                     fmt::format("metadata.version {} is not between {} and {}", record.feature_level,
                                 metadata_version_min, metadata_version_latest)};
    }
    auto changed = std::make_shared<Image::Features>(*image.features_);
    if (record.feature_level == 0) {
      if (const auto at = changed->find(record.name); at != changed->end()) changed->erase(at);
    } else {
      changed->insert_or_assign(std::string(record.name), record.feature_level);
    }
    image.features_ = std::move(changed);
    delta.features_changed = true;
    return {};
  }

  Status operator()(const wire::ProducerIdsRecord& record) {
    if (record.next_producer_id < image.next_producer_id_) {
      return corrupt(
          fmt::format("producer ids go back from {} to {}", image.next_producer_id_, record.next_producer_id));
    }
    image.next_producer_id_ = record.next_producer_id;
    image.producer_ids_broker_ = record.broker_id;
    image.producer_ids_broker_epoch_ = record.broker_epoch;
    delta.producer_ids_changed = true;
    return {};
  }

  Status operator()(const wire::ZkMigrationStateRecord& record) {
    image.zk_migration_state_ = record.zk_migration_state;
    return {};
  }

  Status operator()(const wire::NoOpRecord&) { return {}; }

  // Carried along
  // --------------------------------------------------------------------------------------------------------

  Status keep(OpaqueKind kind, std::string key) {
    auto record = std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
    image.opaque_.set(Image::OpaqueKey(kind, std::move(key)), Image::OpaqueRef(std::move(record)), edit);
    delta.opaque_changed = true;
    return {};
  }
  Status drop(OpaqueKind kind, std::string key) {
    image.opaque_.remove(Image::OpaqueKey(kind, std::move(key)), edit);
    delta.opaque_changed = true;
    return {};
  }

  Status operator()(const wire::ClientQuotaRecord& record) {
    std::vector<std::string> parts;
    for (const auto& entity : record.entity) {
      std::string part;
      append_part(part, entity.entity_type);
      if (entity.entity_name) append_part(part, *entity.entity_name);
      parts.push_back(std::move(part));
    }
    std::sort(parts.begin(), parts.end());
    std::string key;
    for (const std::string& part : parts) append_part(key, part);
    append_part(key, record.key);
    return record.remove ? drop(OpaqueKind::client_quota, std::move(key))
                         : keep(OpaqueKind::client_quota, std::move(key));
  }
  Status operator()(const wire::AccessControlEntryRecord& record) {
    return keep(OpaqueKind::access_control_entry, record.id.to_string());
  }
  Status operator()(const wire::RemoveAccessControlEntryRecord& record) {
    return drop(OpaqueKind::access_control_entry, record.id.to_string());
  }
  Status operator()(const wire::UserScramCredentialRecord& record) {
    return keep(OpaqueKind::scram_credential, fmt::format("{}:{}", record.mechanism, record.name));
  }
  Status operator()(const wire::RemoveUserScramCredentialRecord& record) {
    return drop(OpaqueKind::scram_credential, fmt::format("{}:{}", record.mechanism, record.name));
  }
  Status operator()(const wire::DelegationTokenRecord& record) {
    return keep(OpaqueKind::delegation_token, std::string(record.token_id));
  }
  Status operator()(const wire::RemoveDelegationTokenRecord& record) {
    return drop(OpaqueKind::delegation_token, std::string(record.token_id));
  }

  // Transactions are the builder's.
  Status operator()(const wire::BeginTransactionRecord&) { UNREACHABLE(); }
  Status operator()(const wire::EndTransactionRecord&) { UNREACHABLE(); }
  Status operator()(const wire::AbortTransactionRecord&) { UNREACHABLE(); }
};

void ImageDelta::append(ImageDelta later) {
  for (const DeletedTopic& topic : later.deleted_topics) {
    const auto first = changed_partitions.lower_bound({topic.id, INT32_MIN});
    const auto last = changed_partitions.upper_bound({topic.id, INT32_MAX});
    changed_partitions.erase(first, last);
    if (created_topics.erase(topic.id) == 0) deleted_topics.insert(topic);
  }
  created_topics.merge(later.created_topics);
  changed_partitions.merge(later.changed_partitions);
  changed_configs.merge(later.changed_configs);
  changed_brokers.merge(later.changed_brokers);
  changed_controllers.merge(later.changed_controllers);
  features_changed |= later.features_changed;
  producer_ids_changed |= later.producer_ids_changed;
  opaque_changed |= later.opaque_changed;
}

ImageBuilder::ImageBuilder() : image_(std::make_unique<Image>()), delta_(std::make_unique<ImageDelta>()) {}
ImageBuilder::ImageBuilder(ImageRef base)
    : image_(std::make_unique<Image>(*base)),
      delta_(std::make_unique<ImageDelta>()),
      edit_(base->last_edit_ + 1),
      published_(std::move(base)) {}
ImageBuilder::~ImageBuilder() = default;
ImageBuilder::ImageBuilder(ImageBuilder&&) noexcept = default;
ImageBuilder& ImageBuilder::operator=(ImageBuilder&&) noexcept = default;

Status ImageBuilder::apply(std::span<const std::byte> record, Offset offset) {
  wire::MetadataRecord decoded;
  int16_t version = 0;
  const wire::DecodeStatus status = wire::decode_metadata_record(record, decoded, version);
  if (status == wire::DecodeStatus::unknown_type || status == wire::DecodeStatus::unsupported_version) {
    return Failure{
        FailureKind::unsupported,
        fmt::format("metadata record at offset {}: {}; a newer version wrote this log", offset, wire::name_of(status))};
  }
  if (status != wire::DecodeStatus::ok) {
    return corrupt(fmt::format("metadata record at offset {}: {}", offset, wire::name_of(status)));
  }
  dirty_ = true;
  const bool begins = std::holds_alternative<wire::BeginTransactionRecord>(decoded);
  const bool ends = std::holds_alternative<wire::EndTransactionRecord>(decoded);
  const bool aborts = std::holds_alternative<wire::AbortTransactionRecord>(decoded);
  if ((begins && in_transaction()) || ((ends || aborts) && !in_transaction())) {
    return corrupt(fmt::format("metadata record at offset {}: {} {} a transaction", offset, wire::name_of(decoded),
                               begins ? "within" : "without"));
  }
  if (begins) {
    transaction_start_ = offset;
    before_transaction_ = std::make_unique<Image>(*image_);
    ++edit_;  // it may be handed out
    delta_before_transaction_ = std::exchange(delta_, std::make_unique<ImageDelta>());
    return {};
  }
  if (ends || aborts) {
    if (aborts) {
      image_ = std::move(before_transaction_);
      image_->last_edit_ = edit_++;
    } else {
      delta_before_transaction_->append(std::move(*delta_));
    }
    delta_ = std::move(delta_before_transaction_);
    before_transaction_.reset();
    delta_before_transaction_.reset();
    transaction_start_ = no_offset;
    return {};
  }
  image_->last_edit_ = edit_;
  RecordFold fold{*image_, *delta_, record, edit_};
  Status applied = std::visit(fold, decoded);
  if (applied.ok()) return {};
  return Failure{applied.failure().kind,
                 fmt::format("metadata record at offset {}: {}", offset, applied.failure().message)};
}

void ImageBuilder::set_applied(const Applied& applied) {
  image_->applied_ = applied;
  if (before_transaction_ != nullptr) before_transaction_->applied_ = applied;
  dirty_ = true;
}

ImageRef ImageBuilder::build(ImageDelta& delta) {
  ImageDelta& visible = in_transaction() ? *delta_before_transaction_ : *delta_;
  delta = std::exchange(visible, {});
  if (dirty_ || published_ == nullptr) {
    published_ = std::make_shared<const Image>(in_transaction() ? *before_transaction_ : *image_);
    ++edit_;
    dirty_ = false;
  }
  return published_;
}

ImageRef ImageBuilder::build() {
  ImageDelta ignored;
  return build(ignored);
}

}  // namespace moldau::metadata
