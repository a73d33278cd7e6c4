#include "wire/api/03_metadata.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::MetadataRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::MetadataResponse);
