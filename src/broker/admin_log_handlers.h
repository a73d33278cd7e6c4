// Handlers of the administrator's APIs that ask logs and log directories. Listed by admin_handlers.cc.
#pragma once

#include "broker/request.h"

namespace moldau::broker {

class Broker;

void handle_delete_records(Broker& broker, Request request);
void handle_offset_for_leader_epoch(Broker& broker, Request request);
void handle_describe_producers(Broker& broker, Request request);
void handle_describe_log_dirs(Broker& broker, Request request);
void handle_alter_replica_log_dirs(Broker& broker, Request request);

}  // namespace moldau::broker
