#include "broker/hosting.h"

#include <algorithm>
#include <numeric>

#include "base/trace.h"

namespace moldau::broker {
namespace {

store::CleanerOptions cleaner_options(const metadata::BrokerConfigLayers& layers) {
  const metadata::CleanerSettings settings = metadata::resolve_cleaner(layers);
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

store::ScrubOptions scrub_options(const metadata::BrokerConfigLayers& layers) {
  const metadata::ScrubSettings settings = metadata::resolve_scrub(layers);
  store::ScrubOptions options;
  options.bytes_per_second = settings.bytes_per_second;
  options.interval_ms = settings.interval_ms;
  options.first_after_ms = std::min(options.first_after_ms, settings.interval_ms);
  return options;
}

}  // namespace

Hosting::Hosting(store::Store& store, NodeId self, const metadata::ConfigMap& static_config,
                 const metadata::BrokerSettings& settings, LogDirMoves& moves, size_t shards, Ppm fill)
    : store_(store),
      self_(self),
      static_config_(static_config),
      settings_(settings),
      moves_(moves),
      counts_(shards),
      fill_(fill),
      arrivals_(shards) {}

store::LogConfig Hosting::log_config(const metadata::Image& image, const std::string& topic) const {
  const metadata::BrokerConfigLayers layers = image.broker_layers(self_, &static_config_);
  return log_config_of(metadata::resolve_topic(topic, image.topic_configs(topic), layers),
                       settings_.producer_id_expiration_ms);
}

void Hosting::apply(const metadata::Image& image, const metadata::ImageDelta* delta) {
  if (delta == nullptr) {
    image.for_each_topic([&](const metadata::TopicImage& topic) {
      topic.partitions.for_each(
          [&](PartitionIndex index, const metadata::PartitionRef&) { apply_partition(image, topic, index, true); });
    });
    for (const TopicPartitionId& id : store_.recovering_logs()) placement_.set_recovering(id, true);
    configure_store(image);
    return;
  }
  for (const auto& topic : delta->deleted_topics) end_topic(topic);
  for (const TopicPartitionId& id : delta->changed_partitions) {
    if (const metadata::TopicImage* const topic = image.topic(id.topic_id))
      apply_partition(image, *topic, id.partition, false);
  }
  const bool brokers =
      std::any_of(delta->changed_configs.begin(), delta->changed_configs.end(),
                  [](const auto& changed) { return changed.type == metadata::ConfigResourceType::broker; });
  if (brokers) configure_store(image);
}

void Hosting::configure_store(const metadata::Image& image) {
  const metadata::BrokerConfigLayers layers = image.broker_layers(self_, &static_config_);
  store_.configure_cleaner(cleaner_options(layers));
  store_.configure_scrub(scrub_options(layers));
  store_.configure_mover(mover_options(layers));
}

// The owners see the same delta, and tell when they are done.
void Hosting::end_topic(const metadata::ImageDelta::DeletedTopic& topic) {
  for (const auto& [id, shard] : hosted_) {
    if (id.topic_id == topic.id) ending_names_.insert({topic.name, id.partition});
  }
  placement_.recovering().for_each([&](const TopicPartitionId& id, uint32_t) {
    if (id.topic_id != topic.id) return;
    ending_recovering_.emplace(id, Name{topic.name, id.partition});
    ending_names_.insert({topic.name, id.partition});
  });
  std::erase_if(late_, [&](const TopicPartitionId& late) { return late.topic_id == topic.id; });
}

void Hosting::recovered(const metadata::Image& image, const std::vector<TopicPartitionId>& logs, bool ended) {
  for (const TopicPartitionId& id : logs) {
    placement_.set_recovering(id, false);
    const metadata::TopicImage* const topic = image.topic(id.topic_id);
    if (topic != nullptr) apply_partition(image, *topic, id.partition, true);
  }
  if (ended) {
    const Placement::Partitions before = placement_.recovering();
    before.for_each([&](const TopicPartitionId& id, uint32_t) {
      if (!store_.recovering(id)) placement_.set_recovering(id, false);
    });
  }
  for (auto at = ending_recovering_.begin(); at != ending_recovering_.end();) {
    if (store_.recovering(at->first)) {
      ++at;
      continue;
    }
    const auto [id, name] = *at;
    at = ending_recovering_.erase(at);
    if (store_.holds(id)) remove_log(id, name);
    name_is_free(image, name);
  }
}

bool Hosting::ended(const metadata::Image& image, const TopicPartitionId& id, const std::string& topic) {
  const auto found = hosted_.find(id);
  const Name name{topic, id.partition};
  if (!is_home_topic(topic)) --counts_[found->second];
  hosted_.erase(found);
  placement_.place(id, 0);
  remove_log(id, name);
  return name_is_free(image, name);
}

void Hosting::remove_log(const TopicPartitionId& id, const Name& name) {
  const Status removed = store_.remove(id);
  if (removed.ok()) return;
  trace(TraceLevel::error, "event=log_not_removed partition={}-{} why=\"{}\"", name.first, name.second,
        removed.failure().message);
}

// True when a partition waited for it, and was made now.
bool Hosting::name_is_free(const metadata::Image& image, const Name& name) {
  ending_names_.erase(name);
  const metadata::TopicImage* const next = image.topic(name.first);
  if (next == nullptr || late_.erase({next->id, name.second}) == 0) return false;
  apply_partition(image, *next, name.second, false);
  return true;
}

std::optional<size_t> Hosting::owner_of(const TopicPartitionId& id) const {
  const auto found = hosted_.find(id);
  return found == hosted_.end() ? std::nullopt : std::optional<size_t>(found->second);
}

bool Hosting::moved(const TopicPartitionId& id, size_t to) {
  const auto found = hosted_.find(id);
  if (found == hosted_.end()) return false;
  --counts_[found->second];
  ++counts_[to];
  found->second = static_cast<uint32_t>(to);
  placement_.place(id, to);
  return true;
}

std::vector<std::vector<ArrivingLog>> Hosting::take_arrivals() {
  std::vector<std::vector<ArrivingLog>> taken(arrivals_.size());
  taken.swap(arrivals_);
  return taken;
}

Result<store::Log*> Hosting::make_log(const metadata::Image& image, const metadata::TopicImage& topic,
                                      PartitionIndex index, bool created) {
  ASSIGN_OR_RETURN(const int directory, moves_.directory_for(image, topic, index, created));
  ASSIGN_OR_RETURN(store::Log* const log, store_.create({topic.id, index}, topic.name, directory));
  moves_.made(topic.name, index);
  return log;
}

void Hosting::apply_partition(const metadata::Image& image, const metadata::TopicImage& topic, PartitionIndex index,
                              bool starting) {
  const metadata::PartitionImage* const partition = topic.partition(index);
  if (partition == nullptr || !partition->has_replica(self_)) return;
  const TopicPartitionId id{topic.id, index};
  if (!hosted_.contains(id)) {
    if (store_.recovering(id)) return;
    if (ending_names_.contains({topic.name, index})) {
      late_.insert(id);
      return;
    }
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
    give_away(*log);
  }
  moves_.check(image, id);
}

void Hosting::give_away(store::Log& log) {
  size_t shard = choose_shard(log.topic());
  ArrivingLog arriving{.log = &log, .high_watermark = store_.checkpointed_high_watermark(log.id())};
  if (shard != 0) {
    Result<store::LogRef> left = store_.shard(0).leave_at_once(log);
    if (left.ok()) {
      arriving.ref = std::move(left).value();
    } else {
      shard = 0;  // it is to be moved to another directory first
    }
  }
  hosted_.emplace(log.id(), static_cast<uint32_t>(shard));
  placement_.set_recovering(log.id(), false);
  if (!is_home_topic(log.topic())) ++counts_[shard];
  placement_.place(log.id(), shard);
  arrivals_[shard].push_back(std::move(arriving));
}

// Of a new partition the mean is expected: so those of a large topic do not all go where it was quiet before.
size_t Hosting::choose_shard(const std::string& topic) {
  if (is_home_topic(topic)) return 0;
  const size_t shard = shard_with_room(busy_, counts_, fill_);
  if (!busy_.empty()) {
    const auto partitions = std::accumulate(counts_.begin(), counts_.end(), size_t{1});
    busy_[shard] += std::accumulate(busy_.begin(), busy_.end(), Ppm{0}) / static_cast<Ppm>(partitions);
  }
  return shard;
}

}  // namespace moldau::broker
