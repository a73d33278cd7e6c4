// IncrementalAlterConfigs and AlterConfigs: per resource all changes or none. What a broker's own settings may be is
// checked by the broker that is asked (dynamic_broker.h), as in Kafka; here only their resource's name is.
#include <fmt/format.h>

#include <algorithm>

#include "metadata/controller.h"
#include "metadata/placement.h"
#include "metadata/resource_configs.h"
#include "wire/decoder.h"

namespace moldau::metadata {
namespace {

bool is_list(const ConfigResource& resource, std::string_view name) {
  const ConfigKey* key = nullptr;
  if (resource.type == ConfigResourceType::topic) key = find_topic_config(name);
  if (resource.type == ConfigResourceType::broker) key = find_broker_config(name);
  return key != nullptr && key->type == ConfigType::list;
}

const char* operation_name(ConfigOperation operation) {
  return operation == ConfigOperation::append ? "APPEND" : "SUBTRACT";
}

/// Why the resource cannot have settings at all; nothing when it can.
std::optional<Fault> check_resource_name(const ConfigResource& resource) {
  const auto refused = [](std::string message) { return Fault{ErrorCode::invalid_request, std::move(message)}; };
  switch (resource.type) {
    case ConfigResourceType::topic:
      if (resource.name.empty()) return refused("Default topic resources are not allowed.");
      if (auto fault = topic_name_fault(resource.name)) return Fault{ErrorCode::invalid_topic_exception, *fault};
      return std::nullopt;
    case ConfigResourceType::broker: {
      if (resource.name.empty()) return std::nullopt;
      const std::optional<int64_t> id = parse_integer(resource.name);
      if (!id) return refused("Unable to parse broker name as a base 10 number.");
      if (*id < 0) return refused("Invalid negative broker ID.");
      return std::nullopt;
    }
    case ConfigResourceType::group:
      if (resource.name.empty()) return refused("Default group resources are not allowed.");
      return std::nullopt;
    case ConfigResourceType::client_metrics:
      if (resource.name.empty()) return refused("Subscription name can't be empty");
      return std::nullopt;
    case ConfigResourceType::broker_logger:
    case ConfigResourceType::unknown:
      break;
  }
  return refused(fmt::format("Unknown resource type {}", static_cast<int>(resource.type)));
}

/// The checks of the settings that a resource would have.
std::optional<Fault> check_settings(const ConfigResource& resource, const ConfigMap& after, const Image& image,
                                    const BrokerConfigLayers& layers) {
  if (auto fault = check_resource_name(resource)) return fault;
  switch (resource.type) {
    case ConfigResourceType::topic:
      if (const Status status = check_topic_configs(after, layers); !status.ok()) {
        return Fault{ErrorCode::invalid_config, status.failure().message};
      }
      if (image.topic(resource.name) != nullptr) return std::nullopt;
      return Fault{ErrorCode::unknown_topic_or_partition, fmt::format("The topic '{}' does not exist.", resource.name)};
    case ConfigResourceType::group:
      return check_group_configs(after, layers);
    case ConfigResourceType::client_metrics:
      return check_client_metrics_configs(after);
    default:
      return std::nullopt;
  }
}

/// The changes of one resource, worked out.
struct ResourceDraft {
  ConfigMap after;                                                          // all settings it will have
  std::vector<std::pair<std::string, std::optional<std::string>>> changes;  // in request order
};

std::optional<Fault> draft_changes(const AlterConfigs::Resource& request, const ConfigMap* existing,
                                   const BrokerConfigLayers& layers, ResourceDraft& draft) {
  if (existing != nullptr) draft.after = *existing;
  for (const ConfigChange& change : request.changes) {
    if (change.operation != ConfigOperation::remove && !change.value) {
      return Fault{ErrorCode::invalid_request, fmt::format("Null value not supported for : {}", change.name)};
    }
    const auto current = draft.after.find(change.name);
    std::optional<std::string> next = change.value;
    if (change.operation == ConfigOperation::remove) next = std::nullopt;
    if (change.operation == ConfigOperation::append || change.operation == ConfigOperation::subtract) {
      if (!is_list(request.resource, change.name)) {
        return Fault{ErrorCode::invalid_config, fmt::format("Can't {} to key {} because its type is not LIST.",
                                                            operation_name(change.operation), change.name)};
      }
      std::string base = request.resource.type == ConfigResourceType::topic
                             ? topic_value(&draft.after, layers, change.name).value_or("")
                             : broker_value(layers, change.name).value_or("");
      if (current != draft.after.end()) base = current->second;
      next = changed_list(base, change);
      if (next->size() > wire::string_bytes_max) {
        return Fault{ErrorCode::invalid_config, fmt::format("The value of {} becomes too long.", change.name)};
      }
    }
    const bool unchanged = current == draft.after.end() ? !next : next && *next == current->second;
    if (current != draft.after.end()) draft.after.erase(current);
    if (next) draft.after.insert_or_assign(change.name, *next);
    // A broker's setting is written again even if it stays: that makes brokers reload it.
    if (!unchanged || request.resource.type == ConfigResourceType::broker) {
      draft.changes.emplace_back(change.name, next);
    }
  }
  if (!request.replace || existing == nullptr) return std::nullopt;
  for (const auto& [name, value] : *existing) {
    const auto is_named = [&](const ConfigChange& change) { return change.name == name; };
    if (std::any_of(request.changes.begin(), request.changes.end(), is_named)) continue;
    draft.after.erase(name);
    draft.changes.emplace_back(name, std::nullopt);
  }
  return std::nullopt;
}

}  // namespace

std::string changed_list(std::string_view base, const ConfigChange& change) {
  std::vector<std::string> entries = parse_list(base);
  for (const std::string& entry : parse_list(change.value.value_or(""))) {
    const auto at = std::find(entries.begin(), entries.end(), entry);
    if (change.operation == ConfigOperation::append && at == entries.end()) entries.push_back(entry);
    if (change.operation == ConfigOperation::subtract && at != entries.end()) entries.erase(at);
  }
  return fmt::format("{}", fmt::join(entries, ","));
}

Decision Controller::on(const AlterConfigs& request, const ControllerContext&) {
  Decision decision{.records = {}, .response = AlterConfigsResult{}};
  auto& result = std::get<AlterConfigsResult>(decision.response);
  for (const AlterConfigs::Resource& resource : request.resources) {
    AlterConfigsResult::Resource& answer = result.resources.emplace_back();
    answer.resource = resource.resource;
    ResourceDraft draft;
    std::optional<Fault> fault =
        draft_changes(resource, image().configs(resource.resource.type, resource.resource.name), layers(), draft);
    if (!fault) fault = check_settings(resource.resource, draft.after, image(), layers());
    if (fault) {
      answer.error = fault->error;
      answer.message = std::move(fault->message);
      continue;
    }
    for (const auto& [name, value] : draft.changes) {
      wire::ConfigRecord record;
      record.resource_type = static_cast<int8_t>(resource.resource.type);
      record.resource_name = resource.resource.name;
      record.name = name;
      record.value = value ? std::optional<std::string_view>(*value) : std::nullopt;
      decision.records.push_back(encode_record(record, 0));
    }
  }
  if (decision.records.size() > records_per_operation_max) {
    decision.records.clear();
    for (AlterConfigsResult::Resource& answer : result.resources) {
      answer.error = ErrorCode::policy_violation;
      answer.message = "Unable to perform excessively large batch operation.";
    }
  }
  if (request.validate_only) decision.records.clear();
  return decision;
}

}  // namespace moldau::metadata
