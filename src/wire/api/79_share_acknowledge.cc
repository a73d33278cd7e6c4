#include "wire/api/79_share_acknowledge.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ShareAcknowledgeRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ShareAcknowledgeResponse);
