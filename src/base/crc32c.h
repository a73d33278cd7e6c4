// CRC-32C (Castagnoli), the checksum of record batches and producer snapshots (RFC 3720, appendix B.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace moldau {

/// The CRC-32C of `bytes`. `previous` continues a checksum: crc32c(b, crc32c(a)) is that of a followed by b.
/// Picks the fastest instruction set of this CPU at the first call (VPCLMULQDQ, SSE4.2, or a table).
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t previous = 0) noexcept;

/// The portable table implementation, for tests of the others.
uint32_t crc32c_portable(std::span<const std::byte> bytes, uint32_t previous = 0) noexcept;

/// Name of the implementation in use: "vpclmulqdq", "sse4.2" or "table".
const char* crc32c_implementation() noexcept;

}  // namespace moldau
