#include "wire/api/35_describe_log_dirs.h"

#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeLogDirsRequest);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::DescribeLogDirsResponse);
