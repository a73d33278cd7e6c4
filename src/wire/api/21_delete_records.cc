#include "wire/api/21_delete_records.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DeleteRecordsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DeleteRecordsResponse);
