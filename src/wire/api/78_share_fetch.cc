#include "wire/api/78_share_fetch.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ShareFetchRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ShareFetchResponse);
