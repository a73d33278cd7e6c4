#include "cli/kafka/config_options.h"

#include <algorithm>
#include <set>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "cli/kafka/java.h"
#include "cli/text.h"

namespace moldau::cli::kafka {
namespace {

/// An option that names an entity by its type, and one for the default entity, in Kafka's order.
constexpr std::pair<std::string_view, std::string_view> name_flags[] = {
    {"topic", "topics"},
    {"client", "clients"},
    {"user", "users"},
    {"broker", "brokers"},
    {"broker-logger", "broker-loggers"},
    {"ip", "ips"},
    {"client-metrics", "client-metrics"},
    {"group", "groups"},
};
constexpr std::pair<std::string_view, std::string_view> default_flags[] = {
    {"client-defaults", "clients"},
    {"user-defaults", "users"},
    {"broker-defaults", "brokers"},
    {"ip-defaults", "ips"},
};
constexpr std::string_view known_types[] = {"topics", "clients",        "users",  "brokers",
                                            "ips",    "client-metrics", "groups", "broker-loggers"};

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool has(const std::vector<std::string>& list, std::string_view one) {
  return std::ranges::find(list, one) != list.end();
}

/// Cuts at `separator` where what follows opens a bracket before it closes one: not within brackets.
std::vector<std::string_view> split_outside_brackets(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != separator) continue;
    const size_t close = text.find(']', i);
    const size_t open = text.find('[', i);
    if (close != std::string_view::npos && (open == std::string_view::npos || close < open)) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

Status check_keys(const std::vector<std::pair<std::string, std::string>>& configs) {
  for (const auto& [key, value] : configs) {
    const bool fine = std::ranges::all_of(key, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
             c == '-' || c == '$';
    });
    if (!fine) return invalid(fmt::format("Invalid character found for config key: {}", key));
  }
  return {};
}

Status check_types(const Options& options, const std::vector<std::string>& types) {
  std::set<std::string> seen;
  std::vector<std::string> repeated;
  for (const std::string& type : types) {
    if (!seen.insert(type).second) repeated.push_back(type);
  }
  if (!repeated.empty()) {
    return invalid(fmt::format("Duplicate entity type(s) specified: {}", fmt::join(repeated, ",")));
  }
  if (!options.has("bootstrap-server") && !options.has("bootstrap-controller")) {
    return invalid("Either --bootstrap-server or --bootstrap-controller must be specified.");
  }
  for (const std::string& type : types) {
    if (std::ranges::find(known_types, type) != std::end(known_types)) continue;
    return invalid(
        fmt::format("Invalid entity type {}, the entity type must be one of {} with a --bootstrap-server or "
                    "--bootstrap-controller argument",
                    type, fmt::join(known_types, ", ")));
  }
  if (types.empty()) return invalid("At least one entity type must be specified");
  if (types.size() > 1 && (types.size() != 2 || !has(types, "users") || !has(types, "clients"))) {
    return invalid("Only 'users' and 'clients' entity types may be specified together");
  }
  return {};
}

Status check_names(const Options& options, const std::vector<std::string>& types,
                   const std::vector<std::string>& names) {
  const bool general = options.has("entity-name") || options.has("entity-type") || options.has("entity-default");
  const auto given = [&](const auto& flag) { return options.has(flag.first); };
  if (general && (std::ranges::any_of(name_flags, given) || std::ranges::any_of(default_flags, given))) {
    return invalid("--entity-{type,name,default} should not be used in conjunction with specific entity flags");
  }
  if (options.has("bootstrap-server") && options.has("bootstrap-controller")) {
    return invalid("Only one of --bootstrap-server or --bootstrap-controller can be specified");
  }
  if (!has(types, "brokers") && !has(types, "broker-loggers")) return {};
  for (const std::string& name : names) {
    if (name.empty() || parse_integer(name)) continue;
    return invalid(
        fmt::format("The entity name for {} must be a valid integer broker id, but it is: {}", types.front(), name));
  }
  return {};
}

Status check_action(const Options& options, const std::vector<std::string>& types,
                    const std::vector<std::string>& names) {
  const bool named = std::ranges::any_of(names, [](const std::string& name) { return !name.empty(); });
  const bool fallback = has(names, "");
  const bool with_default = has(types, "users") || has(types, "clients") || has(types, "brokers") || has(types, "ips");
  if (options.has("describe")) {
    if (!with_default && options.has("entity-default")) {
      return invalid(
          fmt::format("--entity-default must not be specified with --describe of {}", fmt::join(types, ",")));
    }
    if (has(types, "broker-loggers") && !named) {
      return invalid(fmt::format("An entity name must be specified with --describe of {}", fmt::join(types, ",")));
    }
    return {};
  }
  if (with_default && !named && !fallback) {
    return invalid("An entity-name or default entity must be specified with --alter of users, clients, brokers or ips");
  }
  if (!with_default && !named) {
    return invalid(fmt::format("An entity name must be specified with --alter of {}", fmt::join(types, ",")));
  }
  if (options.has("add-config") && options.has("add-config-file")) {
    return invalid("Only one of --add-config or --add-config-file must be specified");
  }
  if (!options.has("add-config") && !options.has("add-config-file") && !options.has("delete-config")) {
    return invalid(
        "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter");
  }
  return {};
}

}  // namespace

std::vector<std::string> entity_types(const Options& options) {
  std::vector<std::string> types;
  for (const std::string& type : options.values("entity-type")) types.push_back(type);
  for (const auto& [flag, type] : name_flags) {
    if (options.has(flag)) types.emplace_back(type);
  }
  for (const auto& [flag, type] : default_flags) {
    if (options.has(flag)) types.emplace_back(type);
  }
  return types;
}

std::vector<std::string> entity_names(const Options& options) {
  std::vector<std::string> names;
  for (const auto& [option, value] : options.in_order()) {
    if (option == "entity-name") names.push_back(value);
    if (option == "entity-default") names.emplace_back();
  }
  for (const auto& [flag, type] : name_flags) {
    if (const auto name = options.given(flag)) names.push_back(*name);
  }
  for (const auto& [flag, type] : default_flags) {
    if (options.has(flag)) names.emplace_back();
  }
  return names;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_added_configs(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> configs;
  for (const std::string_view one : split_outside_brackets(text, ',')) {
    const std::vector<std::string_view> parts = split_outside_brackets(one, '=');
    if (parts.size() != 2) {
      return invalid(
          "requirement failed: Invalid entity config: all configs to be added must be in the format \"key=val\" or  "
          "\"key=[val1,val2]\" to group values which contain commas.");
    }
    std::string value(parts[1]);
    std::erase_if(value, [](char c) { return c == '[' || c == ']'; });
    configs.emplace_back(std::string(trimmed(parts[0])), std::string(trimmed(value)));
  }
  return configs;
}

Result<ConfigCommand> parse_config_command(const Options& options, std::optional<std::string>& wrong_use) {
  ConfigCommand command;
  if (options.has("alter") == options.has("describe")) {
    wrong_use = "Command must include exactly one action: --describe, --alter";
    return command;
  }
  wrong_use = conflict_of(options, "describe", {"add-config", "delete-config"});
  if (wrong_use) return command;
  RETURN_IF_FAILED(options.values_ok());
  command.alter = options.has("alter");
  command.all = options.has("all");
  command.types = entity_types(options);
  command.names = entity_names(options);
  RETURN_IF_FAILED(check_types(options, command.types));
  RETURN_IF_FAILED(check_names(options, command.types, command.names));
  RETURN_IF_FAILED(check_action(options, command.types, command.names));
  if (!command.alter) return command;
  if (command.types.size() != command.names.size())
    return invalid("An entity name must be specified for every entity type");
  if (const auto file = options.given("add-config-file")) {
    ASSIGN_OR_RETURN(const Properties properties, load_properties(*file));
    for (const auto& [key, value] : properties) command.added.emplace_back(key, value);
  }
  if (const auto text = options.given("add-config")) {
    ASSIGN_OR_RETURN(command.added, parse_added_configs(*text));
  }
  for (const std::string& list : options.values("delete-config")) {
    for (const std::string_view key : split(list, ',')) command.removed.emplace_back(trimmed(key));
  }
  RETURN_IF_FAILED(check_keys(command.added));
  return command;
}

}  // namespace moldau::cli::kafka
