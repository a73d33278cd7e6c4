#include "api/32_describe_configs.h"

#include <fmt/core.h>

#include <algorithm>

#include "api/44_incremental_alter_configs.h"
#include "metadata/config_resolve.h"
#include "metadata/controller.h"
#include "metadata/resource_configs.h"

namespace moldau::api {
namespace {

using metadata::ConfigResourceType;
using wire::ErrorCode;
using Response = wire::DescribeConfigsResponse;
using Result = Response::DescribeConfigsResult;
using Row = Response::DescribeConfigsResourceResult;

struct Wish {
  const std::optional<std::vector<std::string_view>>& keys;
  bool synonyms;
  bool documentation;

  bool wants(std::string_view name) const {
    return !keys.has_value() || keys->empty() || std::find(keys->begin(), keys->end(), name) != keys->end();
  }
};

std::optional<std::string_view> keep(const RequestContext& context, const std::optional<std::string>& text) {
  return text.has_value() ? std::optional(context.arena.keep(*text)) : std::nullopt;
}

Row row_of(const RequestContext& context, const metadata::ConfigEntry& entry, const Wish& wish) {
  Row row;
  row.name = context.arena.keep(entry.name);
  row.value = keep(context, entry.value);
  row.read_only = entry.read_only;
  row.config_source = static_cast<int8_t>(entry.source);
  row.is_sensitive = entry.sensitive;
  row.config_type = static_cast<int8_t>(entry.type);
  row.documentation.reset();
  if (wish.documentation) row.documentation = entry.documentation;
  if (wish.synonyms) {
    for (const metadata::ConfigSynonym& synonym : entry.synonyms) {
      row.synonyms.push_back(
          {context.arena.keep(synonym.name), keep(context, synonym.value), static_cast<int8_t>(synonym.source)});
    }
  }
  return row;
}

void add_rows(const RequestContext& context, std::span<const metadata::ConfigEntry> entries, const Wish& wish,
              Result& result) {
  for (const metadata::ConfigEntry& entry : entries) {
    if (wish.wants(entry.name)) result.configs.push_back(row_of(context, entry, wish));
  }
}

void fail(const RequestContext& context, Result& result, ErrorCode error, std::string_view message) {
  result.error_code = code_of(error);
  result.error_message = context.arena.keep(message);
}

std::optional<int32_t> broker_number(std::string_view name) {
  const std::optional<int64_t> number = metadata::parse_integer(name);
  if (!number.has_value() || *number < INT32_MIN || *number > INT32_MAX || metadata::trimmed(name) != name)
    return std::nullopt;
  return static_cast<int32_t>(*number);
}

void describe_topic_resource(const RequestContext& context, const Facts& facts, std::string_view name, const Wish& wish,
                             Result& result) {
  if (const auto fault = metadata::topic_name_fault(name)) {
    fail(context, result, ErrorCode::invalid_topic_exception, *fault);
  } else if (facts.image.topic(name) == nullptr) {
    result.error_code = code_of(ErrorCode::unknown_topic_or_partition);
  } else {
    add_rows(context,
             metadata::describe_topic(facts.image.topic_configs(name),
                                      facts.image.broker_layers(facts.self, &facts.static_config)),
             wish, result);
  }
}

void describe_broker_resource(const RequestContext& context, const Facts& facts, std::string_view name,
                              const Wish& wish, Result& result) {
  const metadata::BrokerConfigLayers layers = facts.image.broker_layers(facts.self, &facts.static_config);
  if (name.empty()) {
    add_rows(context, metadata::describe_broker_default(layers), wish, result);
    return;
  }
  const std::optional<int32_t> id = broker_number(name);
  if (!id.has_value()) {
    fail(context, result, ErrorCode::invalid_request, fmt::format("Broker id must be an integer, but it is: {}", name));
  } else if (*id != facts.self) {
    fail(context, result, ErrorCode::invalid_request,
         fmt::format("Unexpected broker id, expected {} or empty string, but received {}", facts.self, name));
  } else {
    add_rows(context, metadata::describe_broker(layers), wish, result);
  }
}

void describe_logger_resource(const RequestContext& context, const Facts& facts, std::string_view name,
                              const Wish& wish, Result& result) {
  if (name.empty()) {
    fail(context, result, ErrorCode::invalid_request, "Broker id must not be empty");
    return;
  }
  const std::optional<int32_t> id = broker_number(name);
  if (!id.has_value()) {
    fail(context, result, ErrorCode::invalid_request, fmt::format("Broker id must be an integer, but it is: {}", name));
  } else if (*id != facts.self) {
    fail(context, result, ErrorCode::invalid_request,
         fmt::format("Unexpected broker id, expected {} but received {}", facts.self, name));
  } else if (wish.wants(root_logger)) {
    // The trace is the one logger there is.
    Row row;
    row.name = root_logger;
    row.value = context.arena.keep(facts.root_log_level);
    row.config_source = static_cast<int8_t>(metadata::ConfigSource::dynamic_broker_logger);
    row.documentation.reset();
    if (wish.documentation) row.documentation = "";
    result.configs.push_back(row);
  }
}

void describe_other_resource(const RequestContext& context, const Facts& facts, ConfigResourceType type,
                             std::string_view name, const Wish& wish, Result& result) {
  const bool group = type == ConfigResourceType::group;
  if (name.empty()) {
    fail(context, result, ErrorCode::invalid_request,
         group ? "Group name must not be empty" : "Client metrics subscription name must not be empty");
    return;
  }
  const metadata::ConfigMap* const stored = facts.image.configs(type, name);
  add_rows(context,
           group ? metadata::describe_group(stored, facts.image.broker_layers(facts.self, &facts.static_config))
                 : metadata::describe_client_metrics(stored),
           wish, result);
}

ErrorCode authorization_error(const RequestContext& context, ConfigResourceType type, std::string_view name) {
  switch (type) {
    case ConfigResourceType::topic:
      return context.may(Operation::describe_configs, ResourceType::topic, name)
                 ? ErrorCode::none
                 : ErrorCode::topic_authorization_failed;
    case ConfigResourceType::group:
      return context.may(Operation::describe_configs, ResourceType::group, name)
                 ? ErrorCode::none
                 : ErrorCode::group_authorization_failed;
    default:
      return context.may_on_cluster(Operation::describe_configs) ? ErrorCode::none
                                                                 : ErrorCode::cluster_authorization_failed;
  }
}

bool known_type(int8_t type) {
  switch (static_cast<ConfigResourceType>(type)) {
    case ConfigResourceType::topic:
    case ConfigResourceType::broker:
    case ConfigResourceType::broker_logger:
    case ConfigResourceType::client_metrics:
    case ConfigResourceType::group:
      return true;
    case ConfigResourceType::unknown:
      break;
  }
  return false;
}

}  // namespace

Response describe_configs(const RequestContext& context, const Facts& facts,
                          const wire::DescribeConfigsRequest& request) {
  Response response;
  response.throttle_time_ms = context.request_throttle_ms();
  const auto odd = std::find_if(request.resources.begin(), request.resources.end(),
                                [](const auto& resource) { return !known_type(resource.resource_type); });
  std::vector<Result> unauthorized;
  for (const auto& resource : request.resources) {
    Result result;
    result.resource_type = resource.resource_type;
    result.resource_name = resource.resource_name;
    const auto type = static_cast<ConfigResourceType>(resource.resource_type);
    if (odd != request.resources.end()) {
      fail(context, result, ErrorCode::invalid_request, message_of(ErrorCode::invalid_request));
      response.results.push_back(std::move(result));
      continue;
    }
    if (const ErrorCode error = authorization_error(context, type, resource.resource_name); error != ErrorCode::none) {
      fail(context, result, error, message_of(error));
      unauthorized.push_back(std::move(result));
      continue;
    }
    const Wish wish{resource.configuration_keys, request.include_synonyms, request.include_documentation};
    switch (type) {
      case ConfigResourceType::topic:
        describe_topic_resource(context, facts, resource.resource_name, wish, result);
        break;
      case ConfigResourceType::broker:
        describe_broker_resource(context, facts, resource.resource_name, wish, result);
        break;
      case ConfigResourceType::broker_logger:
        describe_logger_resource(context, facts, resource.resource_name, wish, result);
        break;
      default:
        describe_other_resource(context, facts, type, resource.resource_name, wish, result);
        break;
    }
    response.results.push_back(std::move(result));
  }
  for (Result& result : unauthorized) response.results.push_back(std::move(result));
  return response;
}

}  // namespace moldau::api
