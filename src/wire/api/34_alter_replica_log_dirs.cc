#include "wire/api/34_alter_replica_log_dirs.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterReplicaLogDirsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterReplicaLogDirsResponse);
