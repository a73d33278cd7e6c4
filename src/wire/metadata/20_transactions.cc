#include "wire/metadata/20_transactions.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::NoOpRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ZkMigrationStateRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::BeginTransactionRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::EndTransactionRecord);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AbortTransactionRecord);
