#include "wire/api/36_sasl_authenticate.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::SaslAuthenticateRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::SaslAuthenticateResponse);
