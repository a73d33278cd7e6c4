// Metadata records about the log itself: NoOp keeps it moving, Begin, End and AbortTransaction bracket changes that are
// larger than a batch, ZkMigrationState says where a migration from ZooKeeper stood.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/field.h"

namespace moldau::wire {

struct NoOpRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 20;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;
};

template <>
inline constexpr auto fields_of<NoOpRecord> = field_list<NoOpRecord>("NoOpRecord");

struct ZkMigrationStateRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 21;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int8_t zk_migration_state = 0;
};

template <>
inline constexpr auto fields_of<ZkMigrationStateRecord> = [] {
  using S = ZkMigrationStateRecord;
  return field_list<S>("ZkMigrationStateRecord", field<&S::zk_migration_state>({.name = "zkMigrationState"}));
}();

struct BeginTransactionRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 23;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::optional<std::string_view> name;
};

template <>
inline constexpr auto fields_of<BeginTransactionRecord> = [] {
  using S = BeginTransactionRecord;
  return field_list<S>("BeginTransactionRecord",
                       field<&S::name>({.name = "name", .nullable = since(0), .tagged = since(0), .tag = 0}));
}();

struct EndTransactionRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 24;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;
};

template <>
inline constexpr auto fields_of<EndTransactionRecord> = field_list<EndTransactionRecord>("EndTransactionRecord");

struct AbortTransactionRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 25;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::optional<std::string_view> reason;
};

template <>
inline constexpr auto fields_of<AbortTransactionRecord> = [] {
  using S = AbortTransactionRecord;
  return field_list<S>("AbortTransactionRecord",
                       field<&S::reason>({.name = "reason", .nullable = since(0), .tagged = since(0), .tag = 0}));
}();

}  // namespace moldau::wire
