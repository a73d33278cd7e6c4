#include "api/operations.h"

#include <algorithm>

namespace moldau::api {
namespace {

using O = Operation;
using R = ResourceType;

constexpr RequiredOperation produce[] = {{O::write, R::topic}, {O::write, R::transactional_id}};
constexpr RequiredOperation fetch[] = {{O::read, R::topic}, {O::cluster_action, R::cluster}};
constexpr RequiredOperation list_offsets[] = {{O::describe, R::topic}};
constexpr RequiredOperation metadata[] = {
    {O::describe, R::topic}, {O::create, R::cluster}, {O::create, R::topic}, {O::describe, R::cluster}};
constexpr RequiredOperation find_coordinator[] = {
    {O::describe, R::group}, {O::describe, R::transactional_id}, {O::cluster_action, R::cluster}};
constexpr RequiredOperation create_topics[] = {
    {O::create, R::cluster}, {O::create, R::topic}, {O::describe_configs, R::topic}};
constexpr RequiredOperation delete_topics[] = {{O::remove, R::cluster}, {O::remove, R::topic}, {O::describe, R::topic}};
constexpr RequiredOperation init_producer_id[] = {
    {O::write, R::transactional_id}, {O::idempotent_write, R::cluster}, {O::write, R::topic}};
constexpr RequiredOperation describe_configs[] = {
    {O::describe_configs, R::topic}, {O::describe_configs, R::cluster}, {O::describe_configs, R::group}};
constexpr RequiredOperation describe_cluster[] = {{O::describe, R::cluster}};
constexpr RequiredOperation describe_topic_partitions[] = {{O::describe, R::topic}};

constexpr RequiredOperation delete_records[] = {{O::remove, R::topic}};
constexpr RequiredOperation offset_for_leader_epoch[] = {{O::describe, R::topic}, {O::cluster_action, R::cluster}};
constexpr RequiredOperation describe_on_cluster[] = {{O::describe, R::cluster}};
constexpr RequiredOperation alter_on_cluster[] = {{O::alter, R::cluster}};
constexpr RequiredOperation alter_configs[] = {
    {O::alter_configs, R::topic}, {O::alter_configs, R::cluster}, {O::alter_configs, R::group}};
constexpr RequiredOperation create_partitions[] = {{O::alter, R::topic}};
constexpr RequiredOperation describe_configs_on_cluster[] = {{O::describe_configs, R::cluster}};
constexpr RequiredOperation alter_configs_on_cluster[] = {{O::alter_configs, R::cluster}};
constexpr RequiredOperation describe_producers[] = {{O::read, R::topic}};

constexpr RequiredOperation offset_commit[] = {{O::read, R::group}, {O::read, R::topic}};
constexpr RequiredOperation offset_fetch[] = {{O::describe, R::group}, {O::describe, R::topic}};
constexpr RequiredOperation read_group[] = {{O::read, R::group}};
constexpr RequiredOperation describe_group[] = {{O::describe, R::group}};
constexpr RequiredOperation list_groups[] = {{O::describe, R::cluster}, {O::describe, R::group}};
constexpr RequiredOperation delete_group[] = {{O::remove, R::group}};
constexpr RequiredOperation offset_delete[] = {{O::remove, R::group}, {O::read, R::topic}};
constexpr RequiredOperation consumer_heartbeat[] = {{O::read, R::group}, {O::describe, R::topic}};
constexpr RequiredOperation consumer_describe[] = {{O::describe, R::group}, {O::describe, R::topic}};

constexpr ApiOperations table[] = {
    {wire::ApiKey::produce, produce},
    {wire::ApiKey::fetch, fetch},
    {wire::ApiKey::list_offsets, list_offsets},
    {wire::ApiKey::metadata, metadata},
    {wire::ApiKey::offset_commit, offset_commit},
    {wire::ApiKey::offset_fetch, offset_fetch},
    {wire::ApiKey::find_coordinator, find_coordinator},
    {wire::ApiKey::join_group, read_group},
    {wire::ApiKey::heartbeat, read_group},
    {wire::ApiKey::leave_group, read_group},
    {wire::ApiKey::sync_group, read_group},
    {wire::ApiKey::describe_groups, describe_group},
    {wire::ApiKey::list_groups, list_groups},
    {wire::ApiKey::api_versions, {}},
    {wire::ApiKey::create_topics, create_topics},
    {wire::ApiKey::delete_topics, delete_topics},
    {wire::ApiKey::delete_records, delete_records},
    {wire::ApiKey::init_producer_id, init_producer_id},
    {wire::ApiKey::offset_for_leader_epoch, offset_for_leader_epoch},
    {wire::ApiKey::describe_acls, describe_on_cluster},
    {wire::ApiKey::create_acls, alter_on_cluster},
    {wire::ApiKey::delete_acls, alter_on_cluster},
    {wire::ApiKey::describe_configs, describe_configs},
    {wire::ApiKey::alter_configs, alter_configs},
    {wire::ApiKey::alter_replica_log_dirs, alter_on_cluster},
    {wire::ApiKey::describe_log_dirs, describe_on_cluster},
    {wire::ApiKey::create_partitions, create_partitions},
    {wire::ApiKey::delete_groups, delete_group},
    {wire::ApiKey::elect_leaders, alter_on_cluster},
    {wire::ApiKey::incremental_alter_configs, alter_configs},
    {wire::ApiKey::alter_partition_reassignments, alter_on_cluster},
    {wire::ApiKey::list_partition_reassignments, describe_on_cluster},
    {wire::ApiKey::offset_delete, offset_delete},
    {wire::ApiKey::describe_client_quotas, describe_configs_on_cluster},
    {wire::ApiKey::alter_client_quotas, alter_configs_on_cluster},
    {wire::ApiKey::describe_user_scram_credentials, describe_on_cluster},
    {wire::ApiKey::alter_user_scram_credentials, alter_on_cluster},
    {wire::ApiKey::describe_quorum, describe_on_cluster},
    {wire::ApiKey::update_features, alter_on_cluster},
    {wire::ApiKey::describe_cluster, describe_cluster},
    {wire::ApiKey::describe_producers, describe_producers},
    {wire::ApiKey::unregister_broker, alter_on_cluster},
    {wire::ApiKey::consumer_group_heartbeat, consumer_heartbeat},
    {wire::ApiKey::consumer_group_describe, consumer_describe},
    {wire::ApiKey::list_config_resources, describe_configs_on_cluster},
    {wire::ApiKey::describe_topic_partitions, describe_topic_partitions},
};

}  // namespace

std::span<const ApiOperations> api_operations() {
  return table;
}

const ApiOperations* operations_of(wire::ApiKey key) {
  const auto found =
      std::find_if(std::begin(table), std::end(table), [&](const ApiOperations& row) { return row.key == key; });
  return found == std::end(table) ? nullptr : &*found;
}

}  // namespace moldau::api
