// DescribeUserScramCredentials (key 50, version 0) and AlterUserScramCredentials (key 51, version 0): SCRAM-SHA-256 and
// -512 credentials of users (KIP-554). They are stored and described; no client logs in with them in this version.
//
//   Describe: null or no names means all; an unknown user is RESOURCE_NOT_FOUND, one named twice DUPLICATE_RESOURCE.
//   Alter: a user altered twice is DUPLICATE_RESOURCE and keeps what it has; other faults per user. Secrets are in no
//   answer and in no trace. Need DESCRIBE and ALTER on the cluster.
#pragma once

#include "api/context.h"
#include "api/facts.h"
#include "metadata/controller.h"
#include "wire/api/50_describe_user_scram_credentials.h"
#include "wire/api/51_alter_user_scram_credentials.h"

namespace moldau::api {

wire::DescribeUserScramCredentialsResponse describe_user_scram_credentials(
    const RequestContext& context, const Facts& facts, const wire::DescribeUserScramCredentialsRequest& request);
metadata::AlterScram plan_alter_scram(const wire::AlterUserScramCredentialsRequest& request);
wire::AlterUserScramCredentialsResponse alter_user_scram_credentials(const RequestContext& context,
                                                                     const metadata::AlterScramResult& result);
/// The same error for all users.
wire::AlterUserScramCredentialsResponse refuse_alter_scram(const RequestContext& context,
                                                           const metadata::AlterScram& request,
                                                           const metadata::ApiError& error);

}  // namespace moldau::api
