// Metadata records about configuration: keys of topics and brokers, client quotas, finalized feature levels, and the
// producer ids that were given out. A null value deletes a configuration key.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ConfigRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 4;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int8_t resource_type = 0;
  std::string_view resource_name;
  std::string_view name;
  std::optional<std::string_view> value{std::in_place};
};

template <>
inline constexpr auto fields_of<ConfigRecord> = [] {
  using S = ConfigRecord;
  return field_list<S>("ConfigRecord", field<&S::resource_type>({.name = "resourceType"}),
                       field<&S::resource_name>({.name = "resourceName"}), field<&S::name>({.name = "name"}),
                       field<&S::value>({.name = "value", .nullable = since(0)}));
}();

struct FeatureLevelRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 12;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::string_view name;
  int16_t feature_level = 0;
};

template <>
inline constexpr auto fields_of<FeatureLevelRecord> = [] {
  using S = FeatureLevelRecord;
  return field_list<S>("FeatureLevelRecord", field<&S::name>({.name = "name"}),
                       field<&S::feature_level>({.name = "featureLevel"}));
}();

struct ClientQuotaRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 14;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct EntityData {
    std::string_view entity_type;
    std::optional<std::string_view> entity_name{std::in_place};
  };

  std::vector<EntityData> entity;
  std::string_view key;
  double value = 0.0;
  bool remove = false;
};

template <>
inline constexpr auto fields_of<ClientQuotaRecord::EntityData> = [] {
  using S = ClientQuotaRecord::EntityData;
  return field_list<S>("EntityData", field<&S::entity_type>({.name = "entityType"}),
                       field<&S::entity_name>({.name = "entityName", .nullable = since(0)}));
}();

template <>
inline constexpr auto fields_of<ClientQuotaRecord> = [] {
  using S = ClientQuotaRecord;
  return field_list<S>("ClientQuotaRecord", field<&S::entity>({.name = "entity"}), field<&S::key>({.name = "key"}),
                       field<&S::value>({.name = "value"}), field<&S::remove>({.name = "remove"}));
}();

struct ProducerIdsRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 15;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t broker_id = 0;
  int64_t broker_epoch = -1;
  int64_t next_producer_id = 0;
};

template <>
inline constexpr auto fields_of<ProducerIdsRecord> = [] {
  using S = ProducerIdsRecord;
  return field_list<S>("ProducerIdsRecord", field<&S::broker_id>({.name = "brokerId"}),
                       field<&S::broker_epoch>({.name = "brokerEpoch"}),
                       field<&S::next_producer_id>({.name = "nextProducerId"}));
}();

}  // namespace moldau::wire
