// The small identifiers that all layers share.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

#include "base/uuid.h"

namespace moldau {

/// A position in a partition's log: the sequence number of a record. Valid offsets are >= 0.
using Offset = int64_t;
inline constexpr Offset no_offset = -1;

/// A broker or controller.
using NodeId = int32_t;
inline constexpr NodeId no_node = -1;

/// A leadership term of a partition or of the metadata quorum.
using Epoch = int32_t;
inline constexpr Epoch no_epoch = -1;

/// A producer of idempotent or transactional records.
using ProducerId = int64_t;
inline constexpr ProducerId no_producer_id = -1;

/// The number of a partition within its topic, from 0.
using PartitionIndex = int32_t;

/// One partition of one topic, by the topic's id.
struct TopicPartitionId {
  Uuid topic_id;
  PartitionIndex partition = 0;

  constexpr auto operator<=>(const TopicPartitionId&) const = default;
};

}  // namespace moldau

template <>
struct std::hash<moldau::TopicPartitionId> {
  size_t operator()(const moldau::TopicPartitionId& id) const noexcept {
    return std::hash<moldau::Uuid>{}(id.topic_id) + static_cast<size_t>(id.partition) * 0x9E3779B97F4A7C15ULL;
  }
};
