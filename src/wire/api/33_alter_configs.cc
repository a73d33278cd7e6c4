#include "wire/api/33_alter_configs.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterConfigsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterConfigsResponse);
