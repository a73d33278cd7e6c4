// Which APIs and versions Moldau serves. The table says what may be served; the broker builds a ServedApis from those
// that it has a handler for, checks requests against it, and ApiVersions advertises it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "wire/api_key.h"

namespace moldau::wire {

struct ServedApi {
  ApiKey key;
  int16_t min_version;
  int16_t max_version;
  /// What ApiVersions shows as the lowest version. Below min_version only for Produce: librdkafka uses codecs only with
  /// brokers that claim Produce v0.
  int16_t advertised_min_version;
};

/// All APIs that can be served, ascending by key.
std::span<const ServedApi> servable_apis();

/// The APIs that a broker serves: those that it registered.
class ServedApis {
 public:
  /// REQUIRES: `key` is among servable_apis().
  void add(ApiKey key);

  /// The versions of `key`; null when it is not served.
  const ServedApi* find(ApiKey key) const;
  bool serves(ApiKey key, int16_t version) const;
  /// What was added, ascending by key.
  std::span<const ServedApi> list() const { return list_; }

 private:
  std::vector<ServedApi> list_;
  std::array<int8_t, api_key_count> index_ = filled();  // by key: place in list_, or -1

  static constexpr std::array<int8_t, api_key_count> filled() {
    std::array<int8_t, api_key_count> index{};
    index.fill(-1);
    return index;
  }
};

}  // namespace moldau::wire
