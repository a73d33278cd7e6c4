// Parsing, checking and printing of single values, as Kafka's ConfigDef does them.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#include "metadata/config_table.h"

namespace moldau::metadata {
namespace {

Failure invalid(const ConfigKey& key, std::string_view value, std::string_view reason) {
  return {FailureKind::invalid_argument,
          fmt::format("Invalid value {} for configuration {}: {}", value, key.name, reason)};
}

char lowered(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool equal_any_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lowered(x) == lowered(y); });
}

std::string joined(std::span<const std::string_view> choices) {
  return fmt::format("{}", fmt::join(choices, ", "));
}

const char* java_type_name(ConfigType type) {
  switch (type) {
    case ConfigType::int16:
      return "SHORT";
    case ConfigType::int32:
      return "INT";
    case ConfigType::int64:
      return "LONG";
    default:
      return "DOUBLE";
  }
}

std::string bound_text(double bound) {
  return fmt::format("{}", bound);
}

Status check_number(const ConfigKey& key, double value, std::string_view printed) {
  const ConfigRule& rule = key.rule;
  if (rule.kind == RuleKind::range_or_minus_one) {
    if (value == -1 || (value >= *rule.low && value <= *rule.high)) return {};
    return invalid(key, printed, fmt::format("Value must be between {} and {} or equal to -1", *rule.low, *rule.high));
  }
  if (rule.low && value < *rule.low) return invalid(key, printed, "Value must be at least " + bound_text(*rule.low));
  if (rule.high && value > *rule.high) {
    return invalid(key, printed, "Value must be no more than " + bound_text(*rule.high));
  }
  return {};
}

Status check_integer(const ConfigKey& key, std::string_view text) {
  const std::optional<int64_t> value = parse_integer(text);
  const bool fits = value && (key.type == ConfigType::int64 ||
                              (key.type == ConfigType::int32 && *value >= INT32_MIN && *value <= INT32_MAX) ||
                              (key.type == ConfigType::int16 && *value >= INT16_MIN && *value <= INT16_MAX));
  if (!fits) return invalid(key, text, fmt::format("Not a number of type {}", java_type_name(key.type)));
  return check_number(key, static_cast<double>(*value), fmt::format("{}", *value));
}

bool is_host_and_port(std::string_view entry) {
  const size_t colon = entry.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::optional<int64_t> port = parse_integer(entry.substr(colon + 1));
  return port && *port >= 0 && *port <= 65535;
}

/// partition:broker, both numbers.
bool is_throttled_replica(std::string_view entry) {
  const size_t colon = entry.find(':');
  if (colon == std::string_view::npos) return false;
  const auto is_number = [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return is_number(trimmed(entry.substr(0, colon))) && is_number(trimmed(entry.substr(colon + 1)));
}

Status check_throttled(const ConfigKey& key, const std::vector<std::string>& entries) {
  if (entries.size() == 1 && entries[0] == "*") return {};
  if (std::all_of(entries.begin(), entries.end(), [](const std::string& e) { return is_throttled_replica(e); })) {
    return {};
  }
  return invalid(key, fmt::format("[{}]", fmt::join(entries, ", ")),
                 fmt::format("{} must be the literal '*' or a list of replicas in the following format: "
                             "[partitionId]:[brokerId],[partitionId]:[brokerId],...",
                             key.name));
}

Status check_servers(const ConfigKey& key, const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) {
    if (is_host_and_port(entry)) continue;
    return Failure{FailureKind::invalid_argument,
                   fmt::format("Failed to parse host name from {} for the configuration {}. Each entry should be in "
                               "the form \"{{host}}:{{port}}\"",
                               entry, key.name)};
  }
  return {};
}

Status check_voters(const ConfigKey& key, const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) {
    const size_t at = entry.find('@');
    const std::optional<int64_t> id =
        at == std::string::npos ? std::nullopt : parse_integer(std::string_view(entry).substr(0, at));
    if (!id || *id < 0 || *id > INT32_MAX) {
      return Failure{FailureKind::invalid_argument,
                     fmt::format("Failed to parse voter ID as an integer from {}", entry)};
    }
    if (is_host_and_port(std::string_view(entry).substr(at + 1))) continue;
    return Failure{FailureKind::invalid_argument,
                   fmt::format("Failed to parse host name from entry {} for the configuration {}. Each entry should "
                               "be in the form `{{id}}@{{host}}:{{port}}`.",
                               entry, key.name)};
  }
  return {};
}

Status check_list(const ConfigKey& key, std::string_view text) {
  const std::vector<std::string> entries = parse_list(text);
  const ConfigRule& rule = key.rule;
  if (rule.kind == RuleKind::throttled_replicas) return check_throttled(key, entries);
  if (rule.kind == RuleKind::voters) return check_voters(key, entries);
  if (rule.kind == RuleKind::servers) return check_servers(key, entries);
  if (entries.empty() && !rule.empty_allowed) {
    return Failure{FailureKind::invalid_argument,
                   fmt::format("Configuration '{}' must not be empty. Valid values include: {}", key.name,
                               rule.choices.empty() ? "any non-empty value" : "[" + joined(rule.choices) + "]")};
  }
  for (const std::string& entry : entries) {
    if (entry.empty()) {
      return Failure{FailureKind::invalid_argument,
                     fmt::format("Configuration '{}' values must not be empty.", key.name)};
    }
    if (!rule.choices.empty() && std::find(rule.choices.begin(), rule.choices.end(), entry) == rule.choices.end()) {
      return invalid(key, entry, "String must be one of: " + joined(rule.choices));
    }
  }
  return {};
}

Status check_text(const ConfigKey& key, std::string_view text) {
  const std::string_view value = key.type == ConfigType::password ? text : trimmed(text);
  const ConfigRule& rule = key.rule;
  if (rule.kind == RuleKind::one_of) {
    if (std::find(rule.choices.begin(), rule.choices.end(), value) != rule.choices.end()) return {};
    return invalid(key, value, "String must be one of: " + joined(rule.choices));
  }
  if (rule.kind == RuleKind::one_of_any_case) {
    const auto same = [&](std::string_view choice) { return equal_any_case(choice, value); };
    if (std::any_of(rule.choices.begin(), rule.choices.end(), same)) return {};
    return invalid(key, value, "String must be one of (case insensitive): " + joined(rule.choices));
  }
  if (rule.kind == RuleKind::not_empty && value.empty()) return invalid(key, value, "String must be non-empty");
  return {};
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  text = trimmed(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return std::nullopt;
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::optional<double> parse_double(std::string_view text) {
  text = trimmed(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return std::nullopt;
  }
  std::string_view digits = text;
  if (!digits.empty() && digits.front() == '-') digits.remove_prefix(1);
  // Java's words, which differ from those of from_chars.
  if (digits == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (digits == "Infinity") {
    return digits.size() == text.size() ? std::numeric_limits<double>::infinity()
                                        : -std::numeric_limits<double>::infinity();
  }
  if (digits.empty() || (digits.front() != '.' && (digits.front() < '0' || digits.front() > '9'))) return std::nullopt;
  if (const char last = lowered(text.back()); last == 'f' || last == 'd') text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Java rounds to zero or infinity; the exponent's sign says which.
    const bool tiny = text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
    return tiny ? 0.0 : std::numeric_limits<double>::infinity();
  }
  return value;
}

std::optional<bool> parse_boolean(std::string_view text) {
  text = trimmed(text);
  if (equal_any_case(text, "true")) return true;
  if (equal_any_case(text, "false")) return false;
  return std::nullopt;
}

std::vector<std::string> parse_list(std::string_view text) {
  text = trimmed(text);
  std::vector<std::string> entries;
  if (text.empty()) return entries;
  for (;;) {
    const size_t comma = text.find(',');
    entries.emplace_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return entries;
    text.remove_prefix(comma + 1);
  }
}

std::string java_double_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  const double size = std::fabs(value);
  if (size == 0 || (size >= 1e-3 && size < 1e7)) {
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
    const std::string text(buffer, end);
    return text.find('.') == std::string::npos ? text + ".0" : text;
  }
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string text(buffer, end);  // like 1.5e+10
  const size_t e = text.find('e');
  std::string mantissa = text.substr(0, e);
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  return fmt::format("{}E{}", mantissa, *parse_integer(std::string_view(text).substr(e + 1)));
}

Status check_value(const ConfigKey& key, std::string_view text) {
  switch (key.type) {
    case ConfigType::boolean:
      if (parse_boolean(text)) return {};
      return invalid(key, text, "Expected value to be either true or false");
    case ConfigType::int16:
    case ConfigType::int32:
    case ConfigType::int64:
      return check_integer(key, text);
    case ConfigType::float64: {
      const std::optional<double> value = parse_double(text);
      if (!value) return invalid(key, text, "Not a number of type DOUBLE");
      return check_number(key, *value, java_double_text(*value));
    }
    case ConfigType::list:
      return check_list(key, text);
    case ConfigType::string:
    case ConfigType::class_name:
    case ConfigType::password:
    case ConfigType::unknown:
      return check_text(key, text);
  }
  UNREACHABLE();
}

std::string printed_value(const ConfigKey& key, std::string_view text) {
  switch (key.type) {
    case ConfigType::boolean:
      return parse_boolean(text).value_or(false) ? "true" : "false";
    case ConfigType::int16:
    case ConfigType::int32:
    case ConfigType::int64:
      return fmt::format("{}", parse_integer(text).value_or(0));
    case ConfigType::float64:
      return java_double_text(parse_double(text).value_or(0));
    case ConfigType::list: {
      std::vector<std::string> entries;
      for (std::string& entry : parse_list(text)) {
        if (std::find(entries.begin(), entries.end(), entry) == entries.end()) entries.push_back(std::move(entry));
      }
      return fmt::format("{}", fmt::join(entries, ","));
    }
    case ConfigType::password:
    case ConfigType::unknown:
      return std::string(text);
    case ConfigType::string:
    case ConfigType::class_name:
      return std::string(trimmed(text));
  }
  UNREACHABLE();
}

}  // namespace moldau::metadata
