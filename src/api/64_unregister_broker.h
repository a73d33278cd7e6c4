// UnregisterBroker (key 64, version 0): a broker that is gone for good is forgotten.
//
//   Unknown: BROKER_ID_NOT_REGISTERED. The broker that is asked itself: INVALID_REQUEST (Kafka would forget it and go
//   on without). Needs ALTER on the cluster.
#pragma once

#include "api/context.h"
#include "metadata/controller_admin.h"
#include "wire/api/64_unregister_broker.h"

namespace moldau::api {

wire::UnregisterBrokerResponse unregister_broker(const RequestContext& context, const metadata::ApiError& error);

}  // namespace moldau::api
