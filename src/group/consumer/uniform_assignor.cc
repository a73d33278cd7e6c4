// The uniform assignor. Homogeneous groups: each member keeps up to its quota of what it had, and those below their
// quota are filled with what is free. Heterogeneous groups: what is free goes to the least loaded subscriber, topic by
// topic in order of partitions per subscriber, and then topics are balanced one after the other until a whole round
// moves nothing, or rounds_max.

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "group/consumer/assignors.h"

namespace moldau::group::consumer {
namespace {

constexpr int rounds_max = 16;
constexpr uint32_t nobody = std::numeric_limits<uint32_t>::max();

/// A partition by the index of its topic.
struct Slot {
  uint32_t topic = 0;
  PartitionIndex partition = 0;
};

/// What both kinds need to know of the topics: their partitions as one row of numbers, and the way back from ids.
class Partitions {
 public:
  explicit Partitions(std::span<const AssignorTopic> topics) : topics_(topics) {
    first_.reserve(topics.size() + 1);
    by_id_.reserve(topics.size());
    size_t total = 0;
    for (uint32_t i = 0; i < topics.size(); ++i) {
      first_.push_back(total);
      total += static_cast<size_t>(topics[i].partitions);
      by_id_.emplace(topics[i].id, i);
    }
    first_.push_back(total);
  }
  size_t total() const { return first_.back(); }
  size_t number_of(const Slot& slot) const { return first_[slot.topic] + static_cast<size_t>(slot.partition); }
  bool exists(const Slot& slot) const { return slot.partition >= 0 && slot.partition < topics_[slot.topic].partitions; }
  const AssignorTopic& topic(uint32_t index) const { return topics_[index]; }
  /// The index of a topic; `nobody` if it is not among them.
  uint32_t find(const Uuid& id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nobody : found->second;
  }

 private:
  std::span<const AssignorTopic> topics_;
  std::vector<size_t> first_;
  std::unordered_map<Uuid, uint32_t> by_id_;
};

bool subscribes(const AssignorMember& member, uint32_t topic) {
  return std::binary_search(member.topics.begin(), member.topics.end(), topic);
}

/// What each member had and may keep, in the order of its previous assignment: of topics that it still subscribes to,
/// partitions that exist, each with its first owner only.
std::vector<std::vector<Slot>> kept_slots(const AssignorInput& input, const Partitions& partitions,
                                          std::vector<uint32_t>& owners) {
  std::vector<std::vector<Slot>> kept(input.members.size());
  owners.assign(partitions.total(), nobody);
  for (uint32_t index = 0; index < input.members.size(); ++index) {
    const AssignorMember& member = input.members[index];
    if (member.previous == nullptr) continue;
    for (const AssignedTopic& assigned : *member.previous) {
      const uint32_t topic = partitions.find(assigned.topic_id);
      if (topic == nobody || !subscribes(member, topic)) continue;
      for (const PartitionIndex partition : assigned.partitions) {
        const Slot slot{topic, partition};
        if (!partitions.exists(slot) || owners[partitions.number_of(slot)] != nobody) continue;
        owners[partitions.number_of(slot)] = index;
        kept[index].push_back(slot);
      }
    }
  }
  return kept;
}

Assignment to_assignment(std::vector<Slot>& slots, const Partitions& partitions) {
  std::sort(slots.begin(), slots.end(), [&](const Slot& a, const Slot& b) {
    return a.topic != b.topic ? partitions.topic(a.topic).id < partitions.topic(b.topic).id : a.partition < b.partition;
  });
  Assignment result;
  uint32_t last = nobody;
  for (const Slot& slot : slots) {
    if (slot.topic != last) {
      result.emplace_back(AssignedTopic{.topic_id = partitions.topic(slot.topic).id, .partitions = {}});
      last = slot.topic;
    }
    result.back().partitions.push_back(slot.partition);
  }
  return result;
}

std::vector<Assignment> assign_homogeneous(const AssignorInput& input) {
  std::vector<Assignment> result(input.members.size());
  const std::span<const uint32_t> subscribed = input.members.front().topics;
  if (subscribed.empty()) return result;

  const Partitions partitions(input.topics);
  std::vector<uint32_t> owners;
  std::vector<std::vector<Slot>> slots = kept_slots(input, partitions, owners);

  std::vector<Slot> free;
  size_t total = 0;
  for (const uint32_t topic : subscribed) {
    const int32_t count = partitions.topic(topic).partitions;
    total += static_cast<size_t>(count);
    for (PartitionIndex partition = 0; partition < count; ++partition) {
      const Slot slot{topic, partition};
      if (owners[partitions.number_of(slot)] == nobody) free.push_back(slot);
    }
  }

  // How many each member lacks. The extra partitions of an uneven division go to members that can use them: one that
  // has fewer gives its extra up while enough members follow.
  const size_t members = input.members.size();
  const size_t quota_min = total / members;
  size_t extras = total % members;
  std::vector<size_t> lacking(members, 0);
  for (size_t index = 0; index < members; ++index) {
    size_t quota = quota_min + (extras > 0 ? 1 : 0);
    bool has_extra = extras > 0;
    const size_t keep = std::min(quota, slots[index].size());
    // What is over the quota is free from here on, in the order in which it stood.
    free.insert(free.end(), slots[index].begin() + static_cast<std::ptrdiff_t>(keep), slots[index].end());
    slots[index].resize(keep);
    quota -= keep;
    if (quota > 0 && has_extra && members - index > extras) {
      --quota;
      has_extra = false;
    }
    lacking[index] = quota;
    if (has_extra) --extras;
  }

  size_t next = 0;
  for (size_t index = 0; index < members; ++index) {
    const size_t count = std::min(lacking[index], free.size() - next);
    for (size_t i = 0; i < count; ++i) slots[index].push_back(free[next++]);
    result[index] = to_assignment(slots[index], partitions);
  }
  return result;
}

/// Hands out the least and most loaded of some members while their loads change by what the caller moves: loads of the
/// least loaded are taken to grow by one with each call, round by round, and of the most loaded to shrink.
class Loads {
 public:
  explicit Loads(const std::vector<int32_t>& loads) : loads_(loads) {}

  /// Starts with these members; false (and nothing is sorted) when their loads differ by one at most and `only_uneven`.
  bool start(const std::vector<uint32_t>& members, bool only_uneven) {
    if (only_uneven) {
      const auto [least, most] = std::minmax_element(members.begin(), members.end(),
                                                     [&](uint32_t a, uint32_t b) { return loads_[a] < loads_[b]; });
      if (loads_[*most] - loads_[*least] <= 1) return false;
    }
    order_ = members;
    std::sort(order_.begin(), order_.end(),
              [&](uint32_t a, uint32_t b) { return loads_[a] != loads_[b] ? loads_[a] < loads_[b] : a < b; });
    low_end_ = 0;
    low_load_ = loads_[order_.front()] - 1;
    low_next_ = 0;
    high_start_ = high_end_ = order_.size();
    high_load_ = loads_[order_.back()] + 1;
    high_next_ = static_cast<std::ptrdiff_t>(order_.size()) - 1;
    return true;
  }

  uint32_t next_least() {
    if (low_next_ >= low_end_) {
      // All at this load had one: the next round is one higher, and those that were at that load join.
      ++low_load_;
      while (low_end_ < order_.size() && loads_[order_[low_end_]] == low_load_) ++low_end_;
      low_next_ = 0;
    }
    return order_[low_next_++];
  }

  /// `nobody` when none is left.
  uint32_t next_most() {
    if (high_next_ < static_cast<std::ptrdiff_t>(high_start_)) {
      if (high_end_ <= high_start_ && high_start_ > 0) {
        high_load_ = loads_[order_[high_start_ - 1]];  // all above are excluded
      } else {
        --high_load_;
      }
      while (high_start_ > 0 && loads_[order_[high_start_ - 1]] == high_load_) --high_start_;
      high_next_ = static_cast<std::ptrdiff_t>(high_end_) - 1;
    }
    if (high_next_ < 0) return nobody;
    return order_[static_cast<size_t>(high_next_--)];
  }

  /// Takes the member that next_most() gave out last: it has nothing of this topic to give.
  void exclude_last_most() {
    std::swap(order_[static_cast<size_t>(high_next_ + 1)], order_[high_end_ - 1]);
    --high_end_;
  }

  bool even() const { return high_load_ - low_load_ <= 1; }

 private:
  const std::vector<int32_t>& loads_;
  std::vector<uint32_t> order_;
  size_t low_end_ = 0;  // order_[0, low_end_) take part in the round of the least loaded
  int32_t low_load_ = -1;
  size_t low_next_ = 0;
  size_t high_start_ = 0;  // order_[high_start_, high_end_) take part in the round of the most loaded
  size_t high_end_ = 0;
  int32_t high_load_ = 1;
  std::ptrdiff_t high_next_ = -1;
};

class Heterogeneous {
 public:
  explicit Heterogeneous(const AssignorInput& input)
      : input_(input), partitions_(input.topics), subscribers_(input.topics.size()), loads_(input.members.size(), 0) {
    for (uint32_t member = 0; member < input.members.size(); ++member) {
      for (const uint32_t topic : input.members[member].topics) subscribers_[topic].push_back(member);
    }
    for (uint32_t topic = 0; topic < input.topics.size(); ++topic) {
      if (!subscribers_[topic].empty()) order_.push_back(topic);
    }
    std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) { return before(a, b); });
  }

  std::vector<Assignment> assign() {
    std::vector<std::vector<Slot>> slots = kept_slots(input_, partitions_, owners_);
    for (size_t member = 0; member < slots.size(); ++member)
      loads_[member] = static_cast<int32_t>(slots[member].size());
    assign_free();
    balance();

    for (std::vector<Slot>& list : slots) list.clear();
    for (const uint32_t topic : order_) {
      for (PartitionIndex partition = 0; partition < partitions_.topic(topic).partitions; ++partition) {
        const uint32_t owner = owners_[partitions_.number_of({topic, partition})];
        if (owner != nobody) slots[owner].push_back({topic, partition});
      }
    }
    std::vector<Assignment> result;
    result.reserve(slots.size());
    for (std::vector<Slot>& list : slots) result.push_back(to_assignment(list, partitions_));
    return result;
  }

 private:
  /// Topics with more partitions per subscriber come first, then those with fewer subscribers.
  bool before(uint32_t a, uint32_t b) const {
    const double share_a =
        static_cast<double>(partitions_.topic(a).partitions) / static_cast<double>(subscribers_[a].size());
    const double share_b =
        static_cast<double>(partitions_.topic(b).partitions) / static_cast<double>(subscribers_[b].size());
    if (share_a != share_b) return share_a > share_b;
    if (subscribers_[a].size() != subscribers_[b].size()) return subscribers_[a].size() < subscribers_[b].size();
    return java_less(partitions_.topic(a).id, partitions_.topic(b).id);
  }

  void give(const Slot& slot, uint32_t member) {
    uint32_t& owner = owners_[partitions_.number_of(slot)];
    if (owner != nobody) --loads_[owner];
    owner = member;
    ++loads_[member];
  }

  void assign_free() {
    Loads loads(loads_);
    for (const uint32_t topic : order_) {
      bool started = false;
      for (PartitionIndex partition = 0; partition < partitions_.topic(topic).partitions; ++partition) {
        const Slot slot{topic, partition};
        if (owners_[partitions_.number_of(slot)] != nobody) continue;
        if (!started) loads.start(subscribers_[topic], false);
        started = true;
        give(slot, loads.next_least());
      }
    }
  }

  void balance() {
    std::vector<uint32_t> topics;
    for (const uint32_t topic : order_) {
      if (subscribers_[topic].size() >= 2) topics.push_back(topic);
    }
    Loads loads(loads_);
    size_t last_moved = topics.size();
    for (int round = 0; round < rounds_max; ++round) {
      for (size_t i = 0; i < topics.size(); ++i) {
        if (i == last_moved) return;  // a whole round without a move
        if (balance_topic(topics[i], loads) || last_moved == topics.size()) last_moved = i;
      }
    }
  }

  /// Moves partitions of one topic from its most to its least loaded subscribers; true if any moved.
  bool balance_topic(uint32_t topic, Loads& loads) {
    if (!loads.start(subscribers_[topic], true)) return false;
    // The partitions of each subscriber as they stand now, its highest last: what moves in this pass is not moved
    // again.
    const auto count = static_cast<size_t>(partitions_.topic(topic).partitions);
    std::vector<PartitionIndex> by_owner(count);
    std::iota(by_owner.begin(), by_owner.end(), 0);
    const auto owner_of = [&](PartitionIndex partition) { return owners_[partitions_.number_of({topic, partition})]; };
    std::sort(by_owner.begin(), by_owner.end(), [&](PartitionIndex a, PartitionIndex b) {
      return owner_of(a) != owner_of(b) ? owner_of(a) < owner_of(b) : a < b;
    });
    std::unordered_map<uint32_t, std::pair<size_t, size_t>> range_of;
    for (size_t i = 0; i < count; ++i) {
      const auto [entry, fresh] = range_of.try_emplace(owner_of(by_owner[i]), i, i);
      entry->second.second = i + 1;
    }

    bool moved = false;
    while (!loads.even()) {
      const uint32_t giver = loads.next_most();
      if (giver == nobody) break;
      const auto range = range_of.find(giver);
      if (range == range_of.end() || range->second.first == range->second.second) {
        loads.exclude_last_most();
        continue;
      }
      const PartitionIndex partition = by_owner[--range->second.second];
      const uint32_t taker = loads.next_least();
      if (loads.even()) break;
      give({topic, partition}, taker);
      moved = true;
    }
    return moved;
  }

  const AssignorInput& input_;
  Partitions partitions_;
  std::vector<std::vector<uint32_t>> subscribers_;  // by topic: members, ascending
  std::vector<int32_t> loads_;                      // by member: partitions that it has
  std::vector<uint32_t> owners_;                    // by partition number
  std::vector<uint32_t> order_;  // topics with subscribers, in the order in which they are dealt with
};

}  // namespace

std::vector<Assignment> assign_uniform(const AssignorInput& input) {
  if (input.members.empty()) return {};
  if (input.homogeneous) return assign_homogeneous(input);
  return Heterogeneous(input).assign();
}

}  // namespace moldau::group::consumer
