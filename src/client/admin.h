// Admin: what tools ask of a cluster, each a request with routing and retries around it. Topic calls go to any node: a
// broker passes them on to the controller. Offset queries go to the leaders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/client.h"

namespace moldau::client {

/// The timestamps that ListOffsets gives a meaning of its own.
inline constexpr int64_t latest_offset = -1;
inline constexpr int64_t earliest_offset = -2;
inline constexpr int64_t max_timestamp_offset = -3;

enum class Isolation : int8_t { read_uncommitted = 0, read_committed = 1 };

struct NewTopic {
  std::string name;
  int32_t partitions = -1;  ///< -1: the broker's default
  int16_t replicas = -1;    ///< -1: the broker's default
  std::vector<std::pair<std::string, std::string>> configs;
  /// The brokers of each partition; none: the controller chooses. With it, the two numbers above stay -1.
  std::vector<std::vector<NodeId>> assignment = {};
};

/// What became of one topic of a request.
struct TopicOutcome {
  std::string name;
  wire::ErrorCode error = wire::ErrorCode::none;
  std::string message;      ///< the broker's words, possibly none
  Uuid id;                  ///< of a created topic, if the broker tells
  int32_t partitions = -1;  ///< likewise
  int16_t replicas = -1;    ///< likewise
};

/// Creates topics, or with `validate_only` asks whether they could be. Tries again while the controller is not to be
/// found, never after a request may have been carried out.
io::Task<Result<std::vector<TopicOutcome>>> create_topics(Client& client, std::vector<NewTopic> topics,
                                                          bool validate_only, Duration timeout);
/// Deletes topics by name.
io::Task<Result<std::vector<TopicOutcome>>> delete_topics(Client& client, std::vector<std::string> names,
                                                          Duration timeout);

struct OffsetQuery {
  std::string topic;
  PartitionIndex partition = 0;
  int64_t timestamp = latest_offset;  ///< milliseconds, or one of the special ones
};

struct OffsetAnswer {
  wire::ErrorCode error = wire::ErrorCode::none;
  Offset offset = no_offset;  ///< -1 also when no record is that young
  int64_t timestamp = no_timestamp;
  Epoch leader_epoch = no_epoch;
};

/// Answers in the order of the queries. An error that may pass is tried again until the client's retry time is over,
/// then stays in the answer.
io::Task<Result<std::vector<OffsetAnswer>>> list_offsets(Client& client, std::vector<OffsetQuery> queries,
                                                         Isolation isolation);

/// Where a configuration value comes from (Kafka's numbers).
enum class ConfigSource : int8_t {
  unknown = 0,
  dynamic_topic = 1,
  dynamic_broker = 2,
  dynamic_default_broker = 3,
  static_broker = 4,
  default_value = 5,
  dynamic_broker_logger = 6,
  dynamic_client_metrics = 7,
  dynamic_group = 8,
};
/// "DYNAMIC_TOPIC_CONFIG", "DEFAULT_CONFIG", ...
const char* name_of(ConfigSource source);

struct ConfigEntry {
  std::string key;
  std::optional<std::string> value;  ///< none: null, or sensitive
  ConfigSource source = ConfigSource::unknown;
  bool sensitive = false;
  bool read_only = false;
};

struct ResourceConfigs {
  std::string name;
  wire::ErrorCode error = wire::ErrorCode::none;
  std::string message;
  std::vector<ConfigEntry> entries;  ///< ascending by key
};

/// The configurations of topics, in the order asked.
io::Task<Result<std::vector<ResourceConfigs>>> describe_topic_configs(Client& client, std::vector<std::string> topics);

}  // namespace moldau::client
