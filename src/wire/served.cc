#include "wire/served.h"

#include <algorithm>
#include <iterator>

#include "base/assert.h"

namespace moldau::wire {
namespace {

constexpr ServedApi table[] = {
    {ApiKey::produce, 3, 13, 0},
    {ApiKey::fetch, 4, 18, 4},
    {ApiKey::list_offsets, 1, 11, 1},
    {ApiKey::metadata, 0, 13, 0},
    {ApiKey::offset_commit, 2, 10, 2},
    {ApiKey::offset_fetch, 1, 10, 1},
    {ApiKey::find_coordinator, 0, 6, 0},
    {ApiKey::join_group, 0, 9, 0},
    {ApiKey::heartbeat, 0, 4, 0},
    {ApiKey::leave_group, 0, 5, 0},
    {ApiKey::sync_group, 0, 5, 0},
    {ApiKey::describe_groups, 0, 6, 0},
    {ApiKey::list_groups, 0, 5, 0},
    {ApiKey::api_versions, 0, 4, 0},
    {ApiKey::create_topics, 2, 7, 2},
    {ApiKey::delete_topics, 1, 6, 1},
    {ApiKey::delete_records, 0, 2, 0},
    {ApiKey::init_producer_id, 0, 5, 0},
    {ApiKey::offset_for_leader_epoch, 2, 4, 2},
    {ApiKey::describe_acls, 1, 3, 1},
    {ApiKey::create_acls, 1, 3, 1},
    {ApiKey::delete_acls, 1, 3, 1},
    {ApiKey::describe_configs, 1, 4, 1},
    {ApiKey::alter_configs, 0, 2, 0},
    {ApiKey::alter_replica_log_dirs, 1, 2, 1},
    {ApiKey::describe_log_dirs, 1, 5, 1},
    {ApiKey::create_partitions, 0, 3, 0},
    {ApiKey::delete_groups, 0, 2, 0},
    {ApiKey::elect_leaders, 0, 2, 0},
    {ApiKey::incremental_alter_configs, 0, 1, 0},
    {ApiKey::alter_partition_reassignments, 0, 1, 0},
    {ApiKey::list_partition_reassignments, 0, 0, 0},
    {ApiKey::offset_delete, 0, 0, 0},
    {ApiKey::describe_client_quotas, 0, 1, 0},
    {ApiKey::alter_client_quotas, 0, 1, 0},
    {ApiKey::describe_user_scram_credentials, 0, 0, 0},
    {ApiKey::alter_user_scram_credentials, 0, 0, 0},
    {ApiKey::describe_quorum, 0, 2, 0},
    {ApiKey::update_features, 0, 2, 0},
    {ApiKey::describe_cluster, 0, 2, 0},
    {ApiKey::describe_producers, 0, 0, 0},
    {ApiKey::unregister_broker, 0, 0, 0},
    {ApiKey::consumer_group_heartbeat, 0, 1, 0},
    {ApiKey::consumer_group_describe, 0, 1, 0},
    {ApiKey::list_config_resources, 0, 1, 0},
    {ApiKey::describe_topic_partitions, 0, 0, 0},
};
static_assert(std::ranges::is_sorted(table, {}, &ServedApi::key));

}  // namespace

std::span<const ServedApi> servable_apis() {
  return table;
}

void ServedApis::add(ApiKey key) {
  const auto* entry = std::ranges::find(table, key, &ServedApi::key);
  ASSERT(entry != std::end(table));
  if (find(key) != nullptr) return;
  list_.insert(std::ranges::upper_bound(list_, key, {}, &ServedApi::key), *entry);
  for (size_t i = 0; i < list_.size(); ++i) index_[static_cast<size_t>(list_[i].key)] = static_cast<int8_t>(i);
}

const ServedApi* ServedApis::find(ApiKey key) const {
  const auto number = static_cast<int16_t>(key);
  if (!is_api_key(number) || index_[static_cast<size_t>(number)] < 0) return nullptr;
  return &list_[static_cast<size_t>(index_[static_cast<size_t>(number)])];
}

bool ServedApis::serves(ApiKey key, int16_t version) const {
  const ServedApi* api = find(key);
  return api != nullptr && version >= api->min_version && version <= api->max_version;
}

}  // namespace moldau::wire
