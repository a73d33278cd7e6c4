#include "group/offsets.h"

#include <utility>

namespace moldau::group {

CommittedOffset CommittedOffset::from_record(const OffsetCommitValue& value, Offset record_offset) {
  return {.offset = value.offset,
          .leader_epoch = value.leader_epoch,
          .metadata = std::string(value.metadata),
          .committed = value.commit_timestamp,
          .expires = value.expire_timestamp,
          .topic_id = value.topic_id,
          .record_offset = record_offset};
}

CommittedOffset CommittedOffset::from_record(const LegacyOffsetCommitValue& value, Offset record_offset) {
  return {.offset = value.offset,
          .metadata = std::string(value.metadata),
          .committed = value.commit_timestamp,
          .record_offset = record_offset};
}

const OffsetMap::Topics* OffsetMap::find(std::string_view group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

const CommittedOffset* OffsetMap::find(std::string_view group, std::string_view topic, PartitionIndex partition) const {
  const Topics* const topics = find(group);
  if (topics == nullptr) return nullptr;
  const auto of_topic = topics->find(topic);
  if (of_topic == topics->end()) return nullptr;
  const auto found = of_topic->second.find(partition);
  return found == of_topic->second.end() ? nullptr : &found->second;
}

bool OffsetMap::put(std::string_view group, std::string_view topic, PartitionIndex partition, CommittedOffset offset) {
  auto of_group = groups_.find(group);
  if (of_group == groups_.end()) of_group = groups_.try_emplace(std::string(group)).first;
  auto of_topic = of_group->second.find(topic);
  if (of_topic == of_group->second.end()) of_topic = of_group->second.try_emplace(std::string(topic)).first;
  return of_topic->second.insert_or_assign(partition, std::move(offset)).second;
}

bool OffsetMap::erase(std::string_view group, std::string_view topic, PartitionIndex partition) {
  const auto of_group = groups_.find(group);
  if (of_group == groups_.end()) return false;
  const auto of_topic = of_group->second.find(topic);
  if (of_topic == of_group->second.end() || of_topic->second.erase(partition) == 0) return false;
  if (of_topic->second.empty()) of_group->second.erase(of_topic);
  if (of_group->second.empty()) groups_.erase(of_group);
  return true;
}

void Offsets::commit(std::string_view group, std::string_view topic, PartitionIndex partition, CommittedOffset offset,
                     ProducerId producer) {
  if (producer == no_producer_id) {
    if (committed_.put(group, topic, partition, std::move(offset))) ++size_;
    return;
  }
  pending_[producer].put(group, topic, partition, std::move(offset));
  open_by_group_[std::string(group)].insert(producer);
}

void Offsets::remove(std::string_view group, std::string_view topic, PartitionIndex partition) {
  if (committed_.erase(group, topic, partition)) --size_;
  const auto open = open_by_group_.find(group);
  if (open == open_by_group_.end()) return;
  for (const ProducerId producer : open->second) pending_.at(producer).erase(group, topic, partition);
}

void Offsets::end_transaction(ProducerId producer, bool committed) {
  const auto found = pending_.find(producer);
  if (found == pending_.end()) return;
  const OffsetMap ended = std::move(found->second);
  pending_.erase(found);
  for (auto open = open_by_group_.begin(); open != open_by_group_.end();) {
    open->second.erase(producer);
    open = open->second.empty() ? open_by_group_.erase(open) : std::next(open);
  }
  if (!committed) return;
  for (const auto& [group, topics] : ended.groups()) {
    for (const auto& [topic, partitions] : topics) {
      for (const auto& [partition, offset] : partitions) {
        const CommittedOffset* const existing = committed_.find(group, topic, partition);
        if (existing != nullptr && existing->record_offset >= offset.record_offset) continue;
        if (committed_.put(group, topic, partition, offset)) ++size_;
      }
    }
  }
}

bool Offsets::is_pending(std::string_view group, std::string_view topic, PartitionIndex partition) const {
  const auto open = open_by_group_.find(group);
  if (open == open_by_group_.end()) return false;
  for (const ProducerId producer : open->second) {
    if (pending_.at(producer).find(group, topic, partition) != nullptr) return true;
  }
  return false;
}

}  // namespace moldau::group
