#include "cli/quotas.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/yaml.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view types[] = {"client-id", "ip", "user"};

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

client::QuotaEntity sorted(client::QuotaEntity entity) {
  std::ranges::sort(entity);
  return entity;
}

Result<std::string> text_at(const Json& value, const char* key, std::string_view name) {
  if (!value.is_object() || !value.contains(key)) return invalid(fmt::format("{}: '{}' is missing", name, key));
  return scalar_text(value[key], fmt::format("{}: {}", name, key));
}

Result<const Json*> list_at(const Json& value, const char* key, std::string_view name) {
  if (!value.is_object() || !value.contains(key) || !value[key].is_array()) {
    return invalid(
        fmt::format("{}: expected a list '{}'; see: moldau cluster quotas describe --format help", name, key));
  }
  return &value[key];
}

}  // namespace

Status check_quota_type(std::string_view type, std::string_view origin) {
  if (std::ranges::find(types, type) != std::end(types)) return {};
  return invalid(fmt::format("{}: '{}' is no type of entity: client-id, user and ip are", origin, type));
}

Result<std::pair<std::string, std::string>> parse_quota_name(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return invalid(fmt::format("--name {}: expected TYPE=NAME", text));
  RETURN_IF_FAILED(check_quota_type(text.substr(0, equals), fmt::format("--name {}", text)));
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

Result<double> parse_quota_value(std::string_view key, std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || at != end || !std::isfinite(value) || value <= 0) {
    return invalid(fmt::format("{}={}: expected a number above zero", key, text));
  }
  return value;
}

std::string entity_text(const client::QuotaEntity& entity) {
  std::string out;
  for (const auto& [type, name] : sorted(entity)) {
    out += fmt::format("{}{}={}", out.empty() ? "" : ", ", type, name.value_or(std::string(default_entity)));
  }
  return out;
}

std::string quota_text(double value) {
  char text[512];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed);
  return error == std::errc() ? std::string(text, end) : fmt::format("{}", value);
}

QuotaTable quota_table(const std::vector<client::EntityQuotas>& entries) {
  QuotaTable quotas;
  for (const client::EntityQuotas& entry : entries) {
    auto& values = quotas[sorted(entry.entity)];
    for (const auto& [key, value] : entry.values) values.insert_or_assign(key, value);
  }
  return quotas;
}

Json quotas_json(const QuotaTable& quotas) {
  Json list = Json::array();
  for (const auto& [entity, values] : quotas) {
    Json parts = Json::array();
    for (const auto& [type, name] : entity) {
      parts.push_back({{"name", name.value_or(std::string(default_entity))}, {"type", type}});
    }
    Json pairs = Json::array();
    for (const auto& [key, value] : values) pairs.push_back({{"key", key}, {"value", quota_text(value)}});
    list.push_back({{"entity", std::move(parts)}, {"values", std::move(pairs)}});
  }
  return {{"quotas", std::move(list)}};
}

Result<QuotaTable> quotas_of(const Json& value, std::string_view name) {
  ASSIGN_OR_RETURN(const Json* list, list_at(value, "quotas", name));
  QuotaTable quotas;
  for (const Json& entry : *list) {
    ASSIGN_OR_RETURN(const Json* parts, list_at(entry, "entity", name));
    ASSIGN_OR_RETURN(const Json* pairs, list_at(entry, "values", name));
    client::QuotaEntity entity;
    for (const Json& part : *parts) {
      ASSIGN_OR_RETURN(const std::string type, text_at(part, "type", name));
      ASSIGN_OR_RETURN(std::string whose, text_at(part, "name", name));
      RETURN_IF_FAILED(check_quota_type(type, name));
      std::optional<std::string> known;
      if (whose != default_entity) known = std::move(whose);
      entity.emplace_back(type, std::move(known));
    }
    if (entity.empty()) return invalid(fmt::format("{}: an entity has no part", name));
    entity = sorted(std::move(entity));
    if (quotas.contains(entity)) return invalid(fmt::format("{}: {} stands twice", name, entity_text(entity)));
    auto& values = quotas[entity];
    for (const Json& pair : *pairs) {
      ASSIGN_OR_RETURN(const std::string key, text_at(pair, "key", name));
      ASSIGN_OR_RETURN(const std::string text, text_at(pair, "value", name));
      ASSIGN_OR_RETURN(values[key], parse_quota_value(key, text));
    }
  }
  return quotas;
}

std::vector<QuotaDifference> quota_differences(const QuotaTable& before, const QuotaTable& after) {
  std::map<std::pair<client::QuotaEntity, std::string>, QuotaDifference> all;
  for (const auto& [entity, values] : before) {
    for (const auto& [key, value] : values) all[{entity, key}] = {entity, key, value, std::nullopt};
  }
  for (const auto& [entity, values] : after) {
    for (const auto& [key, value] : values) {
      QuotaDifference& one = all[{entity, key}];
      one.entity = entity;
      one.key = key;
      one.after = value;
    }
  }
  std::vector<QuotaDifference> differences;
  for (const auto& [place, one] : all) {
    if (one.before != one.after) differences.push_back(one);
  }
  return differences;
}

}  // namespace moldau::cli
