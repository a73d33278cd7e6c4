#include "wire/api/39_renew_delegation_token.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::RenewDelegationTokenRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::RenewDelegationTokenResponse);
