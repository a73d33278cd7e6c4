#include "wire/control_records.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::EndTxnMarker);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::LeaderChangeMessage);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::SnapshotHeaderRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::SnapshotFooterRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::KRaftVersionRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::VotersRecord);
