#include "cli/option_keys.h"

#include <algorithm>
#include <iterator>

#include <fmt/core.h>
#include <fmt/format.h>

#include "cli/table.h"
#include "cli/text.h"
#include "client/options.h"

namespace moldau::cli {
namespace {

constexpr size_t hosts_max = client::bootstrap_addresses_max;

// Options of the admin and registry APIs are kept in profiles; no verb talks to these yet.
constexpr OptionKey table[] = {
    {"brokers", "kafka_api.brokers", OptionKind::hosts, "127.0.0.1:9092,db2:9092",
     "Brokers to ask first; any of a cluster will do"},
    {"group.protocol", "kafka_api.group_protocol", OptionKind::choice, "consumer",
     "How 'topic consume -g' joins groups: classic, or consumer (KIP-848)", "classic|consumer"},
    {"tls.enabled", "kafka_api.tls.enabled", OptionKind::boolean, "true", "TLS to the brokers: not served yet", "",
     false},
    {"tls.insecure_skip_verify", "kafka_api.tls.insecure_skip_verify", OptionKind::boolean, "false",
     "Do not check the brokers' certificates: not served yet", "", false},
    {"tls.ca", "kafka_api.tls.ca_file", OptionKind::file, "/path/to/ca.pem", "Who signs the brokers: not served yet",
     "", false},
    {"tls.cert", "kafka_api.tls.cert_file", OptionKind::file, "/path/to/cert.pem",
     "This client's certificate: not served yet", "", false},
    {"tls.key", "kafka_api.tls.key_file", OptionKind::file, "/path/to/key.pem", "And its key: not served yet", "",
     false},
    {"sasl.mechanism", "kafka_api.sasl.mechanism", OptionKind::choice, "SCRAM-SHA-256",
     "How to prove who one is: not served yet", "SCRAM-SHA-256|SCRAM-SHA-512|PLAIN", false},
    {"user", "kafka_api.sasl.user", OptionKind::text, "name", "The user: not served yet", "", false},
    {"pass", "kafka_api.sasl.password", OptionKind::text, "password", "The password: not served yet", "", false},
    {"admin.hosts", "admin_api.addresses", OptionKind::hosts, "127.0.0.1:9644", "The admin API; no verb asks it yet"},
    {"admin.tls.enabled", "admin_api.tls.enabled", OptionKind::boolean, "true", "TLS to it"},
    {"admin.tls.insecure_skip_verify", "admin_api.tls.insecure_skip_verify", OptionKind::boolean, "false",
     "Do not check its certificate"},
    {"admin.tls.ca", "admin_api.tls.ca_file", OptionKind::file, "/path/to/ca.pem", "Who signs it"},
    {"admin.tls.cert", "admin_api.tls.cert_file", OptionKind::file, "/path/to/cert.pem", "This client's certificate"},
    {"admin.tls.key", "admin_api.tls.key_file", OptionKind::file, "/path/to/key.pem", "And its key"},
    {"registry.hosts", "schema_registry.addresses", OptionKind::hosts, "127.0.0.1:8081",
     "The schema registry; no verb asks it yet"},
    {"registry.tls.enabled", "schema_registry.tls.enabled", OptionKind::boolean, "true", "TLS to it"},
    {"registry.tls.insecure_skip_verify", "schema_registry.tls.insecure_skip_verify", OptionKind::boolean, "false",
     "Do not check its certificate"},
    {"registry.tls.ca", "schema_registry.tls.ca_file", OptionKind::file, "/path/to/ca.pem", "Who signs it"},
    {"registry.tls.cert", "schema_registry.tls.cert_file", OptionKind::file, "/path/to/cert.pem",
     "This client's certificate"},
    {"registry.tls.key", "schema_registry.tls.key_file", OptionKind::file, "/path/to/key.pem", "And its key"},
    {"globals.prompt", "globals.prompt", OptionKind::text, "bold \"[%n]\"",
     "What 'profile prompt' prints where the profile has none of its own"},
    {"globals.no_default_cluster", "globals.no_default_cluster", OptionKind::boolean, "false",
     "Do not turn to 127.0.0.1:9092 when no broker is named"},
    {"globals.command_timeout", "globals.command_timeout", OptionKind::duration, "30s",
     "How long a broker may work on one command (default 30s)"},
    {"globals.dial_timeout", "globals.dial_timeout", OptionKind::duration, "3s",
     "How long connecting may take (default 3s)"},
    {"globals.request_timeout_overhead", "globals.request_timeout_overhead", OptionKind::duration, "10s",
     "How long an answer may take beyond the request's own time (default 10s)"},
    {"globals.retry_timeout", "globals.retry_timeout", OptionKind::duration, "30s",
     "How long failing requests are tried again (default 30s)"},
    {"globals.fetch_max_wait", "globals.fetch_max_wait", OptionKind::duration, "5s",
     "How long a broker may hold a fetch back (default 5s)"},
    {"globals.kafka_protocol_request_client_id", "globals.kafka_protocol_request_client_id", OptionKind::text, "moldau",
     "The client id that brokers see (default moldau)"},
};

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

std::string shape_of(const OptionKey& option) {
  switch (option.kind) {
    case OptionKind::hosts:
      return "host:port,...";
    case OptionKind::boolean:
      return "true|false";
    case OptionKind::file:
      return "FILE";
    case OptionKind::duration:
      return "TIME";
    case OptionKind::choice:
      return std::string(option.choices);
    case OptionKind::text:
      break;
  }
  return "TEXT";
}

uint16_t port_of(const OptionKey& option) {
  if (option.name == "admin.hosts") return admin_port;
  return option.name == "registry.hosts" ? registry_port : kafka_port;
}

}  // namespace

std::span<const OptionKey> option_keys() {
  return table;
}

const OptionKey* find_option(std::string_view name) {
  const auto* found =
      std::ranges::find_if(table, [&](const OptionKey& option) { return option.name == name || option.field == name; });
  return found == std::end(table) ? nullptr : found;
}

Result<const OptionKey*> known_option(std::string_view name) {
  const OptionKey* found = find_option(name);
  if (found != nullptr) return found;
  std::vector<std::string_view> names;
  for (const OptionKey& option : table) {
    names.push_back(option.name);
    names.push_back(option.field);
  }
  const std::string_view near = nearest(name, names);
  return invalid(fmt::format("unknown option '{}'{}; see: moldau -X list", name,
                             near.empty() ? "" : fmt::format("; did you mean {}?", near)));
}

bool is_global(const OptionKey& option) {
  return option.name.starts_with("globals.");
}

Status check_option(const OptionKey& option, std::string_view value, std::string_view origin) {
  if (value.empty()) return {};
  switch (option.kind) {
    case OptionKind::text:
    case OptionKind::file:
      return {};
    case OptionKind::hosts: {
      const auto hosts = parse_hosts(value, port_of(option), hosts_max);
      if (!hosts.ok()) return invalid(fmt::format("{}: {}", origin, hosts.failure().message));
      return {};
    }
    case OptionKind::boolean:
      if (!parse_bool(value)) return invalid(fmt::format("{}: '{}' is neither true nor false", origin, value));
      return {};
    case OptionKind::duration: {
      const auto duration = parse_duration(value);
      if (!duration || *duration <= Duration{}) {
        return invalid(fmt::format("{}: '{}' is no duration such as 3s", origin, value));
      }
      return {};
    }
    case OptionKind::choice: {
      const auto choices = split(option.choices, '|');
      if (std::ranges::find(choices, value) != choices.end()) return {};
      std::string all(option.choices);
      std::ranges::replace(all, '|', ' ');
      return invalid(fmt::format("{}: '{}' is none of {}", origin, value, all));
    }
  }
  return {};
}

std::string option_list() {
  std::string out;
  for (const OptionKey& option : table) out += fmt::format("{}={}\n", option.name, shape_of(option));
  return out;
}

std::string option_help() {
  std::string out =
      "Options of the client: -X KEY=VALUE, MOLDAU_KEY or RPK_KEY in capitals with _ for each dot, or a profile's\n"
      "field (moldau profile set KEY=VALUE). Flags win over -X, -X over the environment, that over the profile.\n";
  for (const OptionKey& option : table) {
    out += fmt::format("\n{}={}\n  {}.\n  In a profile: {}\n", option.name, option.example, option.help, option.field);
  }
  return out;
}

Result<std::vector<io::Address>> parse_hosts(std::string_view text, uint16_t default_port, size_t count_max) {
  std::vector<io::Address> addresses;
  for (std::string_view part : split(text, ',')) {
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (part.empty()) continue;
    io::Address address{"", default_port};
    std::string_view port;
    const bool bracketed = part.starts_with('[') && part.find(']') != std::string_view::npos;
    if (bracketed) {
      const size_t close = part.find(']');
      address.host = part.substr(1, close - 1);
      if (part.size() > close + 1 && part[close + 1] != ':') return invalid(fmt::format("'{}' is no host:port", part));
      if (part.size() > close + 1) port = part.substr(close + 2);
    } else {
      // More than one colon without brackets is an IPv6 address alone.
      const size_t colon = part.find(':');
      const bool has_port = colon != std::string_view::npos && part.find(':', colon + 1) == std::string_view::npos;
      address.host = has_port ? part.substr(0, colon) : part;
      if (has_port) port = part.substr(colon + 1);
    }
    const auto number = parse_integer(port);
    const bool port_wrong = !port.empty() && (!number || *number < 1 || *number > UINT16_MAX);
    if (address.host.empty() || port_wrong) return invalid(fmt::format("'{}' is no host:port", part));
    if (number) address.port = static_cast<uint16_t>(*number);
    addresses.push_back(std::move(address));
  }
  if (addresses.empty()) return invalid("no broker is named: give host:port");
  if (addresses.size() > count_max) return invalid(fmt::format("more than {} brokers are named", count_max));
  return addresses;
}

}  // namespace moldau::cli
