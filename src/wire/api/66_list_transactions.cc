#include "wire/api/66_list_transactions.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ListTransactionsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ListTransactionsResponse);
