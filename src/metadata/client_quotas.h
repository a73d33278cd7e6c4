// Client quotas: what the image's ClientQuotaRecords say, and what a quota may be (KIP-546). Stored and described;
// nobody is throttled by them in this version. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/image.h"

namespace moldau::metadata {

inline constexpr std::string_view quota_user = "user";
inline constexpr std::string_view quota_client_id = "client-id";
inline constexpr std::string_view quota_ip = "ip";

/// Entity names by type; no name is the type's default.
using QuotaEntity = std::map<std::string, std::optional<std::string>, std::less<>>;
using QuotaValues = std::map<std::string, double, std::less<>>;
using QuotaTable = std::map<QuotaEntity, QuotaValues>;

/// All quotas of the image.
QuotaTable client_quotas(const Image& image);

/// Kafka's reason (INVALID_REQUEST) why the entity cannot have quotas; nothing when it can.
std::optional<std::string> quota_entity_fault(const QuotaEntity& entity);
/// Kafka's reason why the entity cannot have this value. REQUIRES: quota_entity_fault() is nothing.
std::optional<std::string> quota_value_fault(const QuotaEntity& entity, std::string_view key, double value);
/// As Kafka prints it: "ClientQuotaEntity(entries={user=alice})".
std::string quota_entity_text(const QuotaEntity& entity);

/// One part of a filter of DescribeClientQuotas.
struct QuotaFilter {
  enum class Match : int8_t { exact = 0, of_default = 1, any = 2 };
  std::string type;
  Match match = Match::any;
  std::string name;  ///< of an exact one
};
/// Whether the entity has all parts of the filter and, if `strict`, no other.
bool quota_matches(const QuotaEntity& entity, const std::vector<QuotaFilter>& filter, bool strict);

}  // namespace moldau::metadata
