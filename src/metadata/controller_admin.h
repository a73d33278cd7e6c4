// The administrator's requests to the controller, and its answers. Part of controller.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metadata/client_quotas.h"
#include "metadata/image.h"
#include "wire/error_code.h"

namespace moldau::metadata {

/// A code and its message, as answers carry them. No message: null on the wire.
struct ApiError {
  wire::ErrorCode code = wire::ErrorCode::none;
  std::optional<std::string> message;

  bool failed() const { return code != wire::ErrorCode::none; }
};

enum class ConfigOperation : int8_t { set = 0, remove = 1, append = 2, subtract = 3 };
struct ConfigChange {
  std::string name;
  ConfigOperation operation = ConfigOperation::set;
  std::optional<std::string> value;
};
/// IncrementalAlterConfigs, and AlterConfigs where `replace` is set: then what a resource does not name goes.
struct AlterConfigs {
  struct Resource {
    ConfigResource resource;
    std::vector<ConfigChange> changes;
    bool replace = false;
  };
  std::vector<Resource> resources;
  bool validate_only = false;
};
struct AlterConfigsResult {
  struct Resource {
    ConfigResource resource;
    wire::ErrorCode error = wire::ErrorCode::none;
    std::optional<std::string> message;
  };
  std::vector<Resource> resources;
};

/// More partitions for topics; no topic twice.
struct CreatePartitions {
  struct Topic {
    std::string name;
    int32_t count = 0;  ///< of all its partitions afterwards
    std::optional<std::vector<std::vector<NodeId>>> assignments;
  };
  std::vector<Topic> topics;
  bool validate_only = false;
};
struct CreatePartitionsResult {
  std::vector<ApiError> topics;  ///< in the order of the request
};

struct ElectLeaders {
  enum class Kind : int8_t { preferred = 0, unclean = 1 };
  struct Topic {
    std::string name;
    std::vector<PartitionIndex> partitions;
  };
  Kind kind = Kind::preferred;
  std::optional<std::vector<Topic>> topics;  ///< nothing: all
};
struct ElectLeadersResult {
  struct Partition {
    PartitionIndex index = 0;
    ApiError error;
  };
  struct Topic {
    std::string name;
    std::vector<Partition> partitions;  ///< asked for all: without those that need no election
  };
  std::vector<Topic> topics;
};

/// New replica sets, or (null) the end of what goes on.
struct AlterReassignments {
  struct Partition {
    PartitionIndex index = 0;
    std::optional<std::vector<NodeId>> replicas;
  };
  struct Topic {
    std::string name;
    std::vector<Partition> partitions;
  };
  std::vector<Topic> topics;
  bool may_change_factor = true;
};
struct AlterReassignmentsResult {
  std::vector<std::vector<ApiError>> topics;  ///< in the order of the request
};

/// Where a broker keeps replicas (AssignReplicasToDirs).
struct AssignDirectories {
  struct Assignment {
    TopicPartitionId partition;
    Uuid directory;
  };
  NodeId broker = no_node;
  int64_t broker_epoch = -1;
  std::vector<Assignment> assignments;
};
struct AssignDirectoriesResult {
  wire::ErrorCode error = wire::ErrorCode::none;
  std::vector<wire::ErrorCode> assignments;  ///< in the order of the request
};

struct UpdateFeatures {
  enum class Kind : int8_t { unknown = 0, upgrade = 1, safe_downgrade = 2, unsafe_downgrade = 3 };
  struct Feature {
    std::string name;
    int16_t level = 0;
    Kind kind = Kind::upgrade;
  };
  std::vector<Feature> features;
  bool validate_only = false;
  int16_t kraft_version = 0;  ///< which raft has finalized
};
struct UpdateFeaturesResult {
  ApiError error;  ///< of the first feature that cannot be: then none is changed
};

struct UnregisterBroker {
  NodeId broker = no_node;
};
struct UnregisterBrokerResult {
  ApiError error;
};

struct AlterQuotas {
  struct Entry {
    QuotaEntity entity;
    std::vector<std::pair<std::string, std::optional<double>>> changes;  ///< nothing: removed
  };
  std::vector<Entry> entries;
  bool validate_only = false;
};
struct AlterQuotasResult {
  struct Entry {
    QuotaEntity entity;
    ApiError error;
  };
  std::vector<Entry> entries;  ///< one per entity, in the order of entities
};

struct AlterScram {
  struct Removal {
    std::string user;
    int8_t mechanism = 0;
  };
  struct Credential {
    std::string user;
    int8_t mechanism = 0;
    int32_t iterations = 0;
    std::vector<std::byte> salt;
    std::vector<std::byte> salted_password;
  };
  std::vector<Removal> removals;
  std::vector<Credential> credentials;
};
struct AlterScramResult {
  std::map<std::string, ApiError> users;
};

}  // namespace moldau::metadata
