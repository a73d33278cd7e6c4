#include "wire/api/31_delete_acls.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DeleteAclsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DeleteAclsResponse);
