#include "wire/api/28_txn_offset_commit.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::TxnOffsetCommitRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::TxnOffsetCommitResponse);
