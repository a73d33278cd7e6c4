// Assertions that are always on. They guard against bugs of ours; no input from a socket or a file may ever reach one.
#pragma once

namespace moldau {

/// Prints the failed expression with its place to stderr and aborts the process.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace moldau

/// Aborts unless `condition` holds. For invariants of our own code only.
#define ASSERT(condition) \
  (__builtin_expect(!!(condition), 1) ? void(0) : ::moldau::assertion_failed(#condition, __FILE__, __LINE__))

/// Marks a place that no execution reaches.
#define UNREACHABLE() ::moldau::assertion_failed("unreachable", __FILE__, __LINE__)
