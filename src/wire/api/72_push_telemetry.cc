#include "wire/api/72_push_telemetry.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::PushTelemetryRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::PushTelemetryResponse);
