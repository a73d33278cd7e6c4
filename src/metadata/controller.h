// Controller: the pure machine that turns requests into metadata records. handle() decides on the state that all
// appended records make (committed or not) and changes nothing; the shell appends what it returns, passes the same
// bytes to replay(), the only mutator, and holds the response back until the records are committed. Checks, their order
// and their messages are those of Kafka 4.3.1's controller.
//
// Not in here: authorization and quotas (api/ asks them before), which node is the controller (raft/), timers (the
// shell ticks).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "metadata/controller_admin.h"
#include "metadata/image.h"
#include "metadata/records.h"
#include "wire/error_code.h"

namespace moldau::metadata {

using wire::ErrorCode;

/// Most records that one user operation may make.
inline constexpr size_t records_per_operation_max = 10'000;
/// Ids per ProducerIds block.
inline constexpr int32_t producer_id_block_size = 1000;
/// Longest name of a topic.
inline constexpr size_t topic_name_bytes_max = 249;

/// Nothing when `name` is a legal topic name, else Kafka's reason: "Topic name is invalid: ...".
std::optional<std::string> topic_name_fault(std::string_view name);

struct ReplicaAssignment {
  PartitionIndex partition = 0;
  std::vector<NodeId> brokers;
};
struct ConfigToSet {
  std::string name;
  std::optional<std::string> value;
};

// Requests
// ----------------------------------------------------------------------------------------------------------------

struct NewTopic {
  std::string name;
  int32_t partitions = -1;          ///< -1: num.partitions, or as the assignments say
  int16_t replication_factor = -1;  ///< -1: default.replication.factor, or as the assignments say
  std::vector<ReplicaAssignment> assignments;
  std::vector<ConfigToSet> configs;
  bool may_describe_configs = true;  ///< false: the response says TOPIC_AUTHORIZATION_FAILED in place of configs
};
struct CreateTopics {
  std::vector<NewTopic> topics;
  bool validate_only = false;
};
/// One topic by name or by id (the other empty or zero).
struct TopicToDelete {
  std::optional<std::string> name;
  Uuid id;
};
struct DeleteTopics {
  std::vector<TopicToDelete> topics;
};
struct AllocateProducerIds {
  NodeId broker = no_node;
  int64_t broker_epoch = -1;
};
struct RegisterBroker {
  NodeId broker = no_node;
  std::string cluster_id;
  Uuid incarnation;
  std::vector<EndpointImage> listeners;
  std::vector<FeatureRange> features;
  std::optional<std::string> rack;
  std::vector<Uuid> directories;
  std::optional<std::vector<Uuid>> cordoned_directories;
  int64_t previous_broker_epoch = -1;  ///< from .kafka_cleanshutdown; -1 after an unclean stop
};
struct BrokerHeartbeat {
  NodeId broker = no_node;
  int64_t broker_epoch = -1;
  Offset metadata_offset = no_offset;  ///< last one the broker has applied
  bool want_fence = false;
  bool want_shutdown = false;
  std::vector<Uuid> offline_directories;
  std::vector<Uuid> cordoned_directories;
};
struct RegisterController {
  NodeId controller = no_node;
  Uuid incarnation;
  std::vector<EndpointImage> listeners;
  std::vector<FeatureRange> features;
};
/// A leader's new in-sync replicas (AlterPartition v2-3) for one partition.
struct AlterPartition {
  NodeId broker = no_node;
  int64_t broker_epoch = -1;
  TopicPartitionId partition;
  Epoch leader_epoch = no_epoch;
  int32_t partition_epoch = -1;
  struct Member {
    NodeId broker = no_node;
    int64_t broker_epoch = -1;  ///< -1: not checked
  };
  std::vector<Member> isr;
  LeaderRecoveryState leader_recovery_state = LeaderRecoveryState::recovered;
};
/// The first thing a new leader does: bootstrap records into an empty log, an end to a transaction left open.
struct Activate {};
/// Time passed: sessions of remote brokers are looked at.
struct Tick {};

using ControllerRequest =
    std::variant<CreateTopics, DeleteTopics, AllocateProducerIds, RegisterBroker, BrokerHeartbeat, RegisterController,
                 AlterPartition, AlterConfigs, Activate, Tick, CreatePartitions, ElectLeaders, AlterReassignments,
                 AssignDirectories, UpdateFeatures, UnregisterBroker, AlterQuotas, AlterScram>;

// Responses, in the order of the requests' variant
// ------------------------------------------------------------------------

struct CreatedTopic {
  std::string name;
  Uuid id;
  ErrorCode error = ErrorCode::none;
  std::optional<std::string> message;
  ErrorCode config_error = ErrorCode::none;
  int32_t partitions = -1;
  int16_t replication_factor = -1;
  std::vector<ConfigEntry> configs;  ///< ordered by name
};
struct CreateTopicsResult {
  std::vector<CreatedTopic> topics;  ///< one per topic, in request order; duplicates once
};
struct DeletedTopic {
  std::optional<std::string> name;
  Uuid id;
  ErrorCode error = ErrorCode::none;
  std::optional<std::string> message;
};
struct DeleteTopicsResult {
  std::vector<DeletedTopic> topics;
};
struct AllocateProducerIdsResult {
  ErrorCode error = ErrorCode::none;
  ProducerId first = no_producer_id;
  int32_t count = 0;
};
struct RegisterBrokerResult {
  ErrorCode error = ErrorCode::none;
  std::string message;
  int64_t broker_epoch = -1;
};
struct BrokerHeartbeatResult {
  ErrorCode error = ErrorCode::none;
  bool caught_up = false;
  bool fenced = true;
  bool should_shut_down = false;
};
struct RegisterControllerResult {
  ErrorCode error = ErrorCode::none;
  std::string message;
};
struct AlterPartitionResult {
  ErrorCode error = ErrorCode::none;
  PartitionImage partition;  ///< as it is after the change
};
struct ActivateResult {};
struct TickResult {};

using ControllerResponse =
    std::variant<CreateTopicsResult, DeleteTopicsResult, AllocateProducerIdsResult, RegisterBrokerResult,
                 BrokerHeartbeatResult, RegisterControllerResult, AlterPartitionResult, AlterConfigsResult,
                 ActivateResult, TickResult, CreatePartitionsResult, ElectLeadersResult, AlterReassignmentsResult,
                 AssignDirectoriesResult, UpdateFeaturesResult, UnregisterBrokerResult, AlterQuotasResult,
                 AlterScramResult>;

/// What handle() decided.
struct Decision {
  std::vector<EncodedRecord> records;
  ControllerResponse response;
  /// All records must go into one batch, to become visible together or not at all. Otherwise they may be split.
  bool atomic = true;
};

/// What the world adds to a request: time, the offset of the first record it would make, and random ids, at least one
/// per new topic.
struct ControllerContext {
  Instant now;
  Offset next_offset = 0;
  std::span<const Uuid> random_ids;
};

struct ControllerOptions {
  NodeId node_id = no_node;
  std::string cluster_id;
  /// server.properties: defaults of partitions, factor and topic settings.
  ConfigMap static_config;
  int32_t num_partitions = 1;
  int16_t default_replication_factor = 1;
  bool delete_topic_enable = true;
  Duration session_timeout = seconds(9);
  /// Levels that an empty log starts with, in order (features.h: `formatted`), or those of a folder's
  /// bootstrap.checkpoint.
  std::vector<EncodedRecord> bootstrap_records;
};

class Controller {
 public:
  explicit Controller(ControllerOptions options);

  /// Decides; see the top of the file. Total: every request is answered in every state. RegisterBroker's epoch is the
  /// offset of its first record, so `next_offset` must be where the batch will really be appended.
  Decision handle(const ControllerRequest& request, const ControllerContext& context);
  /// Applies the records of one appended batch, `first` being the offset of the first. After a failure the controller
  /// must not be asked again.
  Status replay(std::span<const EncodedRecord> records, Offset first, const Applied& applied);
  /// Applies one record while the log is read at start.
  Status replay_one(std::span<const std::byte> record, Offset offset);
  void set_applied(const Applied& applied) { state_.set_applied(applied); }
  /// Forgets everything after `image`: records that were replayed and then could not be stored.
  void roll_back(ImageRef image) { state_ = ImageBuilder(std::move(image)); }

  /// The image of everything appended, an open transaction included.
  const Image& image() const { return state_.latest(); }
  /// As the image says it now: an image for publication.
  ImageRef build(ImageDelta& delta) { return state_.build(delta); }
  bool in_transaction() const { return state_.in_transaction(); }

 private:
  /// What is known of a broker and not in the log.
  struct Session {
    Instant last_contact;
    Offset metadata_offset = no_offset;
    Offset registration_offset = no_offset;         ///< of its RegisterBrokerRecord
    Offset controlled_shutdown_offset = no_offset;  ///< of the record that began its controlled shutdown
  };

  Decision on(const CreateTopics& request, const ControllerContext& context);
  Decision on(const DeleteTopics& request, const ControllerContext& context);
  Decision on(const AllocateProducerIds& request, const ControllerContext& context);
  Decision on(const RegisterBroker& request, const ControllerContext& context);
  Decision on(const BrokerHeartbeat& request, const ControllerContext& context);
  Decision on(const RegisterController& request, const ControllerContext& context);
  Decision on(const AlterPartition& request, const ControllerContext& context);
  Decision on(const AlterConfigs& request, const ControllerContext& context);
  Decision on(const Activate& request, const ControllerContext& context);
  Decision on(const Tick& request, const ControllerContext& context);
  Decision on(const CreatePartitions& request, const ControllerContext& context);
  Decision on(const ElectLeaders& request, const ControllerContext& context);
  Decision on(const AlterReassignments& request, const ControllerContext& context);
  Decision on(const AssignDirectories& request, const ControllerContext& context);
  Decision on(const UpdateFeatures& request, const ControllerContext& context);
  Decision on(const UnregisterBroker& request, const ControllerContext& context);
  Decision on(const AlterQuotas& request, const ControllerContext& context);
  Decision on(const AlterScram& request, const ControllerContext& context);

  BrokerConfigLayers layers() const { return image().broker_layers(options_.node_id, &options_.static_config); }
  bool is_registered(NodeId broker, int64_t epoch) const;
  bool has_valid_session(NodeId broker, Instant now) const;
  /// Whether all other active brokers have applied the log up to `offset`.
  bool others_have_seen(Offset offset, NodeId broker) const;
  void handle_fenced(const BrokerImage& broker, std::vector<EncodedRecord>& records) const;
  void handle_unfenced(const BrokerImage& broker, std::vector<EncodedRecord>& records) const;
  void handle_controlled_shutdown(const BrokerImage& broker, std::vector<EncodedRecord>& records) const;
  void handle_directories(const BrokerImage& broker, const BrokerHeartbeat& request,
                          std::vector<EncodedRecord>& records) const;

  ControllerOptions options_;
  ImageBuilder state_;
  std::map<NodeId, Session> sessions_;  // ordered
};

}  // namespace moldau::metadata
