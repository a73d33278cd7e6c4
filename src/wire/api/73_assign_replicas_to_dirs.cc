#include "wire/api/73_assign_replicas_to_dirs.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::AssignReplicasToDirsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AssignReplicasToDirsResponse);
