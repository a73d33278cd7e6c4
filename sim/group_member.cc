#include "sim/group_member.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "wire/api/08_offset_commit.h"
#include "wire/api/09_offset_fetch.h"
#include "wire/api/10_find_coordinator.h"

namespace moldau::sim {

using wire::ErrorCode;

std::optional<uint32_t> GroupContext::number_of(std::string_view topic, PartitionIndex index) const {
  for (uint32_t number = 0; number <= run.partitions.size(); ++number) {
    const PartitionName& name = partition(number);
    if (name.topic == topic && name.index == index) return number;
  }
  return std::nullopt;
}

std::optional<uint32_t> GroupContext::number_of(const Uuid& topic, PartitionIndex index) const {
  for (uint32_t number = 0; number <= run.partitions.size(); ++number) {
    const PartitionName& name = partition(number);
    if (name.topic_id == topic && name.index == index) return number;
  }
  return std::nullopt;
}

bool coordinator_away(ErrorCode error) {
  return error == ErrorCode::coordinator_not_available || error == ErrorCode::not_coordinator ||
         error == ErrorCode::coordinator_load_in_progress;
}

// OffsetClient
// ------------------------------------------------------------------------------------------------------------

void OffsetClient::open() {
  if (client_ != nullptr) return;
  client_ = std::make_unique<client::Client>(node_.surface(), groups_.run.client_options(node_.name()));
}

void OffsetClient::close() {
  if (client_ != nullptr) client_->close();
  client_.reset();
}

io::Task<void> OffsetClient::rest(Duration duration) {
  const Instant until = now() + duration;
  co_await io::sleep_until(node_.surface().timers, until);
}

io::Task<std::optional<ErrorCode>> OffsetClient::commit(Committer committer, Positions positions) {
  constexpr int16_t version_max = 10;
  constexpr int16_t first_version_with_ids = 10;
  constexpr int16_t last_version_with_retention = 4;
  const auto version = static_cast<int16_t>(
      prng_.between(committer.version_min, committer.retention_ms ? last_version_with_retention : version_max));
  Instant expires = Instant::never();
  if (committer.retention_ms.has_value()) expires = now() + milliseconds(*committer.retention_ms);
  wire::OffsetCommitRequest request;
  request.group_id = committer.group;
  request.generation_id_or_member_epoch = committer.epoch;
  request.member_id = committer.member_id;
  if (version >= 7 && committer.instance_id.has_value()) request.group_instance_id = *committer.instance_id;
  if (committer.retention_ms.has_value()) request.retention_time_ms = *committer.retention_ms;
  std::map<uint32_t, uint64_t> tokens;
  std::vector<std::string> texts;
  texts.reserve(positions.size());
  for (const auto& [number, offset] : positions) {
    const PartitionName& place = groups_.partition(number);
    const uint64_t token =
        groups_.shadow.commit_begins(committer.group, number, offset, committer.must_be_refused, expires);
    tokens.emplace(number, token);
    texts.push_back(GroupShadow::metadata_of(token));
    auto& topic = request.topics.emplace_back();
    if (version < first_version_with_ids) topic.name = place.topic;
    if (version >= first_version_with_ids) topic.topic_id = place.topic_id;
    auto& partition = topic.partitions.emplace_back();
    partition.partition_index = place.index;
    partition.committed_offset = offset;
    partition.committed_metadata = texts.back();
  }
  const client::SendOptions options{.version_max = version, .version_min = version};
  Result<client::Reply<wire::OffsetCommitResponse>> reply =
      co_await client_->send<wire::OffsetCommitRequest, wire::OffsetCommitResponse>(client::any_node, request, options);
  if (!reply.ok()) {
    groups_.run.count("commits without an answer");
    co_return std::nullopt;
  }
  ErrorCode first = ErrorCode::none;
  for (const auto& topic : reply->message.topics) {
    for (const auto& partition : topic.partitions) {
      const auto error = static_cast<ErrorCode>(partition.error_code);
      const std::optional<uint32_t> number = version >= first_version_with_ids
                                                 ? groups_.number_of(topic.topic_id, partition.partition_index)
                                                 : groups_.number_of(topic.name, partition.partition_index);
      if (!number.has_value() || !tokens.contains(*number)) {
        groups_.shadow.violate("an OffsetCommit response with a partition that was not asked for");
        co_return std::nullopt;
      }
      groups_.run.count_error(partition.error_code);
      groups_.shadow.answered(tokens[*number], error);
      tokens.erase(*number);
      if (error == ErrorCode::none) ++groups_.run.operations;
      if (first == ErrorCode::none) first = error;
    }
  }
  if (!tokens.empty()) groups_.shadow.violate("an OffsetCommit response without a partition that was asked for");
  co_return first;
}

bool OffsetClient::take_fetched(const std::string& group, Tick begun, std::string_view topic, const Uuid* id,
                                PartitionIndex index, int16_t error, Offset offset, std::string_view metadata,
                                Positions& into) {
  groups_.run.count_error(error);
  if (error != 0) return false;
  const std::optional<uint32_t> number =
      id != nullptr ? groups_.number_of(*id, index) : groups_.number_of(topic, index);
  if (!number.has_value()) {
    groups_.shadow.violate("an OffsetFetch response with a partition that was not asked for");
    return false;
  }
  groups_.shadow.read(begun, group, *number, offset, metadata, now(), "was fetched");
  into[*number] = offset;
  return true;
}

io::Task<std::optional<ErrorCode>> OffsetClient::fetch(Committer committer, PartitionSet partitions, Positions& into) {
  constexpr int16_t first_version_with_groups = 8;
  constexpr int16_t first_version_with_epochs = 9;
  constexpr int16_t first_version_with_ids = 10;
  const auto version = static_cast<int16_t>(prng_.between(std::max<int16_t>(committer.version_min, 1), 10));
  const bool by_id = version >= first_version_with_ids;
  wire::OffsetFetchRequest request;
  if (version >= 7) request.require_stable = prng_.chance(1, 2);
  if (version >= first_version_with_groups) {
    auto& group = request.groups.emplace_back();
    group.group_id = committer.group;
    if (version >= first_version_with_epochs && committer.epoch > 0 && committer.version_min >= 9) {
      group.member_id = committer.member_id;
      group.member_epoch = committer.epoch;
    }
    for (const uint32_t number : partitions) {
      const PartitionName& place = groups_.partition(number);
      auto& topic = group.topics->emplace_back();
      if (!by_id) topic.name = place.topic;
      if (by_id) topic.topic_id = place.topic_id;
      topic.partition_indexes.push_back(place.index);
    }
  } else {
    request.group_id = committer.group;
    for (const uint32_t number : partitions) {
      const PartitionName& place = groups_.partition(number);
      request.topics->push_back({.name = place.topic, .partition_indexes = {place.index}});
    }
  }
  const Tick begun = groups_.shadow.read_begins();
  const client::SendOptions options{.version_max = version, .version_min = version};
  Result<client::Reply<wire::OffsetFetchResponse>> reply =
      co_await client_->send<wire::OffsetFetchRequest, wire::OffsetFetchResponse>(client::any_node, request, options);
  if (!reply.ok()) co_return std::nullopt;
  const wire::OffsetFetchResponse& response = reply->message;
  ErrorCode error = static_cast<ErrorCode>(response.error_code);
  if (version >= first_version_with_groups) {
    if (response.groups.size() != 1) {
      groups_.shadow.violate("an OffsetFetch response without its group");
      co_return std::nullopt;
    }
    error = static_cast<ErrorCode>(response.groups[0].error_code);
  }
  groups_.run.count_error(code_of(error));
  if (error != ErrorCode::none) co_return error;
  bool well = true;
  if (version >= first_version_with_groups) {
    for (const auto& topic : response.groups[0].topics) {
      for (const auto& p : topic.partitions) {
        well &= take_fetched(committer.group, begun, topic.name, by_id ? &topic.topic_id : nullptr, p.partition_index,
                             p.error_code, p.committed_offset, p.metadata.value_or(""), into);
      }
    }
  } else {
    for (const auto& topic : response.topics) {
      for (const auto& p : topic.partitions) {
        well &= take_fetched(committer.group, begun, topic.name, nullptr, p.partition_index, p.error_code,
                             p.committed_offset, p.metadata.value_or(""), into);
      }
    }
  }
  if (!well) co_return ErrorCode::coordinator_not_available;  // as an error of one partition: to be asked again
  groups_.run.count("offset fetches");
  co_return ErrorCode::none;
}

// GroupMember
// -------------------------------------------------------------------------------------------------------------

GroupMember::GroupMember(GroupContext& groups, const GroupPlan& plan, uint32_t number)
    : groups_(groups),
      plan_(plan),
      node_(groups.run.world.node(fmt::format("{}-{}", plan.name, number))),
      offsets_(groups, node_, groups.run.world.prng().split()),
      prng_(groups.run.world.prng().split()),
      reader_(groups.run, node_) {
  if (number < plan.static_members) instance_id_ = fmt::format("{}-instance-{}", plan.name, number);
  for (uint32_t p = 0; p < groups.run.partitions.size(); ++p) {
    const std::string& topic = groups.run.partitions[p].topic;
    if (std::find(plan.topics.begin(), plan.topics.end(), topic) != plan.topics.end()) wanted_.insert(p);
  }
  topics_ = plan.topics;
}

std::string GroupMember::describe() const {
  return fmt::format("{} {}{} epoch {} [{}]", node_.name(), joined_ ? "" : "not joined ",
                     settled_ ? "settled" : "unsettled", epoch_, fmt::join(owned_, " "));
}

void GroupMember::forget() {
  joined_ = false;
  settled_ = false;
  owned_.clear();
  positions_.clear();
}

void GroupMember::unexpected(const char* what, ErrorCode error) {
  groups_.shadow.violate(fmt::format("{} of {} was answered {}", what, node_.name(), wire::name_of(error)));
}

io::Task<void> GroupMember::fetch_positions(PartitionSet fresh) {
  for (int attempt = 0; attempt < 5 && !fresh.empty() && joined_; ++attempt) {
    Positions found;
    const OffsetClient::Committer who = committer();
    const std::optional<ErrorCode> error = co_await offsets_.fetch(who, fresh, found);
    if (error == ErrorCode::none) {
      for (const auto& [number, offset] : found) {
        if (owned_.contains(number)) positions_[number] = std::max<Offset>(offset, 0);
      }
      co_return;
    }
    if (error == ErrorCode::unknown_member_id || error == ErrorCode::stale_member_epoch) co_return;
    if (error.has_value() && !coordinator_away(*error) && *error != ErrorCode::unstable_offset_commit) {
      unexpected("an OffsetFetch", *error);
    }
    const Duration pause = milliseconds(prng_.between(10, 200));
    co_await offsets_.rest(pause);
  }
}

Positions GroupMember::some_positions(bool all) {
  Positions some;
  for (const auto& [number, offset] : positions_) {
    if (owned_.contains(number) && (all || prng_.chance(1, 2))) some.emplace(number, offset);
  }
  // A partition that nobody subscribes to, whose offset the administrator deletes at times.
  if (!all && prng_.chance(1, 6)) some.emplace(groups_.side_number(), static_cast<Offset>(prng_.below(1'000)));
  return some;
}

/// Whether a commit of `who` must be refused, though `who` may not know.
bool GroupMember::is_fenced(const OffsetClient::Committer& who) const {
  switch (plan_.kind) {
    case GroupKind::eager:
    case GroupKind::cooperative:
      return who.epoch < groups_.shadow.floor(plan_.name);
    case GroupKind::consumer:
      return groups_.shadow.fenced(plan_.name, who.member_id);
    case GroupKind::mixed:
      return false;  // epochs and generations, soft and durable, by turns
  }
  return false;
}

/// The zombie: a commit under a name, or of an epoch, that was this process's before.
io::Task<void> GroupMember::commit_stale() {
  OffsetClient::Committer who = former_->first;
  who.must_be_refused = is_fenced(who);
  if (who.must_be_refused) groups_.run.count("commits of fenced members");
  const Positions positions = former_->second;
  co_await offsets_.commit(who, positions);
}

io::Task<void> GroupMember::work() {
  if (!positions_.empty() && prng_.chance(1, 2)) {
    auto entry = positions_.begin();
    std::advance(entry, static_cast<int64_t>(prng_.below(positions_.size())));
    const uint32_t number = entry->first;
    const Offset from = entry->second;
    const Offset next = co_await reader_.consume(number, from);
    if (positions_.contains(number)) positions_[number] = next;
  }
  if (joined_ && prng_.chance(1, 2)) {
    const Positions some = some_positions(false);
    if (!some.empty()) {
      OffsetClient::Committer who = committer();
      who.must_be_refused = is_fenced(who);
      const std::optional<ErrorCode> error = co_await offsets_.commit(who, some);
      if (error.has_value() && *error != ErrorCode::none && !refuses(*error) && !coordinator_away(*error)) {
        unexpected("an OffsetCommit", *error);
      }
    }
  }
  if (former_.has_value() && prng_.chance(1, 8)) {
    co_await commit_stale();
    former_.reset();
  }
}

io::Task<void> GroupMember::end() {
  former_.emplace(committer(), positions_);
  if (former_->second.empty()) former_.reset();
  const uint64_t manner = prng_.below(4);
  if (manner == 0) {
    groups_.run.count("members that slept");
    const int64_t session = plan_.session.milliseconds();
    const Duration sleep = milliseconds(prng_.between(session / 2, session * 5 / 2));
    co_await offsets_.rest(sleep);
    // Awake, it does not know: it commits, and goes on.
    if (former_.has_value() && prng_.chance(1, 2)) {
      co_await commit_stale();
    }
    co_return;
  }
  if (manner == 1) {
    groups_.run.count("members that left");
    co_await leave();
  } else {
    groups_.run.count("members that crashed");
  }
  forget();
  member_id_.clear();
  epoch_ = -1;
  offsets_.close();
  const Duration away = milliseconds(prng_.between(1, 2'000));
  co_await offsets_.rest(away);
}

io::Task<void> GroupMember::live() {
  const Instant until = offsets_.now() + milliseconds(prng_.between(500, 12'000));
  offsets_.open();
  bool left = false;
  while (!stopping() && (groups_.calm || offsets_.now() < until)) {
    if (groups_.calm && joined_ && may_leave_a_hole() && !left) {
      // A static member that crashed between giving partitions up and asking for the rebalance that hands them on came
      // back without one: nobody has them, in Kafka too. Leaving brings it about.
      left = true;
      co_await leave();
      forget();
      member_id_.clear();
    } else if (joined_) {
      co_await beat();
      if (joined_) {
        co_await work();
      }
    } else {
      co_await join();
    }
    const int64_t beat_ms = plan_.heartbeat.milliseconds();
    const Duration pause = milliseconds(prng_.between(beat_ms / 3, beat_ms));
    co_await offsets_.rest(pause);
  }
}

io::Task<void> GroupMember::run() {
  const Duration first = milliseconds(prng_.between(0, 1'500));
  co_await offsets_.rest(first);
  while (!stopping()) {
    co_await live();
    if (!stopping()) {
      co_await end();
    }
  }
  if (joined_ && prng_.chance(1, 2)) {
    co_await leave();
  }
  offsets_.close();
  done_ = true;
}

}  // namespace moldau::sim
