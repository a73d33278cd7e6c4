// Index audit: after a stop in order, every entry of every offset index must name a batch of its segment: position and
// last offset. A wrong entry may be survived by the reader, which checks what it finds, but must not be there.
#pragma once

#include "sim/broker_host.h"
#include "sim/context.h"

namespace moldau::sim {

/// Tells the shadow of the first wrong entry. REQUIRES: the broker has stopped in order.
void audit_indexes(Context& context, BrokerHost& host);

}  // namespace moldau::sim
