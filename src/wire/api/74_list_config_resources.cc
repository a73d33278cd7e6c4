#include "wire/api/74_list_config_resources.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ListConfigResourcesRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ListConfigResourcesResponse);
