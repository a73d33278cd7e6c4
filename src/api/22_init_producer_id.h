// InitProducerId (key 22, versions 0-5): an id for an idempotent producer.
//
//   v3 (KIP-360): a producer may name the id and epoch that it has; both or neither, else INVALID_REQUEST. Without a
//   transactional id a new id is given all the same, as Kafka does.
//   A transactional id gets UNSUPPORTED_VERSION until transactions exist (an empty one is INVALID_REQUEST).
//   Needs WRITE on the transactional id (TRANSACTIONAL_ID_AUTHORIZATION_FAILED), or IDEMPOTENT_WRITE on the cluster or
//   WRITE on any topic (CLUSTER_AUTHORIZATION_FAILED).
#pragma once

#include <optional>

#include "api/context.h"
#include "base/ids.h"
#include "wire/api/22_init_producer_id.h"
#include "wire/error_code.h"

namespace moldau::api {

/// none: give the producer a new id (with epoch 0). Anything else is the answer.
wire::ErrorCode check_init_producer_id(const RequestContext& context, const wire::InitProducerIdRequest& request);
/// The answer with what was found: an id, or an error.
wire::InitProducerIdResponse init_producer_id(const RequestContext& context, wire::ErrorCode error, ProducerId id);

}  // namespace moldau::api
