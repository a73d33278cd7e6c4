#include "group/consumer/target.h"

#include <algorithm>
#include <map>

#include "base/assert.h"
#include "group/consumer/assignors.h"
#include "group/consumer/record_builder.h"

namespace moldau::group::consumer {
namespace {

/// Members and topics as an assignor takes them; owns what its spans point to.
class AssignorRequest {
 public:
  AssignorRequest(const ConsumerGroup& group, const metadata::Image& image) : group_(group), image_(image) {}

  void add(const Member& member, const Assignment& previous) {
    AssignorMember& into = members_.emplace_back();
    into.member_id = member.id;
    if (member.instance_id) into.instance_id = *member.instance_id;
    into.previous = &previous;
    subscriptions_.push_back(&member);
  }

  std::vector<Assignment> run(AssignorFunction assignor, bool homogeneous) {
    name_topics();
    // Members that subscribe to the same share one list of indexes.
    std::map<std::pair<const std::vector<std::string>*, const ResolvedRegex*>, size_t, Same> lists;
    std::vector<size_t> list_of(members_.size(), 0);
    for (size_t i = 0; i < members_.size(); ++i) {
      const Member& member = homogeneous ? *subscriptions_.front() : *subscriptions_[i];
      const auto key = std::pair{&member.topics, resolved(member)};
      const auto [entry, fresh] = lists.try_emplace(key, indexes_.size());
      if (fresh) indexes_.push_back(indexes_of(member));
      list_of[i] = entry->second;
    }
    for (size_t i = 0; i < members_.size(); ++i) members_[i].topics = indexes_[list_of[i]];
    return assignor({.topics = topics_, .members = members_, .homogeneous = homogeneous});
  }

 private:
  struct Same {
    bool operator()(const std::pair<const std::vector<std::string>*, const ResolvedRegex*>& a,
                    const std::pair<const std::vector<std::string>*, const ResolvedRegex*>& b) const {
      if (a.second != b.second) return std::less<>()(a.second, b.second);
      return a.first != b.first && *a.first < *b.first;
    }
  };

  const ResolvedRegex* resolved(const Member& member) const {
    return member.has_regex() ? group_.resolved(*member.regex) : nullptr;
  }

  void name_topic(const std::string& name) {
    const auto [entry, fresh] = index_of_.try_emplace(name, no_index);
    if (!fresh) return;
    const metadata::TopicImage* topic = image_.topic(name);
    if (topic == nullptr) return;
    entry->second = static_cast<uint32_t>(topics_.size());
    topics_.push_back({.id = topic->id, .partitions = static_cast<int32_t>(topic->partitions.size())});
  }

  /// All topics that exist and that some member subscribes to, in the order of their ids.
  void name_topics() {
    const std::vector<std::string>* last = nullptr;
    for (const Member* member : subscriptions_) {
      if (last == nullptr || *last != member->topics) {
        for (const std::string& name : member->topics) name_topic(name);
        last = &member->topics;
      }
      if (const ResolvedRegex* regex = resolved(*member)) {
        for (const std::string& name : regex->topics) name_topic(name);
      }
    }
    std::vector<AssignorTopic> sorted = topics_;
    std::sort(sorted.begin(), sorted.end(), [](const AssignorTopic& a, const AssignorTopic& b) { return a.id < b.id; });
    for (auto& [name, index] : index_of_) {
      if (index == no_index) continue;
      const auto at = std::lower_bound(sorted.begin(), sorted.end(), topics_[index].id,
                                       [](const AssignorTopic& a, const Uuid& b) { return a.id < b; });
      index = static_cast<uint32_t>(at - sorted.begin());
    }
    topics_ = std::move(sorted);
  }

  std::vector<uint32_t> indexes_of(const Member& member) const {
    std::vector<uint32_t> result;
    const auto add_names = [&](const std::vector<std::string>& names) {
      for (const std::string& name : names) {
        const uint32_t index = index_of_.find(name)->second;
        if (index != no_index) result.push_back(index);
      }
    };
    add_names(member.topics);
    if (const ResolvedRegex* regex = resolved(member)) add_names(regex->topics);
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
  }

  static constexpr uint32_t no_index = UINT32_MAX;

  const ConsumerGroup& group_;
  const metadata::Image& image_;
  std::vector<AssignorMember> members_;
  std::vector<const Member*> subscriptions_;
  std::vector<AssignorTopic> topics_;
  std::map<std::string, uint32_t, std::less<>> index_of_;
  std::vector<std::vector<uint32_t>> indexes_;
};

}  // namespace

Subscriptions Subscriptions::with(const ConsumerGroup& group, const Member* before, const Member& updated) {
  Subscriptions result{.topics = group.subscribed_topics(), .regexes = group.regexes()};
  if (before != nullptr) add_counts(result.topics, before->topics, -1, &SubscriptionCount::by_name);
  add_counts(result.topics, updated.topics, 1, &SubscriptionCount::by_name);
  const bool same_regex = before != nullptr && before->regex == updated.regex;
  if (before != nullptr && before->has_regex() && !same_regex) {
    add_count(result.regexes, *before->regex, -1);
    // Its last subscriber: what it stood for goes with it.
    const ResolvedRegex* resolved = group.resolved(*before->regex);
    if (resolved != nullptr && group.regex_members(*before->regex) == 1) {
      add_counts(result.topics, resolved->topics, -1, &SubscriptionCount::by_regex);
    }
  }
  if (updated.has_regex() && !same_regex) add_count(result.regexes, *updated.regex, 1);
  return result;
}

bool is_homogeneous(const Counts& regexes, const SubscriptionCounts& topics, size_t member_count) {
  if (regexes.empty()) {
    return std::all_of(topics.begin(), topics.end(), [&](const auto& topic) {
      return static_cast<size_t>(std::max(topic.second.by_name, 0)) == member_count;
    });
  }
  if (static_cast<size_t>(regexes.begin()->second) != member_count) return false;
  return std::all_of(topics.begin(), topics.end(),
                     [](const auto& topic) { return topic.second.by_regex == 1 && topic.second.by_name <= 0; });
}

int64_t metadata_hash(const SubscriptionCounts& topics, const Context& context) {
  std::vector<int64_t> hashes;
  hashes.reserve(topics.size());
  for (const auto& [name, count] : topics) {
    if (const auto hash = context.hashes.find(context.image, name)) hashes.push_back(*hash);
  }
  return combined_hash(hashes);
}

bool may_compute_target(const ConsumerGroup& group, const Context& context) {
  const int32_t interval = context.settings.assignment_interval_ms;
  if (group.assignment_timestamp() == 0 || interval == 0) return true;
  return context.wall - interval >= group.assignment_timestamp();
}

Target compute_target(const ConsumerGroup& group, Epoch epoch, const Member* before, const Member& updated,
                      bool homogeneous, const Context& context, std::vector<coordinator::Record>& records) {
  Counts wanted = group.assignors();
  if (before != nullptr && before->assignor) add_count(wanted, *before->assignor, -1);
  if (updated.assignor) add_count(wanted, *updated.assignor, 1);
  const std::string assignor = ConsumerGroup::most_wanted(wanted).value_or(context.settings.assignors.front());
  AssignorFunction function = find_assignor(assignor);
  // A log written with an assignor that this broker does not have: its default serves.
  if (function == nullptr) function = find_assignor(context.settings.assignors.front());
  ASSERT(function != nullptr);

  const Member* replaced = updated.instance_id ? group.find_static(*updated.instance_id) : nullptr;
  if (replaced != nullptr && replaced->id == updated.id) replaced = nullptr;

  AssignorRequest request(group, context.image);
  std::vector<const Member*> members;
  const auto add_updated = [&] {
    members.push_back(&updated);
    request.add(updated, group.target(replaced != nullptr ? replaced->id : updated.id));
  };
  bool added = false;
  for (const auto& [id, member] : group.members()) {
    if (!added && id >= updated.id) {
      add_updated();
      added = true;
    }
    if (id == updated.id || &member == replaced) continue;
    members.push_back(&member);
    request.add(member, group.target(id));
  }
  if (!added) add_updated();

  const std::vector<Assignment> targets = request.run(function, homogeneous);
  Target result{.epoch = epoch, .assignment = {}};
  for (size_t i = 0; i < members.size(); ++i) {
    const auto old = group.targets().find(members[i]->id);
    if (old == group.targets().end() || old->second != targets[i]) {
      records.push_back(target_record(group.id(), members[i]->id, targets[i]));
    }
    if (members[i] == &updated) result.assignment = targets[i];
  }
  records.push_back(target_epoch_record(group.id(), epoch, context.wall));
  return result;
}

}  // namespace moldau::group::consumer
