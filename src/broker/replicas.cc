#include "broker/replicas.h"

#include <algorithm>
#include <utility>

namespace moldau::broker {

using wire::ErrorCode;

Replicas::Replicas(PartitionHost& host, NodeId self, const metadata::ConfigMap& static_config,
                   std::function<void(store::Log&)> ended)
    : host_(host), self_(self), static_config_(static_config), ended_(std::move(ended)) {}

Partition* Replicas::find(const TopicPartitionId& id) noexcept {
  const auto found = partitions_.find(id);
  return found == partitions_.end() ? nullptr : found->second.get();
}

const metadata::TopicSettings& Replicas::settings_of(const NodeView& view, const metadata::TopicImage& topic) {
  if (resolved_view_ != view.number || resolved_topic_ != topic.name) {
    const metadata::Image& image = *view.image;
    resolved_ = metadata::resolve_topic(topic.name, image.topic_configs(topic.name),
                                        image.broker_layers(self_, &static_config_));
    resolved_view_ = view.number;
    resolved_topic_ = topic.name;
  }
  return resolved_;
}

// A topic that the view no longer has was deleted while its log was on the way.
void Replicas::add(const ArrivingLog& arriving, const NodeView& view) {
  const TopicPartitionId id = arriving.log->id();
  const metadata::TopicImage* const topic = view.image->topic(id.topic_id);
  if (topic == nullptr) {
    ended_(*arriving.log);
    return;
  }
  auto made = std::make_unique<Partition>(host_, self_, *arriving.log, arriving.high_watermark);
  Partition& partition = *made;
  partitions_.emplace(id, std::move(made));
  partition.configure(settings_of(view, *topic));
  apply_partition(view, *topic, partition);
  // Nobody reads what lies behind the durable end of a log that was found as a dead process left it.
  if (arriving.log->commit_end() < arriving.log->appended_end()) arriving.log->flush();
}

void Replicas::apply(const NodeView& view, const metadata::ImageDelta& delta) {
  const metadata::Image& image = *view.image;
  for (const TopicPartitionId& id : delta.changed_partitions) {
    Partition* const partition = find(id);
    const metadata::TopicImage* const topic = partition == nullptr ? nullptr : image.topic(id.topic_id);
    if (topic != nullptr) apply_partition(view, *topic, *partition);
  }
  bool brokers = false;
  for (const metadata::ConfigResource& resource : delta.changed_configs) {
    if (resource.type == metadata::ConfigResourceType::broker) brokers = true;
    if (resource.type != metadata::ConfigResourceType::topic) continue;
    if (const metadata::TopicImage* const topic = image.topic(resource.name)) reconfigure(view, *topic);
  }
  if (brokers) image.for_each_topic([&](const metadata::TopicImage& topic) { reconfigure(view, topic); });
}

void Replicas::drop_deleted(const metadata::ImageDelta& delta) {
  for (const auto& topic : delta.deleted_topics) {
    std::vector<TopicPartitionId> ids;
    for (const auto& [id, partition] : partitions_) {
      if (id.topic_id == topic.id) ids.push_back(id);
    }
    std::sort(ids.begin(), ids.end());
    for (const TopicPartitionId& id : ids) drop(id);
  }
}

void Replicas::drop(const TopicPartitionId& id) {
  const auto found = partitions_.find(id);
  found->second->demote(ErrorCode::unknown_topic_or_partition);
  if (held_ == id) return;
  store::Log& log = found->second->log();
  partitions_.erase(found);
  ended_(log);
}

void Replicas::release(const NodeView& view) {
  const TopicPartitionId id = *std::exchange(held_, std::nullopt);
  if (view.image->topic(id.topic_id) == nullptr) drop(id);
}

void Replicas::take_out(const TopicPartitionId& id) {
  held_.reset();
  const auto found = partitions_.find(id);
  const std::unique_ptr<Partition> partition = std::move(found->second);
  partitions_.erase(found);
  partition->demote(ErrorCode::not_leader_or_follower);
}

void Replicas::apply_partition(const NodeView& view, const metadata::TopicImage& topic, Partition& partition) {
  const metadata::PartitionImage* const image = topic.partition(partition.id().partition);
  if (image == nullptr || !image->has_replica(self_)) return;
  partition.apply(*image, settings_of(view, topic).min_insync_replicas,
                  milliseconds(view.settings->replica_lag_time_max_ms));
}

void Replicas::reconfigure(const NodeView& view, const metadata::TopicImage& topic) {
  const metadata::TopicSettings& settings = settings_of(view, topic);
  topic.partitions.for_each([&](PartitionIndex index, const metadata::PartitionRef&) {
    if (Partition* const hosted = find({topic.id, index})) hosted->configure(settings);
  });
}

void Replicas::demote_all(ErrorCode error) {
  for (auto& [id, partition] : partitions_) partition->demote(error);
}

}  // namespace moldau::broker
