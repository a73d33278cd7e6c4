// Admin calls about configurations of any resource, client quotas and SCRAM credentials. Who calls it: the command
// line. Calls about one broker, or its loggers, go to that broker.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/admin.h"
#include "client/client.h"

namespace moldau::client {

/// Kafka's numbers of what can be configured.
enum class ResourceType : int8_t { topic = 2, broker = 4, broker_logger = 8, client_metrics = 16, group = 32 };

struct ConfigResource {
  ResourceType type = ResourceType::topic;
  std::string name;  ///< of a broker: its number, or empty for the cluster-wide settings

  auto operator<=>(const ConfigResource&) const = default;
};

struct ConfigSynonym {
  std::string key;
  std::optional<std::string> value;
  ConfigSource source = ConfigSource::unknown;
};

struct DescribedConfig {
  ConfigEntry entry;
  std::vector<ConfigSynonym> synonyms;
};

struct DescribedConfigs {
  wire::ErrorCode error = wire::ErrorCode::none;
  std::string message;
  std::vector<DescribedConfig> configs;  ///< in the order of the broker
};

/// What a resource is configured to.
io::Task<Result<DescribedConfigs>> describe_configs(Client& client, ConfigResource resource, bool synonyms);

enum class ConfigOperation : int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

struct ConfigChange {
  std::string key;
  ConfigOperation operation = ConfigOperation::set;
  std::optional<std::string> value;
};

/// An error with the broker's words.
struct AdminOutcome {
  wire::ErrorCode error = wire::ErrorCode::none;
  std::string message;
};

/// Changes some settings of a resource.
io::Task<Result<AdminOutcome>> alter_configs(Client& client, ConfigResource resource, std::vector<ConfigChange> changes,
                                             bool validate_only);

/// The names of all resources of a type that have settings of their own.
io::Task<Result<std::vector<std::string>>> list_config_resources(Client& client, ResourceType type);

/// "user", "client-id" or "ip" with a name; no name: the default.
using QuotaEntity = std::vector<std::pair<std::string, std::optional<std::string>>>;

struct QuotaFilter {
  enum class Match : int8_t { exact = 0, fallback = 1, any = 2 };
  std::string entity_type;
  Match match = Match::any;
  std::string name;  ///< with exact
};

struct EntityQuotas {
  QuotaEntity entity;
  std::vector<std::pair<std::string, double>> values;
};

struct DescribedQuotas {
  AdminOutcome outcome;
  std::vector<EntityQuotas> entries;
};

/// The quotas of the entities that match all filters; with `strict`, of those that have no other parts.
io::Task<Result<DescribedQuotas>> describe_client_quotas(Client& client, std::vector<QuotaFilter> filters, bool strict);

struct QuotaChange {
  std::string key;
  std::optional<double> value;  ///< none: removed
};

/// Sets and removes quotas of one entity, or with `validate_only` asks whether they could be.
io::Task<Result<AdminOutcome>> alter_client_quotas(Client& client, QuotaEntity entity, std::vector<QuotaChange> changes,
                                                   bool validate_only = false);

/// Kafka's numbers.
enum class ScramMechanism : int8_t { unknown = 0, sha_256 = 1, sha_512 = 2 };

struct ScramUser {
  std::string name;
  AdminOutcome outcome;
  std::vector<std::pair<ScramMechanism, int32_t>> credentials;  ///< with the number of iterations
};

struct DescribedScram {
  AdminOutcome outcome;
  std::vector<ScramUser> users;
};

/// The SCRAM credentials of users; none named: of all.
io::Task<Result<DescribedScram>> describe_scram(Client& client, std::vector<std::string> users);

/// A credential as it is stored: the salted password, never the password.
struct ScramCredential {
  ScramMechanism mechanism = ScramMechanism::unknown;
  int32_t iterations = 0;
  std::string salt;
  std::string salted_password;
};

/// Sets and removes credentials of one user.
io::Task<Result<AdminOutcome>> alter_scram(Client& client, std::string user, std::vector<ScramCredential> set,
                                           std::vector<ScramMechanism> removed);

}  // namespace moldau::client
