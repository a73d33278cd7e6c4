// VersionTable: which versions of which requests a broker serves, and the choice of the highest that both sides have.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "client/request.h"
#include "wire/version_range.h"

namespace moldau::client {

class VersionTable {
 public:
  /// Notes that the broker serves `range` of `api_key`. Keys that this program does not know and empty ranges are
  /// ignored.
  void set(int16_t api_key, wire::VersionRange range);
  void clear() { ranges_.clear(); }
  bool empty() const { return ranges_.empty(); }
  /// What the broker serves of `api_key`; an empty range if it does not.
  wire::VersionRange range_of(wire::ApiKey api_key) const;

  /// The highest version that the broker serves, this program can encode and `options` allow; FailureKind::unsupported
  /// if there is none.
  Result<int16_t> choose(const ApiFacts& api, const SendOptions& options) const;

 private:
  std::vector<wire::VersionRange> ranges_;  // by API key
};

}  // namespace moldau::client
