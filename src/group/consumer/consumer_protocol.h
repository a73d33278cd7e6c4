// The consumer protocol embedded in the classic group protocol: what a consumer says of itself in JoinGroup
// (ConsumerProtocolSubscription) and is told in SyncGroup (ConsumerProtocolAssignment), versions 0-3. The broker reads
// it when a group crosses between the protocols (KIP-848), and to know what a classic group subscribes to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace moldau::group::consumer {

inline constexpr int16_t consumer_protocol_version_max = 3;

struct ConsumerTopic {
  std::string_view topic;
  std::vector<PartitionIndex> partitions;
};

/// Views the bytes that it was read from.
struct ConsumerSubscription {
  int16_t version = 0;
  std::vector<std::string_view> topics;
  std::vector<ConsumerTopic> owned;      ///< v1+
  int32_t generation = -1;               ///< v2+
  std::optional<std::string_view> rack;  ///< v3+
};

struct ConsumerAssignment {
  std::vector<ConsumerTopic> assigned;
  bool has_user_data = false;  ///< more than no bytes of it: a client-side assignor's own state
};

/// Reads a subscription; nothing if it is malformed. A later version than we know is read as the last that we do.
std::optional<ConsumerSubscription> read_subscription(std::span<const std::byte> bytes);
std::optional<ConsumerAssignment> read_assignment(std::span<const std::byte> bytes);

/// The version that begins both kinds; nothing if there is none.
std::optional<int16_t> read_consumer_version(std::span<const std::byte> bytes);

/// Writes an assignment without user data in `version`, or in the last that we know.
std::vector<std::byte> write_assignment(const std::vector<ConsumerTopic>& assigned, int16_t version);

}  // namespace moldau::group::consumer
