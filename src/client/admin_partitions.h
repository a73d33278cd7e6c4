// Admin calls about topics' partitions: describe, add, cut the log's start, sizes in log directories. Who calls it: the
// Kafka scripts of the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/admin.h"
#include "client/client.h"

namespace moldau::client {

struct DescribedPartition {
  PartitionIndex index = 0;
  NodeId leader = no_node;
  std::vector<NodeId> replicas;
  std::vector<NodeId> in_sync;
  /// Eligible leader replicas (KIP-966) and the last known ones; nothing from brokers that do not tell.
  std::optional<std::vector<NodeId>> eligible;
  std::optional<std::vector<NodeId>> last_known;
};

struct DescribedTopic {
  std::string name;
  Uuid id;
  wire::ErrorCode error = wire::ErrorCode::none;
  bool internal = false;
  std::vector<DescribedPartition> partitions;  ///< ascending by index
};

/// What the topics are, ascending by name; asked for in pages of at most `page_partitions`. Brokers before
/// DescribeTopicPartitions (KIP-966) are asked for metadata.
io::Task<Result<std::vector<DescribedTopic>>> describe_topics(Client& client, std::vector<std::string> topics,
                                                              int32_t page_partitions);

struct NewPartitions {
  std::string topic;
  int32_t count = 0;  ///< of all partitions, afterwards
  /// The brokers of each new partition; none: the controller chooses.
  std::optional<std::vector<std::vector<NodeId>>> assignment;
};

/// Adds partitions to topics. Tries again only while the controller is not to be found.
io::Task<Result<std::vector<TopicOutcome>>> create_partitions(Client& client, std::vector<NewPartitions> topics,
                                                              bool validate_only, Duration timeout);

struct RecordsToDelete {
  std::string topic;
  PartitionIndex partition = 0;
  Offset before = 0;  ///< -1: all records up to the high watermark
};

struct DeletedRecords {
  wire::ErrorCode error = wire::ErrorCode::none;
  Offset low_watermark = no_offset;
};

/// Moves the log's start of partitions up. Answers in the order asked; errors that may pass are tried again.
io::Task<Result<std::vector<DeletedRecords>>> delete_records(Client& client, std::vector<RecordsToDelete> partitions,
                                                             Duration timeout);

struct LogDirReplica {
  std::string topic;
  PartitionIndex partition = 0;
  int64_t bytes = 0;
  int64_t offset_lag = 0;
  bool future = false;
};

struct LogDir {
  std::string path;
  wire::ErrorCode error = wire::ErrorCode::none;
  std::vector<LogDirReplica> replicas;
};

/// The log directories of one broker with all its replicas.
io::Task<Result<std::vector<LogDir>>> describe_log_dirs(Client& client, NodeId node);

}  // namespace moldau::client
