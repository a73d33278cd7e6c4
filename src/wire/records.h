// Records: the batches of one partition inside a Produce, Fetch or FetchSnapshot message. Decoded, they are a view into
// the frame. Encoded, they are either bytes in memory or a part of a file that the connection sends between two parts
// of the encoded message (see encoder.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace moldau::wire {

/// `external_id` of records that are in memory.
inline constexpr uint32_t no_external = UINT32_MAX;

/// A run of record batches. With `external_id` set, `view` is ignored and the encoder leaves a cut for `external_size`
/// bytes.
struct Records {
  std::span<const std::byte> view;
  uint32_t external_size = 0;
  uint32_t external_id = no_external;

  constexpr bool external() const { return external_id != no_external; }
  constexpr size_t size() const { return external() ? external_size : view.size(); }
};

}  // namespace moldau::wire
