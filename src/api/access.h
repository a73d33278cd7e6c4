// Who may do what: resources, operations, and the one question that handlers ask. The first Authorizer allows
// everything; ACLs later are another one, not another path (ARCHITECTURE.md, section 5).
#pragma once

#include <cstdint>
#include <string_view>

namespace moldau::api {

/// AclOperation, numbered as the protocol numbers it (also the bits of "authorized operations").
enum class Operation : int8_t {
  unknown = 0,
  any = 1,
  all = 2,
  read = 3,
  write = 4,
  create = 5,
  remove = 6,
  alter = 7,
  describe = 8,
  cluster_action = 9,
  describe_configs = 10,
  alter_configs = 11,
  idempotent_write = 12,
  create_tokens = 13,
  describe_tokens = 14,
  two_phase_commit = 15,
};

/// ResourceType, numbered as the protocol numbers it.
enum class ResourceType : int8_t {
  unknown = 0,
  any = 1,
  topic = 2,
  group = 3,
  cluster = 4,
  transactional_id = 5,
  delegation_token = 6,
  user = 7,
};

/// Name of the one cluster resource.
inline constexpr std::string_view cluster_resource = "kafka-cluster";

struct RequestContext;

class Authorizer {
 public:
  /// Whether the context's principal may do `operation` on the resource.
  virtual bool authorize(const RequestContext& context, Operation operation, ResourceType type,
                         std::string_view name) const = 0;
  /// Whether the principal may do `operation` on any resource of the type at all (Kafka's authorizeByResourceType).
  virtual bool authorize_any(const RequestContext& context, Operation operation, ResourceType type) const = 0;

 protected:
  ~Authorizer() = default;
};

/// Allows everything: what a broker without authorizer.class.name does.
class AllowAll final : public Authorizer {
 public:
  bool authorize(const RequestContext&, Operation, ResourceType, std::string_view) const override { return true; }
  bool authorize_any(const RequestContext&, Operation, ResourceType) const override { return true; }
};

/// The operations that Kafka lists for a resource type in "authorized operations" answers, as a bit set.
int32_t supported_operations(ResourceType type);
/// The bit set of operations on the resource that the context's principal may do.
int32_t authorized_operations(const RequestContext& context, ResourceType type, std::string_view name);

/// What a throttle time is asked for.
enum class QuotaKind : uint8_t { request, produce, fetch, controller_mutation };

class Quotas {
 public:
  /// Records `amount` (bytes, or mutations) for the context's user and client id and returns how long the client is to
  /// wait.
  virtual int32_t throttle_ms(const RequestContext& context, QuotaKind kind, uint64_t amount) = 0;

 protected:
  ~Quotas() = default;
};

/// No quota is set: nobody waits.
class NoQuotas final : public Quotas {
 public:
  int32_t throttle_ms(const RequestContext&, QuotaKind, uint64_t) override { return 0; }
};

}  // namespace moldau::api
