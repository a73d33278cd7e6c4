#include "metadata/client_quotas.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wire/metadata_record.h"

namespace moldau::metadata {
namespace {

enum class QuotaType : uint8_t { whole, fraction };

struct QuotaKey {
  std::string_view name;
  QuotaType type;
  bool of_ip;
};

constexpr QuotaKey keys[] = {
    {"producer_byte_rate", QuotaType::whole, false},      {"consumer_byte_rate", QuotaType::whole, false},
    {"request_percentage", QuotaType::fraction, false},   {"controller_mutation_rate", QuotaType::fraction, false},
    {"connection_creation_rate", QuotaType::whole, true},
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_ipv4(std::string_view text) {
  int parts = 0;
  while (true) {
    const size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    if (part.empty() || part.size() > 3 || !std::all_of(part.begin(), part.end(), is_digit)) return false;
    int value = 0;
    for (const char c : part) value = value * 10 + (c - '0');
    if (value > 255) return false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 4;
    text.remove_prefix(dot + 1);
  }
}

bool is_ipv6(std::string_view text) {
  const bool characters = std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
  });
  const auto colons = std::count(text.begin(), text.end(), ':');
  return characters && colons >= 2 && colons <= 8;
}

/// A name that DNS can have. It is not resolved: that could wait, and the answer would not be the same tomorrow.
bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

QuotaTable client_quotas(const Image& image) {
  QuotaTable table;
  image.for_each_opaque([&](OpaqueKind kind, std::span<const std::byte> bytes) {
    if (kind != OpaqueKind::client_quota) return;
    wire::MetadataRecord decoded;
    int16_t version = 0;
    if (wire::decode_metadata_record(bytes, decoded, version) != wire::DecodeStatus::ok) return;
    const auto* const record = std::get_if<wire::ClientQuotaRecord>(&decoded);
    if (record == nullptr) return;
    QuotaEntity entity;
    for (const auto& part : record->entity) {
      entity.insert_or_assign(std::string(part.entity_type), part.entity_name.has_value()
                                                                 ? std::optional<std::string>(*part.entity_name)
                                                                 : std::nullopt);
    }
    table[std::move(entity)].insert_or_assign(std::string(record->key), record->value);
  });
  return table;
}

std::optional<std::string> quota_entity_fault(const QuotaEntity& entity) {
  if (entity.empty()) return "Invalid empty client quota entity";
  for (const auto& [type, name] : entity) {
    if (type != quota_user && type != quota_client_id && type != quota_ip) {
      return "Unhandled client quota entity type: " + type;
    }
    if (name.has_value() && name->empty()) return fmt::format("Empty {} not supported", type);
  }
  if (!entity.contains(quota_ip)) return std::nullopt;
  if (entity.size() > 1) {
    return "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId";
  }
  const std::optional<std::string>& address = entity.begin()->second;
  if (address.has_value() && !is_ipv4(*address) && !is_ipv6(*address) && !is_host_name(*address)) {
    return *address + " is not a valid IP or resolvable host.";
  }
  return std::nullopt;
}

std::optional<std::string> quota_value_fault(const QuotaEntity& entity, std::string_view name, double value) {
  const bool of_ip = entity.contains(quota_ip);
  const auto* const key = std::find_if(std::begin(keys), std::end(keys), [&](const QuotaKey& candidate) {
    return candidate.name == name && candidate.of_ip == of_ip;
  });
  if (key == std::end(keys)) return fmt::format("Invalid configuration key {}", name);
  if (!(value > 0)) return fmt::format("Quota {} must be greater than 0", name);
  if (key->type == QuotaType::fraction) return std::nullopt;
  const double limit = of_ip ? 2147483647.0 : 9223372036854775807.0;
  if (value > limit) {
    return fmt::format("Proposed value for {} is too large for {}.", name, of_ip ? "an INT" : "a LONG");
  }
  constexpr double tolerance = 1e-6;
  if (std::fabs(value - std::floor(value)) > tolerance) return fmt::format("{} cannot be a fractional value.", name);
  return std::nullopt;
}

std::string quota_entity_text(const QuotaEntity& entity) {
  std::vector<std::string> parts;
  for (const auto& [type, name] : entity) parts.push_back(fmt::format("{}={}", type, name.value_or("null")));
  return fmt::format("ClientQuotaEntity(entries={{{}}})", fmt::join(parts, ", "));
}

bool quota_matches(const QuotaEntity& entity, const std::vector<QuotaFilter>& filter, bool strict) {
  if (strict && entity.size() != filter.size()) return false;
  return std::all_of(filter.begin(), filter.end(), [&](const QuotaFilter& part) {
    const auto found = entity.find(part.type);
    if (found == entity.end()) return false;
    switch (part.match) {
      case QuotaFilter::Match::exact:
        return found->second == part.name;
      case QuotaFilter::Match::of_default:
        return !found->second.has_value();
      case QuotaFilter::Match::any:
        return true;
    }
    return false;
  });
}

}  // namespace moldau::metadata
