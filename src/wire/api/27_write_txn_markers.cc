#include "wire/api/27_write_txn_markers.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::WriteTxnMarkersRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::WriteTxnMarkersResponse);
