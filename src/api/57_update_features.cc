#include "api/57_update_features.h"

#include "api/api_error.h"

namespace moldau::api {

using metadata::ApiError;
using wire::ErrorCode;

std::optional<ApiError> check_update_features(const RequestContext& context,
                                              const wire::UpdateFeaturesRequest&) {
  if (!context.may_on_cluster(Operation::alter)) return api_error(ErrorCode::cluster_authorization_failed);
  return std::nullopt;
}

metadata::UpdateFeatures plan_update_features(const RequestContext& context, const wire::UpdateFeaturesRequest& request,
                                              int16_t kraft_version) {
  using Kind = metadata::UpdateFeatures::Kind;
  metadata::UpdateFeatures plan;
  plan.validate_only = context.version >= 1 && request.validate_only;
  plan.kraft_version = kraft_version;
  for (const auto& feature : request.feature_updates) {
    Kind kind = static_cast<Kind>(feature.upgrade_type);
    if (context.version == 0) kind = feature.allow_downgrade ? Kind::safe_downgrade : Kind::upgrade;
    plan.features.push_back({std::string(feature.feature), feature.max_version_level, kind});
  }
  return plan;
}

wire::UpdateFeaturesResponse update_features(const RequestContext& context, const wire::UpdateFeaturesRequest& request,
                                             const ApiError& error) {
  wire::UpdateFeaturesResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  put_error(context, error, response.error_code, response.error_message);
  if (error.failed() || context.version > 1) return response;
  for (const auto& feature : request.feature_updates) {
    auto& row = response.results.emplace_back();
    row.feature = feature.feature;
    row.error_message = "NONE";  // so does Kafka
  }
  return response;
}

}  // namespace moldau::api
