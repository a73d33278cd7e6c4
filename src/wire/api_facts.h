// What is known of an API without its messages: the versions that this program can read and write.
#pragma once

#include <cstdint>

#include "wire/api_key.h"
#include "wire/version_range.h"

namespace moldau::wire {

struct ApiFacts {
  ApiKey key;
  VersionRange versions;        ///< stable versions, which encode and decode know
  VersionRange valid_versions;  ///< those of the schema, unstable ones included
  int16_t flexible_since;
};

/// The facts of `key`; null for keys that have no messages: 4 to 7, 93, 94, and numbers that are no key.
const ApiFacts* facts_of(ApiKey key);

}  // namespace moldau::wire
