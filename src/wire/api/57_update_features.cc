#include "wire/api/57_update_features.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::UpdateFeaturesRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::UpdateFeaturesResponse);
