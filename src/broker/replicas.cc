#include "broker/replicas.h"

#include <algorithm>

#include "base/trace.h"

namespace moldau::broker {

using wire::ErrorCode;

Replicas::Replicas(PartitionHost& host, store::Store& store, NodeId self, const metadata::ConfigMap& static_config,
                   const metadata::BrokerSettings& settings, LogDirMoves& moves)
    : host_(host), store_(store), self_(self), static_config_(static_config), settings_(settings), moves_(moves) {}

Partition* Replicas::find(const TopicPartitionId& id) noexcept {
  const auto found = partitions_.find(id);
  return found == partitions_.end() ? nullptr : found->second.get();
}

metadata::TopicSettings Replicas::settings_of(const metadata::Image& image, const std::string& topic) const {
  return metadata::resolve_topic(topic, image.topic_configs(topic), image.broker_layers(self_, &static_config_));
}

store::LogConfig Replicas::log_config(const metadata::Image& image, const std::string& topic) const {
  return log_config_of(settings_of(image, topic), settings_.producer_id_expiration_ms);
}

void Replicas::apply(const metadata::Image& image, const metadata::ImageDelta* delta) {
  if (delta == nullptr) {
    apply_all(image);
    return;
  }
  for (const auto& topic : delta->deleted_topics) remove_topic(topic.id);
  for (const TopicPartitionId& id : delta->changed_partitions) {
    if (const metadata::TopicImage* const topic = image.topic(id.topic_id))
      apply_partition(image, *topic, id.partition, false);
  }
  bool brokers = false;
  for (const metadata::ConfigResource& resource : delta->changed_configs) {
    if (resource.type == metadata::ConfigResourceType::broker) brokers = true;
    if (resource.type != metadata::ConfigResourceType::topic) continue;
    if (const metadata::TopicImage* const topic = image.topic(resource.name)) reconfigure(image, *topic);
  }
  if (!brokers) return;
  image.for_each_topic([&](const metadata::TopicImage& topic) { reconfigure(image, topic); });
  store_.configure_cleaner(cleaner_options(image));
  store_.configure_scrub(scrub_options(image));
  store_.configure_mover(mover_options(image.broker_layers(self_, &static_config_)));
}

store::CleanerOptions Replicas::cleaner_options(const metadata::Image& image) const {
  const metadata::CleanerSettings settings = metadata::resolve_cleaner(image.broker_layers(self_, &static_config_));
  store::CleanerOptions options;
  options.enable = settings.enable;
  options.threads = settings.threads;
  options.dedupe_buffer_bytes = static_cast<uint64_t>(std::max<int64_t>(settings.dedupe_buffer_bytes, 0));
  options.load_factor = settings.load_factor;
  options.io_buffer_bytes = static_cast<uint64_t>(std::max(settings.io_buffer_bytes, 0));
  options.io_bytes_per_second_max = settings.io_bytes_per_second_max;
  options.backoff_ms = settings.backoff_ms;
  return options;
}

store::ScrubOptions Replicas::scrub_options(const metadata::Image& image) const {
  const metadata::ScrubSettings settings = metadata::resolve_scrub(image.broker_layers(self_, &static_config_));
  store::ScrubOptions options;
  options.bytes_per_second = settings.bytes_per_second;
  options.interval_ms = settings.interval_ms;
  options.first_after_ms = std::min(options.first_after_ms, settings.interval_ms);
  return options;
}

void Replicas::apply_all(const metadata::Image& image) {
  std::vector<Uuid> gone;
  for (const auto& [id, partition] : partitions_) {
    if (image.topic(id.topic_id) == nullptr) gone.push_back(id.topic_id);
  }
  for (const Uuid& id : gone) remove_topic(id);
  image.for_each_topic([&](const metadata::TopicImage& topic) {
    topic.partitions.for_each(
        [&](PartitionIndex index, const metadata::PartitionRef&) { apply_partition(image, topic, index, true); });
    reconfigure(image, topic);
  });
  store_.configure_cleaner(cleaner_options(image));
  store_.configure_scrub(scrub_options(image));
  store_.configure_mover(mover_options(image.broker_layers(self_, &static_config_)));
}

void Replicas::remove_topic(const Uuid& id) {
  std::vector<TopicPartitionId> ids;
  for (const auto& [partition_id, partition] : partitions_) {
    if (partition_id.topic_id == id) ids.push_back(partition_id);
  }
  std::sort(ids.begin(), ids.end());
  for (const TopicPartitionId& partition_id : ids) {
    const auto found = partitions_.find(partition_id);
    found->second->demote(ErrorCode::unknown_topic_or_partition);
    const std::string name = found->second->name();
    partitions_.erase(found);
    if (const Status removed = store_.remove(partition_id); !removed.ok()) {
      trace(TraceLevel::error, "event=log_not_removed partition={} why=\"{}\"", name, removed.failure().message);
    }
  }
}

Result<store::Log*> Replicas::make_log(const metadata::Image& image, const metadata::TopicImage& topic,
                                       PartitionIndex index, bool created) {
  ASSIGN_OR_RETURN(const int directory, moves_.directory_for(image, topic, index, created));
  ASSIGN_OR_RETURN(store::Log* const log, store_.create({topic.id, index}, topic.name, directory));
  moves_.made(topic.name, index);
  return log;
}

void Replicas::apply_partition(const metadata::Image& image, const metadata::TopicImage& topic, PartitionIndex index,
                               bool starting) {
  const metadata::PartitionImage* const partition = topic.partition(index);
  if (partition == nullptr || !partition->has_replica(self_)) return;
  const TopicPartitionId id{topic.id, index};
  Partition* hosted = find(id);
  if (hosted == nullptr) {
    store::Log* log = store_.find(id);
    if (log == nullptr) {
      if (const Offset end = store_.lost_end(topic.name, index); starting && end > 0) {
        // As in Kafka the partition goes on, empty: but nobody shall have to find that out.
        trace(TraceLevel::error, "event=log_lost partition={}-{} offsets=0-{} why=\"its folder is gone\"", topic.name,
              index, end - 1);
      }
      const bool is_new = !starting && partition->partition_epoch == 0;
      const Result<store::Log*> created = make_log(image, topic, index, is_new);
      if (!created.ok()) {
        trace(TraceLevel::error, "event=log_not_created partition={}-{} why=\"{}\"", topic.name, index,
              created.failure().message);
        return;
      }
      log = *created;
    }
    auto made = std::make_unique<Partition>(host_, self_, *log, store_.checkpointed_high_watermark(id));
    hosted = made.get();
    partitions_.emplace(id, std::move(made));
    hosted->configure(settings_of(image, topic.name));
  }
  hosted->apply(*partition, settings_of(image, topic.name).min_insync_replicas,
                milliseconds(settings_.replica_lag_time_max_ms));
  moves_.check(image, id);
}

void Replicas::reconfigure(const metadata::Image& image, const metadata::TopicImage& topic) {
  const metadata::TopicSettings settings = settings_of(image, topic.name);
  topic.partitions.for_each([&](PartitionIndex index, const metadata::PartitionRef&) {
    if (Partition* const hosted = find({topic.id, index})) hosted->configure(settings);
  });
}

void Replicas::demote_all(ErrorCode error) {
  for (auto& [id, partition] : partitions_) partition->demote(error);
}

}  // namespace moldau::broker
