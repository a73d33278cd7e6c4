#include "wire/api/17_sasl_handshake.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::SaslHandshakeRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::SaslHandshakeResponse);
