#include "wire/api/71_get_telemetry_subscriptions.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::GetTelemetrySubscriptionsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::GetTelemetrySubscriptionsResponse);
