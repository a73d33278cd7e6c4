// The vocabulary in which the configuration tables are written (topic_configs.cc, broker_configs_*.cc), and the tables'
// names.
#pragma once

#include "metadata/config_table.h"

namespace moldau::metadata {

std::span<const ConfigKey> topic_config_rows();
std::span<const ConfigKey> broker_config_rows_core();
std::span<const ConfigKey> broker_config_rows_security();
std::span<const ConfigKey> broker_config_rows_coordinators();
std::span<const ConfigKey> broker_config_rows_cluster();

namespace rows {

using enum ConfigType;
using enum Importance;
using enum UpdateMode;
using enum ConfigFlags;

inline constexpr std::nullopt_t null = std::nullopt;
inline constexpr std::string_view no_server_name{};

constexpr ConfigRule at_least(int64_t low) {
  return {.kind = RuleKind::range, .low = static_cast<double>(low)};
}
constexpr ConfigRule between(int64_t low, int64_t high) {
  return {.kind = RuleKind::range, .low = static_cast<double>(low), .high = static_cast<double>(high)};
}
constexpr ConfigRule at_least(int low) {
  return at_least(int64_t{low});
}
constexpr ConfigRule between(int low, int high) {
  return between(int64_t{low}, int64_t{high});
}
constexpr ConfigRule at_least(double low) {
  return {.kind = RuleKind::range, .low = low};
}
constexpr ConfigRule between(double low, double high) {
  return {.kind = RuleKind::range, .low = low, .high = high};
}
constexpr ConfigRule range_or_minus_one(int low, int high) {
  return {.kind = RuleKind::range_or_minus_one, .low = low, .high = high};
}
constexpr ConfigRule one_of(std::span<const std::string_view> choices) {
  return {.kind = RuleKind::one_of, .choices = choices};
}
constexpr ConfigRule one_of_any_case(std::span<const std::string_view> choices) {
  return {.kind = RuleKind::one_of_any_case, .choices = choices};
}
constexpr ConfigRule list_of(std::span<const std::string_view> choices, bool empty_allowed) {
  return {.kind = RuleKind::list_of, .empty_allowed = empty_allowed, .choices = choices};
}
constexpr ConfigRule any_list(bool empty_allowed) {
  return {.kind = RuleKind::list_of, .empty_allowed = empty_allowed};
}
constexpr ConfigRule not_empty() {
  return {.kind = RuleKind::not_empty};
}
constexpr ConfigRule throttled_replicas() {
  return {.kind = RuleKind::throttled_replicas};
}
constexpr ConfigRule voters() {
  return {.kind = RuleKind::voters};
}
constexpr ConfigRule servers() {
  return {.kind = RuleKind::servers};
}

inline constexpr std::string_view choices_broker_controller[] = {"broker", "controller"};
inline constexpr std::string_view choices_compact_delete[] = {"compact", "delete"};
inline constexpr std::string_view choices_consumer_classic_share_streams[] = {"consumer", "classic", "share",
                                                                              "streams"};
inline constexpr std::string_view choices_createtime_logappendtime[] = {"CreateTime", "LogAppendTime"};
inline constexpr std::string_view choices_disabled_downgrade_upgrade_bidirectional[] = {"DISABLED", "DOWNGRADE",
                                                                                        "UPGRADE", "BIDIRECTIONAL"};
inline constexpr std::string_view choices_es256_rs256[] = {"ES256", "RS256"};
inline constexpr std::string_view choices_plaintext_ssl_sasl_plaintext_sasl_ssl[] = {"PLAINTEXT", "SSL",
                                                                                     "SASL_PLAINTEXT", "SASL_SSL"};
inline constexpr std::string_view choices_required_requested_none[] = {"required", "requested", "none"};
inline constexpr std::string_view choices_uncompressed_zstd_lz4_snappy_gzip_producer[] = {
    "uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"};

}  // namespace rows
}  // namespace moldau::metadata
