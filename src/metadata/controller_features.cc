// UpdateFeatures: all levels or none (KIP-584, KIP-778). A feature can be finalized up to the level that this version
// serves; metadata.version only rises, for no level below can hold all records of the one above it.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "metadata/controller.h"
#include "metadata/placement.h"

namespace moldau::metadata {
namespace {

constexpr const char* prefix = "The update failed for all features since the following feature had an error: ";

std::string invalid(std::string_view feature, int16_t level, std::string_view reason) {
  return fmt::format("Invalid update version {} for feature {}. {}", level, feature, reason);
}

std::string range_text(std::string_view who, int16_t min, int16_t max) {
  return fmt::format("{} only supports versions {}-{}", who, min, max);
}

/// Levels of metadata.version that brought no new kind or form of record: one can go back over them.
bool brought_no_records(int16_t level) {
  // 3.5-IV0, 3.5-IV1, 3.6-IV0, 3.7-IV1, 3.7-IV3 to 4.0-IV0, 4.0-IV2 to 4.2-IV1
  constexpr int16_t levels[] = {9, 10, 12, 16, 18, 19, 20, 21, 22, 24, 25, 26, 27, 28, 29};
  return std::find(std::begin(levels), std::end(levels), level) != std::end(levels);
}

class FeatureUpdate {
 public:
  FeatureUpdate(const Image& image, NodeId node, int16_t kraft_version)
      : image_(image), node_(node), kraft_version_(kraft_version) {}

  /// Why the feature cannot have that level; nothing when it can, and its record is in `records`.
  std::optional<std::string> update(const UpdateFeatures::Feature& wanted, std::vector<EncodedRecord>& records) const {
    using Kind = UpdateFeatures::Kind;
    const auto& [name, level, kind] = wanted;
    if (kind != Kind::upgrade && kind != Kind::safe_downgrade && kind != Kind::unsafe_downgrade) {
      return invalid(name, level, "The controller does not support the given upgrade type.");
    }
    if (level < 0) return invalid(name, level, "A feature version cannot be less than 0.");
    const int16_t current = level_of(name);
    if (auto reason = unsupported(name, level)) return invalid(name, level, *reason);
    if (level < current && kind == Kind::upgrade) {
      return invalid(name, level,
                     "Can't downgrade the version of this feature without setting the upgrade type to either safe or "
                     "unsafe downgrade.");
    }
    if (level > current && kind != Kind::upgrade) return invalid(name, level, "Can't downgrade to a newer version.");
    if (name == kraft_version_feature) return update_kraft(name, level, current);
    if (name == metadata_version_feature && level < current) {
      for (int16_t passed = current; passed > level; --passed) {
        if (brought_no_records(passed)) continue;
        return fmt::format("Unsupported metadata.version downgrade from {} to {}. {}", current, level,
                           kind == Kind::unsafe_downgrade
                               ? "Unsafe metadata downgrade is not supported in this version."
                               : "Refusing to perform the requested downgrade because it might delete metadata "
                                 "information.");
      }
    }
    if (level != current) {
      records.push_back(encode_record(wire::FeatureLevelRecord{.name = name, .feature_level = level}, 0));
    }
    return std::nullopt;
  }

 private:
  int16_t level_of(std::string_view name) const {
    if (name == kraft_version_feature) return kraft_version_;
    return name == metadata_version_feature ? image_.metadata_version() : image_.feature_level(name);
  }

  /// Who of the cluster does not know the level.
  std::optional<std::string> unsupported(std::string_view name, int16_t level) const {
    const FeatureSupport* const own = find_feature(name);
    if (own == nullptr) {
      if (level == 0) return fmt::format("Feature {} not found.", name);
      return fmt::format("Local controller {} does not support this feature.", node_);
    }
    // Not above what is served: a finalized level is a promise to clients. A folder's own level may stay.
    const int16_t max = std::max(own->served_max, level_of(name));
    if (level < own->min || level > max) return range_text(fmt::format("Local controller {}", node_), own->min, max);
    std::optional<std::string> reason;
    const auto check = [&](std::string who, const std::vector<FeatureRange>& ranges) {
      const auto at = std::find_if(ranges.begin(), ranges.end(), [&](const FeatureRange& f) { return f.name == name; });
      const int16_t low = at == ranges.end() ? int16_t{0} : at->min;
      const int16_t high = at == ranges.end() ? int16_t{0} : at->max;
      if (!reason && (level < low || level > high)) reason = range_text(who, low, high);
    };
    image_.for_each_broker([&](const BrokerImage& broker) {
      if (broker.id != node_) check(fmt::format("Broker {}", broker.id), broker.features);
    });
    image_.for_each_controller([&](const ControllerImage& controller) {
      if (controller.id != node_) check(fmt::format("Controller {}", controller.id), controller.features);
    });
    return reason;
  }

  static std::optional<std::string> update_kraft(std::string_view name, int16_t level, int16_t current) {
    if (level < current) return invalid(name, level, "Can't downgrade the version of this feature.");
    if (level == current) return std::nullopt;
    return invalid(name, level, "This version cannot upgrade the version of this feature.");
  }

  const Image& image_;
  NodeId node_;
  int16_t kraft_version_;
};

}  // namespace

Decision Controller::on(const UpdateFeatures& request, const ControllerContext&) {
  Decision decision{.records = {}, .response = UpdateFeaturesResult{}};
  auto& result = std::get<UpdateFeaturesResult>(decision.response);
  // The last of several for one feature counts, as in Kafka; features are looked at by name.
  std::map<std::string, UpdateFeatures::Feature> wanted;
  for (const UpdateFeatures::Feature& feature : request.features) wanted.insert_or_assign(feature.name, feature);
  const FeatureUpdate update(image(), options_.node_id, request.kraft_version);
  for (const auto& [name, feature] : wanted) {
    auto fault = update.update(feature, decision.records);
    if (!fault) continue;
    decision.records.clear();
    result.error = {ErrorCode::invalid_update_version, prefix + *fault};
    return decision;
  }
  if (request.validate_only) decision.records.clear();
  return decision;
}

}  // namespace moldau::metadata
