#include "metadata/features.h"

#include <algorithm>
#include <array>

namespace moldau::metadata {
namespace {

// `formatted` is 0 for what this version does not serve.
constexpr FeatureSupport table[] = {
    {metadata_version_feature, metadata_version_min, metadata_version_latest, metadata_version_latest,
     metadata_version_latest},
    {elr_version_feature, 0, 1, 0, 0},
    {group_version_feature, 0, 1, 1, 1},
    {kraft_version_feature, 0, 1, 1, 0},
    {share_version_feature, 0, 1, 0, 0},
    {streams_version_feature, 0, 1, 0, 0},
    {transaction_version_feature, 0, 2, 0, 0},
};

constexpr std::string_view version_names[] = {
    "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2",
    "3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0",
    "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0",
};
static_assert(std::size(version_names) == metadata_version_latest - metadata_version_min + 1);

}  // namespace

std::span<const FeatureSupport> supported_features() {
  return table;
}

const FeatureSupport* find_feature(std::string_view name) {
  const auto at =
      std::find_if(std::begin(table), std::end(table), [&](const FeatureSupport& f) { return f.name == name; });
  return at == std::end(table) ? nullptr : at;
}

std::vector<FeatureRange> registered_features() {
  std::vector<FeatureRange> ranges;
  for (const FeatureSupport& feature : table) ranges.push_back({std::string(feature.name), feature.min, feature.max});
  return ranges;
}

std::string_view metadata_version_name(int16_t version) {
  if (version < metadata_version_min || version > metadata_version_latest) return "unknown";
  return version_names[version - metadata_version_min];
}

RecordVersions record_versions(int16_t metadata_version) {
  RecordVersions versions;
  const int16_t v = metadata_version;
  versions.register_broker = v >= 30 ? 4 : v >= 17 ? 3 : v >= 8 ? 2 : 1;
  versions.partition = v >= 23 ? 2 : v >= 17 ? 1 : 0;
  versions.partition_change = versions.partition;
  versions.transactions = v >= 13;
  versions.controller_registration = v >= 15;
  versions.directories = v >= 17;
  versions.elr = v >= 23;
  versions.cordoned_directories = v >= 30;
  versions.leader_epoch_bump_on_isr_shrink = v < 12;
  versions.scram = v >= 11;
  return versions;
}

}  // namespace moldau::metadata
