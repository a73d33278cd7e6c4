// Client quotas as people write them: entities "client-id=foo", quotas "consumer_byte_rate=1000", and the file that
// `cluster quotas import` reads.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "client/admin_configs.h"

namespace moldau::cli {

/// How the default entity of a type is written.
inline constexpr std::string_view default_entity = "<default>";

/// "user", "client-id", "ip": a failure that names them for any other text.
Status check_quota_type(std::string_view type, std::string_view origin);
/// "TYPE=NAME" in two, the type checked.
Result<std::pair<std::string, std::string>> parse_quota_name(std::string_view text);
/// A quota's value: a finite number above zero.
Result<double> parse_quota_value(std::string_view key, std::string_view text);
/// "client-id=foo, user=<default>": by type.
std::string entity_text(const client::QuotaEntity& entity);
/// The shortest text that is read as `value`.
std::string quota_text(double value);

/// All quotas by entity (its parts ascending by type) and key.
using QuotaTable = std::map<client::QuotaEntity, std::map<std::string, double>>;
QuotaTable quota_table(const std::vector<client::EntityQuotas>& entries);
/// {"quotas": [{"entity": [{"type", "name"}], "values": [{"key", "value"}]}]}, and back.
nlohmann::ordered_json quotas_json(const QuotaTable& quotas);
Result<QuotaTable> quotas_of(const nlohmann::ordered_json& value, std::string_view name);

struct QuotaDifference {
  client::QuotaEntity entity;
  std::string key;
  std::optional<double> before;
  std::optional<double> after;
};
/// What turns `before` into `after`.
std::vector<QuotaDifference> quota_differences(const QuotaTable& before, const QuotaTable& after);

}  // namespace moldau::cli
