#include "api/access.h"

#include "api/context.h"

namespace moldau::api {
namespace {

constexpr int32_t bit(Operation operation) {
  return 1 << static_cast<int>(operation);
}

}  // namespace

int32_t supported_operations(ResourceType type) {
  switch (type) {
    case ResourceType::topic:
      return bit(Operation::read) | bit(Operation::write) | bit(Operation::create) | bit(Operation::describe) |
             bit(Operation::remove) | bit(Operation::alter) | bit(Operation::describe_configs) |
             bit(Operation::alter_configs);
    case ResourceType::group:
      return bit(Operation::read) | bit(Operation::describe) | bit(Operation::remove) |
             bit(Operation::describe_configs) | bit(Operation::alter_configs);
    case ResourceType::cluster:
      return bit(Operation::create) | bit(Operation::cluster_action) | bit(Operation::describe_configs) |
             bit(Operation::alter_configs) | bit(Operation::idempotent_write) | bit(Operation::alter) |
             bit(Operation::describe);
    case ResourceType::transactional_id:
      return bit(Operation::describe) | bit(Operation::write) | bit(Operation::two_phase_commit);
    case ResourceType::delegation_token:
      return bit(Operation::describe);
    case ResourceType::user:
      return bit(Operation::create_tokens) | bit(Operation::describe_tokens);
    case ResourceType::unknown:
    case ResourceType::any:
      return 0;
  }
  return 0;
}

int32_t authorized_operations(const RequestContext& context, ResourceType type, std::string_view name) {
  const int32_t supported = supported_operations(type);
  int32_t allowed = 0;
  for (int number = 0; number <= static_cast<int>(Operation::two_phase_commit); ++number) {
    const auto operation = static_cast<Operation>(number);
    if ((supported & bit(operation)) != 0 && context.authorizer.authorize(context, operation, type, name)) {
      allowed |= bit(operation);
    }
  }
  return allowed;
}

}  // namespace moldau::api
