#include "wire/api/44_incremental_alter_configs.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::IncrementalAlterConfigsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::IncrementalAlterConfigsResponse);
