// XXH3, 64 bits, seed 0 (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md): the hash that Kafka keeps of the
// topics of a consumer group.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace moldau::group::consumer {

/// The XXH3-64 of `bytes` with seed 0.
uint64_t xxh3_64(std::span<const std::byte> bytes);

}  // namespace moldau::group::consumer
