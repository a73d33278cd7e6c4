// Handlers of the administrator's APIs that ask logs and log directories. Listed by admin_handlers.cc.
#pragma once

#include "broker/request.h"

namespace moldau::broker {

class Shard;

void handle_delete_records(Shard& shard, Request request);
void handle_offset_for_leader_epoch(Shard& shard, Request request);
void handle_describe_producers(Shard& shard, Request request);
void handle_describe_log_dirs(Shard& shard, Request request);
void handle_alter_replica_log_dirs(Shard& shard, Request request);

}  // namespace moldau::broker
