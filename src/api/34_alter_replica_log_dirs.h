// AlterReplicaLogDirs (key 34, versions 1-2): moves of this broker's replicas from one log directory to another
// (KIP-113).
//
//   Needs ALTER on the cluster. Per partition, in Kafka's order: a name that is too long for a copy's folder:
//   INVALID_TOPIC_EXCEPTION; a directory that is not configured: LOG_DIR_NOT_FOUND; one that failed, or a replica in
//   one that failed: KAFKA_STORAGE_ERROR; then a move under way to another directory ends, whatever follows; a
//   directory where the replica is not, and is not on its way to, is remembered for the day when the partition is made;
//   a partition that is not here: REPLICA_NOT_AVAILABLE, or UNKNOWN_TOPIC_OR_PARTITION where no topic has it; no move
//   begins while any directory is offline: KAFKA_STORAGE_ERROR. No error says that the move has begun, not that it is
//   over.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "api/context.h"
#include "base/ids.h"
#include "wire/api/34_alter_replica_log_dirs.h"
#include "wire/error_code.h"

namespace moldau::api {

/// What is known of a replica and of the directory where it is wanted. Directories are counted as configured.
struct MoveFacts {
  bool name_fits = true;         ///< log::future_folder_name_fits()
  std::optional<size_t> wanted;  ///< nothing: no such directory is configured
  bool wanted_offline = false;
  bool any_offline = false;
  bool known = false;   ///< the metadata has the partition
  bool hosted = false;  ///< its log is here
  bool log_offline = false;
  std::optional<size_t> current;    ///< where the log is
  std::optional<size_t> under_way;  ///< where it is being moved to
};

struct MoveDecision {
  bool drop = false;      ///< the move under way ends
  bool remember = false;  ///< the directory is preferred when the log is made
  bool begin = false;     ///< a move begins; its failure to begin is KAFKA_STORAGE_ERROR
  wire::ErrorCode error = wire::ErrorCode::none;
};

MoveDecision decide_move(const MoveFacts& facts);

/// One partition of a request. A partition that is named twice counts once, where it is named last.
struct MoveRequest {
  std::string_view topic;
  PartitionIndex partition = 0;
  std::string_view path;
  wire::ErrorCode error = wire::ErrorCode::none;  ///< of the answer
};
/// Ordered by topic and partition.
std::vector<MoveRequest> moves_of(const wire::AlterReplicaLogDirsRequest& request);

wire::AlterReplicaLogDirsResponse alter_replica_log_dirs(const RequestContext& context,
                                                         const std::vector<MoveRequest>& moves);

}  // namespace moldau::api
