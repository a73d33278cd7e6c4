// Handlers of the administrator's APIs that go through the controller, and of those that the image alone answers. An
// answer that tells of a change comes when the change is committed and applied here. What asks logs and directories:
// admin_log_handlers.cc.
#include <memory>
#include <utility>

#include "api/29_acls.h"
#include "api/37_create_partitions.h"
#include "api/43_elect_leaders.h"
#include "api/44_incremental_alter_configs.h"
#include "api/45_alter_partition_reassignments.h"
#include "api/48_client_quotas.h"
#include "api/50_user_scram_credentials.h"
#include "api/55_describe_quorum.h"
#include "api/57_update_features.h"
#include "api/64_unregister_broker.h"
#include "api/74_list_config_resources.h"
#include "api/api_error.h"
#include "broker/admin_log_handlers.h"
#include "broker/broker.h"

namespace moldau::broker {
namespace {

using metadata::ApiError;
using wire::ErrorCode;

/// What the controller said, or the error for all if it could not.
template <typename ControllerResult>
const ControllerResult* result_of(const MetadataOutcome& outcome, ApiError& error) {
  const auto* const result = std::get_if<ControllerResult>(&outcome.response);
  if (outcome.error == ErrorCode::none && result != nullptr) return result;
  error = api::api_error(outcome.error == ErrorCode::none ? ErrorCode::unknown_server_error : outcome.error);
  return nullptr;
}

/// A handler whose answer follows from the request and the image alone.
template <typename Message, auto function>
void answer_from_image(Shard& shard, Request request) {
  Message message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  shard.answer(request, function(context, shard.facts(), message));
}

metadata::AlterConfigsResult failed_configs(const api::AlterConfigsPlan& plan, const ApiError& error) {
  metadata::AlterConfigsResult result;
  for (const auto& resource : plan.request.resources) {
    result.resources.push_back({resource.resource, error.code, error.message});
  }
  return result;
}

template <typename Message, auto plan_function, auto answer_function>
void alter_configs(Shard& shard, Request request) {
  Message message;
  if (!shard.decode_body(request, message)) return;
  auto arena = std::make_shared<Arena>();
  api::AlterConfigsPlan plan = plan_function(shard.context(request, *arena), shard.facts(), message);
  if (plan.root_level.has_value()) shard.node().set_root_log_level(*plan.root_level);
  if (plan.request.resources.empty()) {
    shard.answer(request, answer_function(shard.context(request, *arena), plan, {}));
    return;
  }
  metadata::AlterConfigs alter = plan.request;
  shard.submit(std::move(alter), [&shard, arena, request = std::move(request),
                                  plan = std::move(plan)](const MetadataOutcome& outcome) {
    ApiError error;
    const auto* const decided = result_of<metadata::AlterConfigsResult>(outcome, error);
    const metadata::AlterConfigsResult result = decided == nullptr ? failed_configs(plan, error) : *decided;
    shard.answer(request, answer_function(shard.context(request, *arena), plan, result));
  });
}

void create_partitions(Shard& shard, Request request) {
  wire::CreatePartitionsRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  api::CreatePartitionsPlan plan = api::plan_create_partitions(shard.context(request, arena), message);
  if (plan.request.topics.empty()) {
    shard.answer(request, api::create_partitions(shard.context(request, arena), plan, {}));
    return;
  }
  metadata::CreatePartitions create = plan.request;
  shard.submit(std::move(create),
               [&shard, request = std::move(request), plan = std::move(plan)](const MetadataOutcome& outcome) {
                 ApiError error;
                 metadata::CreatePartitionsResult result;
                 if (const auto* const decided = result_of<metadata::CreatePartitionsResult>(outcome, error)) {
                   result = *decided;
                 } else {
                   result.topics.assign(plan.request.topics.size(), error);
                 }
                 Arena later;
                 shard.answer(request, api::create_partitions(shard.context(request, later), plan, result));
               });
}

void elect_leaders(Shard& shard, Request request) {
  wire::ElectLeadersRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  if (const auto refused = api::check_elect_leaders(context, message)) {
    shard.answer(request, api::refuse_elect_leaders(context, message, *refused));
    return;
  }
  auto plan = api::plan_elect_leaders(message);  // before `message` moves
  shard.submit(std::move(plan),
               [&shard, request = std::move(request), message = std::move(message)](const MetadataOutcome& outcome) {
                 ApiError error;
                 Arena later;
                 const api::RequestContext again = shard.context(request, later);
                 const auto* const result = result_of<metadata::ElectLeadersResult>(outcome, error);
                 shard.answer(request, result == nullptr ? api::refuse_elect_leaders(again, message, error)
                                                         : api::elect_leaders(again, *result));
               });
}

void alter_reassignments(Shard& shard, Request request) {
  wire::AlterPartitionReassignmentsRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  if (const auto refused = api::check_alter_reassignments(context, message)) {
    shard.answer(request, api::refuse_alter_reassignments(context, message, *refused));
    return;
  }
  auto plan = api::plan_alter_reassignments(message);  // before `message` moves
  shard.submit(std::move(plan),
               [&shard, request = std::move(request), message = std::move(message)](const MetadataOutcome& outcome) {
                 ApiError error;
                 Arena later;
                 const api::RequestContext again = shard.context(request, later);
                 const auto* const result = result_of<metadata::AlterReassignmentsResult>(outcome, error);
                 shard.answer(request, result == nullptr ? api::refuse_alter_reassignments(again, message, error)
                                                         : api::alter_reassignments(again, message, *result));
               });
}

void update_features(Shard& shard, Request request) {
  wire::UpdateFeaturesRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  if (const auto refused = api::check_update_features(context, message)) {
    shard.answer(request, api::update_features(context, message, *refused));
    return;
  }
  // before `message` moves
  auto plan = api::plan_update_features(context, message, shard.node().metadata_loop().kraft_version());
  shard.submit(std::move(plan),
               [&shard, request = std::move(request), message = std::move(message)](const MetadataOutcome& outcome) {
                 ApiError error;
                 Arena later;
                 if (const auto* const result = result_of<metadata::UpdateFeaturesResult>(outcome, error)) {
                   error = result->error;
                 }
                 shard.answer(request, api::update_features(shard.context(request, later), message, error));
               });
}

void unregister_broker(Shard& shard, Request request) {
  wire::UnregisterBrokerRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  if (!context.may_on_cluster(api::Operation::alter)) {
    shard.answer(request, api::unregister_broker(context, api::api_error(ErrorCode::cluster_authorization_failed)));
    return;
  }
  shard.submit(metadata::UnregisterBroker{message.broker_id},
               [&shard, request = std::move(request)](const MetadataOutcome& outcome) {
                 ApiError error;
                 Arena later;
                 if (const auto* const result = result_of<metadata::UnregisterBrokerResult>(outcome, error)) {
                   error = result->error;
                 }
                 shard.answer(request, api::unregister_broker(shard.context(request, later), error));
               });
}

void alter_client_quotas(Shard& shard, Request request) {
  wire::AlterClientQuotasRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  metadata::AlterQuotas alter = api::plan_alter_quotas(message);
  if (!context.may_on_cluster(api::Operation::alter_configs)) {
    shard.answer(request,
                 api::refuse_alter_quotas(context, alter, api::api_error(ErrorCode::cluster_authorization_failed)));
    return;
  }
  metadata::AlterQuotas asked = alter;
  shard.submit(std::move(asked),
               [&shard, request = std::move(request), alter = std::move(alter)](const MetadataOutcome& outcome) {
                 ApiError error;
                 Arena later;
                 const api::RequestContext again = shard.context(request, later);
                 const auto* const result = result_of<metadata::AlterQuotasResult>(outcome, error);
                 shard.answer(request, result == nullptr ? api::refuse_alter_quotas(again, alter, error)
                                                         : api::alter_client_quotas(again, *result));
               });
}

void alter_user_scram_credentials(Shard& shard, Request request) {
  wire::AlterUserScramCredentialsRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  metadata::AlterScram alter = api::plan_alter_scram(message);
  if (!context.may_on_cluster(api::Operation::alter)) {
    shard.answer(request,
                 api::refuse_alter_scram(context, alter, api::api_error(ErrorCode::cluster_authorization_failed)));
    return;
  }
  metadata::AlterScram asked = alter;
  shard.submit(std::move(asked),
               [&shard, request = std::move(request), alter = std::move(alter)](const MetadataOutcome& outcome) {
                 ApiError error;
                 Arena later;
                 const api::RequestContext again = shard.context(request, later);
                 const auto* const result = result_of<metadata::AlterScramResult>(outcome, error);
                 shard.answer(request, result == nullptr ? api::refuse_alter_scram(again, alter, error)
                                                         : api::alter_user_scram_credentials(again, *result));
               });
}

void describe_quorum(Shard& shard, Request request) {
  wire::DescribeQuorumRequest message;
  if (!shard.decode_body(request, message)) return;
  const MetadataLoop& loop = shard.node().metadata_loop();
  const raft::Node& node = loop.node();
  api::QuorumFacts quorum{.leader = node.leader(), .epoch = node.epoch(), .high_watermark = loop.high_watermark()};
  for (const raft::Voter& voter : node.voters().voters()) {
    api::QuorumFacts::Replica& replica = quorum.voters.emplace_back();
    replica.id = voter.key.id;
    if (loop.kraft_version() >= 1) replica.directory = voter.key.directory;
    if (voter.key.id == shard.self()) {
      replica.log_end = loop.high_watermark();
      replica.last_fetch = shard.wall();
      replica.last_caught_up = shard.wall();
    }
    api::QuorumFacts::Node& row = quorum.nodes.emplace_back();
    row.id = voter.key.id;
    for (const raft::Endpoint& endpoint : voter.endpoints) {
      row.listeners.push_back({endpoint.name, endpoint.host, endpoint.port});
    }
  }
  Arena arena;
  shard.answer(request, api::describe_quorum(shard.context(request, arena), quorum, message));
}

constexpr Route table[] = {
    {wire::ApiKey::delete_records, handle_delete_records, Place::owners},
    {wire::ApiKey::offset_for_leader_epoch, handle_offset_for_leader_epoch, Place::owners},
    {wire::ApiKey::describe_acls, answer_from_image<wire::DescribeAclsRequest, api::describe_acls>, Place::here},
    {wire::ApiKey::create_acls, answer_from_image<wire::CreateAclsRequest, api::create_acls>, Place::here},
    {wire::ApiKey::delete_acls, answer_from_image<wire::DeleteAclsRequest, api::delete_acls>, Place::here},
    {wire::ApiKey::alter_configs,
     alter_configs<wire::AlterConfigsRequest, api::plan_alter_configs, api::alter_configs>},
    {wire::ApiKey::alter_replica_log_dirs, handle_alter_replica_log_dirs},
    {wire::ApiKey::describe_log_dirs, handle_describe_log_dirs},
    {wire::ApiKey::create_partitions, create_partitions},
    {wire::ApiKey::elect_leaders, elect_leaders},
    {wire::ApiKey::incremental_alter_configs,
     alter_configs<wire::IncrementalAlterConfigsRequest, api::plan_incremental_alter_configs,
                   api::incremental_alter_configs>},
    {wire::ApiKey::alter_partition_reassignments, alter_reassignments},
    {wire::ApiKey::list_partition_reassignments,
     answer_from_image<wire::ListPartitionReassignmentsRequest, api::list_reassignments>, Place::here},
    {wire::ApiKey::describe_client_quotas,
     answer_from_image<wire::DescribeClientQuotasRequest, api::describe_client_quotas>, Place::here},
    {wire::ApiKey::alter_client_quotas, alter_client_quotas},
    {wire::ApiKey::describe_user_scram_credentials,
     answer_from_image<wire::DescribeUserScramCredentialsRequest, api::describe_user_scram_credentials>, Place::here},
    {wire::ApiKey::alter_user_scram_credentials, alter_user_scram_credentials},
    {wire::ApiKey::describe_quorum, describe_quorum},
    {wire::ApiKey::update_features, update_features},
    {wire::ApiKey::describe_producers, handle_describe_producers, Place::owners},
    {wire::ApiKey::unregister_broker, unregister_broker},
    {wire::ApiKey::list_config_resources,
     answer_from_image<wire::ListConfigResourcesRequest, api::list_config_resources>, Place::here},
};

}  // namespace

std::span<const Route> admin_routes() {
  return table;
}

}  // namespace moldau::broker
