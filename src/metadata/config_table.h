// The configuration tables: every topic and broker setting of Kafka 4.3.1 with its type, default, bounds, importance,
// update mode and documentation, and Moldau's own settings. One constexpr table each; the properties parser,
// DescribeConfigs, the checks of CreateTopics and the reference documentation all read it. Pure data and pure checks.
//
// Invariants: names are unique per table; a default, where there is one, passes its own rule (a test enforces both); a
// topic setting's `server_name` is in the broker table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace moldau::metadata {

/// Types of values, numbered as DescribeConfigs numbers them (ConfigType).
enum class ConfigType : int8_t {
  unknown = 0,
  boolean = 1,
  string = 2,
  int32 = 3,
  int16 = 4,
  int64 = 5,
  float64 = 6,
  list = 7,
  class_name = 8,
  password = 9,
};

enum class Importance : uint8_t { low, medium, high };

/// Who may change a broker setting while it runs.
enum class UpdateMode : uint8_t { read_only, per_broker, cluster_wide };

/// What beyond its type a value must satisfy.
enum class RuleKind : uint8_t {
  none,
  range,               ///< low <= value <= high
  one_of,              ///< one of `choices`
  one_of_any_case,     ///< one of `choices`, letter case ignored
  list_of,             ///< each entry one of `choices` (any text if there are none); not empty unless `empty_allowed`
  not_empty,           ///< a text of at least one character
  range_or_minus_one,  ///< low <= value <= high, or -1
  throttled_replicas,  ///< "*" or partition:broker,...
  voters,              ///< id@host:port,...
  servers,             ///< host:port,...
};

struct ConfigRule {
  RuleKind kind = RuleKind::none;
  std::optional<double> low{};  ///< bounds of numbers
  std::optional<double> high{};
  bool empty_allowed = true;  ///< of lists
  std::span<const std::string_view> choices{};
};

/// Flags of a row.
enum class ConfigFlags : uint8_t {
  plain = 0,
  hidden = 1,     ///< internal: not listed by DescribeConfigs
  required = 2,   ///< has no default and must be set
  effective = 4,  ///< without it: accepted, checked and listed, but without effect in this version
};
constexpr ConfigFlags operator|(ConfigFlags a, ConfigFlags b) {
  return static_cast<ConfigFlags>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}
constexpr bool has_flag(ConfigFlags flags, ConfigFlags flag) {
  return (static_cast<uint8_t>(flags) & static_cast<uint8_t>(flag)) != 0;
}

/// One setting.
struct ConfigKey {
  int16_t order;  ///< its place in Kafka's DescribeConfigs answer; hidden ones and our own come last
  std::string_view name;
  ConfigType type;
  std::optional<std::string_view> default_value;  ///< as Kafka prints it; nothing: null
  ConfigRule rule;
  Importance importance;
  UpdateMode update_mode;        ///< of broker settings; topic settings are always changeable
  std::string_view server_name;  ///< of topic settings: the broker setting it falls back to; empty if none
  ConfigFlags flags;
  std::string_view documentation;  ///< no_effect_text for settings without effect

  constexpr bool sensitive() const { return type == ConfigType::password; }
  constexpr bool internal() const { return has_flag(flags, ConfigFlags::hidden); }
  constexpr bool required() const { return has_flag(flags, ConfigFlags::required); }
  constexpr bool effective() const { return has_flag(flags, ConfigFlags::effective); }
};

/// What documentation says of a setting without effect.
inline constexpr std::string_view no_effect_text = "No effect in this version of Moldau yet.";

/// All topic settings in the order in which Kafka lists them.
std::span<const ConfigKey* const> topic_configs();
/// All broker settings in the order in which Kafka lists them.
std::span<const ConfigKey* const> broker_configs();
/// The setting of that name, or null.
const ConfigKey* find_topic_config(std::string_view name);
const ConfigKey* find_broker_config(std::string_view name);
/// The setting of that name that there is for brokers that run, and in no properties file; or null.
const ConfigKey* find_running_config(std::string_view name);

/// The broker settings that stand for `name`, strongest first, itself among them (log.retention.ms before
/// log.retention.minutes before log.retention.hours; the setting of one listener before that of all).
std::vector<std::string_view> broker_synonyms(std::string_view name);
/// The setting behind "listener.name.LISTENER.": empty when `name` is not of that form.
std::string_view listener_setting(std::string_view name);

/// Checks a text against a setting's type and rule. The failure (invalid_argument) has Kafka's message, e.g.
/// "Invalid value -2 for configuration retention.ms: Value must be at least -1".
Status check_value(const ConfigKey& key, std::string_view text);

/// The text as Kafka prints the parsed value: trimmed; numbers without sign and leading zeros; booleans in lower case;
/// lists without blanks and duplicates; class names and texts as they are. REQUIRES: check_value() passed.
std::string printed_value(const ConfigKey& key, std::string_view text);

/// A number as Java's Double.toString prints it: "0.5", "1.0", "1.0E10".
std::string java_double_text(double value);

/// Parsers as Kafka's ConfigDef has them: blanks around are ignored, "+5" is a number, hexadecimal is not.
std::optional<int64_t> parse_integer(std::string_view text);
std::optional<double> parse_double(std::string_view text);
std::optional<bool> parse_boolean(std::string_view text);
/// Splits at commas and trims; an empty text is the empty list.
std::vector<std::string> parse_list(std::string_view text);
/// `text` without blanks (anything up to U+0020) at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace moldau::metadata
