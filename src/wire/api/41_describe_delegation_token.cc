#include "wire/api/41_describe_delegation_token.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeDelegationTokenRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeDelegationTokenResponse);
