#include "api/10_find_coordinator.h"

#include <algorithm>
#include <vector>

namespace moldau::api {
namespace {

using wire::ErrorCode;

constexpr int8_t group_key = 0;
constexpr int8_t transaction_key = 1;
constexpr int8_t share_key = 2;
constexpr int16_t first_version_with_keys = 4;
constexpr int16_t first_version_with_share_groups = 6;
constexpr int32_t no_port = -1;

struct Found {
  ErrorCode error = ErrorCode::coordinator_not_available;
  NodeId node = no_node;
  std::string_view host;
  int32_t port = no_port;
};

/// The text in UTF-16, the units that Java hashes.
std::vector<uint16_t> utf16(std::string_view text) {
  std::vector<uint16_t> units;
  units.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const size_t size = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    uint32_t code = size == 1 ? byte : byte & (0xFFU >> (size + 1));
    for (size_t k = 1; k < size && i + k < text.size(); ++k) {
      code = (code << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    }
    i += size;
    if (code < 0x10000) {
      units.push_back(static_cast<uint16_t>(code));
    } else {
      units.push_back(static_cast<uint16_t>(0xD800 + ((code - 0x10000) >> 10)));
      units.push_back(static_cast<uint16_t>(0xDC00 + ((code - 0x10000) & 0x3FF)));
    }
  }
  return units;
}

/// group:topic-id:partition
bool is_share_key(std::string_view key) {
  const size_t last = key.rfind(':');
  if (last == std::string_view::npos || last == 0) return false;
  const size_t first = key.rfind(':', last - 1);
  if (first == std::string_view::npos || first == 0) return false;
  const std::string_view partition = key.substr(last + 1);
  return Uuid::parse(key.substr(first + 1, last - first - 1)).has_value() && !partition.empty() &&
         partition.size() < 10 &&
         std::all_of(partition.begin(), partition.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Found find_group(const RequestContext& context, const Facts& facts, std::string_view key) {
  const metadata::TopicImage* const topic = facts.image.topic(offsets_topic);
  if (topic == nullptr) return {};
  const metadata::PartitionImage* const partition =
      topic->partition(coordinator_partition(key, topic->partitions.size()));
  const metadata::EndpointImage* const endpoint =
      partition == nullptr ? nullptr : live_endpoint(facts.image, partition->leader, context.listener);
  if (endpoint == nullptr) return {};
  return {ErrorCode::none, partition->leader, endpoint->host, endpoint->port};
}

Found find(const RequestContext& context, const Facts& facts, int8_t key_type, std::string_view key) {
  switch (key_type) {
    case group_key:
      if (!context.may(Operation::describe, ResourceType::group, key)) {
        return {.error = ErrorCode::group_authorization_failed};
      }
      return find_group(context, facts, key);
    case transaction_key:
      if (!context.may(Operation::describe, ResourceType::transactional_id, key)) {
        return {.error = ErrorCode::transactional_id_authorization_failed};
      }
      return {};
    case share_key:
      if (context.version < first_version_with_share_groups) return {.error = ErrorCode::invalid_request};
      if (!context.may_on_cluster(Operation::cluster_action)) return {.error = ErrorCode::cluster_authorization_failed};
      if (!is_share_key(key)) return {.error = ErrorCode::invalid_request};
      return {};
    default:
      return {.error = ErrorCode::invalid_request};
  }
}

}  // namespace

PartitionIndex coordinator_partition(std::string_view key, size_t partitions) {
  uint32_t hash = 0;
  for (const uint16_t unit : utf16(key)) hash = 31 * hash + unit;
  // Utils.abs: the smallest number has no positive counterpart.
  const auto value = static_cast<int32_t>(hash);
  const int32_t positive = value == INT32_MIN ? 0 : value < 0 ? -value : value;
  return positive % static_cast<int32_t>(std::max<size_t>(partitions, 1));
}

bool needs_offsets_topic(const RequestContext& context, const Facts& facts,
                         const wire::FindCoordinatorRequest& request) {
  if (request.key_type != group_key || facts.image.topic(offsets_topic) != nullptr) return false;
  const auto allowed = [&](std::string_view key) { return context.may(Operation::describe, ResourceType::group, key); };
  if (context.version < first_version_with_keys) return allowed(request.key);
  return std::any_of(request.coordinator_keys.begin(), request.coordinator_keys.end(), allowed);
}

wire::FindCoordinatorResponse find_coordinator(const RequestContext& context, const Facts& facts,
                                               const wire::FindCoordinatorRequest& request) {
  wire::FindCoordinatorResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  if (context.version < first_version_with_keys) {
    const Found found = find(context, facts, request.key_type, request.key);
    response.error_code = code_of(found.error);
    response.error_message = found.error == ErrorCode::none ? "NONE" : message_of(found.error);
    response.node_id = found.node;
    response.host = found.host;
    response.port = found.port;
    return response;
  }
  const bool known_type = request.key_type >= group_key && request.key_type <= share_key;
  for (const std::string_view key : request.coordinator_keys) {
    const Found found = find(context, facts, request.key_type, key);
    response.coordinators.push_back({.key = key,
                                     .node_id = found.node,
                                     .host = found.host,
                                     .port = found.port,
                                     .error_code = code_of(found.error)});
    // Only for a type that it has not heard of does Kafka say more than the code.
    if (!known_type) response.coordinators.back().error_message = message_of(found.error);
  }
  return response;
}

}  // namespace moldau::api
