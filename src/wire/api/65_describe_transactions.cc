#include "wire/api/65_describe_transactions.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeTransactionsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeTransactionsResponse);
