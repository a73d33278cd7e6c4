// RequestContext: what every handler knows of the request besides its body. Made by the connection, one per request;
// views in it live as long as the request.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/access.h"
#include "base/arena.h"
#include "base/time.h"
#include "wire/api_key.h"

namespace moldau::api {

struct RequestContext {
  wire::ApiKey api_key{};
  int16_t version = 0;
  int32_t correlation_id = 0;
  std::string_view client_id;  ///< empty when null
  std::string_view principal = "User:ANONYMOUS";
  std::string_view client_address;          ///< without port
  std::string_view listener = "PLAINTEXT";  ///< name of the listener the client came in on
  Instant now;
  WallMillis wall = 0;
  Arena& arena;  ///< texts of the response
  const Authorizer& authorizer;
  Quotas& quotas;

  bool may(Operation operation, ResourceType type, std::string_view name) const {
    return authorizer.authorize(*this, operation, type, name);
  }
  bool may_on_cluster(Operation operation) const { return may(operation, ResourceType::cluster, cluster_resource); }
  /// The throttle time of an ordinary answer.
  int32_t request_throttle_ms() const { return quotas.throttle_ms(*this, QuotaKind::request, 0); }
};

}  // namespace moldau::api
