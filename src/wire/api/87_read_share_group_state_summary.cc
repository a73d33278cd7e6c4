#include "wire/api/87_read_share_group_state_summary.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::ReadShareGroupStateSummaryRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ReadShareGroupStateSummaryResponse);
