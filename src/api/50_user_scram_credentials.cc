#include "api/50_user_scram_credentials.h"

#include <map>

#include "api/api_error.h"
#include "metadata/scram.h"

namespace moldau::api {

using metadata::ApiError;
using wire::ErrorCode;

wire::DescribeUserScramCredentialsResponse describe_user_scram_credentials(
    const RequestContext& context, const Facts& facts, const wire::DescribeUserScramCredentialsRequest& request) {
  wire::DescribeUserScramCredentialsResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  response.error_message = "";
  if (!context.may_on_cluster(Operation::describe)) {
    put_error(context, api_error(ErrorCode::cluster_authorization_failed), response.error_code, response.error_message);
    return response;
  }
  const auto users = metadata::scram_users(facts.image);
  const auto add = [&](std::string_view name, const metadata::ScramUser* user, bool twice) {
    auto& row = response.results.emplace_back();
    row.user = context.arena.keep(name);
    row.error_message = "";
    if (twice) {
      put_error(context,
                {ErrorCode::duplicate_resource,
                 "Cannot describe SCRAM credentials for the same user twice in a single request: " + std::string(name)},
                row.error_code, row.error_message);
    } else if (user == nullptr) {
      put_error(context,
                {ErrorCode::resource_not_found,
                 "Attempt to describe a user credential that does not exist: " + std::string(name)},
                row.error_code, row.error_message);
    } else {
      for (const auto& [mechanism, iterations] : *user) {
        row.credential_infos.push_back({static_cast<int8_t>(mechanism), iterations});
      }
    }
  };
  if (!request.users.has_value() || request.users->empty()) {
    for (const auto& [name, user] : users) add(name, &user, false);
    return response;
  }
  std::map<std::string_view, int> times;
  for (const auto& user : *request.users) ++times[user.name];
  for (const auto& [name, count] : times) {
    const auto found = users.find(name);
    add(name, found == users.end() ? nullptr : &found->second, count > 1);
  }
  return response;
}

metadata::AlterScram plan_alter_scram(const wire::AlterUserScramCredentialsRequest& request) {
  metadata::AlterScram plan;
  for (const auto& deletion : request.deletions) {
    plan.removals.push_back({std::string(deletion.name), deletion.mechanism});
  }
  for (const auto& upsertion : request.upsertions) {
    plan.credentials.push_back({std::string(upsertion.name),
                                upsertion.mechanism,
                                upsertion.iterations,
                                {upsertion.salt.begin(), upsertion.salt.end()},
                                {upsertion.salted_password.begin(), upsertion.salted_password.end()}});
  }
  return plan;
}

wire::AlterUserScramCredentialsResponse alter_user_scram_credentials(const RequestContext& context,
                                                                     const metadata::AlterScramResult& result) {
  wire::AlterUserScramCredentialsResponse response;
  response.throttle_time_ms = context.request_throttle_ms();
  for (const auto& [user, error] : result.users) {
    auto& row = response.results.emplace_back();
    row.user = context.arena.keep(user);
    put_error(context, error, row.error_code, row.error_message);
  }
  return response;
}

wire::AlterUserScramCredentialsResponse refuse_alter_scram(const RequestContext& context,
                                                           const metadata::AlterScram& request, const ApiError& error) {
  metadata::AlterScramResult result;
  for (const auto& removal : request.removals) result.users[removal.user] = error;
  for (const auto& credential : request.credentials) result.users[credential.user] = error;
  return alter_user_scram_credentials(context, result);
}

}  // namespace moldau::api
