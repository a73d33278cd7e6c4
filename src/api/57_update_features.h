// UpdateFeatures (key 57, versions 0-2): finalized levels of features (KIP-584, KIP-1022), all or none.
//
//   What is not possible: INVALID_UPDATE_VERSION at the top, naming the first feature with a fault. v0 knows only
//   allowDowngrade. v0 and v1 list the features after a success. The time limit does not count.
//   Needs ALTER on the cluster.
#pragma once

#include <optional>

#include "api/context.h"
#include "metadata/controller.h"
#include "wire/api/57_update_features.h"

namespace moldau::api {

std::optional<metadata::ApiError> check_update_features(const RequestContext& context,
                                                        const wire::UpdateFeaturesRequest& request);
metadata::UpdateFeatures plan_update_features(const RequestContext& context, const wire::UpdateFeaturesRequest& request,
                                              int16_t kraft_version);
wire::UpdateFeaturesResponse update_features(const RequestContext& context, const wire::UpdateFeaturesRequest& request,
                                             const metadata::ApiError& error);

}  // namespace moldau::api
