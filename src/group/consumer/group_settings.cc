#include "group/consumer/group_settings.h"

#include <algorithm>
#include <charconv>

namespace moldau::group::consumer {
namespace {

constexpr std::string_view session_key = "consumer.session.timeout.ms";
constexpr std::string_view heartbeat_key = "consumer.heartbeat.interval.ms";
constexpr std::string_view assignment_key = "consumer.assignment.interval.ms";

std::optional<int32_t> number(const GroupConfigs& configs, std::string_view key) {
  const auto found = configs.find(key);
  if (found == configs.end()) return std::nullopt;
  const std::string& text = found->second;
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<MigrationPolicy> find_migration_policy(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  if (lower == "disabled") return MigrationPolicy::disabled;
  if (lower == "downgrade") return MigrationPolicy::downgrade;
  if (lower == "upgrade") return MigrationPolicy::upgrade;
  if (lower == "bidirectional") return MigrationPolicy::bidirectional;
  return std::nullopt;
}

ConsumerGroupSettings settings_of_group(const ConsumerGroupSettings& broker, const ConsumerGroupBounds& bounds,
                                        const GroupConfigs* configs) {
  ConsumerGroupSettings result = broker;
  if (configs == nullptr) return result;
  if (const auto value = number(*configs, session_key)) {
    result.session_timeout_ms = std::max(bounds.session_timeout_min, std::min(*value, bounds.session_timeout_max));
  }
  if (const auto value = number(*configs, heartbeat_key)) {
    result.heartbeat_interval_ms =
        std::max(bounds.heartbeat_interval_min, std::min(*value, bounds.heartbeat_interval_max));
  }
  if (const auto value = number(*configs, assignment_key)) {
    result.assignment_interval_ms =
        std::max(bounds.assignment_interval_min, std::min(*value, bounds.assignment_interval_max));
  }
  return result;
}

}  // namespace moldau::group::consumer
