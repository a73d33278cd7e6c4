#include "wire/api/58_envelope.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::EnvelopeRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::EnvelopeResponse);
