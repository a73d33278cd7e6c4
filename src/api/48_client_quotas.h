// DescribeClientQuotas (key 48, versions 0-1) and AlterClientQuotas (key 49, versions 0-1): quotas of users, client ids
// and addresses (KIP-546). They are stored and described; nobody is held to them in this version.
//
//   Describe: a filter that is none is INVALID_REQUEST, an entity type that does not exist UNSUPPORTED_VERSION; no
//   component means all (none, if strict). Alter: errors per entity. Need DESCRIBE_CONFIGS and ALTER_CONFIGS on the
//   cluster.
#pragma once

#include <optional>

#include "api/context.h"
#include "api/facts.h"
#include "metadata/controller.h"
#include "wire/api/48_describe_client_quotas.h"
#include "wire/api/49_alter_client_quotas.h"

namespace moldau::api {

wire::DescribeClientQuotasResponse describe_client_quotas(const RequestContext& context, const Facts& facts,
                                                          const wire::DescribeClientQuotasRequest& request);
metadata::AlterQuotas plan_alter_quotas(const wire::AlterClientQuotasRequest& request);
wire::AlterClientQuotasResponse alter_client_quotas(const RequestContext& context,
                                                    const metadata::AlterQuotasResult& result);
/// The same error for all entities.
wire::AlterClientQuotasResponse refuse_alter_quotas(const RequestContext& context, const metadata::AlterQuotas& request,
                                                    const metadata::ApiError& error);

}  // namespace moldau::api
