// GroupMachine: offsets: commits, deletions, fetches, and their end (KIP-211).
#include <algorithm>
#include <set>
#include <utility>

#include "group/machine.h"
#include "group/timer_names.h"

namespace moldau::group {

using wire::ErrorCode;

namespace {

constexpr int16_t first_commit_version_with_group_not_found = 9;
constexpr int64_t no_retention = -1;
constexpr Offset invalid_offset = -1;

/// The entry of `topic` in an answer, made if there is none.
template <typename Topics>
auto& topic_in(Topics& topics, std::string_view name, const Uuid& id) {
  for (auto& topic : topics) {
    if (topic.name != name) continue;
    if constexpr (requires { topic.topic_id; }) {
      if (topic.topic_id != id) continue;
    }
    return topic;
  }
  auto& topic = topics.emplace_back();
  topic.name = name;
  if constexpr (requires { topic.topic_id; }) topic.topic_id = id;
  return topic;
}

}  // namespace

// Commit
// ------------------------------------------------------------------------------------------------------------------

ErrorCode GroupMachine::check_commit(const wire::OffsetCommitRequest& request, int16_t version, const Now& now) {
  Group* const group = find(request.group_id);
  const int32_t generation = request.generation_id_or_member_epoch;
  if (group == nullptr) {
    // Without a generation it comes from an administrator, or a consumer that assigns itself: a simple group.
    if (generation < 0) return ErrorCode::none;
    return version >= first_commit_version_with_group_not_found ? ErrorCode::group_id_not_found
                                                                : ErrorCode::illegal_generation;
  }
  if (const auto* const consumers = std::get_if<consumer::ConsumerGroup>(group)) {
    const std::optional<consumer::Refusal> refused =
        consumer::check_commit(*consumers, request.member_id, request.group_instance_id, generation, false, version);
    return refused.has_value() ? refused->code : ErrorCode::none;
  }
  if (std::holds_alternative<UnservedGroup>(*group)) return ErrorCode::group_id_not_found;
  ClassicGroup& classic = std::get<ClassicGroup>(*group);
  if (generation < 0 && classic.in(ClassicState::empty)) return ErrorCode::none;
  if (generation >= 0 || !request.member_id.empty() || request.group_instance_id.has_value()) {
    const ErrorCode error = classic.check_member(request.member_id, request.group_instance_id);
    if (error != ErrorCode::none) return error;
    if (generation != classic.generation()) return ErrorCode::illegal_generation;
  } else if (!classic.in(ClassicState::empty)) {
    return ErrorCode::unknown_member_id;
  }
  // It has its join answer, but not its assignment yet.
  if (classic.in(ClassicState::completing_rebalance)) return ErrorCode::rebalance_in_progress;
  // A commit is a sign of life.
  const ClassicMember* const member = classic.find(request.member_id);
  if (member != nullptr && (classic.in(ClassicState::stable) || classic.in(ClassicState::preparing_rebalance))) {
    schedule_heartbeat(classic, *member, now);
  }
  return ErrorCode::none;
}

ErrorCode GroupMachine::check_commit_partition(const wire::OffsetCommitRequest& request, std::string_view topic,
                                               const Uuid& topic_id, PartitionIndex partition) const {
  const consumer::ConsumerGroup* const group = find_consumer(request.group_id);
  if (group == nullptr) return ErrorCode::none;
  const std::optional<consumer::Refusal> refused = consumer::check_commit_partition(
      *group, request.member_id, request.generation_id_or_member_epoch, topic, topic_id, partition);
  return refused.has_value() ? refused->code : ErrorCode::none;
}

void GroupMachine::commit_offsets(const Caller& caller, const wire::OffsetCommitRequest& request,
                                  wire::OffsetCommitResponse answer, const Now& now, Decision& decision) {
  ErrorCode error = check_commit(request, caller.version, now);
  if (host_.settings().mutant == Mutant::fencing_skipped) error = ErrorCode::none;
  // One partition that its member does not own refuses them all.
  for (const auto& topic : request.topics) {
    for (const auto& partition : topic.partitions) {
      if (error != ErrorCode::none || host_.settings().mutant == Mutant::fencing_skipped) break;
      error = check_commit_partition(request, topic.name, topic.topic_id, partition.partition_index);
    }
  }
  const auto metadata_max = static_cast<size_t>(std::max(host_.settings().offset_metadata_bytes_max, 0));
  for (const auto& topic : request.topics) {
    auto& answered = topic_in(answer.topics, topic.name, topic.topic_id);
    for (const auto& partition : topic.partitions) {
      const std::string_view metadata = partition.committed_metadata.value_or("");
      ErrorCode outcome = error;
      if (outcome == ErrorCode::none && utf16_length(metadata) > metadata_max) {
        outcome = ErrorCode::offset_metadata_too_large;
      }
      answered.partitions.push_back({partition.partition_index, code_of(outcome)});
      if (outcome != ErrorCode::none) continue;
      OffsetCommitValue value;
      value.offset = partition.committed_offset;
      value.leader_epoch = partition.committed_leader_epoch;
      value.metadata = metadata;
      value.commit_timestamp = now.wall;
      value.topic_id = topic.topic_id;
      const bool expires = request.retention_time_ms != no_retention;
      if (expires) value.expire_timestamp = now.wall + request.retention_time_ms;
      decision.add(make_record(OffsetCommitKey{request.group_id, topic.name, partition.partition_index}, value,
                               expires ? offset_commit_version_expiring : offset_commit_version));
    }
  }
  decision.reply(caller.ticket, answer);
}

// Kafka bounds metadata by Java's length of a text.
size_t utf16_length(std::string_view text) {
  size_t length = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) length += byte >= 0xF0 ? 2 : 1;
  }
  return length;
}

// Delete
// ------------------------------------------------------------------------------------------------------------------

void GroupMachine::delete_offsets(const Caller& caller, const wire::OffsetDeleteRequest& request,
                                  wire::OffsetDeleteResponse answer, const Now&, Decision& decision) {
  const Group* const group = find(request.group_id);
  ErrorCode error = ErrorCode::none;
  if (group == nullptr || std::holds_alternative<UnservedGroup>(*group)) {
    error = ErrorCode::group_id_not_found;
  } else if (const auto* const classic = std::get_if<ClassicGroup>(group)) {
    // Only of consumers is it known which topics they need not.
    if (!classic->in(ClassicState::empty) && !classic->is_consumer_type()) error = ErrorCode::non_empty_group;
  }
  if (error != ErrorCode::none) {
    wire::OffsetDeleteResponse refused;
    refused.throttle_time_ms = answer.throttle_time_ms;
    refused.error_code = code_of(error);
    decision.reply(caller.ticket, refused);
    return;
  }
  for (const auto& topic : request.topics) {
    const bool subscribed = is_subscribed(*group, topic.name);
    auto& answered = topic_in(answer.topics, topic.name, {});
    for (const auto& partition : topic.partitions) {
      const ErrorCode outcome = subscribed ? ErrorCode::group_subscribed_to_topic : ErrorCode::none;
      answered.partitions.push_back({partition.partition_index, code_of(outcome)});
      if (subscribed) continue;
      if (offsets_.committed().find(request.group_id, topic.name, partition.partition_index) != nullptr ||
          offsets_.is_pending(request.group_id, topic.name, partition.partition_index)) {
        decision.add(make_tombstone(OffsetCommitKey{request.group_id, topic.name, partition.partition_index}));
      }
    }
  }
  decision.reply(caller.ticket, answer);
}

void GroupMachine::topics_deleted(const std::vector<std::string>& topics, Decision& decision) {
  const std::set<std::string_view> gone(topics.begin(), topics.end());
  decision.may_split();
  for (const auto& [id, group] : groups_) {
    offsets_.for_each(id, [&, group_id = std::string_view(id)](std::string_view topic, PartitionIndex partition) {
      if (gone.contains(topic)) decision.add(make_tombstone(OffsetCommitKey{group_id, topic, partition}));
    });
  }
}

// Fetch
// -------------------------------------------------------------------------------------------------------------------

wire::OffsetFetchResponse::OffsetFetchResponseGroup GroupMachine::fetch_offsets(
    const wire::OffsetFetchRequest::OffsetFetchRequestGroup& request, bool require_stable, Arena& arena) const {
  using Partition = wire::OffsetFetchResponse::OffsetFetchResponsePartitions;
  wire::OffsetFetchResponse::OffsetFetchResponseGroup response;
  response.group_id = arena.keep(request.group_id);
  if (const consumer::ConsumerGroup* const group = find_consumer(request.group_id)) {
    const std::optional<consumer::Refusal> refused =
        consumer::check_offset_fetch(*group, request.member_id, request.member_epoch);
    if (refused.has_value()) {
      response.error_code = code_of(refused->code);
      return response;
    }
  }
  const auto entry = [&](std::string_view topic, const Uuid& topic_id, PartitionIndex index) {
    Partition partition;
    partition.partition_index = index;
    partition.committed_offset = invalid_offset;
    partition.metadata = "";
    const CommittedOffset* const offset = offsets_.committed().find(request.group_id, topic, index);
    if (require_stable && offsets_.is_pending(request.group_id, topic, index)) {
      partition.error_code = code_of(ErrorCode::unstable_offset_commit);
    } else if (offset != nullptr &&
               (topic_id.is_zero() || offset->topic_id.is_zero() || topic_id == offset->topic_id)) {
      // Offsets of a topic of the same name that is no more are not this topic's.
      partition.committed_offset = offset->offset;
      partition.committed_leader_epoch = offset->leader_epoch;
      partition.metadata = arena.keep(offset->metadata);
    }
    return partition;
  };
  if (request.topics.has_value()) {
    for (const auto& topic : *request.topics) {
      auto& answered = response.topics.emplace_back();
      answered.name = arena.keep(topic.name);
      answered.topic_id = topic.topic_id;
      for (const int32_t index : topic.partition_indexes) {
        answered.partitions.push_back(entry(topic.name, topic.topic_id, index));
      }
    }
    return response;
  }
  const OffsetMap::Topics* const topics = offsets_.committed().find(request.group_id);
  if (topics == nullptr) return response;
  for (const auto& [topic, partitions] : *topics) {
    auto& answered = response.topics.emplace_back();
    answered.name = arena.keep(topic);
    answered.topic_id = partitions.begin()->second.topic_id;
    for (const auto& [index, offset] : partitions) answered.partitions.push_back(entry(topic, {}, index));
  }
  return response;
}

// Expiry
// ------------------------------------------------------------------------------------------------------------------

void GroupMachine::schedule_expiry(const Now& now) {
  timers_.schedule(expiry_timer, now.instant + milliseconds(host_.settings().offsets_retention_check_interval_ms),
                   [this](const Now& then, Decision& decision) {
                     schedule_expiry(then);
                     expire(then, decision);
                   });
}

// `group`: the classic group that the offset belongs to; null: an empty consumer group.
bool GroupMachine::has_expired(const ClassicGroup* group, const CommittedOffset& offset, WallMillis now) const {
  const std::optional<WallMillis> begins =
      group == nullptr ? std::optional(offset.committed) : group->retention_begins(offset.committed);
  if (!begins.has_value()) return false;
  if (offset.expires != no_timestamp) return now >= offset.expires;
  return now - *begins >= host_.settings().offsets_retention_ms;
}

// True if the group has no offset left, nor can get one from an open transaction.
bool GroupMachine::expire_offsets(const std::string& id, const Group& group, const Now& now, Decision& decision) const {
  const OffsetMap::Topics* const topics = offsets_.committed().find(id);
  bool all = true;
  if (topics != nullptr) {
    const auto* const classic = std::get_if<ClassicGroup>(&group);
    for (const auto& [topic, partitions] : *topics) {
      const bool planted = host_.settings().mutant == Mutant::expiry_in_a_rebalance && classic != nullptr &&
                           classic->state() == ClassicState::preparing_rebalance;
      const bool subscribed = !planted && is_subscribed(group, topic);
      for (const auto& [index, offset] : partitions) {
        const bool expired = planted || has_expired(classic, offset, now.wall);
        if (subscribed || !expired || offsets_.is_pending(id, topic, index)) {
          all = false;
        } else {
          decision.add(make_tombstone(OffsetCommitKey{id, topic, index}));
        }
      }
    }
  }
  return all && !offsets_.has_open_transactions(id);
}

void GroupMachine::expire(const Now& now, Decision& decision) {
  decision.may_split();
  for (const auto& [id, group] : groups_) {
    if (std::holds_alternative<UnservedGroup>(group)) continue;
    if (!expire_offsets(id, group, now, decision) || !is_empty(group)) continue;
    if (const auto* const classic = std::get_if<ClassicGroup>(&group)) {
      // Ids were given out for it: somebody is about to join.
      if (classic->pending_joins() > 0) continue;
      decision.add(make_tombstone(GroupMetadataKey{id}));
    } else {
      std::vector<coordinator::Record> tombstones;
      consumer::add_group_tombstones(std::get<consumer::ConsumerGroup>(group), tombstones);
      decision.add(std::move(tombstones));
    }
  }
}

}  // namespace moldau::group
