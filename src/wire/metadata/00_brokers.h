// Metadata records about brokers and controllers. RegisterBroker (v1 controlled shutdown, v2 migration, v3 log
// directories, v4 cordoned ones) holds what BrokerRegistration said; BrokerRegistrationChange alters it: its flags are
// -1, 0 or 1, where 0 leaves as it is. A broker is fenced from its registration until an unfence.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct RegisterBrokerRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 0;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 4;
  static constexpr VersionRange valid_versions = {0, 4};
  static constexpr int16_t flexible_since = 0;

  struct BrokerEndpoint {
    std::string_view name;
    std::string_view host;
    uint16_t port = 0;
    int16_t security_protocol = 0;
  };

  struct BrokerFeature {
    std::string_view name;
    int16_t min_supported_version = 0;
    int16_t max_supported_version = 0;
  };

  int32_t broker_id = 0;
  bool is_migrating_zk_broker = false;
  Uuid incarnation_id;
  int64_t broker_epoch = 0;
  std::vector<BrokerEndpoint> end_points;
  std::vector<BrokerFeature> features;
  std::optional<std::string_view> rack{std::in_place};
  bool fenced = true;
  bool in_controlled_shutdown = false;
  std::vector<Uuid> log_dirs;
  std::optional<std::vector<Uuid>> cordoned_log_dirs;
};

template <>
inline constexpr auto fields_of<RegisterBrokerRecord::BrokerEndpoint> = [] {
  using S = RegisterBrokerRecord::BrokerEndpoint;
  return field_list<S>("BrokerEndpoint", field<&S::name>({.name = "name"}), field<&S::host>({.name = "host"}),
                       field<&S::port>({.name = "port"}), field<&S::security_protocol>({.name = "securityProtocol"}));
}();

template <>
inline constexpr auto fields_of<RegisterBrokerRecord::BrokerFeature> = [] {
  using S = RegisterBrokerRecord::BrokerFeature;
  return field_list<S>("BrokerFeature", field<&S::name>({.name = "name"}),
                       field<&S::min_supported_version>({.name = "minSupportedVersion"}),
                       field<&S::max_supported_version>({.name = "maxSupportedVersion"}));
}();

template <>
inline constexpr auto fields_of<RegisterBrokerRecord> = [] {
  using S = RegisterBrokerRecord;
  return field_list<S>(
      "RegisterBrokerRecord", field<&S::broker_id>({.name = "brokerId"}),
      field<&S::is_migrating_zk_broker>({.name = "isMigratingZkBroker", .versions = since(2)}),
      field<&S::incarnation_id>({.name = "incarnationId"}), field<&S::broker_epoch>({.name = "brokerEpoch"}),
      field<&S::end_points>({.name = "endPoints"}), field<&S::features>({.name = "features"}),
      field<&S::rack>({.name = "rack", .nullable = since(0)}), field<&S::fenced>({.name = "fenced"}),
      field<&S::in_controlled_shutdown>({.name = "inControlledShutdown", .versions = since(1)}),
      field<&S::log_dirs>({.name = "logDirs", .versions = since(3), .tagged = since(3), .tag = 0}),
      field<&S::cordoned_log_dirs>(
          {.name = "cordonedLogDirs", .versions = since(4), .nullable = since(4), .tagged = since(4), .tag = 1}));
}();

struct UnregisterBrokerRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 1;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t broker_id = 0;
  int64_t broker_epoch = 0;
};

template <>
inline constexpr auto fields_of<UnregisterBrokerRecord> = [] {
  using S = UnregisterBrokerRecord;
  return field_list<S>("UnregisterBrokerRecord", field<&S::broker_id>({.name = "brokerId"}),
                       field<&S::broker_epoch>({.name = "brokerEpoch"}));
}();

struct FenceBrokerRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 7;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t id = 0;
  int64_t epoch = 0;
};

template <>
inline constexpr auto fields_of<FenceBrokerRecord> = [] {
  using S = FenceBrokerRecord;
  return field_list<S>("FenceBrokerRecord", field<&S::id>({.name = "id"}), field<&S::epoch>({.name = "epoch"}));
}();

struct UnfenceBrokerRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 8;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t id = 0;
  int64_t epoch = 0;
};

template <>
inline constexpr auto fields_of<UnfenceBrokerRecord> = [] {
  using S = UnfenceBrokerRecord;
  return field_list<S>("UnfenceBrokerRecord", field<&S::id>({.name = "id"}), field<&S::epoch>({.name = "epoch"}));
}();

struct BrokerRegistrationChangeRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 17;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 3;
  static constexpr VersionRange valid_versions = {0, 3};
  static constexpr int16_t flexible_since = 0;

  int32_t broker_id = 0;
  int64_t broker_epoch = 0;
  int8_t fenced = 0;
  int8_t in_controlled_shutdown = 0;
  std::vector<Uuid> log_dirs;
  std::optional<std::vector<Uuid>> cordoned_log_dirs;
};

template <>
inline constexpr auto fields_of<BrokerRegistrationChangeRecord> = [] {
  using S = BrokerRegistrationChangeRecord;
  return field_list<S>(
      "BrokerRegistrationChangeRecord", field<&S::broker_id>({.name = "brokerId"}),
      field<&S::broker_epoch>({.name = "brokerEpoch"}),
      field<&S::fenced>({.name = "fenced", .tagged = since(0), .tag = 0}),
      field<&S::in_controlled_shutdown>(
          {.name = "inControlledShutdown", .versions = since(1), .tagged = since(1), .tag = 1}),
      field<&S::log_dirs>({.name = "logDirs", .versions = since(2), .tagged = since(2), .tag = 2}),
      field<&S::cordoned_log_dirs>(
          {.name = "cordonedLogDirs", .versions = since(3), .nullable = since(3), .tagged = since(3), .tag = 3}));
}();

struct RegisterControllerRecord {
  static constexpr MessageKind kind = MessageKind::metadata_record;
  static constexpr int16_t message_id = 27;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct ControllerEndpoint {
    std::string_view name;
    std::string_view host;
    uint16_t port = 0;
    int16_t security_protocol = 0;
  };

  struct ControllerFeature {
    std::string_view name;
    int16_t min_supported_version = 0;
    int16_t max_supported_version = 0;
  };

  int32_t controller_id = 0;
  Uuid incarnation_id;
  bool zk_migration_ready = false;
  std::vector<ControllerEndpoint> end_points;
  std::vector<ControllerFeature> features;
};

template <>
inline constexpr auto fields_of<RegisterControllerRecord::ControllerEndpoint> = [] {
  using S = RegisterControllerRecord::ControllerEndpoint;
  return field_list<S>("ControllerEndpoint", field<&S::name>({.name = "name"}), field<&S::host>({.name = "host"}),
                       field<&S::port>({.name = "port"}), field<&S::security_protocol>({.name = "securityProtocol"}));
}();

template <>
inline constexpr auto fields_of<RegisterControllerRecord::ControllerFeature> = [] {
  using S = RegisterControllerRecord::ControllerFeature;
  return field_list<S>("ControllerFeature", field<&S::name>({.name = "name"}),
                       field<&S::min_supported_version>({.name = "minSupportedVersion"}),
                       field<&S::max_supported_version>({.name = "maxSupportedVersion"}));
}();

template <>
inline constexpr auto fields_of<RegisterControllerRecord> = [] {
  using S = RegisterControllerRecord;
  return field_list<S>("RegisterControllerRecord", field<&S::controller_id>({.name = "controllerId"}),
                       field<&S::incarnation_id>({.name = "incarnationId"}),
                       field<&S::zk_migration_ready>({.name = "zkMigrationReady"}),
                       field<&S::end_points>({.name = "endPoints"}), field<&S::features>({.name = "features"}));
}();

}  // namespace moldau::wire
