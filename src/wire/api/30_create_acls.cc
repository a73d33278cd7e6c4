#include "wire/api/30_create_acls.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::CreateAclsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::CreateAclsResponse);
