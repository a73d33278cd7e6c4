// kafka-configs: settings of topics, brokers, loggers, groups and client metrics; quotas of users, clients and
// addresses; SCRAM credentials.
#include <algorithm>
#include <cstdlib>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "cli/kafka/config_options.h"
#include "cli/kafka/connect.h"
#include "cli/kafka/java.h"
#include "cli/kafka/print.h"
#include "cli/kafka/tool.h"
#include "cli/scram.h"
#include "cli/text.h"
#include "cli/topics.h"
#include "client/admin_configs.h"
#include "client/admin_groups.h"

namespace moldau::cli::kafka {
namespace {

constexpr std::string_view summary =
    "This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip, client-metrics or "
    "group";

constexpr Option table[] = {
    {"bootstrap-server", Takes::value, "server to connect to", "The brokers to ask first"},
    {"bootstrap-controller", Takes::value, "controller to connect to", "Controllers to ask: not served yet"},
    {"command-config", Takes::value, "command config property file", "A property file for the client"},
    {"alter", Takes::nothing, "", "Change settings"},
    {"describe", Takes::nothing, "", "Print settings"},
    {"all", Takes::nothing, "", "Print all settings, not only those that were set"},
    {"entity-type", Takes::value, "", "topics, clients, users, brokers, broker-loggers, ips, client-metrics or groups",
     ValueKind::text, "", true},
    {"entity-name", Takes::value, "", "The name of the entity of that type", ValueKind::text, "", true},
    {"entity-default", Takes::nothing, "", "The default entity of clients, users, brokers or ips"},
    {"add-config", Takes::value, "", "Settings, k1=v1,k2=[v1,v2],k3=v3"},
    {"add-config-file", Takes::value, "", "A property file with settings"},
    {"delete-config", Takes::value, "", "Settings to remove, k1,k2", ValueKind::text, "", true},
    {"force", Takes::nothing, "", "Ask nothing"},
    {"topic", Takes::value, "", "A topic"},
    {"client", Takes::value, "", "A client id"},
    {"client-defaults", Takes::nothing, "", "All clients without settings of their own"},
    {"user", Takes::value, "", "A user"},
    {"user-defaults", Takes::nothing, "", "All users without settings of their own"},
    {"broker", Takes::value, "", "A broker's number"},
    {"broker-defaults", Takes::nothing, "", "All brokers"},
    {"broker-logger", Takes::value, "", "The number of the broker whose loggers are meant"},
    {"ip-defaults", Takes::nothing, "", "All addresses without settings of their own"},
    {"ip", Takes::value, "", "An address"},
    {"group", Takes::value, "", "A group"},
    {"client-metrics", Takes::value, "", "A subscription of client metrics"},
    {"help", Takes::nothing, "", "Print this"},
    {"version", Takes::nothing, "", "Print the version of Kafka whose script this is"},
};

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

/// A failure that Kafka shows as an exception below the command line: the kind tells these from plain messages.
Failure thrown(std::string message) {
  return {FailureKind::io, std::move(message)};
}

Failure refused(const client::AdminOutcome& outcome) {
  return thrown("java.util.concurrent.ExecutionException: " + exception_of(outcome.error, outcome.message));
}

bool has(const std::vector<std::string>& list, std::string_view one) {
  return std::ranges::find(list, one) != list.end();
}

constexpr std::string_view quota_keys[] = {"producer_byte_rate", "consumer_byte_rate", "request_percentage",
                                           "controller_mutation_rate"};

bool is_quota(std::string_view key) {
  return std::ranges::find(quota_keys, key) != std::end(quota_keys);
}

// Names of mechanisms are of one case here.
client::ScramMechanism mechanism_of(std::string_view key) {
  return key == upper(key) ? scram_mechanism_of(key) : client::ScramMechanism::unknown;
}

bool is_scram(std::string_view key) {
  return mechanism_of(key) != client::ScramMechanism::unknown;
}

client::ResourceType type_of(std::string_view entity) {
  if (entity == "brokers") return client::ResourceType::broker;
  if (entity == "broker-loggers") return client::ResourceType::broker_logger;
  if (entity == "client-metrics") return client::ResourceType::client_metrics;
  if (entity == "groups") return client::ResourceType::group;
  return client::ResourceType::topic;
}

/// Without --all, what was set: the source that means it; none: everything.
std::optional<client::ConfigSource> source_of(std::string_view entity, std::string_view name) {
  if (entity == "topics") return client::ConfigSource::dynamic_topic;
  if (entity == "client-metrics") return client::ConfigSource::dynamic_client_metrics;
  if (entity == "groups") return client::ConfigSource::dynamic_group;
  if (entity == "brokers") {
    return name.empty() ? client::ConfigSource::dynamic_default_broker : client::ConfigSource::dynamic_broker;
  }
  return std::nullopt;
}

/// The names of sources in synonyms; two are named otherwise than in client/admin.h.
std::string_view source_name(client::ConfigSource source) {
  if (source == client::ConfigSource::dynamic_client_metrics) return "DYNAMIC_CLIENT_METRICS_CONFIG";
  if (source == client::ConfigSource::dynamic_group) return "DYNAMIC_GROUP_CONFIG";
  return client::name_of(source);
}

std::string singular(std::string_view entity) {
  return std::string(entity.substr(0, entity.size() - 1));
}

/// Why Kafka would not take this as a topic's name; empty if it would.
std::string topic_name_fault(std::string_view name) {
  constexpr size_t bytes_max = 249;
  if (name == "." || name == "..") return fmt::format("Topic name is invalid: '{}' is not allowed", name);
  if (name.size() > bytes_max) {
    return fmt::format("Topic name is invalid: the length of '{}' is longer than the max allowed length {}", name,
                       bytes_max);
  }
  const bool fine = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
  if (fine) return {};
  return fmt::format(
      "Topic name is invalid: '{}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
      name);
}

/// The name of a quota's entity type.
std::string_view quota_type(std::string_view entity) {
  if (entity == "users") return "user";
  if (entity == "clients") return "client-id";
  return "ip";
}

class ConfigService {
 public:
  ConfigService(Session& session, const ConfigCommand& command) : session_(session), command_(command) {}

  Status describe();
  Status alter();

 private:
  Failure world(const Failure& failure) const { return thrown(session_.explain(failure).message); }
  Result<std::vector<std::string>> all_names(const std::string& entity);
  Result<bool> exists(const std::string& entity, const std::string& name);
  Result<std::vector<client::DescribedConfig>> configs_of(const std::string& entity, const std::string& name,
                                                          bool synonyms, bool all);
  Status describe_resources(const std::string& entity);
  Status describe_quotas();
  Status describe_users();
  Status alter_resource(const std::string& entity, const std::string& name);
  Status check_loggers(const std::string& name);
  Status alter_users();
  Status alter_quotas();
  Status alter_scram();
  Result<client::DescribedQuotas> quotas(bool strict_names);

  Session& session_;
  const ConfigCommand& command_;
};

Result<std::vector<std::string>> ConfigService::all_names(const std::string& entity) {
  std::vector<std::string> names;
  if (entity == "topics") {
    const auto topology = all_topics(session_);
    if (!topology.ok()) return world(topology.failure());
    for (const auto& [name, topic] : (*topology)->topics) names.push_back(name);
  } else if (entity == "brokers" || entity == "broker-loggers") {
    const auto topology = session_.wait(session_.client().refresh({}));
    if (!topology.ok()) return world(topology.failure());
    for (const auto& node : (*topology)->nodes) names.push_back(std::to_string(node.id));
    return names;
  } else {
    const auto listed = session_.wait(client::list_config_resources(session_.client(), type_of(entity)));
    if (!listed.ok()) return world(listed.failure());
    names = *listed;
    if (entity == "groups") {
      const auto groups = session_.wait(client::list_groups(session_.client(), {}, {}));
      if (!groups.ok()) return world(groups.failure());
      for (const auto& group : *groups) {
        if (!has(names, group.id)) names.push_back(group.id);
      }
    }
  }
  java_hash_order(names, [](const std::string& name) { return java_hash(name); });
  return names;
}

Result<bool> ConfigService::exists(const std::string& entity, const std::string& name) {
  if (name.empty()) return true;
  ASSIGN_OR_RETURN(const std::vector<std::string> names, all_names(entity));
  return has(names, name);
}

Result<std::vector<client::DescribedConfig>> ConfigService::configs_of(const std::string& entity,
                                                                       const std::string& name, bool synonyms,
                                                                       bool all) {
  client::ConfigResource resource{type_of(entity), name};
  const auto described = session_.wait(client::describe_configs(session_.client(), std::move(resource), synonyms));
  if (!described.ok()) return world(described.failure());
  if (described->error != wire::ErrorCode::none) return refused({described->error, described->message});
  std::vector<client::DescribedConfig> configs = described->configs;
  const auto source = source_of(entity, name);
  if (source && !all) {
    std::erase_if(configs, [&](const client::DescribedConfig& one) { return one.entry.source != *source; });
  }
  std::ranges::sort(configs, [](const auto& a, const auto& b) { return a.entry.key < b.entry.key; });
  return configs;
}

Status ConfigService::describe_resources(const std::string& entity) {
  std::vector<std::string> names = command_.names;
  if (names.empty()) {
    ASSIGN_OR_RETURN(names, all_names(entity));
    if (entity == "brokers") names.emplace_back();
  } else {
    names.resize(1);
    const std::string wrong = entity == "topics" ? topic_name_fault(names[0]) : "";
    if (!wrong.empty()) return invalid(wrong);
    ASSIGN_OR_RETURN(const bool there, exists(entity, names[0]));
    if (!there) {
      print(fmt::format("The {} '{}' doesn't exist and doesn't have dynamic config.\n", singular(entity), names[0]));
      return {};
    }
  }
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const std::vector<client::DescribedConfig> configs, configs_of(entity, name, true, command_.all));
    std::string out = name.empty() ? fmt::format("Default configs for {} in the cluster are:\n", entity)
                                   : fmt::format("{} configs for {} {} are:\n", command_.all ? "All" : "Dynamic",
                                                 singular(entity), name);
    for (const client::DescribedConfig& config : configs) {
      std::vector<std::string> synonyms;
      for (const auto& one : config.synonyms) {
        synonyms.push_back(fmt::format("{}:{}={}", source_name(one.source), one.key, one.value.value_or("null")));
      }
      out += fmt::format("  {}={} sensitive={} synonyms={{{}}}\n", config.entry.key,
                         config.entry.value.value_or("null"), config.entry.sensitive, fmt::join(synonyms, ", "));
    }
    print(out);
  }
  return {};
}

Result<client::DescribedQuotas> ConfigService::quotas(bool strict_names) {
  if (strict_names && command_.types.size() != command_.names.size()) {
    return invalid("Exactly one entity name must be specified for every entity type");
  }
  if (command_.names.size() > command_.types.size()) return invalid("More entity names specified than entity types");
  std::vector<client::QuotaFilter> filters;
  for (size_t i = 0; i < command_.types.size(); ++i) {
    client::QuotaFilter& filter = filters.emplace_back();
    filter.entity_type = quota_type(command_.types[i]);
    if (i >= command_.names.size()) continue;
    filter.name = command_.names[i];
    filter.match = filter.name.empty() ? client::QuotaFilter::Match::fallback : client::QuotaFilter::Match::exact;
  }
  auto described = session_.wait(client::describe_client_quotas(session_.client(), std::move(filters), true));
  if (!described.ok()) return world(described.failure());
  if (described->outcome.error != wire::ErrorCode::none) return refused(described->outcome);
  return std::move(described).value();
}

int32_t hash_of(const client::EntityQuotas& quotas) {
  // ClientQuotaEntity hashes its map: the sum of key hash xor value hash.
  uint32_t hash = 0;
  for (const auto& [type, name] : quotas.entity) {
    hash += static_cast<uint32_t>(java_hash(type)) ^ static_cast<uint32_t>(name ? java_hash(*name) : 0);
  }
  return static_cast<int32_t>(hash);
}

Status ConfigService::describe_quotas() {
  ASSIGN_OR_RETURN(client::DescribedQuotas described, quotas(false));
  java_hash_order(described.entries, hash_of, described.entries.size());
  std::string out;
  for (auto& entry : described.entries) {
    std::vector<std::string> parts;
    for (const auto& [type, title] : {std::pair<std::string_view, std::string_view>{"user", "user-principal"},
                                      {"client-id", "client-id"},
                                      {"ip", "ip"}}) {
      for (const auto& [part, name] : entry.entity) {
        if (part != type) continue;
        parts.push_back(name ? fmt::format("{} '{}'", title, *name) : fmt::format("the default {}", title));
      }
    }
    java_hash_order(entry.values, [](const auto& value) { return java_hash(value.first); }, entry.values.size());
    std::vector<std::string> values;
    for (const auto& [key, value] : entry.values) values.push_back(fmt::format("{}={}", key, java_double(value)));
    out += fmt::format("Quota configs for {} are {}\n", fmt::join(parts, ", "), fmt::join(values, ", "));
  }
  print(out);
  return {};
}

Status ConfigService::describe_users() {
  RETURN_IF_FAILED(describe_quotas());
  if (has(command_.types, "clients") || has(command_.names, "")) return {};
  const auto described = session_.wait(client::describe_scram(session_.client(), command_.names));
  if (!described.ok()) return world(described.failure());
  if (described->outcome.error != wire::ErrorCode::none) return refused(described->outcome);
  std::string out;
  for (const client::ScramUser& user : described->users) {
    // Users without a credential are told with this error; Kafka's tool leaves them out.
    if (user.outcome.error == wire::ErrorCode::resource_not_found) continue;
    if (user.outcome.error != wire::ErrorCode::none) {
      const std::string text = exception_of(user.outcome.error, user.outcome.message);
      out += fmt::format("Error retrieving SCRAM credential configs for user-principal '{}': ExecutionException: {}\n",
                         user.name, text);
      continue;
    }
    std::vector<std::string> infos;
    for (const auto& [mechanism, iterations] : user.credentials) {
      infos.push_back(fmt::format("{}=iterations={}", scram_name(mechanism), iterations));
    }
    out += fmt::format("SCRAM credential configs for user-principal '{}' are {}\n", user.name, fmt::join(infos, ", "));
  }
  print(out);
  return {};
}

Status ConfigService::describe() {
  const std::string& head = command_.types.front();
  if (head == "users" || head == "clients") return describe_users();
  if (head == "ips") return describe_quotas();
  return describe_resources(head);
}

// --- alter ---

Status ConfigService::check_loggers(const std::string& name) {
  ASSIGN_OR_RETURN(const std::vector<client::DescribedConfig> valid, configs_of("broker-loggers", name, true, false));
  std::vector<std::string> unknown;
  const auto is_known = [&](std::string_view logger) {
    return std::ranges::any_of(valid, [&](const auto& one) { return one.entry.key == logger; });
  };
  for (const std::string& logger : command_.removed) {
    if (!is_known(logger)) unknown.push_back(logger);
  }
  for (const auto& [logger, level] : command_.added) {
    if (!is_known(logger)) unknown.push_back(logger);
  }
  if (!unknown.empty()) return invalid(fmt::format("Invalid broker logger(s): {}", fmt::join(unknown, ",")));
  return {};
}

Status ConfigService::alter_resource(const std::string& entity, const std::string& name) {
  if (entity == "broker-loggers") RETURN_IF_FAILED(check_loggers(name));
  std::vector<client::ConfigChange> changes;
  for (const auto& [key, value] : command_.added) changes.push_back({key, client::ConfigOperation::set, value});
  for (const std::string& key : command_.removed) changes.push_back({key, client::ConfigOperation::remove, ""});
  client::ConfigResource resource{type_of(entity), name};
  const auto outcome =
      session_.wait(client::alter_configs(session_.client(), std::move(resource), std::move(changes), false));
  if (!outcome.ok()) return world(outcome.failure());
  if (outcome->error != wire::ErrorCode::none) return refused(*outcome);
  return {};
}

Status ConfigService::alter_quotas() {
  ASSIGN_OR_RETURN(const client::DescribedQuotas present, quotas(true));
  std::vector<std::string> unknown;
  for (const std::string& key : command_.removed) {
    const bool there =
        !present.entries.empty() &&
        std::ranges::any_of(present.entries.front().values, [&](const auto& one) { return one.first == key; });
    if (!there) unknown.push_back(key);
  }
  if (!unknown.empty()) return invalid(fmt::format("Invalid config(s): {}", fmt::join(unknown, ",")));
  client::QuotaEntity entity;
  for (size_t i = 0; i < command_.types.size(); ++i) {
    std::optional<std::string> name;
    if (!command_.names[i].empty()) name = command_.names[i];
    entity.emplace_back(std::string(quota_type(command_.types[i])), std::move(name));
  }
  std::vector<client::QuotaChange> changes;
  for (const auto& [key, text] : command_.added) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0') {
      return invalid(fmt::format("Cannot parse quota configuration value for {}: {}", key, text));
    }
    changes.push_back({key, value});
  }
  for (const std::string& key : command_.removed) changes.push_back({key, std::nullopt});
  const auto outcome =
      session_.wait(client::alter_client_quotas(session_.client(), std::move(entity), std::move(changes)));
  if (!outcome.ok()) return world(outcome.failure());
  if (outcome->error != wire::ErrorCode::none) return refused(*outcome);
  return {};
}

/// "[iterations=N,]password=P" as a credential with a fresh salt.
Result<client::ScramCredential> credential_of(const std::string& key, std::string_view text) {
  const client::ScramMechanism mechanism = mechanism_of(key);
  int32_t iterations = scram_iterations_default;
  const std::string enum_name = key == "SCRAM-SHA-256" ? "SCRAM_SHA_256" : "SCRAM_SHA_512";
  const Failure wrong = invalid(fmt::format("Invalid credential property {}={}", enum_name, text));
  if (text.starts_with("iterations=")) {
    const size_t comma = text.find(',');
    if (comma == std::string_view::npos) return wrong;
    const auto number = parse_integer(text.substr(11, comma - 11));
    if (!number || *number > INT32_MAX || *number < INT32_MIN) return wrong;
    if (*number != -1) iterations = static_cast<int32_t>(*number);
    text.remove_prefix(comma + 1);
  }
  if (!text.starts_with("password=")) return wrong;
  text.remove_prefix(9);
  if (iterations < scram_iterations_min) {
    return invalid(fmt::format("Iterations {} is less than the minimum {} required for {}", iterations,
                               scram_iterations_min, key));
  }
  return salted_credential(mechanism, iterations, text);
}

Status ConfigService::alter_scram() {
  std::vector<client::ScramCredential> credentials;
  std::vector<client::ScramMechanism> removed;
  for (const std::string& key : command_.removed) removed.push_back(mechanism_of(key));
  for (const auto& [key, value] : command_.added) {
    ASSIGN_OR_RETURN(client::ScramCredential credential, credential_of(key, value));
    credentials.push_back(std::move(credential));
  }
  std::string user = command_.names.front();
  const auto outcome = session_.wait(
      client::alter_scram(session_.client(), std::move(user), std::move(credentials), std::move(removed)));
  if (!outcome.ok()) return world(outcome.failure());
  if (outcome->error != wire::ErrorCode::none) return refused(*outcome);
  return {};
}

Status ConfigService::alter_users() {
  const bool with_client = command_.types.front() == "clients" || command_.types.size() == 2;
  std::vector<std::string> added;
  for (const auto& [key, value] : command_.added) added.push_back(key);
  const auto unknown = [&](const std::vector<std::string>& keys) {
    std::vector<std::string> list = keys;
    std::erase_if(list, [&](const std::string& key) { return is_quota(key) || (is_scram(key) && !with_client); });
    return list;
  };
  const std::string_view what = with_client ? "Only quota configs" : "Only quota and SCRAM credential configs";
  const std::string_view whose = with_client ? "clients" : "users";
  for (const auto& [keys, done, set] :
       {std::tuple{unknown(added), "added", "Set"}, std::tuple{unknown(command_.removed), "deleted", "ArrayBuffer"}}) {
    if (keys.empty()) continue;
    return invalid(fmt::format("{} can be {} for '{}' using --bootstrap-server. Unexpected config names: {}({})", what,
                               done, whose, set, fmt::join(keys, ", ")));
  }
  const bool scram = std::ranges::any_of(added, is_scram) || std::ranges::any_of(command_.removed, is_scram);
  const bool quota = std::ranges::any_of(added, is_quota) || std::ranges::any_of(command_.removed, is_quota);
  if (scram && has(command_.names, "")) {
    return invalid(
        "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using "
        "--bootstrap-server.");
  }
  if (scram && quota) {
    return invalid(
        "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.");
  }
  return quota ? alter_quotas() : alter_scram();
}

Status ConfigService::alter() {
  const std::string& head = command_.types.front();
  const std::string& name = command_.names.front();
  if (head == "users" || head == "clients") {
    RETURN_IF_FAILED(alter_users());
  } else if (head == "ips") {
    std::vector<std::string> unknown;
    for (const auto& [key, value] : command_.added) unknown.push_back(key);
    unknown.insert(unknown.end(), command_.removed.begin(), command_.removed.end());
    std::erase(unknown, "connection_creation_rate");
    if (!unknown.empty()) {
      return invalid(
          fmt::format("Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected "
                      "config names: {}",
                      fmt::join(unknown, ",")));
    }
    RETURN_IF_FAILED(alter_quotas());
  } else {
    RETURN_IF_FAILED(alter_resource(head, name));
  }
  print(name.empty() ? fmt::format("Completed updating default config for {} in the cluster.\n", head)
                     : fmt::format("Completed updating config for {} {}.\n", singular(head), name));
  return {};
}

}  // namespace

std::span<const Option> configs_options() {
  return table;
}

int run_configs(std::span<const std::string_view> words) {
  const Result<Options> options = Options::parse(table, words);
  if (!options.ok()) {
    print_error(options.failure().message + "\n");
    return 1;
  }
  if (!options->empty()) {
    if (const auto code = first_words(*options, summary)) return *code;
  }
  std::optional<std::string> wrong_use;
  const Result<ConfigCommand> command = parse_config_command(*options, wrong_use);
  if (wrong_use) return usage(table, *wrong_use);
  Status done;
  if (!command.ok()) {
    done = command.failure();
  } else if (options->has("bootstrap-controller")) {
    done = Failure{FailureKind::unsupported, "--bootstrap-controller: controllers are not asked directly yet"};
  } else {
    const auto session = open_session(*options, "adminclient-1");
    if (!session.ok()) {
      done = session.failure();
    } else {
      ConfigService service(**session, *command);
      done = command->alter ? service.alter() : service.describe();
    }
  }
  if (done.ok()) return 0;
  if (done.failure().kind == FailureKind::io || done.failure().kind == FailureKind::not_found) {
    print_error(fmt::format("Error while executing config command with args '{}'\n", fmt::join(words, " ")));
  }
  print_error(done.failure().message + "\n");
  return 1;
}

}  // namespace moldau::cli::kafka
