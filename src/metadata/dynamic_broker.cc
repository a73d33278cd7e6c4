#include "metadata/dynamic_broker.h"

#include <fmt/format.h>

#include <algorithm>

#include "metadata/resource_configs.h"

namespace moldau::metadata {
namespace {

using wire::ErrorCode;

constexpr std::string_view security_names[] = {
    "ssl.keystore.type",           "ssl.keystore.location",          "ssl.keystore.password",   "ssl.key.password",
    "ssl.truststore.type",         "ssl.truststore.location",        "ssl.truststore.password", "ssl.keystore.key",
    "ssl.truststore.certificates", "ssl.keystore.certificate.chain",
};
/// Counts of threads, which Kafka lets grow and shrink by a factor of two at a time.
constexpr std::string_view thread_names[] = {"num.io.threads", "num.network.threads", "num.replica.fetchers",
                                             "num.recovery.threads.per.data.dir", "background.threads"};
/// What a listener of its own may have for all brokers at once.
constexpr std::string_view cluster_level_names[] = {"max.connections", "max.connection.creation.rate",
                                                    "num.network.threads"};
/// What Kafka can change while it runs, and this version cannot.
constexpr std::string_view fixed_here[] = {"listeners", "advertised.listeners", "listener.security.protocol.map",
                                           "cordoned.log.dirs"};

template <size_t size>
bool is_one_of(const std::string_view (&names)[size], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

Fault refused(std::string message) {
  return {ErrorCode::invalid_request, std::move(message)};
}

/// The names, in order, for which `is_bad` holds; refused with them if there are any.
template <typename IsBad>
std::optional<Fault> refuse_names(const ConfigMap& wanted, const std::vector<std::string>& order, const char* message,
                                  IsBad is_bad) {
  std::vector<std::string_view> bad;
  for (const std::string& name : order) {
    if (wanted.contains(name) && is_bad(name)) bad.push_back(name);
  }
  if (bad.empty()) return std::nullopt;
  return refused(fmt::format("{}: [{}]", message, fmt::join(bad, ", ")));
}

/// What an operation makes of the settings; Kafka's broker words list operations otherwise than its controller.
std::optional<Fault> apply_change(const ConfigChange& change, const BrokerConfigLayers& layers, ConfigMap& wanted) {
  switch (change.operation) {
    case ConfigOperation::set:
      wanted.insert_or_assign(change.name, change.value.value_or(""));
      return std::nullopt;
    case ConfigOperation::remove:
      wanted.erase(change.name);
      return std::nullopt;
    case ConfigOperation::append:
    case ConfigOperation::subtract: {
      const ConfigKey* const key = find_broker_config(change.name);
      if (key == nullptr || key->type != ConfigType::list) {
        const bool append = change.operation == ConfigOperation::append;
        return Fault{ErrorCode::invalid_config, fmt::format("Config value {} is not allowed for config key: {}",
                                                            append ? "append" : "subtract", change.name)};
      }
      const auto at = wanted.find(change.name);
      const std::string base = at == wanted.end() ? broker_value(layers, change.name).value_or("") : at->second;
      wanted.insert_or_assign(change.name, changed_list(base, change));
      return std::nullopt;
    }
  }
  return refused(fmt::format("Unknown operations type {}", static_cast<int>(change.operation)));
}

/// The checks that Kafka makes when the parts of a running broker take the values up.
std::optional<Fault> check_running(std::string_view name, int64_t value, const BrokerConfigLayers& layers) {
  if (is_one_of(thread_names, name)) {
    const int64_t now = parse_integer(broker_value(layers, name).value_or("")).value_or(1);
    const char* bound = nullptr;
    if (value > now * 2) bound = "value should not be greater than double the current value";
    if (value < now / 2) bound = "value should be at least half the current value";
    if (bound == nullptr) return std::nullopt;
    return refused(
        fmt::format("Dynamic thread count update validation failed for {}={}, {} {}", name, value, bound, now));
  }
  if (name == "log.cleaner.threads" && value < 1) return refused("Log cleaner threads should be at least 1");
  if (name == "max.connection.creation.rate" && value <= 0) {
    return refused(fmt::format("Invalid max.connection.creation.rate {}", value));
  }
  if (name == "log.retention.ms" && value == 0) {
    return refused("requirement failed: log.retention.ms must be unlimited (-1) or, greater than or equal to 1");
  }
  return std::nullopt;
}

std::optional<Fault> check_values(const ConfigMap& wanted, const std::vector<std::string>& order) {
  for (const std::string& name : order) {
    const auto at = wanted.find(name);
    if (at == wanted.end()) continue;
    const std::string_view base = listener_setting(name);
    const ConfigKey* key = find_broker_config(base.empty() ? name : base);
    if (key == nullptr) key = find_running_config(name);
    if (key == nullptr) continue;
    if (const Status status = check_value(*key, at->second); !status.ok()) return refused(status.failure().message);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Fault> check_dynamic_broker(const AlterConfigs::Resource& request, const ConfigMap* existing,
                                          const BrokerConfigLayers& layers) {
  const bool per_broker = !request.resource.name.empty();
  ConfigMap wanted;
  std::vector<std::string> order;
  for (const ConfigChange& change : request.changes) order.push_back(change.name);
  const std::vector<std::string> named = order;
  if (existing != nullptr && !request.replace) {
    for (const auto& [name, value] : *existing) {
      // What a broker passes over when it reads its settings does not stand in the way of others.
      const ConfigKey* const key = find_broker_config(name);
      if (key != nullptr && (key->update_mode == UpdateMode::read_only || !check_value(*key, value).ok())) continue;
      wanted.emplace(name, value);
      if (std::find(order.begin(), order.end(), name) == order.end()) order.push_back(name);
    }
  }
  for (const ConfigChange& change : request.changes) {
    if (auto fault = apply_change(change, layers, wanted)) return fault;
  }
  const auto key_of = [](std::string_view name) { return find_broker_config(name); };
  if (auto fault = refuse_names(wanted, order, "Cannot update these configs dynamically", [&](std::string_view name) {
        return key_of(name) != nullptr && key_of(name)->update_mode == UpdateMode::read_only;
      })) {
    return fault;
  }
  if (auto fault =
          refuse_names(wanted, order,
                       "These security configs can be dynamically updated only per-listener using the listener prefix",
                       [](std::string_view name) { return is_one_of(security_names, name); })) {
    return fault;
  }
  if (auto fault = check_values(wanted, order)) return fault;
  if (!per_broker) {
    const auto of_one_broker = [&](std::string_view name) {
      const std::string_view base = listener_setting(name);
      if (!base.empty()) return !is_one_of(cluster_level_names, base);
      return key_of(name) != nullptr && key_of(name)->update_mode == UpdateMode::per_broker;
    };
    if (auto fault = refuse_names(wanted, order,
                                  "Cannot update these configs at default cluster level, broker id must be specified",
                                  of_one_broker)) {
      return fault;
    }
  }
  if (auto fault = refuse_names(wanted, named,
                                "This version takes these configs up at the next start only, from its "
                                "properties file",
                                [](std::string_view name) { return is_one_of(fixed_here, name); })) {
    return fault;
  }
  for (const ConfigChange& change : request.changes) {
    const auto at = wanted.find(change.name);
    if (at == wanted.end()) continue;
    if (const std::optional<int64_t> value = parse_integer(at->second)) {
      if (auto fault = check_running(change.name, *value, layers)) return fault;
    }
  }
  return std::nullopt;
}

}  // namespace moldau::metadata
