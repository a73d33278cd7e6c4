#include "wire/api/40_expire_delegation_token.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ExpireDelegationTokenRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ExpireDelegationTokenResponse);
