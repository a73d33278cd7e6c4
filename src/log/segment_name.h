// Names of the files of a partition folder and of the folders of a log directory, exactly as Kafka writes them.
// Called by store/ when it lists folders and makes files.
//
//   <20-digit base offset>.log .index .timeindex .txnindex .snapshot   the files of a segment
//   ... plus .deleted .cleaned .swap                                    transient states of the former
//   <topic>-<partition>                                                 a partition's folder
//   <topic>-<partition>.<32 hex digits>-delete | -future | -stray       folders on their way in or out
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace moldau::log {

inline constexpr std::string_view epoch_checkpoint_name = "leader-epoch-checkpoint";
inline constexpr std::string_view partition_metadata_name = "partition.metadata";
inline constexpr std::string_view meta_properties_name = "meta.properties";
inline constexpr std::string_view recovery_point_checkpoint_name = "recovery-point-offset-checkpoint";
inline constexpr std::string_view log_start_checkpoint_name = "log-start-offset-checkpoint";
inline constexpr std::string_view high_watermark_checkpoint_name = "replication-offset-checkpoint";
inline constexpr std::string_view clean_shutdown_name = ".kafka_cleanshutdown";
inline constexpr std::string_view lock_name = ".lock";
/// The folder of the metadata log; log loading passes it by.
inline constexpr std::string_view metadata_topic_name = "__cluster_metadata";

/// Longest name a folder may have; topic names are cut to it in `-delete` names.
inline constexpr size_t folder_name_bytes_max = 255;

enum class FileKind : unsigned char { log, offset_index, time_index, transaction_index, producer_snapshot };
enum class FileState : unsigned char { normal, deleted, cleaned, swap };

struct SegmentFileName {
  Offset base = 0;
  FileKind kind = FileKind::log;
  FileState state = FileState::normal;

  bool operator==(const SegmentFileName&) const = default;
};

/// "00000000000000000042.log". REQUIRES: base >= 0.
std::string segment_file_name(Offset base, FileKind kind, FileState state = FileState::normal);

/// Parses a segment file's name; nothing for all other names (they are left alone).
std::optional<SegmentFileName> parse_segment_file_name(std::string_view name);

/// The name under which bytes cut off by recovery are kept: "<segment>.log.cut-<position>". Kafka passes such names by:
/// it looks at the end of a name, and this one ends in digits.
std::string kept_aside_name(Offset base, uint64_t position);

enum class FolderKind : unsigned char { partition, deleted, future, stray };

struct FolderName {
  std::string topic;
  PartitionIndex partition = 0;
  FolderKind kind = FolderKind::partition;

  bool operator==(const FolderName&) const = default;
};

std::string partition_folder_name(std::string_view topic, PartitionIndex partition);
/// "<topic>-<partition>.<hex of unique>-delete", the topic cut so that the name fits.
std::string deleted_folder_name(std::string_view topic, PartitionIndex partition, const Uuid& unique);
/// "<topic>-<partition>.<hex of unique>-stray", cut likewise.
std::string stray_folder_name(std::string_view topic, PartitionIndex partition, const Uuid& unique);
/// "<topic>-<partition>.<hex of unique>-future", never cut: a copy's name must tell its topic.
std::string future_folder_name(std::string_view topic, PartitionIndex partition, const Uuid& unique);
/// True when that is no longer than a name may be; else Kafka refuses to move the replica.
bool future_folder_name_fits(std::string_view topic, PartitionIndex partition);
/// Parses as Kafka does; nothing when Kafka would refuse the folder.
std::optional<FolderName> parse_folder_name(std::string_view name);

}  // namespace moldau::log
