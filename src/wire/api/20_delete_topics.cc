#include "wire/api/20_delete_topics.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DeleteTopicsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DeleteTopicsResponse);
