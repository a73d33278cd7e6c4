#include "wire/api/50_describe_user_scram_credentials.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeUserScramCredentialsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeUserScramCredentialsResponse);
