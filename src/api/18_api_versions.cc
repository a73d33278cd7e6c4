#include "api/18_api_versions.h"

#include <algorithm>

#include "metadata/features.h"

namespace moldau::api {
namespace {

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

void add_features(const RequestContext& context, const Facts& facts, wire::ApiVersionsResponse& response) {
  for (const metadata::FeatureSupport& feature : metadata::supported_features()) {
    if (feature.served_max <= 0 || (feature.min == 0 && context.version < 4)) continue;
    response.supported_features.push_back({feature.name, feature.min, feature.served_max});
  }
  response.finalized_features_epoch = facts.image.applied().offset;
  for (const auto& [name, level] : facts.image.features()) {
    const metadata::FeatureSupport* const feature = metadata::find_feature(name);
    if (feature == nullptr) continue;
    const int16_t shown = std::min(level, feature->served_max);
    if (shown > 0) response.finalized_features.push_back({name, shown, shown});
  }
}

}  // namespace

// [a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?
bool is_software_name(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

wire::ApiVersionsResponse api_versions(const RequestContext& context, const Facts& facts,
                                       const wire::ApiVersionsRequest& request) {
  wire::ApiVersionsResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  if (context.version >= 3 &&
      (!is_software_name(request.client_software_name) || !is_software_name(request.client_software_version))) {
    response.error_code = code_of(wire::ErrorCode::invalid_request);
    return response;
  }
  for (const wire::ServedApi& api : facts.served) {
    response.api_keys.push_back({static_cast<int16_t>(api.key), api.advertised_min_version, api.max_version});
  }
  if (context.version >= 3) add_features(context, facts, response);
  return response;
}

wire::ApiVersionsResponse api_versions_unsupported(const Facts& facts) {
  wire::ApiVersionsResponse response;
  response.error_code = code_of(wire::ErrorCode::unsupported_version);
  for (const wire::ServedApi& api : facts.served) {
    if (api.key != wire::ApiKey::api_versions) continue;
    response.api_keys.push_back({static_cast<int16_t>(api.key), api.advertised_min_version, api.max_version});
  }
  return response;
}

}  // namespace moldau::api
