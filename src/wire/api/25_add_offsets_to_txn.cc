#include "wire/api/25_add_offsets_to_txn.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::AddOffsetsToTxnRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AddOffsetsToTxnResponse);
