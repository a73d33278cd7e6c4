#include "group/classic_group.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "group/consumer/consumer_protocol.h"

namespace moldau::group {

using wire::ErrorCode;

namespace {

std::string owned(std::string_view text) {
  return std::string(text);
}
std::optional<std::string> owned(const std::optional<std::string_view>& text) {
  if (!text.has_value()) return std::nullopt;
  return std::string(*text);
}
std::optional<std::string_view> viewed(const std::optional<std::string>& text) {
  if (!text.has_value()) return std::nullopt;
  return *text;
}
std::vector<std::byte> owned(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

bool may_follow(ClassicState from, ClassicState to) {
  switch (to) {
    case ClassicState::empty:
      return from == ClassicState::preparing_rebalance;
    case ClassicState::preparing_rebalance:
      return from == ClassicState::stable || from == ClassicState::completing_rebalance || from == ClassicState::empty;
    case ClassicState::completing_rebalance:
      return from == ClassicState::preparing_rebalance;
    case ClassicState::stable:
      return from == ClassicState::completing_rebalance;
    case ClassicState::dead:
      return true;
  }
  return false;
}

}  // namespace

const char* name_of(ClassicState state) {
  switch (state) {
    case ClassicState::empty:
      return "Empty";
    case ClassicState::preparing_rebalance:
      return "PreparingRebalance";
    case ClassicState::completing_rebalance:
      return "CompletingRebalance";
    case ClassicState::stable:
      return "Stable";
    case ClassicState::dead:
      return "Dead";
  }
  return "?";
}

std::vector<OfferedProtocol> offered_protocols(const wire::JoinGroupRequest& request) {
  std::vector<OfferedProtocol> offers;
  offers.reserve(request.protocols.size());
  for (const auto& protocol : request.protocols) offers.push_back({owned(protocol.name), owned(protocol.metadata)});
  return offers;
}

const std::vector<std::byte>* ClassicMember::metadata(std::string_view protocol) const {
  const auto found =
      std::find_if(protocols.begin(), protocols.end(), [&](const OfferedProtocol& p) { return p.name == protocol; });
  return found == protocols.end() ? nullptr : &found->metadata;
}

ClassicGroup::ClassicGroup(std::string id, WallMillis now) : id_(std::move(id)), state_timestamp_(now) {}

ClassicGroup ClassicGroup::from_record(std::string_view id, const GroupMetadataValue& value) {
  ClassicGroup group(std::string(id), value.current_state_timestamp);
  if (value.current_state_timestamp == no_timestamp) group.state_timestamp_.reset();
  group.state_ = value.members.empty() ? ClassicState::empty : ClassicState::stable;
  group.generation_ = value.generation;
  if (!value.protocol_type.empty()) group.protocol_type_ = value.protocol_type;
  group.protocol_name_ = owned(value.protocol);
  for (const GroupMetadataValue::MemberMetadata& from : value.members) {
    ClassicMember member;
    member.id = from.member_id;
    member.instance_id = owned(from.group_instance_id);
    member.client_id = from.client_id;
    member.client_host = from.client_host;
    member.rebalance_timeout_ms = from.rebalance_timeout == -1 ? from.session_timeout : from.rebalance_timeout;
    member.session_timeout_ms = from.session_timeout;
    member.protocols.push_back({group.protocol_name_.value_or(""), owned(from.subscription)});
    member.assignment = owned(from.assignment);
    group.count_protocols(member, 1);
    if (member.instance_id.has_value()) group.static_members_.insert_or_assign(*member.instance_id, member.id);
    std::string member_id = member.id;
    group.members_.insert_or_assign(std::move(member_id), std::move(member));
  }
  group.leader_ = owned(value.leader);
  // A leader that is no member (Kafka writes none such) would leave the group without one for good.
  if (group.leader_.has_value() && !group.has(*group.leader_)) group.leader_.reset();
  if (!group.leader_.has_value() && !group.members_.empty()) group.leader_ = group.members_.begin()->first;
  group.read_subscriptions();
  return group;
}

void ClassicGroup::transition_to(ClassicState next, WallMillis now) {
  ASSERT(may_follow(state_, next));
  previous_state_ = state_;
  state_ = next;
  state_timestamp_ = now;
}

bool ClassicGroup::can_rebalance() const {
  return may_follow(state_, ClassicState::preparing_rebalance);
}

bool ClassicGroup::is_consumer_type() const {
  return protocol_type_.has_value() && *protocol_type_ == consumer_protocol_type;
}

ClassicMember* ClassicGroup::find(std::string_view member_id) {
  const auto found = members_.find(member_id);
  return found == members_.end() ? nullptr : &found->second;
}
const ClassicMember* ClassicGroup::find(std::string_view member_id) const {
  const auto found = members_.find(member_id);
  return found == members_.end() ? nullptr : &found->second;
}

const std::string* ClassicGroup::static_member(std::string_view instance_id) const {
  const auto found = static_members_.find(instance_id);
  return found == static_members_.end() ? nullptr : &found->second;
}

ErrorCode ClassicGroup::check_member(std::string_view member_id, std::optional<std::string_view> instance_id) const {
  if (instance_id.has_value()) {
    const std::string* const known = static_member(*instance_id);
    if (known == nullptr) return ErrorCode::unknown_member_id;
    if (*known != member_id) return ErrorCode::fenced_instance_id;
  }
  return has(member_id) ? ErrorCode::none : ErrorCode::unknown_member_id;
}

// Each name counts once per member, however often it offers it.
void ClassicGroup::count_protocols(const ClassicMember& member, int by) {
  Names seen;
  for (const OfferedProtocol& protocol : member.protocols) {
    if (!seen.insert(protocol.name).second) continue;
    size_t& count = offers_[protocol.name];
    count += static_cast<size_t>(by);
    if (count == 0) offers_.erase(protocol.name);
  }
}

void ClassicGroup::add(ClassicMember member, std::string_view protocol_type, std::optional<WaitingJoin> join) {
  ASSERT(!has(member.id));
  if (members_.empty()) protocol_type_ = owned(protocol_type);
  ASSERT(protocol_type_.has_value() && *protocol_type_ == protocol_type);
  if (member.instance_id.has_value()) {
    const bool fresh = static_members_.emplace(*member.instance_id, member.id).second;
    ASSERT(fresh);
  }
  if (!leader_.has_value()) leader_ = member.id;
  count_protocols(member, 1);
  member.join = join;
  if (join.has_value()) ++waiting_joins_;
  pending_join_.erase(member.id);
  std::string member_id = member.id;
  members_.emplace(std::move(member_id), std::move(member));
}

void ClassicGroup::remove(std::string_view member_id) {
  const std::string id(member_id);  // it may be the member's own
  if (const auto found = members_.find(id); found != members_.end()) {
    const ClassicMember& member = found->second;
    count_protocols(member, -1);
    if (member.join.has_value()) --waiting_joins_;
    if (member.instance_id.has_value()) static_members_.erase(*member.instance_id);
    members_.erase(found);
  }
  if (is_leader(id)) {
    leader_.reset();
    if (!members_.empty()) leader_ = members_.begin()->first;
  }
  pending_join_.erase(id);
  pending_sync_.erase(id);
}

ClassicGroup::Displaced ClassicGroup::rename_static(std::string_view instance_id, std::string_view old_id,
                                                    const std::string& new_id) {
  const auto found = members_.find(old_id);
  ASSERT(found != members_.end());
  Displaced displaced{take_join(found->second), std::exchange(found->second.sync_ticket, coordinator::no_ticket)};
  ClassicMember member = std::move(found->second);
  if (is_leader(old_id)) leader_ = new_id;
  members_.erase(found);
  member.id = new_id;
  member.is_new = false;
  members_.emplace(new_id, std::move(member));
  static_members_.insert_or_assign(owned(instance_id), new_id);
  return displaced;
}

std::optional<WaitingJoin> ClassicGroup::update(ClassicMember& member, const wire::JoinGroupRequest& request,
                                                WaitingJoin join) {
  count_protocols(member, -1);
  member.protocols = offered_protocols(request);
  count_protocols(member, 1);
  member.rebalance_timeout_ms = request.rebalance_timeout_ms;
  member.session_timeout_ms = request.session_timeout_ms;
  std::optional<WaitingJoin> displaced = take_join(member);
  member.join = join;
  ++waiting_joins_;
  return displaced;
}

std::optional<WaitingJoin> ClassicGroup::take_join(ClassicMember& member) {
  if (member.join.has_value()) --waiting_joins_;
  return std::exchange(member.join, std::nullopt);
}

void ClassicGroup::remove_pending_sync(std::string_view member_id) {
  if (const auto found = pending_sync_.find(member_id); found != pending_sync_.end()) pending_sync_.erase(found);
}

int32_t ClassicGroup::rebalance_timeout_ms() const {
  int32_t longest = 0;
  for (const auto& [id, member] : members_) longest = std::max(longest, member.rebalance_timeout_ms);
  return longest;
}

bool ClassicGroup::elect_joined_leader() {
  if (!leader_.has_value()) return false;
  const ClassicMember* const current = find(*leader_);
  if (current != nullptr && current->join.has_value()) return true;
  const auto joined =
      std::find_if(members_.begin(), members_.end(), [](const auto& entry) { return entry.second.join.has_value(); });
  if (joined == members_.end()) return false;
  leader_ = joined->first;
  return true;
}

bool ClassicGroup::supports(std::string_view protocol_type,
                            const std::vector<wire::JoinGroupRequest::JoinGroupRequestProtocol>& protocols) const {
  if (in(ClassicState::empty)) return !protocol_type.empty() && !protocols.empty();
  if (!protocol_type_.has_value() || *protocol_type_ != protocol_type) return false;
  return std::any_of(protocols.begin(), protocols.end(), [&](const auto& protocol) {
    const auto count = offers_.find(protocol.name);
    return (count == offers_.end() ? 0 : count->second) == members_.size();
  });
}

std::string ClassicGroup::select_protocol() const {
  ASSERT(!members_.empty());
  std::map<std::string_view, size_t> votes;
  std::string_view best;
  size_t best_votes = 0;
  std::vector<std::string_view> in_order;
  for (const auto& [id, member] : members_) {
    const auto choice =
        std::find_if(member.protocols.begin(), member.protocols.end(), [&](const OfferedProtocol& offer) {
          const auto count = offers_.find(offer.name);
          return count != offers_.end() && count->second == members_.size();
        });
    if (choice == member.protocols.end()) continue;
    if (votes[choice->name]++ == 0) in_order.push_back(choice->name);
  }
  for (const std::string_view name : in_order) {
    if (votes[name] <= best_votes) continue;
    best = name;
    best_votes = votes[name];
  }
  return owned(best);
}

void ClassicGroup::begin_generation(WallMillis now) {
  // Kafka's counter wraps as well; 0 and below would mean "no generation".
  generation_ = generation_ == INT32_MAX ? 1 : generation_ + 1;
  if (members_.empty()) {
    protocol_name_.reset();
    read_subscriptions();
    transition_to(ClassicState::empty, now);
  } else {
    protocol_name_ = select_protocol();
    read_subscriptions();
    transition_to(ClassicState::completing_rebalance, now);
  }
  clear_pending_sync();
}

void ClassicGroup::read_subscriptions() {
  topics_.reset();
  if (!is_consumer_type()) return;
  Names topics;
  for (const auto& [id, member] : members_) {
    const std::vector<std::byte>* const metadata = member.metadata(protocol_name_.value_or(""));
    if (metadata == nullptr) return;
    const std::optional<consumer::ConsumerSubscription> subscription = consumer::read_subscription(*metadata);
    if (!subscription.has_value()) return;
    for (const std::string_view topic : subscription->topics) topics.emplace(topic);
  }
  if (!members_.empty() && !protocol_name_.has_value()) return;
  topics_ = std::move(topics);
}

bool ClassicGroup::is_subscribed(std::string_view topic) const {
  return topics_.has_value() ? topics_->contains(topic) : is_consumer_type();
}

std::optional<WallMillis> ClassicGroup::retention_begins(WallMillis committed) const {
  if (!protocol_type_.has_value()) return committed;  // a simple group: each offset by itself
  if (in(ClassicState::empty)) return state_timestamp_.value_or(committed);
  if (is_consumer_type() && topics_.has_value() && in(ClassicState::stable)) return committed;
  return std::nullopt;
}

std::vector<wire::JoinGroupResponse::JoinGroupResponseMember> ClassicGroup::members_for_leader() const {
  std::vector<wire::JoinGroupResponse::JoinGroupResponseMember> list;
  list.reserve(members_.size());
  for (const auto& [id, member] : members_) {
    const std::vector<std::byte>* const metadata = member.metadata(protocol_name_.value_or(""));
    list.push_back({.member_id = id,
                    .group_instance_id = viewed(member.instance_id),
                    .metadata = metadata == nullptr ? std::span<const std::byte>{} : *metadata});
  }
  return list;
}

coordinator::Record ClassicGroup::record(const Assignments& assignments) const {
  GroupMetadataValue value;
  value.protocol_type = protocol_type_.has_value() ? std::string_view(*protocol_type_) : std::string_view();
  value.generation = generation_;
  value.protocol = viewed(protocol_name_);
  value.leader = viewed(leader_);
  value.current_state_timestamp = state_timestamp_.value_or(no_timestamp);
  value.members.reserve(members_.size());
  for (const auto& [id, member] : members_) {
    const std::vector<std::byte>* const metadata = member.metadata(protocol_name_.value_or(""));
    const auto assignment = assignments.find(id);
    GroupMetadataValue::MemberMetadata entry;
    entry.member_id = id;
    entry.group_instance_id = viewed(member.instance_id);
    entry.client_id = member.client_id;
    entry.client_host = member.client_host;
    entry.rebalance_timeout = member.rebalance_timeout_ms;
    entry.session_timeout = member.session_timeout_ms;
    if (metadata != nullptr) entry.subscription = *metadata;
    if (assignment != assignments.end()) entry.assignment = assignment->second;
    value.members.push_back(entry);
  }
  return make_record(GroupMetadataKey{id_}, value, group_metadata_version);
}

coordinator::Record ClassicGroup::record() const {
  Assignments assignments;
  for (const auto& [id, member] : members_) assignments.emplace(id, member.assignment);
  return record(assignments);
}

}  // namespace moldau::group
