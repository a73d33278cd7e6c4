#include "wire/api/19_create_topics.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::CreateTopicsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::CreateTopicsResponse);
