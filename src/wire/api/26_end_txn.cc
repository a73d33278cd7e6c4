#include "wire/api/26_end_txn.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::EndTxnRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::EndTxnResponse);
