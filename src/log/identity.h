// The small files that say what a folder is: meta.properties (whose log directory), partition.metadata (which topic
// id), .kafka_cleanshutdown (stopped in order, and under which broker epoch). Texts exactly as Kafka writes them;
// parsers take hostile bytes and what Kafka's own parsers take.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace moldau::log {

/// meta.properties. Version 1 needs cluster.id and node.id; version 0 (Kafka with ZooKeeper) has broker.id.
struct MetaProperties {
  int version = 1;
  std::optional<std::string> cluster_id;
  std::optional<NodeId> node_id;
  std::optional<Uuid> directory_id;

  bool operator==(const MetaProperties&) const = default;
};

/// Parses the Java properties format (comments, escapes, ':' and ' ' as separators, continued lines; the last of equal
/// keys wins; unknown keys are passed by). Fails with FailureKind::corrupt or unsupported.
Result<MetaProperties> parse_meta_properties(std::string_view text);
/// As Kafka writes it, with its two comment lines; `now` is the time shown there, in UTC. REQUIRES: version 1, all set.
std::string print_meta_properties(const MetaProperties& properties, WallMillis now);

/// Directory ids from 0 to 99 are reserved and refused.
bool directory_id_reserved(const Uuid& id);

/// partition.metadata, version 0: the topic's id.
Result<Uuid> parse_partition_metadata(std::string_view text);
std::string print_partition_metadata(const Uuid& topic_id);

/// .kafka_cleanshutdown. What counts is that the file exists: an unreadable one has no broker epoch (-1).
int64_t parse_clean_shutdown(std::string_view text);
std::string print_clean_shutdown(int64_t broker_epoch);

}  // namespace moldau::log
