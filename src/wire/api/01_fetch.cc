#include "wire/api/01_fetch.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::FetchRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::FetchResponse);
