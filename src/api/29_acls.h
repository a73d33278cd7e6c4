// DescribeAcls (key 29), CreateAcls (key 30), DeleteAcls (key 31), versions 1-3 each: there is no authorizer in this
// version, so all of them answer SECURITY_DISABLED, as a Kafka without authorizer.class.name does. Need DESCRIBE, ALTER
// and ALTER on the cluster.
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/29_describe_acls.h"
#include "wire/api/30_create_acls.h"
#include "wire/api/31_delete_acls.h"

namespace moldau::api {

wire::DescribeAclsResponse describe_acls(const RequestContext& context, const Facts& facts,
                                         const wire::DescribeAclsRequest& request);
wire::CreateAclsResponse create_acls(const RequestContext& context, const Facts& facts,
                                     const wire::CreateAclsRequest& request);
wire::DeleteAclsResponse delete_acls(const RequestContext& context, const Facts& facts,
                                     const wire::DeleteAclsRequest& request);

}  // namespace moldau::api
