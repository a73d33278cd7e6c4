// IncrementalAlterConfigs: per resource all changes or none.
#include <fmt/format.h>

#include <algorithm>

#include "metadata/controller.h"
#include "wire/decoder.h"

namespace moldau::metadata {
namespace {

struct Fault {
  ErrorCode error;
  std::string message;
};

const ConfigKey* find_key(const ConfigResource& resource, std::string_view name) {
  return resource.type == ConfigResourceType::topic ? find_topic_config(name) : find_broker_config(name);
}

const char* operation_name(ConfigOperation operation) {
  return operation == ConfigOperation::append ? "APPEND" : "SUBTRACT";
}

/// The list `base` with the entries of `change` added or taken away.
std::string changed_list(const std::string& base, const ConfigChange& change) {
  std::vector<std::string> entries = parse_list(base);
  for (const std::string& entry : parse_list(change.value.value_or(""))) {
    const auto at = std::find(entries.begin(), entries.end(), entry);
    if (change.operation == ConfigOperation::append && at == entries.end()) entries.push_back(entry);
    if (change.operation == ConfigOperation::subtract && at != entries.end()) entries.erase(at);
  }
  return fmt::format("{}", fmt::join(entries, ","));
}

std::optional<Fault> check_resource(const ConfigResource& resource, const Image& image) {
  if (resource.type == ConfigResourceType::topic) {
    if (resource.name.empty()) return Fault{ErrorCode::invalid_request, "Default topic resources are not allowed."};
    if (auto fault = topic_name_fault(resource.name)) return Fault{ErrorCode::invalid_topic_exception, *fault};
    if (image.topic(resource.name) == nullptr) {
      return Fault{ErrorCode::unknown_topic_or_partition, fmt::format("The topic '{}' does not exist.", resource.name)};
    }
    return std::nullopt;
  }
  if (resource.type == ConfigResourceType::broker) {
    if (resource.name.empty()) return std::nullopt;
    const std::optional<int64_t> id = parse_integer(resource.name);
    if (!id) return Fault{ErrorCode::invalid_request, "Unable to parse broker name as a base 10 number."};
    if (*id < 0) return Fault{ErrorCode::invalid_request, "Invalid negative broker ID."};
    return std::nullopt;
  }
  return Fault{ErrorCode::invalid_request, fmt::format("Unknown resource type {}", static_cast<int>(resource.type))};
}

/// What is refused for broker settings: unknown ones pass through as in Kafka, static ones do not.
std::optional<Fault> check_broker_configs(const ConfigResource& resource, const ConfigMap& set) {
  std::vector<std::string> fixed;
  for (const auto& [name, value] : set) {
    const ConfigKey* key = find_broker_config(name);
    if (key == nullptr) continue;
    const bool too_wide = key->update_mode == UpdateMode::per_broker && resource.name.empty();
    if (key->update_mode == UpdateMode::read_only || too_wide) fixed.push_back(name);
  }
  if (!fixed.empty()) {
    return Fault{ErrorCode::invalid_request,
                 fmt::format("Cannot update these configs dynamically: [{}]", fmt::join(fixed, ", "))};
  }
  for (const auto& [name, value] : set) {
    const ConfigKey* key = find_broker_config(name);
    if (key == nullptr) continue;
    if (const Status status = check_value(*key, value); !status.ok()) {
      return Fault{ErrorCode::invalid_request, status.failure().message};
    }
  }
  return std::nullopt;
}

/// The changes of one resource, worked out.
struct ResourceDraft {
  ConfigMap after;                                                          // all settings it will have
  ConfigMap set;                                                            // those that are set now
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
      const ConfigKey* key = find_key(request.resource, change.name);
      if (key == nullptr || key->type != ConfigType::list) {
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
    if (next) {
      draft.after.insert_or_assign(change.name, *next);
      draft.set.insert_or_assign(change.name, *next);
    }
    // A broker's setting is written again even if it stays: that makes brokers reload it.
    if (!unchanged || request.resource.type == ConfigResourceType::broker)
      draft.changes.emplace_back(change.name, next);
  }
  return std::nullopt;
}

}  // namespace

Decision Controller::on(const AlterConfigs& request, const ControllerContext&) {
  Decision decision{.records = {}, .response = AlterConfigsResult{}};
  auto& result = std::get<AlterConfigsResult>(decision.response);
  for (const AlterConfigs::Resource& resource : request.resources) {
    AlterConfigsResult::Resource& answer = result.resources.emplace_back();
    answer.resource = resource.resource;
    ResourceDraft draft;
    std::optional<Fault> fault =
        draft_changes(resource, image().configs(resource.resource.type, resource.resource.name), layers(), draft);
    if (!fault && resource.resource.type == ConfigResourceType::topic) {
      const Status status = check_topic_configs(draft.after, layers());
      if (!status.ok()) fault = Fault{ErrorCode::invalid_config, status.failure().message};
    } else if (!fault && resource.resource.type == ConfigResourceType::broker) {
      fault = check_broker_configs(resource.resource, draft.set);
    }
    if (!fault) fault = check_resource(resource.resource, image());
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
