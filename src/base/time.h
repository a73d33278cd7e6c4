// Instants and durations of the monotonic clock, and wall time in milliseconds. Pure code receives them as arguments;
// only io/ reads a clock.
#pragma once

#include <compare>
#include <cstdint>

namespace moldau {

/// A span of time in nanoseconds; may be negative. Range: +-292 years.
struct Duration {
  int64_t nanoseconds = 0;

  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration other) const { return {nanoseconds + other.nanoseconds}; }
  constexpr Duration operator-(Duration other) const { return {nanoseconds - other.nanoseconds}; }
  constexpr Duration operator*(int64_t factor) const { return {nanoseconds * factor}; }
  constexpr Duration operator/(int64_t divisor) const { return {nanoseconds / divisor}; }
  constexpr int64_t milliseconds() const { return nanoseconds / 1'000'000; }
  constexpr int64_t microseconds() const { return nanoseconds / 1'000; }
  static constexpr Duration max() { return {INT64_MAX}; }
};

constexpr Duration nanoseconds(int64_t count) {
  return {count};
}
constexpr Duration microseconds(int64_t count) {
  return {count * 1'000};
}

/// `count` milliseconds; saturates where the product does not fit, so that configuration values of INT64_MAX mean
/// "never".
constexpr Duration milliseconds(int64_t count) {
  constexpr int64_t limit = INT64_MAX / 1'000'000;
  return count > limit ? Duration{INT64_MAX} : count < -limit ? Duration{INT64_MIN} : Duration{count * 1'000'000};
}
constexpr Duration seconds(int64_t count) {
  return milliseconds(count > INT64_MAX / 1000 ? INT64_MAX : count * 1000);
}

/// A point of the monotonic clock; only differences mean anything.
struct Instant {
  int64_t nanoseconds = 0;

  constexpr auto operator<=>(const Instant&) const = default;
  /// Saturates: an infinite Duration gives an Instant that never comes.
  constexpr Instant operator+(Duration duration) const {
    int64_t sum = 0;
    if (__builtin_add_overflow(nanoseconds, duration.nanoseconds, &sum)) {
      sum = duration.nanoseconds > 0 ? INT64_MAX : INT64_MIN;
    }
    return {sum};
  }
  constexpr Duration operator-(Instant other) const { return {nanoseconds - other.nanoseconds}; }
  static constexpr Instant never() { return {INT64_MAX}; }
};

/// Wall-clock time in milliseconds since 1970-01-01 UTC, Kafka's timestamp unit.
using WallMillis = int64_t;

/// Kafka's "no timestamp".
inline constexpr WallMillis no_timestamp = -1;

}  // namespace moldau
