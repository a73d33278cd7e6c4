// TopicHashes: a number for each topic that changes with what an assignment depends on (its id, its name, the number of
// its partitions, the racks of their replicas), and for a set of topics. Kafka 4.1+ keeps the latter in a consumer
// group's epoch record and compares it to see whether the group must be assigned anew, so ours are the same numbers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "metadata/image.h"

namespace moldau::group::consumer {

/// The hash of one topic (Kafka's Utils.computeTopicHash).
int64_t hash_of(const metadata::TopicImage& topic, const metadata::Image& image);

/// The hash of several topics' hashes, given in the order of the topics' names; 0 for none.
int64_t combined_hash(std::span<const int64_t> hashes);

/// Hashes of the topics of one image, each made once. Costs memory for the topics that consumer groups subscribe to.
class TopicHashes {
 public:
  /// The hash of the topic `name` in `image`; nothing if it has no such topic. An image other than that of the last
  /// call begins anew.
  std::optional<int64_t> find(const metadata::Image& image, std::string_view name);

 private:
  std::map<std::string, std::optional<int64_t>, std::less<>> known_;
  Offset image_offset_ = no_offset;
};

}  // namespace moldau::group::consumer
