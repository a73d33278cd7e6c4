// The kit of test_kit.h.
#include <algorithm>

#include "group/consumer/consumer_protocol.h"
#include "group/consumer/regex.h"
#include "group/consumer/test_kit.h"
#include "metadata/records.h"
#include "wire/encoder.h"
#include "wire/metadata_record.h"

namespace moldau::group::consumer::test {

World::World() {
  publish();
}

template <typename R>
void World::apply(const R& record, int16_t version) {
  wire::Encoder encoder(256);
  ASSERT_EQ(wire::encode_metadata_record(encoder, record, version), wire::EncodeStatus::ok);
  const Status applied = builder_.apply(encoder.view(), next_++);
  ASSERT_TRUE(applied.ok()) << applied.failure().message;
}

void World::publish() {
  builder_.set_applied({.offset = next_, .epoch = 1, .timestamp = 1});
  metadata::ImageDelta delta;
  image_ = builder_.build(delta);
  if (!delta.created_topics.empty()) newest_topics_ = next_;
  ++next_;
}

void World::touch() {
  publish();
}

void World::add_topic(const std::string& name, const Uuid& id, int partitions, const std::vector<std::string>& racks) {
  std::vector<NodeId> replicas;
  for (const std::string& rack : racks) {
    wire::RegisterBrokerRecord broker;
    broker.broker_id = ++brokers_;
    broker.broker_epoch = next_;
    broker.incarnation_id = Uuid::of(9, static_cast<uint64_t>(brokers_));
    broker.rack = rack;
    broker.fenced = false;
    apply(broker, 1);
    replicas.push_back(broker.broker_id);
  }
  if (replicas.empty()) replicas.push_back(1);
  apply(wire::TopicRecord{.name = name, .topic_id = id}, 0);
  for (int i = 0; i < partitions; ++i) {
    wire::PartitionRecord partition;
    partition.partition_id = i;
    partition.topic_id = id;
    partition.replicas = replicas;
    partition.isr = replicas;
    partition.leader = replicas[0];
    partition.leader_epoch = 0;
    partition.partition_epoch = 0;
    apply(partition, 0);
  }
  publish();
}

void World::add_partitions(const std::string& name, int partitions) {
  const metadata::TopicImage* topic = image_->topic(name);
  const Uuid id = topic->id;
  const auto first = static_cast<int>(topic->partitions.size());
  for (int i = first; i < first + partitions; ++i) {
    wire::PartitionRecord partition;
    partition.partition_id = i;
    partition.topic_id = id;
    partition.replicas = partition.isr = {1};
    partition.leader = 1;
    partition.leader_epoch = 0;
    partition.partition_epoch = 0;
    apply(partition, 0);
  }
  publish();
}

void World::remove_topic(const std::string& name) {
  apply(wire::RemoveTopicRecord{.topic_id = id_of(name)}, 0);
  publish();
}

Context GroupHost::context() {
  fresh_ = "fresh-" + std::to_string(++fresh_ids_);
  return {.image = world_.image(),
          .hashes = hashes_,
          .settings = settings,
          .newest_topics = world_.newest_topics(),
          .wall = wall,
          .client_id = "client",
          .client_host = "/127.0.0.1",
          .fresh_member_id = fresh_};
}

ConsumerGroup& GroupHost::group() {
  EXPECT_NE(group_, nullptr);
  return *group_;
}

void GroupHost::take(const std::vector<coordinator::Record>& records, const std::vector<TimerChange>& timers) {
  last_records = records.size();
  for (const coordinator::Record& record : records) {
    log.push_back(record);
    Record decoded;
    ASSERT_EQ(decode_record(record, decoded), wire::DecodeStatus::ok);
    std::visit(
        [&](const auto& entry) {
          if constexpr (requires { group_->replay(entry); }) {
            if (group_ == nullptr && !entry.value) return;
            if (group_ == nullptr) group_ = std::make_unique<ConsumerGroup>(std::string(group_of(decoded)));
            const Status replayed = group_->replay(entry);
            EXPECT_TRUE(replayed.ok()) << replayed.failure().message;
          }
        },
        decoded);
    if (type_of(decoded) == ConsumerGroupMetadataKey::message_id && !record.value) group_.reset();
  }
  for (const TimerChange& change : timers) {
    const auto key = std::pair{change.member_id, change.timer};
    if (change.kind == TimerChange::Kind::cancel) {
      timers_.erase(key);
    } else if (change.kind == TimerChange::Kind::set || !timers_.contains(key)) {
      timers_[key] = {.at = wall + change.delay_ms, .epoch = change.member_epoch};
    }
  }
}

template <typename A>
void GroupHost::carry_out(Decision<A>& decision) {
  take(decision.records, decision.timers);
  const size_t records = last_records;
  if (decision.downgrade) downgraded = decision.downgrade;
  if (decision.regexes && group_) {
    const ResolvedRegexes found =
        resolve(*decision.regexes, world_.image(), wall, [](std::string_view) { return true; });
    take(regexes_resolved(*group_, found, context()).records);
  }
  last_records = records;
}

Answer GroupHost::beat(const Beat& beat, int16_t version) {
  wire::ConsumerGroupHeartbeatRequest request;
  request.group_id = "g";
  request.member_id = beat.member;
  request.member_epoch = beat.epoch;
  if (beat.instance) request.instance_id = *beat.instance;
  if (beat.rack) request.rack_id = *beat.rack;
  request.rebalance_timeout_ms = beat.rebalance_timeout_ms;
  if (beat.topics) request.subscribed_topic_names.emplace(beat.topics->begin(), beat.topics->end());
  if (beat.regex) request.subscribed_topic_regex = *beat.regex;
  if (beat.assignor) request.server_assignor = *beat.assignor;
  if (beat.owned) {
    auto& owned = request.topic_partitions.emplace();
    for (const AssignedTopic& topic : *beat.owned) {
      owned.push_back({.topic_id = topic.topic_id, .partitions = topic.partitions});
    }
  }
  last_records = 0;
  if (const auto refused = check_heartbeat(request, version, settings)) return {refused->code, refused->message, {}};
  ConsumerGroup fresh("g");
  if (!group_ && beat.epoch != epoch_joining) return {wire::ErrorCode::group_id_not_found, "not found", {}};
  auto decided = heartbeat(group_ ? *group_ : fresh, request, context());
  if (!decided) return {decided.error().code, decided.error().message, {}};
  carry_out(*decided);
  Answer answer{wire::ErrorCode::none, {}, decided->answer};
  if (answer.beat.member_epoch < 0) {
    held_.erase(answer.beat.member_id);
  } else if (answer.beat.assignment) {
    held_[answer.beat.member_id] = *answer.beat.assignment;
  } else {
    held_.try_emplace(answer.beat.member_id);
  }
  return answer;
}

Answer GroupHost::join(const std::string& member, std::vector<std::string> topics,
                       std::optional<std::string> instance) {
  return beat({.member = member,
               .instance = std::move(instance),
               .rebalance_timeout_ms = 30'000,
               .topics = std::move(topics),
               .owned = Assignment{}});
}

Answer GroupHost::report(const std::string& member) {
  const Member* found = group().find(member);
  return beat({.member = member,
               .epoch = found == nullptr ? 1 : found->epoch,
               .instance = found == nullptr ? std::nullopt : found->instance_id,
               .owned = held_[member]});
}

Answer GroupHost::leave(const std::string& member, std::optional<std::string> instance, Epoch epoch) {
  return beat({.member = member, .epoch = epoch, .instance = std::move(instance)});
}

int GroupHost::settle(int rounds_max) {
  for (int round = 1; round <= rounds_max; ++round) {
    wall += 2000;
    std::vector<std::string> ids;
    for (const auto& [id, member] : group().members()) {
      if (member.epoch >= 0 && !member.uses_classic_protocol()) ids.push_back(id);
    }
    bool changed = false;
    for (const std::string& id : ids) {
      const Answer answer = report(id);
      EXPECT_EQ(answer.error, wire::ErrorCode::none) << id << ' ' << answer.message;
      changed = changed || last_records != 0;
    }
    if (!changed) return round;
  }
  ADD_FAILURE() << "the group does not settle";
  return rounds_max;
}

void GroupHost::pass(int64_t milliseconds) {
  const WallMillis until = wall + milliseconds;
  for (;;) {
    const auto first = std::min_element(timers_.begin(), timers_.end(),
                                        [](const auto& a, const auto& b) { return a.second.at < b.second.at; });
    if (first == timers_.end() || first->second.at > until) break;
    wall = std::max(wall, first->second.at);
    const auto [member, timer] = first->first;
    const Epoch epoch = first->second.epoch;
    timers_.erase(first);
    if (!group_) continue;
    Decision<NoAnswer> decision = timer_expired(*group_, timer, member, epoch, context());
    carry_out(decision);
  }
  wall = until;
}

std::vector<std::byte> subscription(const std::vector<std::string>& topics, const Assignment& owned,
                                    const metadata::Image& image) {
  wire::Encoder encoder(64);
  encoder.put_int16(1);
  encoder.put_int32(static_cast<int32_t>(topics.size()));
  for (const std::string& topic : topics) encoder.put_string(false, topic);
  encoder.put_int32(-1);
  encoder.put_int32(static_cast<int32_t>(owned.size()));
  for (const AssignedTopic& topic : owned) {
    encoder.put_string(false, image.topic(topic.topic_id)->name);
    encoder.put_int32(static_cast<int32_t>(topic.partitions.size()));
    for (const PartitionIndex partition : topic.partitions) encoder.put_int32(partition);
  }
  return {encoder.view().begin(), encoder.view().end()};
}

std::expected<ClassicJoinAnswer, Refusal> GroupHost::classic_join(const std::string& member,
                                                                  const std::vector<std::string>& topics,
                                                                  const Assignment& owned,
                                                                  std::optional<std::string> instance,
                                                                  int16_t version) {
  const std::vector<std::byte> metadata = subscription(topics, owned, world_.image());
  wire::JoinGroupRequest request;
  request.group_id = "g";
  request.member_id = member;
  if (instance) request.group_instance_id = *instance;
  request.session_timeout_ms = 10'000;
  request.rebalance_timeout_ms = 30'000;
  request.protocol_type = "consumer";
  request.protocols.push_back({.name = "range", .metadata = metadata});
  auto decided = consumer::classic_join(group(), request, version, context());
  if (!decided) return std::unexpected(decided.error());
  carry_out(*decided);
  return decided->answer;
}

std::expected<ClassicSyncAnswer, Refusal> GroupHost::classic_sync(const std::string& member, int32_t generation) {
  wire::SyncGroupRequest request;
  request.group_id = "g";
  request.member_id = member;
  request.generation_id = generation;
  request.protocol_type = "consumer";
  request.protocol_name = "range";
  auto decided = consumer::classic_sync(group(), request, context());
  if (!decided) return std::unexpected(decided.error());
  carry_out(*decided);
  return decided->answer;
}

std::expected<ClassicHeartbeatAnswer, Refusal> GroupHost::classic_heartbeat(const std::string& member,
                                                                            int32_t generation) {
  wire::HeartbeatRequest request;
  request.group_id = "g";
  request.member_id = member;
  request.generation_id = generation;
  auto decided = consumer::classic_heartbeat(group(), request, context());
  if (!decided) return std::unexpected(decided.error());
  carry_out(*decided);
  return decided->answer;
}

std::vector<wire::ErrorCode> GroupHost::classic_leave(const std::vector<std::string>& members) {
  std::vector<wire::LeaveGroupRequest::MemberIdentity> identities;
  for (const std::string& member : members) identities.push_back({.member_id = member});
  auto decision = consumer::classic_leave(group(), identities, context());
  carry_out(decision);
  return decision.answer.errors;
}

std::string GroupHost::text(const Assignment& assignment) const {
  std::string result;
  for (const AssignedTopic& topic : assignment) {
    const metadata::TopicImage* found = world_.image().topic(topic.topic_id);
    result += (result.empty() ? "" : " ") + (found == nullptr ? std::string("?") : found->name) + ":";
    for (size_t i = 0; i < topic.partitions.size(); ++i) {
      result += (i == 0 ? "" : ",") + std::to_string(topic.partitions[i]);
    }
  }
  return result;
}

std::string GroupHost::assigned(const std::string& member) {
  const Member* found = group().find(member);
  return found == nullptr ? "no member" : text(without_epochs(found->assigned));
}

std::string GroupHost::target(const std::string& member) {
  return text(group().target(member));
}

}  // namespace moldau::group::consumer::test
