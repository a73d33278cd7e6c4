#include "api/48_client_quotas.h"

#include <fmt/format.h>

#include <set>

#include "api/api_error.h"
#include "metadata/client_quotas.h"

namespace moldau::api {
namespace {

using metadata::ApiError;
using metadata::QuotaEntity;
using metadata::QuotaFilter;
using wire::ErrorCode;

/// The filter, or why it is none.
ApiError read_filter(const wire::DescribeClientQuotasRequest& request, std::vector<QuotaFilter>& filter) {
  const auto refused = [](std::string message) { return ApiError{ErrorCode::invalid_request, std::move(message)}; };
  std::set<std::string_view> types;
  for (const auto& component : request.components) {
    QuotaFilter& part = filter.emplace_back();
    part.type = component.entity_type;
    switch (component.match_type) {
      case 0:
        if (!component.match.has_value()) {
          return refused("Request specified MATCH_TYPE_EXACT, but set match string to null.");
        }
        part.name = *component.match;
        break;
      case 1:
        if (component.match.has_value()) {
          return refused("Request specified MATCH_TYPE_DEFAULT, but also specified a match string.");
        }
        break;
      case 2:
        if (component.match.has_value()) {
          return refused("Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.");
        }
        break;
      default:
        return refused(fmt::format("Unknown match type {}", static_cast<int>(component.match_type)));
    }
    part.match = static_cast<QuotaFilter::Match>(component.match_type);
  }
  for (const QuotaFilter& part : filter) {
    if (part.type.empty()) return refused("Invalid empty entity type.");
    if (!types.insert(part.type).second) {
      return refused(fmt::format("Entity type {} cannot appear more than once in the filter.", part.type));
    }
    if (part.type != metadata::quota_user && part.type != metadata::quota_client_id &&
        part.type != metadata::quota_ip) {
      return {ErrorCode::unsupported_version, "Unsupported entity type " + part.type};
    }
  }
  if (types.contains(metadata::quota_ip) && types.size() > 1) {
    return refused(
        "Invalid entity filter component combination. IP filter component should not be used with user or clientId "
        "filter component.");
  }
  return {};
}

template <typename Row>
void put_entity(const RequestContext& context, const QuotaEntity& entity, Row& row) {
  for (const auto& [type, name] : entity) {
    auto& part = row.entity.emplace_back();
    part.entity_type = context.arena.keep(type);
    part.entity_name.reset();
    if (name.has_value()) part.entity_name = context.arena.keep(*name);
  }
}

}  // namespace

wire::DescribeClientQuotasResponse describe_client_quotas(const RequestContext& context, const Facts& facts,
                                                          const wire::DescribeClientQuotasRequest& request) {
  wire::DescribeClientQuotasResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  response.error_message = "";
  ApiError error;
  std::vector<QuotaFilter> filter;
  if (!context.may_on_cluster(Operation::describe_configs)) {
    error = api_error(ErrorCode::cluster_authorization_failed);
  } else {
    error = read_filter(request, filter);
  }
  if (error.failed()) {
    put_error(context, error, response.error_code, response.error_message);
    response.entries.reset();
    return response;
  }
  for (const auto& [entity, values] : metadata::client_quotas(facts.image)) {
    if (!metadata::quota_matches(entity, filter, request.strict)) continue;
    auto& row = response.entries->emplace_back();
    put_entity(context, entity, row);
    for (const auto& [key, value] : values) row.values.push_back({context.arena.keep(key), value});
  }
  return response;
}

metadata::AlterQuotas plan_alter_quotas(const wire::AlterClientQuotasRequest& request) {
  metadata::AlterQuotas plan;
  plan.validate_only = request.validate_only;
  for (const auto& wanted : request.entries) {
    auto& entry = plan.entries.emplace_back();
    for (const auto& part : wanted.entity) {
      entry.entity.insert_or_assign(std::string(part.entity_type), part.entity_name.has_value()
                                                                       ? std::optional<std::string>(*part.entity_name)
                                                                       : std::nullopt);
    }
    for (const auto& op : wanted.ops) {
      entry.changes.emplace_back(std::string(op.key), op.remove ? std::nullopt : std::optional<double>(op.value));
    }
  }
  return plan;
}

wire::AlterClientQuotasResponse alter_client_quotas(const RequestContext& context,
                                                    const metadata::AlterQuotasResult& result) {
  wire::AlterClientQuotasResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  for (const auto& entry : result.entries) {
    auto& row = response.entries.emplace_back();
    put_error(context, entry.error, row.error_code, row.error_message);
    put_entity(context, entry.entity, row);
  }
  return response;
}

wire::AlterClientQuotasResponse refuse_alter_quotas(const RequestContext& context, const metadata::AlterQuotas& request,
                                                    const ApiError& error) {
  metadata::AlterQuotasResult result;
  for (const auto& entry : request.entries) result.entries.push_back({entry.entity, error});
  return alter_client_quotas(context, result);
}

}  // namespace moldau::api
