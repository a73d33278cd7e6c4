#include "wire/api/70_controller_registration.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ControllerRegistrationRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ControllerRegistrationResponse);
