#include "api/44_incremental_alter_configs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/api_error.h"
#include "metadata/dynamic_broker.h"

namespace moldau::api {
namespace {

using metadata::ApiError;
using metadata::ConfigOperation;
using metadata::ConfigResourceType;
using wire::ErrorCode;
using Resource = metadata::AlterConfigs::Resource;

ApiError refused(std::string message) {
  return {ErrorCode::invalid_request, std::move(message)};
}

std::optional<NodeId> broker_number(std::string_view name) {
  const std::optional<int64_t> number = metadata::parse_integer(name);
  if (!number || *number < INT32_MIN || *number > INT32_MAX || metadata::trimmed(name) != name) return std::nullopt;
  return static_cast<NodeId>(*number);
}

ApiError authorize(const RequestContext& context, const Resource& resource) {
  switch (resource.resource.type) {
    case ConfigResourceType::topic:
      if (context.may(Operation::alter_configs, ResourceType::topic, resource.resource.name)) return {};
      return {ErrorCode::topic_authorization_failed, std::nullopt};
    case ConfigResourceType::group:
      if (context.may(Operation::alter_configs, ResourceType::group, resource.resource.name)) return {};
      return {ErrorCode::group_authorization_failed, std::nullopt};
    default:
      if (context.may_on_cluster(Operation::alter_configs)) return {};
      return {ErrorCode::cluster_authorization_failed, std::nullopt};
  }
}

ApiError check_keys(const Resource& resource) {
  std::set<std::string_view> names;
  for (const metadata::ConfigChange& change : resource.changes) {
    if (!names.insert(change.name).second) return refused("Error due to duplicate config keys");
  }
  std::vector<std::string_view> nulls;
  for (const metadata::ConfigChange& change : resource.changes) {
    if (change.operation != ConfigOperation::remove && !change.value) nulls.push_back(change.name);
  }
  if (nulls.empty()) return {};
  return refused(fmt::format("Null value not supported for : {}", fmt::join(nulls, ", ")));
}

bool has_unknown_operation(const Resource& resource) {
  return std::any_of(resource.changes.begin(), resource.changes.end(), [](const metadata::ConfigChange& change) {
    return change.operation < ConfigOperation::set || change.operation > ConfigOperation::subtract;
  });
}

ApiError check_logger_change(const metadata::ConfigChange& change) {
  switch (change.operation) {
    case ConfigOperation::set:
      if (change.name != root_logger) {
        return {ErrorCode::invalid_config, fmt::format("Logger {} does not exist!", change.name)};
      }
      if (is_logger_level(*change.value)) return {};
      return {ErrorCode::invalid_config,
              fmt::format("Cannot set the log level of {} to {} as it is not a supported log level. Valid log levels "
                          "are DEBUG, ERROR, FATAL, INFO, TRACE, WARN",
                          change.name, *change.value)};
    case ConfigOperation::remove:
      if (change.name == root_logger) return refused("Removing the log level of the root logger is not allowed");
      return {ErrorCode::invalid_config, fmt::format("Logger {} does not exist!", change.name)};
    case ConfigOperation::append:
      return refused("APPEND operation is not allowed for the BROKER_LOGGER resource");
    case ConfigOperation::subtract:
      return refused("SUBTRACT operation is not allowed for the BROKER_LOGGER resource");
  }
  return {ErrorCode::unknown_server_error, std::nullopt};
}

/// Levels are this node's own and nobody writes them down.
ApiError alter_loggers(const RequestContext& context, const Facts& facts, const Resource& resource, bool only_check,
                       std::optional<std::string>& root_level) {
  if (!context.may_on_cluster(Operation::alter_configs)) {
    return {ErrorCode::cluster_authorization_failed, std::nullopt};
  }
  const std::optional<NodeId> id = broker_number(resource.resource.name);
  if (!id) return refused(fmt::format("Node id must be an integer, but it is: {}", resource.resource.name));
  if (*id != facts.self) {
    return refused(fmt::format("Unexpected node id. Expected {}, but received {}", facts.self, resource.resource.name));
  }
  std::optional<std::string> level;
  for (const metadata::ConfigChange& change : resource.changes) {
    if (ApiError error = check_logger_change(change); error.failed()) return error;
    level = change.value;
  }
  if (!only_check && level) root_level = level;
  return {};
}

ApiError check_broker(const Facts& facts, const Resource& resource) {
  if (!resource.resource.name.empty()) {
    const std::optional<NodeId> id = broker_number(resource.resource.name);
    if (!id) return refused(fmt::format("Node id must be an integer, but it is: {}", resource.resource.name));
    if (*id != facts.self) {
      return refused(
          fmt::format("Unexpected broker id, expected {}, but received {}", facts.self, resource.resource.name));
    }
  }
  const auto fault =
      check_dynamic_broker(resource, facts.image.configs(ConfigResourceType::broker, resource.resource.name),
                           facts.image.broker_layers(facts.self, &facts.static_config));
  return fault ? ApiError{fault->error, fault->message} : ApiError{};
}

/// What is decided without the controller; nothing decided: it is to be asked.
ApiError preprocess(const RequestContext& context, const Facts& facts, const Resource& resource, bool only_check,
                    AlterConfigsPlan& plan, bool& done) {
  done = true;
  if (ApiError error = check_keys(resource); error.failed()) return error;
  const bool replace = resource.replace;
  switch (resource.resource.type) {
    case ConfigResourceType::broker_logger:
      if (replace) break;
      if (has_unknown_operation(resource)) return {ErrorCode::unknown_server_error, std::nullopt};
      return alter_loggers(context, facts, resource, only_check, plan.root_level);
    case ConfigResourceType::broker:
      if (ApiError error = check_broker(facts, resource); error.failed()) return error;
      done = false;
      return {};
    case ConfigResourceType::topic:
    case ConfigResourceType::client_metrics:
    case ConfigResourceType::group:
      if (has_unknown_operation(resource)) return {ErrorCode::unknown_server_error, std::nullopt};
      done = false;
      return {};
    case ConfigResourceType::unknown:
      break;
  }
  return refused(fmt::format("Unknown resource type {}", static_cast<int>(resource.resource.type)));
}

AlterConfigsPlan make_plan(const RequestContext& context, const Facts& facts, std::vector<Resource> resources,
                           bool only_check) {
  AlterConfigsPlan plan;
  plan.request.validate_only = only_check;
  std::map<metadata::ConfigResource, int> times;
  for (const Resource& resource : resources) ++times[resource.resource];
  for (Resource& resource : resources) {
    AlterConfigsPlan::Row& row = plan.rows.emplace_back();
    row.type = static_cast<int8_t>(resource.resource.type);
    row.name = context.arena.keep(resource.resource.name);
    if (times[resource.resource] > 1) {
      row.error = refused("Each resource must appear at most once.");
      continue;
    }
    bool done = false;
    row.error = preprocess(context, facts, resource, only_check, plan, done);
    if (done || row.error.failed()) continue;
    row.error = authorize(context, resource);
    if (row.error.failed()) continue;
    row.asked = plan.request.resources.size();
    plan.request.resources.push_back(std::move(resource));
  }
  return plan;
}

metadata::ConfigChange change_of(std::string_view name, ConfigOperation operation,
                                 const std::optional<std::string_view>& value) {
  return {std::string(name), operation,
          value.has_value() ? std::optional<std::string>(std::string(*value)) : std::nullopt};
}

template <typename Response>
Response answer(const RequestContext& context, const AlterConfigsPlan& plan,
                const metadata::AlterConfigsResult& result) {
  Response response;
  response.throttle_time_ms = context.request_throttle_ms();
  for (const AlterConfigsPlan::Row& planned : plan.rows) {
    ApiError error = planned.error;
    if (planned.asked.has_value()) {
      error = {ErrorCode::unknown_server_error, std::nullopt};
      if (*planned.asked < result.resources.size()) {
        error = {result.resources[*planned.asked].error, result.resources[*planned.asked].message};
      }
    }
    auto& row = response.responses.emplace_back();
    row.resource_type = planned.type;
    row.resource_name = context.arena.keep(planned.name);
    put_error(context, error, row.error_code, row.error_message);
  }
  return response;
}

}  // namespace

bool is_logger_level(std::string_view level) {
  constexpr std::string_view levels[] = {"DEBUG", "ERROR", "FATAL", "INFO", "TRACE", "WARN"};
  return std::find(std::begin(levels), std::end(levels), level) != std::end(levels);
}

AlterConfigsPlan plan_incremental_alter_configs(const RequestContext& context, const Facts& facts,
                                                const wire::IncrementalAlterConfigsRequest& request) {
  std::vector<Resource> resources;
  for (const auto& wanted : request.resources) {
    Resource& resource = resources.emplace_back();
    resource.resource = {static_cast<ConfigResourceType>(wanted.resource_type), std::string(wanted.resource_name)};
    for (const auto& config : wanted.configs) {
      resource.changes.push_back(
          change_of(config.name, static_cast<ConfigOperation>(config.config_operation), config.value));
    }
  }
  return make_plan(context, facts, std::move(resources), request.validate_only);
}

AlterConfigsPlan plan_alter_configs(const RequestContext& context, const Facts& facts,
                                    const wire::AlterConfigsRequest& request) {
  std::vector<Resource> resources;
  for (const auto& wanted : request.resources) {
    Resource& resource = resources.emplace_back();
    resource.resource = {static_cast<ConfigResourceType>(wanted.resource_type), std::string(wanted.resource_name)};
    resource.replace = true;
    for (const auto& config : wanted.configs) {
      resource.changes.push_back(change_of(config.name, ConfigOperation::set, config.value));
    }
  }
  return make_plan(context, facts, std::move(resources), request.validate_only);
}

wire::IncrementalAlterConfigsResponse incremental_alter_configs(const RequestContext& context,
                                                                const AlterConfigsPlan& plan,
                                                                const metadata::AlterConfigsResult& result) {
  return answer<wire::IncrementalAlterConfigsResponse>(context, plan, result);
}

wire::AlterConfigsResponse alter_configs(const RequestContext& context, const AlterConfigsPlan& plan,
                                         const metadata::AlterConfigsResult& result) {
  return answer<wire::AlterConfigsResponse>(context, plan, result);
}

}  // namespace moldau::api
