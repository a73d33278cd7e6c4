#include "wire/api/59_fetch_snapshot.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::FetchSnapshotRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::FetchSnapshotResponse);
