#include "wire/api/48_describe_client_quotas.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeClientQuotasRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeClientQuotasResponse);
