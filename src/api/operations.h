// What each API asks the authorizer: one table, for documentation, for the ACL part, and for a test that enumerates
// every API that is served. Handlers ask where Kafka asks; this table says what they ask.
#pragma once

#include <span>

#include "api/access.h"
#include "wire/api_key.h"

namespace moldau::api {

struct RequiredOperation {
  Operation operation;
  ResourceType resource;
};

/// The operations of one API. An empty list: anybody may.
struct ApiOperations {
  wire::ApiKey key;
  std::span<const RequiredOperation> operations;
};

/// All APIs with a handler, ascending by key.
std::span<const ApiOperations> api_operations();
/// The row of `key`; null if it has none.
const ApiOperations* operations_of(wire::ApiKey key);

}  // namespace moldau::api
