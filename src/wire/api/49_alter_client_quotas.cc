#include "wire/api/49_alter_client_quotas.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterClientQuotasRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::AlterClientQuotasResponse);
