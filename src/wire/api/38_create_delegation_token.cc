#include "wire/api/38_create_delegation_token.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::CreateDelegationTokenRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::CreateDelegationTokenResponse);
