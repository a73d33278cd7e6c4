// Image: all that the metadata log says, as an immutable value. Held by shared_ptr<const Image> and swapped whole;
// successive images share all that did not change (persistent maps), so one ISR change in a cluster of 10,000
// partitions copies a few tree nodes. ImageBuilder folds records into images; snapshots are the way back
// (image_records.h). Pure.
//
// Invariants: topics by name and by id hold the same topics; a partition's directories are as many as its replicas;
// applied().offset ascends from image to image. Readers: everything in the broker. Writer: the one ImageBuilder of the
// shell, and the controller's own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "metadata/config_resolve.h"
#include "metadata/features.h"
#include "metadata/persistent_map.h"

namespace moldau::metadata {

/// Ids that stand for no directory (Kafka's DirectoryId).
inline constexpr Uuid directory_migrating = Uuid::of(0, 0);
inline constexpr Uuid directory_unassigned = Uuid::of(0, 1);
inline constexpr Uuid directory_lost = Uuid::of(0, 2);

enum class LeaderRecoveryState : int8_t { recovered = 0, recovering = 1 };

/// One partition. Never changed: a change makes a new one.
struct PartitionImage {
  std::vector<NodeId> replicas;
  std::vector<NodeId> isr;
  std::vector<NodeId> removing;
  std::vector<NodeId> adding;
  std::vector<NodeId> elr;  ///< eligible leader replicas (KIP-966)
  std::vector<NodeId> last_known_elr;
  std::vector<Uuid> directories;  ///< one per replica
  NodeId leader = no_node;
  LeaderRecoveryState leader_recovery_state = LeaderRecoveryState::recovered;
  Epoch leader_epoch = 0;
  int32_t partition_epoch = 0;

  bool operator==(const PartitionImage&) const = default;
  bool has_replica(NodeId node) const;
  /// The directory of `node`'s replica; directory_migrating if it has none.
  Uuid directory_of(NodeId node) const;
};
using PartitionRef = std::shared_ptr<const PartitionImage>;

struct TopicImage {
  std::string name;
  Uuid id;
  PersistentMap<PartitionIndex, PartitionRef> partitions;
  uint64_t edit = 0;  ///< the builder's: whether it may still change this object (persistent_map.h)

  const PartitionImage* partition(PartitionIndex index) const {
    const PartitionRef* found = partitions.find(index);
    return found == nullptr ? nullptr : found->get();
  }
};
using TopicRef = std::shared_ptr<const TopicImage>;

/// Where a broker or controller listens.
struct EndpointImage {
  std::string name;  ///< of the listener
  std::string host;
  uint16_t port = 0;
  int16_t security_protocol = 0;

  bool operator==(const EndpointImage&) const = default;
};

struct BrokerImage {
  NodeId id = no_node;
  int64_t epoch = -1;
  Uuid incarnation;
  std::vector<EndpointImage> listeners;
  std::vector<FeatureRange> features;
  std::optional<std::string> rack;
  bool fenced = true;
  bool in_controlled_shutdown = false;
  bool is_migrating_zk_broker = false;
  std::vector<Uuid> directories;
  std::optional<std::vector<Uuid>> cordoned_directories;

  bool operator==(const BrokerImage&) const = default;
  /// True when it may lead and be placed on.
  bool active() const { return !fenced && !in_controlled_shutdown; }
  const EndpointImage* listener(std::string_view listener_name) const;
};
using BrokerRef = std::shared_ptr<const BrokerImage>;

struct ControllerImage {
  NodeId id = no_node;
  Uuid incarnation;
  bool zk_migration_ready = false;
  std::vector<EndpointImage> listeners;
  std::vector<FeatureRange> features;

  bool operator==(const ControllerImage&) const = default;
};
using ControllerRef = std::shared_ptr<const ControllerImage>;

/// What a configuration belongs to; the numbers are the protocol's.
enum class ConfigResourceType : int8_t {
  unknown = 0,
  topic = 2,
  broker = 4,
  broker_logger = 8,
  client_metrics = 16,
  group = 32,
};

struct ConfigResource {
  ConfigResourceType type = ConfigResourceType::unknown;
  std::string name;

  auto operator<=>(const ConfigResource&) const = default;
};

/// Records that are carried along unchanged, in the order in which snapshots have them.
enum class OpaqueKind : int8_t { client_quota, access_control_entry, scram_credential, delegation_token };

/// The last record that an image contains.
struct Applied {
  Offset offset = no_offset;  ///< no_offset: nothing yet
  Epoch epoch = 0;
  WallMillis timestamp = 0;  ///< of its batch

  bool operator==(const Applied&) const = default;
};

class Image {
 public:
  const TopicImage* topic(std::string_view name) const;
  const TopicImage* topic(const Uuid& id) const;
  /// Null when topic or partition does not exist.
  const PartitionImage* partition(const Uuid& topic_id, PartitionIndex index) const;
  size_t topic_count() const { return topics_by_id_.size(); }
  /// Partitions of all topics.
  size_t partition_count() const { return partition_count_; }
  /// Calls visit(const TopicImage&) in the order of names.
  template <typename Visitor>
  void for_each_topic(Visitor&& visit) const {
    topics_by_name_.for_each([&](const std::string&, const TopicRef& topic) { visit(*topic); });
  }
  /// Calls visit(const TopicImage&) -> bool in the order of names from `first` on, until it returns false.
  template <typename Visitor>
  void for_each_topic_from(std::string_view first, Visitor&& visit) const {
    topics_by_name_.for_each_from(first, [&](const std::string&, const TopicRef& topic) { return visit(*topic); });
  }
  /// Calls visit(const TopicImage&) in the order of ids.
  template <typename Visitor>
  void for_each_topic_by_id(Visitor&& visit) const {
    topics_by_id_.for_each([&](const Uuid&, const TopicRef& topic) { visit(*topic); });
  }

  const BrokerImage* broker(NodeId id) const;
  /// Calls visit(const BrokerImage&) in the order of ids, fenced ones too.
  template <typename Visitor>
  void for_each_broker(Visitor&& visit) const {
    brokers_.for_each([&](NodeId, const BrokerRef& broker) { visit(*broker); });
  }
  size_t broker_count() const { return brokers_.size(); }
  template <typename Visitor>
  void for_each_controller(Visitor&& visit) const {
    controllers_.for_each([&](NodeId, const ControllerRef& controller) { visit(*controller); });
  }

  /// Finalized features by name, metadata.version among them; kraft.version is not (it is raft's).
  const std::map<std::string, int16_t, std::less<>>& features() const { return *features_; }
  /// The finalized level of a feature; 0 if it is not finalized.
  int16_t feature_level(std::string_view name) const;
  /// The finalized metadata.version; its minimum (7) while the log names none.
  int16_t metadata_version() const;
  /// True when eligible leader replicas are kept (KIP-966).
  bool elr_enabled() const;

  /// The settings of a resource; null if it has none.
  const ConfigMap* configs(ConfigResourceType type, std::string_view name) const;
  const ConfigMap* topic_configs(std::string_view name) const { return configs(ConfigResourceType::topic, name); }
  /// The configuration layers of broker `id` over its server.properties; valid as long as this image and the map live.
  BrokerConfigLayers broker_layers(NodeId id, const ConfigMap* static_config) const;
  template <typename Visitor>
  void for_each_config(Visitor&& visit) const {
    configs_.for_each(
        [&](const ConfigResource& resource, const std::shared_ptr<const ConfigMap>& map) { visit(resource, *map); });
  }

  /// The first producer id of the next block.
  ProducerId next_producer_id() const { return next_producer_id_; }
  int8_t zk_migration_state() const { return zk_migration_state_; }

  /// Records of kinds without effect yet, as they came; kept for snapshots. Calls visit(OpaqueKind, std::span<const
  /// std::byte> record) in snapshot order.
  template <typename Visitor>
  void for_each_opaque(Visitor&& visit) const {
    opaque_.for_each(
        [&](const OpaqueKey& key, const OpaqueRef& record) { visit(key.first, std::span<const std::byte>(*record)); });
  }
  size_t opaque_count() const { return opaque_.size(); }

  const Applied& applied() const { return applied_; }
  /// True before the first record: neither features nor anything else is known.
  bool empty() const { return applied_.offset == no_offset; }

  /// Equal contents; applied() is not compared.
  bool same_contents(const Image& other) const;

 private:
  friend class ImageBuilder;
  friend struct RecordFold;
  /// Kind in snapshot order, then what identifies the record.
  using OpaqueKey = std::pair<OpaqueKind, std::string>;
  using OpaqueRef = std::shared_ptr<const std::vector<std::byte>>;
  struct ById {
    bool operator()(const Uuid& a, const Uuid& b) const { return a < b; }
  };
  using Features = std::map<std::string, int16_t, std::less<>>;

  PersistentMap<std::string, TopicRef> topics_by_name_;
  PersistentMap<Uuid, TopicRef, ById> topics_by_id_;
  size_t partition_count_ = 0;
  PersistentMap<NodeId, BrokerRef> brokers_;
  PersistentMap<NodeId, ControllerRef> controllers_;
  std::shared_ptr<const Features> features_ = std::make_shared<const Features>();
  PersistentMap<ConfigResource, std::shared_ptr<const ConfigMap>> configs_;
  ProducerId next_producer_id_ = 0;
  NodeId producer_ids_broker_ = no_node;
  int64_t producer_ids_broker_epoch_ = -1;
  int8_t zk_migration_state_ = 0;
  PersistentMap<OpaqueKey, OpaqueRef> opaque_;
  Applied applied_;
  uint64_t last_edit_ = 0;  ///< the highest that any part of it carries

 public:
  /// Who took the last block of producer ids.
  NodeId producer_ids_broker() const { return producer_ids_broker_; }
  int64_t producer_ids_broker_epoch() const { return producer_ids_broker_epoch_; }
};
using ImageRef = std::shared_ptr<const Image>;

/// What changed between two published images. Everything in it is ordered. A topic deleted and created anew under its
/// name is in both lists, with its two ids.
struct ImageDelta {
  struct DeletedTopic {
    std::string name;
    Uuid id;
    auto operator<=>(const DeletedTopic&) const = default;
  };
  std::set<Uuid> created_topics;
  std::set<DeletedTopic> deleted_topics;
  std::set<TopicPartitionId>
      changed_partitions;  ///< created or changed, of topics that exist; those of deleted topics are not listed
  std::set<ConfigResource> changed_configs;
  std::set<NodeId> changed_brokers;  ///< registered, changed or unregistered
  std::set<NodeId> changed_controllers;
  bool features_changed = false;
  bool producer_ids_changed = false;
  bool opaque_changed = false;

  /// Adds what changed afterwards.
  void append(ImageDelta later);
  bool empty() const {
    return created_topics.empty() && deleted_topics.empty() && changed_partitions.empty() && changed_configs.empty() &&
           changed_brokers.empty() && changed_controllers.empty() && !features_changed && !producer_ids_changed &&
           !opaque_changed;
  }
};

/// Folds records into images. Metadata transactions (KIP-868): what lies between Begin and End becomes visible with
/// End; Abort takes it back.
class ImageBuilder {
 public:
  ImageBuilder();
  /// Goes on from `base`.
  explicit ImageBuilder(ImageRef base);
  ~ImageBuilder();
  ImageBuilder(ImageBuilder&&) noexcept;
  ImageBuilder& operator=(ImageBuilder&&) noexcept;

  /// Applies one record: the value of a record of a data batch, framing included. The failure is `unsupported` for a
  /// record type or version that this version does not know (fail closed: the node must not serve a picture with holes)
  /// and `corrupt` for bytes that are no record or contradict what came before; nothing may be applied afterwards.
  Status apply(std::span<const std::byte> record, Offset offset);
  /// Notes the end of a batch: everything up to `applied` is in the image.
  void set_applied(const Applied& applied);

  /// True between BeginTransaction and End- or AbortTransaction.
  bool in_transaction() const { return transaction_start_ != no_offset; }
  Offset transaction_start() const { return transaction_start_; }
  /// The image of all that is visible, and what changed since the last call.
  ImageRef build(ImageDelta& delta);
  ImageRef build();
  /// Like build(), but an open transaction is in it: what the controller decides on.
  const Image& latest() const { return *image_; }

 private:
  std::unique_ptr<Image> image_;
  std::unique_ptr<ImageDelta> delta_;
  uint64_t edit_ = 1;
  Offset transaction_start_ = no_offset;
  std::unique_ptr<Image> before_transaction_;
  std::unique_ptr<ImageDelta> delta_before_transaction_;
  ImageRef published_;
  bool dirty_ = true;
};

}  // namespace moldau::metadata
