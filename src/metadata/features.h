// Features: what a node can do (ranges) and what the cluster has agreed on (finalized levels), and what each
// metadata.version means for the records that are written (KIP-584, KIP-778, KIP-1022). One table says what Moldau
// supports and finalizes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::metadata {

inline constexpr std::string_view metadata_version_feature = "metadata.version";
inline constexpr std::string_view kraft_version_feature = "kraft.version";
inline constexpr std::string_view elr_version_feature = "eligible.leader.replicas.version";
inline constexpr std::string_view transaction_version_feature = "transaction.version";
inline constexpr std::string_view group_version_feature = "group.version";
inline constexpr std::string_view share_version_feature = "share.version";
inline constexpr std::string_view streams_version_feature = "streams.version";

inline constexpr int16_t metadata_version_min = 7;      ///< 3.3-IV3
inline constexpr int16_t metadata_version_latest = 30;  ///< 4.3-IV0, what Kafka 4.3.1 formats

/// A feature and the levels of it that a node supports.
struct FeatureRange {
  std::string name;
  int16_t min = 0;
  int16_t max = 0;

  bool operator==(const FeatureRange&) const = default;
};

/// One feature of the table.
struct FeatureSupport {
  std::string_view name;
  int16_t min;  ///< levels that registration claims
  int16_t max;
  int16_t served_max;  ///< highest level that clients are told of; 0: not served yet
  int16_t formatted;   ///< level that a fresh folder finalizes; 0: none
};

/// What this version supports, in the order in which a fresh folder's records name it. kraft.version is raft's own and
/// is in the table for registration only. A folder that Kafka formatted may have finalized levels up to `max`: it
/// opens, clients are told of `served_max`.
std::span<const FeatureSupport> supported_features();
const FeatureSupport* find_feature(std::string_view name);
/// The ranges that a broker or controller of this version registers.
std::vector<FeatureRange> registered_features();

/// The short name of a metadata.version, e.g. "4.3-IV0"; "unknown" for others.
std::string_view metadata_version_name(int16_t version);

/// What a metadata.version allows to be written.
struct RecordVersions {
  int16_t register_broker = 1;
  int16_t partition = 0;
  int16_t partition_change = 0;
  bool registration_change = true;       ///< BrokerRegistrationChange instead of Fence/UnfenceBroker: since 3.3-IV2
  bool transactions = false;             ///< metadata transactions: since 3.6-IV1
  bool controller_registration = false;  ///< since 3.7-IV0
  bool directories = false;              ///< since 3.7-IV2
  bool elr = false;                      ///< since 4.0-IV1
  bool cordoned_directories = false;     ///< since 4.3-IV0
  bool leader_epoch_bump_on_isr_shrink = false;  ///< until 3.6-IV0
  bool scram = false;                            ///< since 3.5-IV2
};
RecordVersions record_versions(int16_t metadata_version);

}  // namespace moldau::metadata
