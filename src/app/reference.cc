#include "app/reference.h"

#include <fmt/core.h>

#include <cmath>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/operations.h"
#include "broker/broker.h"
#include "broker/metrics_table.h"
#include "metadata/config_table.h"
#include "metadata/features.h"
#include "wire/api_facts.h"
#include "wire/api_key.h"
#include "wire/error_code.h"
#include "wire/served.h"

namespace moldau::app {
namespace {

/// A JSON text. The tables hold plain ASCII without control characters.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string_view name_of(metadata::ConfigType type) {
  using enum metadata::ConfigType;
  switch (type) {
    case boolean:
      return "boolean";
    case string:
      return "string";
    case int32:
      return "int";
    case int16:
      return "short";
    case int64:
      return "long";
    case float64:
      return "double";
    case list:
      return "list";
    case class_name:
      return "class";
    case password:
      return "password";
    case unknown:
      break;
  }
  return "unknown";
}

std::string_view name_of(metadata::Importance importance) {
  using enum metadata::Importance;
  return importance == high ? "high" : importance == medium ? "medium" : "low";
}

std::string_view name_of(metadata::UpdateMode mode) {
  using enum metadata::UpdateMode;
  return mode == read_only ? "read-only" : mode == per_broker ? "per-broker" : "cluster-wide";
}

std::string number_text(double value) {
  const bool whole = std::floor(value) == value;
  return whole ? fmt::format("{:.0f}", value) : fmt::format("{}", value);
}

std::string choices_text(std::span<const std::string_view> choices) {
  std::string text;
  for (const std::string_view choice : choices) text += (text.empty() ? "" : ", ") + std::string(choice);
  return text;
}

/// What a value must satisfy, for people; empty: nothing beyond its type.
std::string rule_text(const metadata::ConfigRule& rule) {
  using enum metadata::RuleKind;
  const std::string low = rule.low ? number_text(*rule.low) : "";
  const std::string high = rule.high ? number_text(*rule.high) : "";
  const std::string bounds = high.empty() ? low + " or more" : low + " to " + high;
  switch (rule.kind) {
    case none:
      return "";
    case range_or_minus_one:
      return bounds + ", or -1";
    case one_of:
    case one_of_any_case:
      return "one of " + choices_text(rule.choices);
    case list_of:
      if (rule.choices.empty()) return rule.empty_allowed ? "" : "not empty";
      return "any of " + choices_text(rule.choices) + (rule.empty_allowed ? "" : "; not empty");
    case not_empty:
      return "not empty";
    case throttled_replicas:
      return "* or partition:broker, ...";
    case voters:
      return "id@host:port, ...";
    case servers:
      return "host:port, ...";
    case range:
      break;
  }
  return bounds;
}

void print_settings(const char* name, std::span<const metadata::ConfigKey* const> keys) {
  fmt::print("  {}: [", quoted(name));
  const char* separator = "\n";
  for (const metadata::ConfigKey* key : keys) {
    fmt::print("{}    {{\"name\": {}, \"type\": {}, \"default\": {}, \"values\": {}, \"importance\": {}, ", separator,
               quoted(key->name), quoted(name_of(key->type)),
               key->default_value ? quoted(*key->default_value) : "null", quoted(rule_text(key->rule)),
               quoted(name_of(key->importance)));
    fmt::print("\"update\": {}, \"server_name\": {}, \"hidden\": {}, \"required\": {}, ",
               quoted(name_of(key->update_mode)), quoted(key->server_name), key->internal(), key->required());
    fmt::print("\"effective\": {}, \"text\": {}}}", key->effective(), quoted(key->documentation));
    separator = ",\n";
  }
  fmt::print("\n  ],\n");
}

std::string_view name_of(api::Operation operation) {
  static constexpr std::string_view names[] = {
      "UNKNOWN",          "ANY",           "ALL",           "READ",          "WRITE",           "CREATE",
      "DELETE",           "ALTER",         "DESCRIBE",      "CLUSTER_ACTION", "DESCRIBE_CONFIGS", "ALTER_CONFIGS",
      "IDEMPOTENT_WRITE", "CREATE_TOKENS", "DESCRIBE_TOKENS", "TWO_PHASE_COMMIT"};
  return names[static_cast<size_t>(operation)];
}

std::string_view name_of(api::ResourceType resource) {
  static constexpr std::string_view names[] = {
      "unknown", "any", "topic", "group", "cluster", "transactional id", "delegation token", "user"};
  return names[static_cast<size_t>(resource)];
}

void print_apis() {
  fmt::print("  \"apis\": [");
  const char* separator = "\n";
  for (const wire::ServedApi& api : wire::servable_apis()) {
    if (broker::handler_of(api.key) == nullptr) continue;
    std::string operations;
    if (const api::ApiOperations* row = api::operations_of(api.key)) {
      for (const api::RequiredOperation& required : row->operations) {
        operations += operations.empty() ? "" : "; ";
        operations += fmt::format("{} on {}", name_of(required.operation), name_of(required.resource));
      }
    }
    const wire::ApiFacts* const facts = wire::facts_of(api.key);
    fmt::print("{}    {{\"key\": {}, \"name\": {}, \"min\": {}, \"max\": {}, \"advertised_min\": {}, "
               "\"flexible_since\": {}, \"operations\": {}}}",
               separator, static_cast<int>(api.key), quoted(wire::name_of(api.key)), api.min_version, api.max_version,
               api.advertised_min_version, facts == nullptr ? -1 : facts->flexible_since, quoted(operations));
    separator = ",\n";
  }
  fmt::print("\n  ],\n  \"features\": [");
  separator = "\n";
  for (const metadata::FeatureSupport& feature : metadata::supported_features()) {
    fmt::print("{}    {{\"name\": {}, \"min\": {}, \"max\": {}, \"served_max\": {}, \"formatted\": {}}}", separator,
               quoted(feature.name), feature.min, feature.max, feature.served_max, feature.formatted);
    separator = ",\n";
  }
  fmt::print("\n  ],\n");
}

void print_metrics() {
  fmt::print("  \"metrics\": [");
  const char* separator = "\n";
  for (const broker::MetricRow& row : broker::metric_table()) {
    static constexpr std::string_view details[] = {"node", "topic", "partition"};
    fmt::print("{}    {{\"name\": {}, \"kind\": {}, \"unit\": {}, \"labels\": {}, \"detail\": {}, "
               "\"text\": {}}}",
               separator, quoted(row.name), quoted(broker::name_of(row.kind)), quoted(row.unit), quoted(row.labels),
               quoted(details[static_cast<size_t>(row.detail)]), quoted(row.help));
    separator = ",\n";
  }
  fmt::print("\n  ],\n");
}

void print_errors() {
  fmt::print("  \"errors\": [");
  const char* separator = "\n";
  for (int number = wire::code_of(wire::error_code_min); number <= wire::code_of(wire::error_code_max); ++number) {
    const std::optional<wire::ErrorCode> code = wire::error_code_of(static_cast<int16_t>(number));
    if (!code) continue;
    fmt::print("{}    {{\"code\": {}, \"name\": {}, \"retriable\": {}, \"text\": {}}}", separator, number,
               quoted(wire::name_of(*code)), wire::is_retriable(*code), quoted(wire::message_of(*code)));
    separator = ",\n";
  }
  fmt::print("\n  ]\n");
}

}  // namespace

int print_reference() {
  fmt::print("{{\n");
  print_settings("topic_settings", metadata::topic_configs());
  print_settings("broker_settings", metadata::broker_configs());
  print_apis();
  print_metrics();
  print_errors();
  fmt::print("}}\n");
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace moldau::app
