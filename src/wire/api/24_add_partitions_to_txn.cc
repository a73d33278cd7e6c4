#include "wire/api/24_add_partitions_to_txn.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::AddPartitionsToTxnRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AddPartitionsToTxnResponse);
