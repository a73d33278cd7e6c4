// The range assignor: each member takes the next partitions of every topic that it subscribes to.
#include <algorithm>
#include <numeric>

#include "group/consumer/assignors.h"

namespace moldau::group::consumer {
namespace {

/// What is left of one topic while members take their ranges in turn.
struct Remaining {
  int32_t quota = 0;  ///< partitions for each subscriber
  int32_t extra = 0;  ///< subscribers that get one more, from the first on
  int32_t next = 0;   ///< first partition not yet given
};

/// The place of a byte of UTF-8 in the order of UTF-16: lead bytes of four-byte sequences become surrogates, which come
/// between 0xED (up to U+D7FF) and 0xEE (from U+E000).
int utf16_rank(uint8_t byte) {
  if (byte >= 0xF0) return 2 * 0xED + 1;
  return 2 * byte;
}

bool by_instance_then_member(const AssignorMember& a, const AssignorMember& b) {
  if (a.instance_id && b.instance_id) return java_less(*a.instance_id, *b.instance_id);
  if (a.instance_id || b.instance_id) return a.instance_id.has_value();
  return java_less(a.member_id, b.member_id);
}

}  // namespace

bool java_less(std::string_view a, std::string_view b) {
  const auto [at_a, at_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (at_a == a.end() || at_b == b.end()) return at_a == a.end() && at_b != b.end();
  const auto byte_a = static_cast<uint8_t>(*at_a);
  const auto byte_b = static_cast<uint8_t>(*at_b);
  const int rank_a = utf16_rank(byte_a);
  const int rank_b = utf16_rank(byte_b);
  return rank_a != rank_b ? rank_a < rank_b : byte_a < byte_b;
}

bool java_less(const Uuid& a, const Uuid& b) {
  // Signed: flipping the sign bit of each half makes the order that of unsigned bytes.
  Uuid flipped_a = a;
  Uuid flipped_b = b;
  for (const size_t high : {size_t{0}, size_t{8}}) {
    flipped_a.bytes[high] ^= 0x80;
    flipped_b.bytes[high] ^= 0x80;
  }
  return flipped_a < flipped_b;
}

std::vector<Assignment> assign_range(const AssignorInput& input) {
  std::vector<int32_t> subscribers(input.topics.size(), 0);
  for (const AssignorMember& member : input.members) {
    for (const uint32_t topic : member.topics) ++subscribers[topic];
  }
  std::vector<Remaining> remaining(input.topics.size());
  for (size_t i = 0; i < input.topics.size(); ++i) {
    if (subscribers[i] == 0) continue;
    remaining[i].quota = input.topics[i].partitions / subscribers[i];
    remaining[i].extra = input.topics[i].partitions % subscribers[i];
  }

  std::vector<size_t> order(input.members.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const AssignorMember& left = input.members[a];
    const AssignorMember& right = input.members[b];
    if (by_instance_then_member(left, right)) return true;
    return !by_instance_then_member(right, left) && a < b;
  });

  std::vector<Assignment> result(input.members.size());
  for (const size_t index : order) {
    for (const uint32_t topic : input.members[index].topics) {
      Remaining& left = remaining[topic];
      int32_t count = left.quota;
      if (left.extra > 0) {
        ++count;
        --left.extra;
      }
      if (count == 0) continue;
      AssignedTopic& into =
          result[index].emplace_back(AssignedTopic{.topic_id = input.topics[topic].id, .partitions = {}});
      into.partitions.resize(static_cast<size_t>(count));
      std::iota(into.partitions.begin(), into.partitions.end(), left.next);
      left.next += count;
    }
    std::sort(result[index].begin(), result[index].end(),
              [](const AssignedTopic& a, const AssignedTopic& b) { return a.topic_id < b.topic_id; });
  }
  return result;
}

AssignorFunction find_assignor(std::string_view name) {
  if (name == "uniform") return assign_uniform;
  if (name == "range") return assign_range;
  return nullptr;
}

}  // namespace moldau::group::consumer
