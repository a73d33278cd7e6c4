#include "client/versions.h"

#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "wire/api_key.h"

namespace moldau::client {

void VersionTable::set(int16_t api_key, wire::VersionRange range) {
  if (!wire::is_api_key(api_key) || range.empty() || range.last < 0) return;
  const auto index = static_cast<size_t>(api_key);
  if (ranges_.size() <= index) ranges_.resize(index + 1);
  ranges_[index] = range;
}

wire::VersionRange VersionTable::range_of(wire::ApiKey api_key) const {
  const auto index = static_cast<size_t>(api_key);
  return index < ranges_.size() ? ranges_[index] : wire::VersionRange{};
}

Result<int16_t> VersionTable::choose(const ApiFacts& api, const SendOptions& options) const {
  const char* name = wire::name_of(api.key);
  const wire::VersionRange served = range_of(api.key);
  if (served.empty()) {
    return Failure{FailureKind::unsupported, fmt::format("the broker does not serve {} requests", name)};
  }
  const int16_t version = std::min({served.last, api.max_version, options.version_max});
  if (version < std::max({served.first, api.min_version, options.version_min})) {
    return Failure{FailureKind::unsupported,
                   fmt::format("no common version of {}: the broker serves {} to {}, this needs {} to {}", name,
                               served.first, served.last, std::max(api.min_version, options.version_min),
                               std::min(api.max_version, options.version_max))};
  }
  return version;
}

}  // namespace moldau::client
