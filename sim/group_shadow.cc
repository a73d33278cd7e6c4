#include "sim/group_shadow.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace moldau::sim {

bool refuses(wire::ErrorCode error) {
  using enum wire::ErrorCode;
  switch (error) {
    case illegal_generation:
    case unknown_member_id:
    case rebalance_in_progress:
    case fenced_instance_id:
    case fenced_member_epoch:
    case stale_member_epoch:
    case group_id_not_found:
    case offset_metadata_too_large:
    case coordinator_load_in_progress:
    case unknown_topic_or_partition:
    case unknown_topic_id:
    case invalid_group_id:
    case non_empty_group:
    case group_subscribed_to_topic:
      return true;
    default:
      return false;
  }
}

// Offsets
// -----------------------------------------------------------------------------------------------------------------

uint64_t GroupShadow::begin(Attempt attempt) {
  attempt.begin = ++tick_;
  const uint64_t token = attempts_.size();
  registers_[attempt.key].attempts.push_back(token);
  attempts_.push_back(std::move(attempt));
  return token;
}

uint64_t GroupShadow::commit_begins(const std::string& group, uint32_t partition, Offset offset, bool must_be_refused,
                                    Instant expires) {
  return begin({.key = {group, partition}, .offset = offset, .must_be_refused = must_be_refused, .expires = expires});
}

uint64_t GroupShadow::deletion_begins(const std::string& group, uint32_t partition) {
  return begin({.key = {group, partition}, .deletion = true});
}

std::vector<uint64_t> GroupShadow::group_deletion_begins(const std::string& group) {
  std::vector<uint64_t> tokens;
  for (const uint32_t partition : partitions_of(group)) tokens.push_back(deletion_begins(group, partition));
  return tokens;
}

std::vector<uint32_t> GroupShadow::partitions_of(const std::string& group) const {
  std::vector<uint32_t> partitions;
  for (auto found = registers_.lower_bound({group, 0}); found != registers_.end() && found->first.first == group;
       ++found) {
    partitions.push_back(found->first.second);
  }
  return partitions;
}

std::string GroupShadow::metadata_of(uint64_t token) {
  return fmt::format("commit-{}", token);
}

void GroupShadow::finish(Attempt& attempt) {
  if (attempt.end != never) return;
  attempt.end = ++tick_;
  Register& entry = registers_[attempt.key];
  const Tick latest = entry.ended.empty() ? 0 : entry.ended.back().second;
  entry.ended.emplace_back(attempt.end, std::max(latest, attempt.begin));
}

void GroupShadow::answered(uint64_t token, wire::ErrorCode error) {
  Attempt& attempt = attempts_[token];
  if (error == wire::ErrorCode::none) {
    if (attempt.must_be_refused) {
      violate(fmt::format("group {} partition {}: the commit of one who is no member any more was accepted ({})",
                          attempt.key.first, attempt.key.second, metadata_of(token)));
    }
    if (!attempt.deletion) ++commits_;
    finish(attempt);
  } else if (refuses(error)) {
    if (attempt.end != never) {
      violate(fmt::format("group {} partition {}: {} was refused with {}, and had been seen", attempt.key.first,
                          attempt.key.second, metadata_of(token), wire::name_of(error)));
    }
    attempt.refused = true;
    if (attempt.must_be_refused) ++fencings_;
  }
}

Tick GroupShadow::floor_of(const Register& entry, Tick at) const {
  const auto after = std::partition_point(entry.ended.begin(), entry.ended.end(),
                                          [at](const std::pair<Tick, Tick>& ended) { return ended.first <= at; });
  return after == entry.ended.begin() ? 0 : std::prev(after)->second;
}

GroupShadow::Attempt* GroupShadow::find(const Key& key, Offset offset, std::string_view metadata, const char* how) {
  constexpr std::string_view prefix = "commit-";
  uint64_t token = UINT64_MAX;
  if (metadata.starts_with(prefix)) {
    std::from_chars(metadata.data() + prefix.size(), metadata.data() + metadata.size(), token);
  }
  if (token >= attempts_.size() || attempts_[token].key != key || attempts_[token].offset != offset) {
    violate(fmt::format("group {} partition {}: offset {} '{}' {}, which nobody committed", key.first, key.second,
                        offset, metadata, how));
    return nullptr;
  }
  Attempt& attempt = attempts_[token];
  if (attempt.refused) {
    violate(fmt::format("group {} partition {}: {} {}, which was refused", key.first, key.second, metadata, how));
    return nullptr;
  }
  return &attempt;
}

void GroupShadow::read(Tick begun, const std::string& group, uint32_t partition, Offset offset,
                       std::string_view metadata, Instant now, const char* how) {
  const Key key{group, partition};
  const Register& entry = registers_[key];
  const Tick floor = floor_of(entry, begun);
  if (offset < 0) {
    if (floor == 0) return;
    for (const uint64_t token : entry.attempts) {
      const Attempt& attempt = attempts_[token];
      if (attempt.refused || attempt.end < floor) continue;
      if (attempt.deletion) return;
      if (attempt.expires <= now) {
        ++expired_;
        return;
      }
    }
    violate(fmt::format("group {} partition {}: no offset {}, though one was committed", group, partition, how));
    return;
  }
  Attempt* const attempt = find(key, offset, metadata, how);
  if (attempt == nullptr) return;
  if (attempt->end < floor) {
    violate(fmt::format("group {} partition {}: {} {}, and a later commit was acknowledged before", group, partition,
                        metadata, how));
    return;
  }
  finish(*attempt);
}

void GroupShadow::logged(const std::string& group, uint32_t partition, std::optional<Offset> offset,
                         std::string_view metadata) {
  if (!offset.has_value()) return;
  const Key key{group, partition};
  Attempt* const attempt = find(key, *offset, metadata, "is in the log");
  if (attempt == nullptr) return;
  Register& entry = registers_[key];
  if (attempt->end < entry.logged) {
    violate(fmt::format("group {} partition {}: {} is in the log behind a commit that began after its end", group,
                        partition, metadata));
    return;
  }
  entry.logged = std::max(entry.logged, attempt->begin);
  finish(*attempt);
}

// Generations and owners
// --------------------------------------------------------------------------------------------------

Epoch GroupShadow::floor(const std::string& group) const {
  const auto found = floors_.find(group);
  return found == floors_.end() ? 0 : found->second;
}

void GroupShadow::generation(const std::string& group, Epoch floor, Epoch generation, bool durable) {
  if (generation < floor) {
    violate(fmt::format("group {}: generation {}, it was {} before", group, generation, floor));
  }
  if (!durable || begins_anew(group)) return;
  Epoch& known = floors_[group];
  known = std::max(known, generation);
}

void GroupShadow::computed(const std::string& group, Epoch generation, std::map<std::string, PartitionSet> assignment) {
  computed_[{group, generation}].push_back(std::move(assignment));
}

void GroupShadow::own(const std::string& group, Epoch epoch, const std::string& owner, const PartitionSet& partitions) {
  const auto [entry, fresh] = owners_.try_emplace({group, epoch});
  if (fresh) ++rebalances_;
  if (begins_anew(group)) return;
  for (const uint32_t partition : partitions) {
    const auto [owned, first] = entry->second.emplace(partition, owner);
    if (!first && owned->second != owner) {
      violate(fmt::format("group {} epoch {}: partition {} has two owners, {} and {}", group, epoch, partition,
                          owned->second, owner));
    }
  }
}

void GroupShadow::synced(const std::string& group, Epoch generation, const MemberName& member,
                         const PartitionSet& partitions, bool by_leader) {
  own(group, generation, member.owner, partitions);
  for (const uint32_t partition : partitions) holders_[{group, partition}] = {member, false, true};
  if (!by_leader) return;
  // The computations that agree with all answers of this generation so far: at least one must be left.
  auto& candidates = computed_[{group, generation}];
  std::erase_if(candidates, [&](const std::map<std::string, PartitionSet>& assignment) {
    if (member.owner != member.id) {  // a static member may have the assignment of its predecessor's id
      return std::none_of(assignment.begin(), assignment.end(),
                          [&](const auto& entry) { return entry.second == partitions; }) &&
             !partitions.empty();
    }
    const auto found = assignment.find(member.id);
    return found == assignment.end() ? !partitions.empty() : found->second != partitions;
  });
  if (candidates.empty()) {
    violate(fmt::format("group {} generation {}: the assignment of {} is not of the leader that the others follow",
                        group, generation, member.id));
  }
}

// The consumer protocol
// ---------------------------------------------------------------------------------------------------

void GroupShadow::assigned(const std::string& group, Epoch before, Epoch epoch, const MemberName& member,
                           const PartitionSet& partitions, Instant sent, Instant now, Duration session) {
  if (epoch < before) {
    violate(fmt::format("group {}: the epoch of {} went from {} to {}", group, member.id, before, epoch));
  }
  own(group, epoch, member.owner, partitions);
  if (now >= sent + session) return;  // old news: it may have been put out since
  Instant& alive = alive_[{group, member.owner}];
  alive = std::max(alive, sent);
  for (const uint32_t partition : partitions) {
    const auto found = holders_.find({group, partition});
    if (found != holders_.end() && found->second.member.owner != member.owner && !found->second.released &&
        !found->second.classic) {
      const MemberName& other = found->second.member;
      const Instant session_ends = alive_[{group, other.owner}] + session;
      if (now < session_ends) {
        violate(fmt::format("group {}: partition {} was given to {} while {} had it, whose session lasts", group,
                            partition, member.id, other.id));
      }
      ++evictions_;
      gone(group, other.id);
    }
    holders_[{group, partition}] = {member, false, false};
  }
}

void GroupShadow::reports(const std::string& group, const MemberName& member, const PartitionSet& partitions) {
  for (auto found = holders_.lower_bound({group, 0}); found != holders_.end() && found->first.first == group; ++found) {
    if (found->second.member.owner == member.owner && !partitions.contains(found->first.second)) {
      found->second.released = true;
    }
  }
}

void GroupShadow::joins(const std::string& group, const MemberName& member) {
  reports(group, member, {});
  gone_.erase({group, member.id});
}

}  // namespace moldau::sim
