#include "group/machine.h"

#include <algorithm>
#include <utility>

#include "group/timer_names.h"

namespace moldau::group {

using wire::DecodeStatus;
using wire::ErrorCode;

const char* name_of(GroupType type) {
  switch (type) {
    case GroupType::classic:
      return "classic";
    case GroupType::consumer:
      return "consumer";
    case GroupType::share:
      return "share";
    case GroupType::streams:
      return "streams";
  }
  return "?";
}

std::string group_not_found(std::string_view group) {
  return "Group " + std::string(group) + " not found.";
}

std::string java_text(const Uuid& id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < id.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[id.bytes[i] >> 4];
    text += digits[id.bytes[i] & 15];
  }
  return text;
}

// Groups by name
// ----------------------------------------------------------------------------------------------------------

GroupMachine::Group* GroupMachine::find(std::string_view group) {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}
const GroupMachine::Group* GroupMachine::find(std::string_view group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}
ClassicGroup* GroupMachine::find_classic(std::string_view group) {
  return std::get_if<ClassicGroup>(find(group));
}
const ClassicGroup* GroupMachine::find_classic(std::string_view group) const {
  return std::get_if<ClassicGroup>(find(group));
}
consumer::ConsumerGroup* GroupMachine::find_consumer(std::string_view group) {
  return std::get_if<consumer::ConsumerGroup>(find(group));
}
const consumer::ConsumerGroup* GroupMachine::find_consumer(std::string_view group) const {
  return std::get_if<consumer::ConsumerGroup>(find(group));
}

GroupType GroupMachine::type_of(const Group& group) {
  if (std::holds_alternative<ClassicGroup>(group)) return GroupType::classic;
  if (std::holds_alternative<consumer::ConsumerGroup>(group)) return GroupType::consumer;
  return std::get<UnservedGroup>(group).type;
}
std::optional<GroupType> GroupMachine::type_of(std::string_view group) const {
  const Group* const found = find(group);
  if (found == nullptr) return std::nullopt;
  return type_of(*found);
}

bool GroupMachine::is_empty(const Group& group) {
  if (const auto* const classic = std::get_if<ClassicGroup>(&group)) return classic->in(ClassicState::empty);
  if (const auto* const consumers = std::get_if<consumer::ConsumerGroup>(&group)) return consumers->empty();
  return true;
}

std::string_view GroupMachine::state_of(const Group& group) {
  if (const auto* const classic = std::get_if<ClassicGroup>(&group)) return name_of(classic->state());
  if (const auto* const consumers = std::get_if<consumer::ConsumerGroup>(&group)) return name_of(consumers->state());
  return "Empty";
}

GroupMachine::GroupFacts GroupMachine::facts_of(std::string_view id, const Group& group) {
  GroupFacts facts{.id = id, .type = type_of(group), .state = state_of(group)};
  if (const auto* const classic = std::get_if<ClassicGroup>(&group)) facts.members = classic->members().size();
  if (const auto* const consumers = std::get_if<consumer::ConsumerGroup>(&group)) {
    facts.members = consumers->members().size();
  }
  return facts;
}

bool GroupMachine::is_subscribed(const Group& group, std::string_view topic) const {
  if (const auto* const classic = std::get_if<ClassicGroup>(&group)) return classic->is_subscribed(topic);
  if (const auto* const consumers = std::get_if<consumer::ConsumerGroup>(&group)) {
    return consumers->subscribes_to(topic);
  }
  return false;
}

// Replay
// ------------------------------------------------------------------------------------------------------------------

template <typename Commit>
void GroupMachine::replay_offset(const Commit& record, const coordinator::ReplayContext& context) {
  const auto& key = record.key;
  if (!record.value.has_value()) {
    if (!live_ && host_.settings().mutant == Mutant::tombstone_ignored_at_load) return;
    offsets_.remove(key.group, key.topic, key.partition);
    return;
  }
  // Offsets may be committed without membership: to a simple group, which comes with its first offset.
  if (find(key.group) == nullptr) {
    const std::string id(key.group);
    groups_.emplace(id, ClassicGroup(id, record.value->commit_timestamp));
  }
  offsets_.commit(key.group, key.topic, key.partition, CommittedOffset::from_record(*record.value, context.offset),
                  context.producer_id);
  if (live_) host_.offset_committed();
}

Status GroupMachine::replay_group(const GroupMetadata& record) {
  const std::string id(record.key.group);
  if (!record.value.has_value()) {
    groups_.erase(id);
    return {};
  }
  // Decided here a moment ago: the group is what it says, and more.
  if (live_ && find_classic(id) != nullptr) return {};
  GroupMetadataValue value = *record.value;
  if (!live_ && host_.settings().mutant == Mutant::generation_kept_after_load) --value.generation;
  groups_.insert_or_assign(id, ClassicGroup::from_record(id, value));
  return {};
}

template <typename ConsumerRecord>
Status GroupMachine::replay_consumer(const ConsumerRecord& record) {
  const std::string id(record.key.group_id);
  Group* group = find(id);
  if (!record.value.has_value()) {
    auto* const known = std::get_if<consumer::ConsumerGroup>(group);
    if (known == nullptr) return {};
    RETURN_IF_FAILED(known->replay(record));
    if constexpr (std::is_same_v<ConsumerRecord, ConsumerGroupMetadata>) groups_.erase(id);
    return {};
  }
  if (group != nullptr && !std::holds_alternative<consumer::ConsumerGroup>(*group)) {
    // Its offsets came first and made it a simple group.
    const auto* const classic = std::get_if<ClassicGroup>(group);
    if (classic == nullptr || !classic->is_simple()) {
      return Failure{FailureKind::corrupt,
                     "a record of the consumer group " + id + ", which is a group of type " + name_of(type_of(*group))};
    }
    group = nullptr;
  }
  if (group == nullptr) {
    group = &groups_.insert_or_assign(id, Group(std::in_place_type<consumer::ConsumerGroup>, id)).first->second;
  }
  // A group's own record says its new epoch.
  if constexpr (std::is_same_v<ConsumerRecord, ConsumerGroupMetadata>) {
    if (live_) host_.group_rebalances();
  }
  return std::get<consumer::ConsumerGroup>(*group).replay(record);
}

template <typename Unserved>
void GroupMachine::replay_unserved(const Unserved& record, GroupType type) {
  const std::string id(record.key.group_id);
  if (record.value.has_value()) {
    groups_.insert_or_assign(id, UnservedGroup{type});
  } else if (const Group* const group = find(id); group != nullptr && type_of(*group) == type) {
    groups_.erase(id);
  }
}

Status GroupMachine::replay(const coordinator::RecordView& bytes, const coordinator::ReplayContext& context) {
  Record record;
  int16_t version = 0;
  const DecodeStatus status = decode_record(bytes.key, bytes.value, record, version);
  if (status == DecodeStatus::unknown_type) return {};  // of a later version of Kafka: none of ours, as there
  if (status != DecodeStatus::ok) {
    return Failure{FailureKind::corrupt, std::string("a record of type ") +
                                             std::to_string(record_type_of(bytes.key).value_or(-1)) + " is " +
                                             wire::name_of(status)};
  }
  return std::visit(
      [&]<typename E>(const E& entry) -> Status {
        if constexpr (std::is_same_v<E, OffsetCommit> || std::is_same_v<E, LegacyOffsetCommit>) {
          replay_offset(entry, context);
        } else if constexpr (std::is_same_v<E, GroupMetadata>) {
          return replay_group(entry);
        } else if constexpr (requires(consumer::ConsumerGroup& group) { group.replay(entry); }) {
          return replay_consumer(entry);
        } else if constexpr (std::is_same_v<E, ShareGroupMetadata>) {
          replay_unserved(entry, GroupType::share);
        } else if constexpr (std::is_same_v<E, StreamsGroupMetadata>) {
          replay_unserved(entry, GroupType::streams);
        }
        return {};
      },
      record);
}

void GroupMachine::end_transaction(ProducerId producer, bool committed) {
  offsets_.end_transaction(producer, committed);
}

void GroupMachine::loaded(const Now& now, Decision& decision) {
  live_ = true;
  newest_topics_ = host_.image()->applied().offset;
  schedule_expiry(now);
  if (host_.settings().mutant == Mutant::sessions_forgotten_at_load) return;
  for (auto& [id, group] : groups_) {
    if (auto* const classic = std::get_if<ClassicGroup>(&group)) {
      for (const auto& [member_id, member] : classic->members()) schedule_heartbeat(*classic, member, now);
      // The limit may have been lowered: let the members come again, and turn away the last.
      if (classic->members().size() > static_cast<size_t>(host_.settings().size_max)) {
        prepare_rebalance(*classic, now, decision);
      }
    } else if (const auto* const consumers = std::get_if<consumer::ConsumerGroup>(&group)) {
      apply_timers(id, consumer::timers_of_loaded(*consumers, settings_of(id)), now);
    }
  }
}

// Administration
// ----------------------------------------------------------------------------------------------------------

ErrorCode GroupMachine::delete_group(std::string_view id, Decision& decision) {
  const Group* const group = find(id);
  if (group == nullptr || std::holds_alternative<UnservedGroup>(*group)) return ErrorCode::group_id_not_found;
  if (!is_empty(*group)) return ErrorCode::non_empty_group;
  offsets_.for_each(id, [&](std::string_view topic, PartitionIndex partition) {
    decision.add(make_tombstone(OffsetCommitKey{id, topic, partition}));
  });
  if (const auto* const consumers = std::get_if<consumer::ConsumerGroup>(group)) {
    std::vector<coordinator::Record> tombstones;
    consumer::add_group_tombstones(*consumers, tombstones);
    decision.add(std::move(tombstones));
  } else {
    decision.add(make_tombstone(GroupMetadataKey{id}));
  }
  return ErrorCode::none;
}

wire::DescribeGroupsResponse::DescribedGroup GroupMachine::describe(std::string_view id, int16_t version,
                                                                    Arena& arena) const {
  constexpr int16_t first_version_with_not_found = 6;
  wire::DescribeGroupsResponse::DescribedGroup described;
  described.group_id = arena.keep(id);
  const ClassicGroup* const group = find_classic(id);
  if (group == nullptr) {
    described.group_state = name_of(ClassicState::dead);
    if (version < first_version_with_not_found) return described;
    described.error_code = code_of(ErrorCode::group_id_not_found);
    described.error_message =
        arena.keep(find(id) == nullptr ? group_not_found(id) : "Group " + std::string(id) + " is not a classic group.");
    return described;
  }
  const bool stable = group->in(ClassicState::stable);
  described.group_state = name_of(group->state());
  described.protocol_type = arena.keep(group->protocol_type().value_or(""));
  if (stable) described.protocol_data = arena.keep(group->protocol_name().value_or(""));
  for (const auto& [member_id, member] : group->members()) {
    wire::DescribeGroupsResponse::DescribedGroupMember entry;
    entry.member_id = arena.keep(member_id);
    if (member.instance_id.has_value()) entry.group_instance_id = arena.keep(*member.instance_id);
    entry.client_id = arena.keep(member.client_id);
    entry.client_host = arena.keep(member.client_host);
    entry.member_assignment = arena.keep(std::span<const std::byte>(member.assignment));
    const std::vector<std::byte>* const metadata =
        stable ? member.metadata(group->protocol_name().value_or("")) : nullptr;
    if (metadata != nullptr) entry.member_metadata = arena.keep(std::span<const std::byte>(*metadata));
    described.members.push_back(entry);
  }
  return described;
}

void GroupMachine::list(const std::vector<std::string>& states, const std::vector<std::string>& types, Arena& arena,
                        std::vector<wire::ListGroupsResponse::ListedGroup>& into) const {
  const auto lower = [](std::string_view text) {
    std::string result(text);
    for (char& c : result) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return result;
  };
  const auto has = [](const std::vector<std::string>& list, const std::string& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  for (const auto& [id, group] : groups_) {
    const GroupType type = type_of(group);
    const std::string_view state = state_of(group);
    if (!states.empty() && !has(states, lower(state))) continue;
    if (!types.empty() && !has(types, name_of(type))) continue;
    wire::ListGroupsResponse::ListedGroup listed;
    listed.group_id = arena.keep(id);
    listed.group_state = arena.keep(state);
    listed.group_type = name_of(type);
    listed.protocol_type = name_of(type);
    if (const auto* const classic = std::get_if<ClassicGroup>(&group)) {
      listed.protocol_type = arena.keep(classic->protocol_type().value_or(""));
    }
    into.push_back(listed);
  }
}

void GroupMachine::image_changed(const metadata::ImageDelta& delta) {
  if (!delta.created_topics.empty()) newest_topics_ = host_.image()->applied().offset;
}

}  // namespace moldau::group
