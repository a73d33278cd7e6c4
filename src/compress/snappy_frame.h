// The stream format of snappy-java, which Kafka's Java client writes and all clients read: a header of 16 bytes (magic,
// version, oldest compatible version), then blocks, each a big-endian length and that much raw snappy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace moldau::compress {

inline constexpr std::array<std::byte, 8> snappy_frame_magic{std::byte{0x82}, std::byte{'S'}, std::byte{'N'},
                                                             std::byte{'A'},  std::byte{'P'}, std::byte{'P'},
                                                             std::byte{'Y'},  std::byte{0}};
/// The magic's first four bytes as a length: negative, so no block begins so.
inline constexpr auto snappy_frame_magic_head = static_cast<int32_t>(0x82534E41U);
inline constexpr size_t snappy_frame_header_bytes = 16;
inline constexpr int32_t snappy_frame_version = 1;
/// Uncompressed bytes per block, as snappy-java writes.
inline constexpr size_t snappy_frame_block_bytes = size_t{32} << 10;

}  // namespace moldau::compress
