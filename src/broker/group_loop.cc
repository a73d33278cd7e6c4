#include "broker/group_loop.h"

#include <algorithm>
#include <utility>

#include "api/10_find_coordinator.h"
#include "base/trace.h"
#include "broker/broker.h"
#include "broker/group_loop_ask.h"
#include "metadata/features.h"

namespace moldau::broker {

using coordinator::RuntimeState;
using wire::ErrorCode;

namespace {

constexpr Duration timer_pause_min = milliseconds(1);

group::Mutant group_mutant(store::Mutant mutant) {
  switch (mutant) {
    case store::Mutant::commit_before_durable:
      return group::Mutant::commit_before_durable;
    case store::Mutant::generation_kept_after_load:
      return group::Mutant::generation_kept_after_load;
    case store::Mutant::fencing_skipped:
      return group::Mutant::fencing_skipped;
    case store::Mutant::tombstone_ignored_at_load:
      return group::Mutant::tombstone_ignored_at_load;
    case store::Mutant::owner_before_revoked:
      return group::Mutant::owner_before_revoked;
    case store::Mutant::load_ends_early:
      return group::Mutant::load_ends_early;
    case store::Mutant::sessions_forgotten_at_load:
      return group::Mutant::sessions_forgotten_at_load;
    case store::Mutant::expiry_in_a_rebalance:
      return group::Mutant::expiry_in_a_rebalance;
    default:
      return group::Mutant::none;
  }
}

group::GroupSettings settings_of(const Shard& shard) {
  group::GroupSettings settings = group::group_settings(shard.settings().groups);
  // Both say it, as in Kafka: the configuration, and what the cluster has finalized.
  settings.consumer_protocol &= shard.image().feature_level(metadata::group_version_feature) >= 1;
  settings.mutant = group_mutant(shard.mutant());
  settings.consumer.revocations_unconfirmed = settings.mutant == group::Mutant::owner_before_revoked;
  return settings;
}

}  // namespace

GroupLoop::GroupLoop(Shard& shard) : shard_(shard), settings_(settings_of(shard)) {}

GroupLoop::~GroupLoop() {
  for (auto& [index, coordinated] : coordinated_) {
    if (coordinated->timer != 0) shard_.surface().timers.cancel(coordinated->timer);
  }
}

coordinator::Now GroupLoop::now() const {
  return {shard_.now(), shard_.wall()};
}
const metadata::ImageRef& GroupLoop::image() const {
  return shard_.image_ref();
}
const metadata::ConfigMap* GroupLoop::group_configs(std::string_view group) const {
  return shard_.image().configs(metadata::ConfigResourceType::group, group);
}

void GroupLoop::group_rebalances() {
  ++shard_.metrics().group_rebalances;
}
void GroupLoop::offset_committed() {
  ++shard_.metrics().offsets_committed;
}

size_t GroupLoop::group_count() const {
  size_t count = 0;
  for (const auto& [index, coordinated] : coordinated_) {
    if (coordinated->runtime.state() == RuntimeState::active) count += coordinated->machine().group_count();
  }
  return count;
}
size_t GroupLoop::offset_count() const {
  size_t count = 0;
  for (const auto& [index, coordinated] : coordinated_) {
    if (coordinated->runtime.state() == RuntimeState::active) count += coordinated->machine().offsets().size();
  }
  return count;
}

GroupLoop::Coordinated* GroupLoop::find(std::string_view group) {
  const metadata::TopicImage* const topic = shard_.image().topic(api::offsets_topic);
  return topic == nullptr ? nullptr : find(api::coordinator_partition(group, topic->partitions.size()));
}
GroupLoop::Coordinated* GroupLoop::find(PartitionIndex partition) {
  const auto found = coordinated_.find(partition);
  return found == coordinated_.end() ? nullptr : found->second.get();
}

ErrorCode GroupLoop::not_here(std::string_view group) const {
  const metadata::TopicImage* const topic = shard_.image().topic(api::offsets_topic);
  if (topic == nullptr) return ErrorCode::not_coordinator;
  const PartitionIndex index = api::coordinator_partition(group, topic->partitions.size());
  const bool recovering = shard_.view().placement.recovering().contains(TopicPartitionId{topic->id, index});
  return recovering ? ErrorCode::coordinator_load_in_progress : ErrorCode::not_coordinator;
}

bool GroupLoop::some_recover() const {
  const auto& recovering = shard_.view().placement.recovering();
  const metadata::TopicImage* const topic = recovering.empty() ? nullptr : shard_.image().topic(api::offsets_topic);
  if (topic == nullptr) return false;
  bool some = false;
  topic->partitions.for_each([&](PartitionIndex index, const auto&) {
    some = some || recovering.contains(TopicPartitionId{topic->id, index});
  });
  return some;
}

// Requests
// ----------------------------------------------------------------------------------------------------------------

coordinator::Ticket GroupLoop::keep(Request request, PartitionIndex partition, Refuse refuse) {
  waiting_.emplace(++last_ticket_, Waiting{std::move(request), partition, refuse});
  return last_ticket_;
}

std::string GroupLoop::host_of(const Request& request) const {
  return "/" + request.peer->address;
}

group::Caller GroupLoop::caller_of(Shard& shard, const Request& request, Ticket ticket, const std::string& host) {
  group::Caller caller;
  caller.ticket = ticket;
  caller.version = request.version;
  caller.client_id = request.client_id;
  caller.client_host = host;
  if (request.api_key == wire::ApiKey::consumer_group_heartbeat || request.api_key == wire::ApiKey::join_group) {
    caller.fresh_id = shard.surface().entropy.uuid();
    Request who;
    who.peer = request.peer;
    who.api_key = request.api_key;
    who.version = request.version;
    caller.visible = [&shard, who](std::string_view topic) {
      Arena arena;
      return shard.context(who, arena).may(api::Operation::describe, api::ResourceType::topic, topic);
    };
  }
  return caller;
}

wire::Encoded GroupLoop::Coordinated::encode(Ticket ticket, const wire::MessageDescriptor& type, const void* message) {
  const auto found = loop.waiting_.find(ticket);
  if (found == loop.waiting_.end()) return {};
  return loop.shard_.encode_answer(found->second.request, type, message);
}

void GroupLoop::Coordinated::send(coordinator::Reply reply) {
  const auto found = loop.waiting_.find(reply.ticket);
  if (found == loop.waiting_.end()) return;
  const Request request = std::move(found->second.request);
  loop.waiting_.erase(found);
  loop.shard_.deliver_encoded(request, std::move(reply.answer));
}

void GroupLoop::Coordinated::refuse(Ticket ticket, ErrorCode error) {
  const auto found = loop.waiting_.find(ticket);
  if (found == loop.waiting_.end()) return;
  Waiting waiting = std::move(found->second);
  loop.waiting_.erase(found);
  waiting.refuse(loop.shard_, waiting.request, coordinator::error_for_clients(error));
}

void GroupLoop::refuse_all(PartitionIndex partition, ErrorCode error) {
  std::vector<Ticket> tickets;
  for (const auto& [ticket, waiting] : waiting_) {
    if (waiting.partition == partition) tickets.push_back(ticket);
  }
  std::sort(tickets.begin(), tickets.end());
  for (const Ticket ticket : tickets) {
    const auto found = waiting_.find(ticket);
    Waiting waiting = std::move(found->second);
    waiting_.erase(found);
    waiting.refuse(shard_, waiting.request, error);
  }
}

// Appending
// ---------------------------------------------------------------------------------------------------------------

std::expected<std::vector<store::BatchToAppend>, ErrorCode> GroupLoop::batches_of(
    std::span<const coordinator::Record> records, bool split, const Now& now, size_t bytes_max) {
  wire::BatchOptions options;
  options.base_sequence = 0;  // as Kafka's coordinators write it
  const int32_t codec = shard_.settings().groups.offsets_topic_compression_codec;
  options.codec = compress::codec_of(static_cast<int16_t>(codec)).value_or(compress::Codec::none);
  std::vector<store::BatchToAppend> batches;
  size_t next = 0;
  while (next < records.size()) {
    builder_.reset(options);
    for (; next < records.size(); ++next) {
      const coordinator::Record& record = records[next];
      const size_t size = record.key.size() + (record.value.has_value() ? record.value->size() : 0);
      constexpr size_t record_overhead_max = 64;
      const bool full = builder_.uncompressed_size() + size + record_overhead_max > bytes_max;
      if (split && full && builder_.count() > 0) break;
      wire::NewRecord added{.timestamp = now.wall, .key = record.key};
      if (record.value.has_value()) added.value = *record.value;
      builder_.add(added);
    }
    const Result<std::span<std::byte>> bytes = builder_.finish();
    if (!bytes.ok()) return std::unexpected(ErrorCode::unknown_server_error);
    if (bytes->size() > bytes_max) return std::unexpected(ErrorCode::message_too_large);
    batches.push_back({.bytes = Bytes::copy_of(*bytes),
                       .record_count = builder_.count(),
                       .max_timestamp = now.wall,
                       .offset_of_max_timestamp_delta = 0});
  }
  return batches;
}

std::expected<Offset, ErrorCode> GroupLoop::Coordinated::append(std::span<const coordinator::Record> records,
                                                                bool split, const Now& now) {
  Partition* const partition = loop.shard_.partition(id);
  if (partition == nullptr || partition->leader_epoch() != epoch) {
    return std::unexpected(ErrorCode::not_leader_or_follower);
  }
  if (const ErrorCode error = partition->may_append(-1); error != ErrorCode::none) return std::unexpected(error);
  const auto bytes_max = static_cast<size_t>(std::max(partition->admission().message_bytes_max, 0));
  std::expected<std::vector<store::BatchToAppend>, ErrorCode> batches = loop.batches_of(records, split, now, bytes_max);
  if (!batches.has_value()) return std::unexpected(batches.error());
  const Result<std::vector<store::Appended>> appended = partition->log().append(std::move(*batches), epoch);
  if (!appended.ok()) return std::unexpected(ErrorCode::kafka_storage_error);
  const Offset end = appended->back().last_offset + 1;
  if (loop.settings_.mutant == group::Mutant::commit_before_durable) acknowledged = true;
  partition->wait_for({{static_cast<uint64_t>(id.partition), produce_part}, end, -1, Instant::never()});
  return end;
}

void GroupLoop::Coordinated::failed(const Failure& why) {
  trace(TraceLevel::error, "event=coordinator_failed partition={}-{} why=\"{}\"", api::offsets_topic, id.partition,
        why.message);
  loop.shard_.metrics().coordinators_failed += 1;
}

void GroupLoop::acknowledged(PartitionIndex partition, ErrorCode error) {
  Coordinated* const found = find(partition);
  if (found == nullptr) return;
  found->acknowledged = true;
  // Whatever was appended last may be gone: what is in memory is not to be trusted.
  if (error != ErrorCode::none) found->lost = true;
  if (!found->entered) settle(*found);
}

// Sees to what came while the machine was entered, and to its timer.
void GroupLoop::settle(Coordinated& coordinated) {
  const PartitionIndex index = coordinated.id.partition;
  while (coordinated.acknowledged || coordinated.lost) {
    coordinated.acknowledged = false;
    Partition* const partition = shard_.partition(coordinated.id);
    if (std::exchange(coordinated.lost, false)) {
      if (coordinated.runtime.state() != RuntimeState::active) break;
      trace(TraceLevel::warn, "event=coordinator_lost_records partition={}-{}", api::offsets_topic, index);
      coordinated.entered = true;
      coordinated.runtime.unload(ErrorCode::not_coordinator, now());
      coordinated.entered = false;
      refuse_all(index, ErrorCode::not_coordinator);
      if (partition != nullptr && partition->leads() && partition->leader_epoch() == coordinated.epoch) {
        begin_load(coordinated);
      }
      break;
    }
    if (partition == nullptr || coordinated.runtime.state() != RuntimeState::active) break;
    coordinated.entered = true;
    const bool early = settings_.mutant == group::Mutant::commit_before_durable;
    coordinated.runtime.advance(early ? partition->log().next_offset() : partition->high_watermark(), now());
    coordinated.entered = false;
  }
  if (coordinated.runtime.state() == RuntimeState::failed) refuse_all(index, ErrorCode::not_coordinator);
  arm(coordinated);
}

void GroupLoop::arm(Coordinated& coordinated) {
  const Instant next = coordinated.runtime.next_deadline();
  if (next == Instant::never() || next >= coordinated.timer_at) return;
  if (coordinated.timer != 0) shard_.surface().timers.cancel(coordinated.timer);
  coordinated.timer_at = std::max(next, shard_.now() + timer_pause_min);
  coordinated.timer =
      shard_.surface().timers.start(coordinated.timer_at, shard_.guarded_call([this, index = coordinated.id.partition] {
        Coordinated* const found = find(index);
        if (found == nullptr) return;
        found->timer = 0;
        found->timer_at = Instant::never();
        enter(*found, [&] { found->runtime.tick(now()); });
      }));
}

// Leaderships
// -------------------------------------------------------------------------------------------------------------

void GroupLoop::image_changed(const metadata::ImageDelta* delta) {
  if (stopped_) return;
  settings_ = settings_of(shard_);
  const metadata::TopicImage* const topic = shard_.image().topic(api::offsets_topic);
  std::vector<PartitionIndex> gone;
  for (const auto& [index, coordinated] : coordinated_) {
    if (topic == nullptr || topic->id != coordinated->id.topic_id) gone.push_back(index);
  }
  for (const PartitionIndex index : gone) end(index, ErrorCode::not_coordinator);
  if (topic != nullptr) {
    if (delta == nullptr) {
      topic->partitions.for_each([&](PartitionIndex index, const auto&) { apply_partition(*topic, index); });
    } else {
      for (const TopicPartitionId& id : delta->changed_partitions) {
        if (id.topic_id == topic->id) apply_partition(*topic, id.partition);
      }
    }
  }
  if (delta == nullptr) return;
  std::vector<std::string> deleted;
  for (const auto& deleted_topic : delta->deleted_topics) {
    if (shard_.image().topic(deleted_topic.name) == nullptr) deleted.push_back(deleted_topic.name);
  }
  for (const auto& [index, found] : coordinated_) {
    Coordinated& coordinated = *found;
    if (coordinated.runtime.state() != RuntimeState::active) continue;
    enter(coordinated, [&] {
      coordinated.machine().image_changed(*delta);
      if (deleted.empty()) return;
      coordinated.runtime.run(now(),
                              [&](Decision& decision) { coordinated.machine().topics_deleted(deleted, decision); });
    });
  }
}

void GroupLoop::partitions_arrived(const std::vector<TopicPartitionId>& ids) {
  const metadata::TopicImage* const topic = shard_.image().topic(api::offsets_topic);
  if (stopped_ || topic == nullptr) return;
  for (const TopicPartitionId& id : ids) {
    if (id.topic_id == topic->id) apply_partition(*topic, id.partition);
  }
}

void GroupLoop::apply_partition(const metadata::TopicImage& topic, PartitionIndex index) {
  Partition* const partition = shard_.partition({topic.id, index});
  const bool leads = partition != nullptr && partition->leads();
  Coordinated* const found = find(index);
  if (found != nullptr && (!leads || found->epoch != partition->leader_epoch())) {
    end(index, ErrorCode::not_coordinator);
  } else if (found != nullptr) {
    return;
  }
  if (!leads) return;
  const Duration commit_timeout = milliseconds(shard_.settings().groups.offsets_commit_timeout_ms);
  auto made = std::make_unique<Coordinated>(*this, TopicPartitionId{topic.id, index}, commit_timeout);
  made->epoch = partition->leader_epoch();
  Coordinated& coordinated = *coordinated_.insert_or_assign(index, std::move(made)).first->second;
  begin_load(coordinated);
}

void GroupLoop::end(PartitionIndex index, ErrorCode error) {
  const auto found = coordinated_.find(index);
  if (found == coordinated_.end()) return;
  Coordinated& coordinated = *found->second;
  coordinated.entered = true;
  coordinated.runtime.unload(error, now());
  if (coordinated.timer != 0) shard_.surface().timers.cancel(coordinated.timer);
  coordinated_.erase(found);
  refuse_all(index, error);
}

void GroupLoop::stop() {
  stopped_ = true;
  while (!coordinated_.empty()) end(coordinated_.begin()->first, ErrorCode::not_coordinator);
}

void GroupLoop::make_offsets_topic(std::function<void()> done) {
  topic_waiters_.push_back(std::move(done));
  if (std::exchange(making_topic_, true)) return;
  const metadata::GroupConfig& config = shard_.settings().groups;
  metadata::NewTopic topic;
  topic.name = std::string(api::offsets_topic);
  topic.partitions = config.offsets_topic_num_partitions;
  topic.replication_factor = config.offsets_topic_replication_factor;
  if (!shard_.facts().static_config.contains("offsets.topic.replication.factor")) {
    // Nobody chose it: as many replicas as there are brokers, or groups would not work on fewer than three.
    int16_t brokers = 0;
    shard_.image().for_each_broker([&](const metadata::BrokerImage& node) { brokers += node.fenced ? 0 : 1; });
    topic.replication_factor = std::clamp<int16_t>(topic.replication_factor, 1, std::max<int16_t>(brokers, 1));
  }
  topic.configs.push_back({"cleanup.policy", "compact"});
  topic.configs.push_back({"compression.type", "producer"});
  topic.configs.push_back({"segment.bytes", std::to_string(config.offsets_topic_segment_bytes)});
  metadata::CreateTopics create;
  create.topics.push_back(std::move(topic));
  shard_.submit(std::move(create), [this](const MetadataOutcome& outcome) {
    making_topic_ = false;
    const auto* const result = std::get_if<metadata::CreateTopicsResult>(&outcome.response);
    const bool decided = outcome.error == ErrorCode::none && result != nullptr && !result->topics.empty();
    const ErrorCode error = decided ? result->topics.front().error : outcome.error;
    if (error != ErrorCode::none && error != ErrorCode::topic_already_exists) {
      trace(TraceLevel::error, "event=offsets_topic_not_made error={} why=\"{}\"", name_of(error),
            decided ? result->topics.front().message.value_or("") : "");
    }
    for (const auto& waiter : std::exchange(topic_waiters_, {})) waiter();
  });
}

}  // namespace moldau::broker
