#include "wire/api/18_api_versions.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ApiVersionsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ApiVersionsResponse);
