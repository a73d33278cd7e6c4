#include "client/admin_configs.h"

#include <charconv>
#include <span>

#include "wire/api/32_describe_configs.h"
#include "wire/api/44_incremental_alter_configs.h"
#include "wire/api/48_describe_client_quotas.h"
#include "wire/api/49_alter_client_quotas.h"
#include "wire/api/50_describe_user_scram_credentials.h"
#include "wire/api/51_alter_user_scram_credentials.h"
#include "wire/api/74_list_config_resources.h"

namespace moldau::client {
namespace {

wire::ErrorCode error_of(int16_t number) {
  return wire::error_code_of(number).value_or(wire::ErrorCode::unknown_server_error);
}

std::optional<std::string> text_of(const std::optional<std::string_view>& text) {
  if (!text) return std::nullopt;
  return std::string(*text);
}

ConfigSource source_of(int8_t number) {
  const bool known = number >= 0 && number <= static_cast<int8_t>(ConfigSource::dynamic_group);
  return known ? static_cast<ConfigSource>(number) : ConfigSource::unknown;
}

/// The node that knows a resource: brokers' own settings are with the broker alone.
NodeId node_of(const ConfigResource& resource) {
  if (resource.type != ResourceType::broker && resource.type != ResourceType::broker_logger) return any_node;
  NodeId node = any_node;
  const char* const end = resource.name.data() + resource.name.size();
  const auto [at, error] = std::from_chars(resource.name.data(), end, node);
  return error == std::errc() && at == end ? node : any_node;
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

}  // namespace

io::Task<Result<DescribedConfigs>> describe_configs(Client& client, ConfigResource resource, bool synonyms) {
  wire::DescribeConfigsRequest request;
  wire::DescribeConfigsRequest::DescribeConfigsResource asked;
  asked.resource_type = static_cast<int8_t>(resource.type);
  asked.resource_name = resource.name;
  asked.configuration_keys.reset();
  request.resources.push_back(std::move(asked));
  request.include_synonyms = synonyms;
  const NodeId node = node_of(resource);
  const Result<Reply<wire::DescribeConfigsResponse>> reply =
      co_await client.send<wire::DescribeConfigsRequest, wire::DescribeConfigsResponse>(node, std::move(request));
  if (!reply.ok()) co_return reply.failure();
  DescribedConfigs described;
  described.error = wire::ErrorCode::unknown_server_error;
  if (!reply->message.results.empty()) {
    const auto& result = reply->message.results.front();
    described.error = error_of(result.error_code);
    described.message = result.error_message.value_or("");
    for (const auto& config : result.configs) {
      DescribedConfig& one = described.configs.emplace_back();
      one.entry.key = config.name;
      one.entry.value = text_of(config.value);
      one.entry.source = source_of(config.config_source);
      one.entry.sensitive = config.is_sensitive;
      one.entry.read_only = config.read_only;
      for (const auto& synonym : config.synonyms) {
        one.synonyms.push_back({std::string(synonym.name), text_of(synonym.value), source_of(synonym.source)});
      }
    }
  }
  co_return described;
}

io::Task<Result<AdminOutcome>> alter_configs(Client& client, ConfigResource resource, std::vector<ConfigChange> changes,
                                             bool validate_only) {
  wire::IncrementalAlterConfigsRequest request;
  request.validate_only = validate_only;
  wire::IncrementalAlterConfigsRequest::AlterConfigsResource entry;
  entry.resource_type = static_cast<int8_t>(resource.type);
  entry.resource_name = resource.name;
  for (const ConfigChange& change : changes) {
    wire::IncrementalAlterConfigsRequest::AlterableConfig config;
    config.name = change.key;
    config.config_operation = static_cast<int8_t>(change.operation);
    config.value.reset();
    if (change.value) config.value = *change.value;
    entry.configs.push_back(config);
  }
  request.resources.push_back(std::move(entry));
  const NodeId node = node_of(resource);
  const Result<Reply<wire::IncrementalAlterConfigsResponse>> reply =
      co_await client.send<wire::IncrementalAlterConfigsRequest, wire::IncrementalAlterConfigsResponse>(
          node, std::move(request));
  if (!reply.ok()) co_return reply.failure();
  AdminOutcome outcome{wire::ErrorCode::unknown_server_error, ""};
  if (!reply->message.responses.empty()) {
    const auto& response = reply->message.responses.front();
    outcome.error = error_of(response.error_code);
    outcome.message = response.error_message.value_or("");
  }
  co_return outcome;
}

io::Task<Result<std::vector<std::string>>> list_config_resources(Client& client, ResourceType type) {
  wire::ListConfigResourcesRequest request;
  request.resource_types.push_back(static_cast<int8_t>(type));
  const Result<Reply<wire::ListConfigResourcesResponse>> reply =
      co_await client.send<wire::ListConfigResourcesRequest, wire::ListConfigResourcesResponse>(any_node,
                                                                                                std::move(request));
  if (!reply.ok()) co_return reply.failure();
  const wire::ErrorCode error = error_of(reply->message.error_code);
  if (error != wire::ErrorCode::none) co_return failure_of(error, "configured resources");
  std::vector<std::string> names;
  for (const auto& one : reply->message.config_resources) {
    if (one.resource_type == static_cast<int8_t>(type)) names.emplace_back(one.resource_name);
  }
  co_return names;
}

io::Task<Result<DescribedQuotas>> describe_client_quotas(Client& client, std::vector<QuotaFilter> filters,
                                                         bool strict) {
  wire::DescribeClientQuotasRequest request;
  request.strict = strict;
  for (const QuotaFilter& filter : filters) {
    wire::DescribeClientQuotasRequest::ComponentData component;
    component.entity_type = filter.entity_type;
    component.match_type = static_cast<int8_t>(filter.match);
    component.match.reset();
    if (filter.match == QuotaFilter::Match::exact) component.match = filter.name;
    request.components.push_back(component);
  }
  const Result<Reply<wire::DescribeClientQuotasResponse>> reply =
      co_await client.send<wire::DescribeClientQuotasRequest, wire::DescribeClientQuotasResponse>(any_node,
                                                                                                  std::move(request));
  if (!reply.ok()) co_return reply.failure();
  DescribedQuotas described;
  described.outcome = {error_of(reply->message.error_code), std::string(reply->message.error_message.value_or(""))};
  if (reply->message.entries) {
    for (const auto& entry : *reply->message.entries) {
      EntityQuotas& quotas = described.entries.emplace_back();
      for (const auto& part : entry.entity) {
        quotas.entity.emplace_back(std::string(part.entity_type), text_of(part.entity_name));
      }
      for (const auto& value : entry.values) quotas.values.emplace_back(std::string(value.key), value.value);
    }
  }
  co_return described;
}

io::Task<Result<AdminOutcome>> alter_client_quotas(Client& client, QuotaEntity entity, std::vector<QuotaChange> changes,
                                                   bool validate_only) {
  wire::AlterClientQuotasRequest request;
  request.validate_only = validate_only;
  wire::AlterClientQuotasRequest::EntryData entry;
  for (const auto& [type, name] : entity) {
    wire::AlterClientQuotasRequest::EntityData part;
    part.entity_type = type;
    part.entity_name.reset();
    if (name) part.entity_name = *name;
    entry.entity.push_back(part);
  }
  for (const QuotaChange& change : changes) {
    entry.ops.push_back({change.key, change.value.value_or(0.0), !change.value.has_value()});
  }
  request.entries.push_back(std::move(entry));
  const Result<Reply<wire::AlterClientQuotasResponse>> reply =
      co_await client.send<wire::AlterClientQuotasRequest, wire::AlterClientQuotasResponse>(any_node,
                                                                                            std::move(request));
  if (!reply.ok()) co_return reply.failure();
  AdminOutcome outcome{wire::ErrorCode::unknown_server_error, ""};
  if (!reply->message.entries.empty()) {
    const auto& first = reply->message.entries.front();
    outcome = {error_of(first.error_code), std::string(first.error_message.value_or(""))};
  }
  co_return outcome;
}

io::Task<Result<DescribedScram>> describe_scram(Client& client, std::vector<std::string> users) {
  wire::DescribeUserScramCredentialsRequest request;
  request.users.reset();
  if (!users.empty()) {
    auto& list = request.users.emplace();
    for (const std::string& user : users) list.push_back({user});
  }
  const Result<Reply<wire::DescribeUserScramCredentialsResponse>> reply =
      co_await client.send<wire::DescribeUserScramCredentialsRequest, wire::DescribeUserScramCredentialsResponse>(
          any_node, std::move(request));
  if (!reply.ok()) co_return reply.failure();
  DescribedScram described;
  described.outcome = {error_of(reply->message.error_code), std::string(reply->message.error_message.value_or(""))};
  for (const auto& result : reply->message.results) {
    ScramUser& user = described.users.emplace_back();
    user.name = result.user;
    user.outcome = {error_of(result.error_code), std::string(result.error_message.value_or(""))};
    for (const auto& info : result.credential_infos) {
      const bool known = info.mechanism == 1 || info.mechanism == 2;
      const ScramMechanism mechanism = known ? static_cast<ScramMechanism>(info.mechanism) : ScramMechanism::unknown;
      user.credentials.emplace_back(mechanism, info.iterations);
    }
  }
  co_return described;
}

io::Task<Result<AdminOutcome>> alter_scram(Client& client, std::string user, std::vector<ScramCredential> set,
                                           std::vector<ScramMechanism> removed) {
  wire::AlterUserScramCredentialsRequest request;
  for (const ScramMechanism mechanism : removed) request.deletions.push_back({user, static_cast<int8_t>(mechanism)});
  for (const ScramCredential& one : set) {
    request.upsertions.push_back(
        {user, static_cast<int8_t>(one.mechanism), one.iterations, bytes_of(one.salt), bytes_of(one.salted_password)});
  }
  const Result<Reply<wire::AlterUserScramCredentialsResponse>> reply =
      co_await client.send<wire::AlterUserScramCredentialsRequest, wire::AlterUserScramCredentialsResponse>(
          any_node, std::move(request));
  if (!reply.ok()) co_return reply.failure();
  AdminOutcome outcome{wire::ErrorCode::unknown_server_error, ""};
  if (!reply->message.results.empty()) {
    const auto& first = reply->message.results.front();
    outcome = {error_of(first.error_code), std::string(first.error_message.value_or(""))};
  }
  co_return outcome;
}

}  // namespace moldau::client
