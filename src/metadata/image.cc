#include "metadata/image.h"

#include <algorithm>

namespace moldau::metadata {

bool PartitionImage::has_replica(NodeId node) const {
  return std::find(replicas.begin(), replicas.end(), node) != replicas.end();
}

Uuid PartitionImage::directory_of(NodeId node) const {
  const auto at = std::find(replicas.begin(), replicas.end(), node);
  const auto index = static_cast<size_t>(at - replicas.begin());
  return at != replicas.end() && index < directories.size() ? directories[index] : directory_migrating;
}

const EndpointImage* BrokerImage::listener(std::string_view listener_name) const {
  const auto at = std::find_if(listeners.begin(), listeners.end(),
                               [&](const EndpointImage& endpoint) { return endpoint.name == listener_name; });
  return at == listeners.end() ? nullptr : &*at;
}

const TopicImage* Image::topic(std::string_view name) const {
  const TopicRef* found = topics_by_name_.find(name);
  return found == nullptr ? nullptr : found->get();
}

const TopicImage* Image::topic(const Uuid& id) const {
  const TopicRef* found = topics_by_id_.find(id);
  return found == nullptr ? nullptr : found->get();
}

const PartitionImage* Image::partition(const Uuid& topic_id, PartitionIndex index) const {
  const TopicImage* found = topic(topic_id);
  return found == nullptr ? nullptr : found->partition(index);
}

const BrokerImage* Image::broker(NodeId id) const {
  const BrokerRef* found = brokers_.find(id);
  return found == nullptr ? nullptr : found->get();
}

int16_t Image::feature_level(std::string_view name) const {
  const auto at = features_->find(name);
  return at == features_->end() ? int16_t{0} : at->second;
}

int16_t Image::metadata_version() const {
  const int16_t level = feature_level(metadata_version_feature);
  return level == 0 ? metadata_version_min : level;
}

bool Image::elr_enabled() const {
  return record_versions(metadata_version()).elr && feature_level(elr_version_feature) > 0;
}

const ConfigMap* Image::configs(ConfigResourceType type, std::string_view name) const {
  const std::shared_ptr<const ConfigMap>* found = configs_.find(ConfigResource{type, std::string(name)});
  return found == nullptr ? nullptr : found->get();
}

BrokerConfigLayers Image::broker_layers(NodeId id, const ConfigMap* static_config) const {
  return {.dynamic_broker = configs(ConfigResourceType::broker, std::to_string(id)),
          .dynamic_default = configs(ConfigResourceType::broker, ""),
          .static_broker = static_config};
}

namespace {

/// Equality of two persistent maps whose values are compared by `same`. Walks one and looks up in the other.
template <typename Map, typename Same>
bool same_maps(const Map& a, const Map& b, Same same) {
  if (a.same_as(b)) return true;
  if (a.size() != b.size()) return false;
  bool equal = true;
  a.for_each([&](const auto& key, const auto& value) {
    const auto* other = b.find(key);
    equal = equal && other != nullptr && same(value, *other);
  });
  return equal;
}

template <typename Ref>
bool same_pointees(const Ref& a, const Ref& b) {
  return a == b || *a == *b;
}

bool same_topics(const TopicRef& a, const TopicRef& b) {
  return a == b ||
         (a->name == b->name && a->id == b->id && same_maps(a->partitions, b->partitions, same_pointees<PartitionRef>));
}

}  // namespace

bool Image::same_contents(const Image& other) const {
  return partition_count_ == other.partition_count_ && *features_ == *other.features_ &&
         next_producer_id_ == other.next_producer_id_ && producer_ids_broker_ == other.producer_ids_broker_ &&
         producer_ids_broker_epoch_ == other.producer_ids_broker_epoch_ &&
         zk_migration_state_ == other.zk_migration_state_ &&
         same_maps(topics_by_id_, other.topics_by_id_, same_topics) &&
         same_maps(brokers_, other.brokers_, same_pointees<BrokerRef>) &&
         same_maps(controllers_, other.controllers_, same_pointees<ControllerRef>) &&
         same_maps(configs_, other.configs_, same_pointees<std::shared_ptr<const ConfigMap>>) &&
         same_maps(opaque_, other.opaque_, same_pointees<OpaqueRef>);
}

}  // namespace moldau::metadata
