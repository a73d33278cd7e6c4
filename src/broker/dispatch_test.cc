// The dispatch table against the table of operations and the table of what can be served: no API without all three.
#include <gtest/gtest.h>

#include "api/operations.h"
#include "broker/broker.h"

namespace moldau::broker {
namespace {

TEST(Dispatch, EveryApiHasItsOperations) {
  ASSERT_EQ(routes().size(), api::api_operations().size());
  for (const Route& route : routes()) {
    const api::ApiOperations* const row = api::operations_of(route.key);
    ASSERT_NE(row, nullptr) << wire::name_of(route.key);
    EXPECT_EQ(row->operations.empty(), route.key == wire::ApiKey::api_versions) << wire::name_of(route.key);
    EXPECT_NE(handler_of(route.key), nullptr);
  }
}

TEST(Dispatch, ServesTheVersionsThatTheIssueNames) {
  struct Range {
    wire::ApiKey key;
    int16_t min;
    int16_t max;
  };
  // What Kafka 4.3.1 serves of them (Produce it advertises from 0).
  constexpr Range ranges[] = {{wire::ApiKey::produce, 3, 13},
                              {wire::ApiKey::fetch, 4, 18},
                              {wire::ApiKey::list_offsets, 1, 11},
                              {wire::ApiKey::metadata, 0, 13},
                              {wire::ApiKey::offset_commit, 2, 10},
                              {wire::ApiKey::offset_fetch, 1, 10},
                              {wire::ApiKey::find_coordinator, 0, 6},
                              {wire::ApiKey::join_group, 0, 9},
                              {wire::ApiKey::heartbeat, 0, 4},
                              {wire::ApiKey::leave_group, 0, 5},
                              {wire::ApiKey::sync_group, 0, 5},
                              {wire::ApiKey::describe_groups, 0, 6},
                              {wire::ApiKey::list_groups, 0, 5},
                              {wire::ApiKey::api_versions, 0, 4},
                              {wire::ApiKey::create_topics, 2, 7},
                              {wire::ApiKey::delete_topics, 1, 6},
                              {wire::ApiKey::delete_records, 0, 2},
                              {wire::ApiKey::init_producer_id, 0, 5},
                              {wire::ApiKey::offset_for_leader_epoch, 2, 4},
                              {wire::ApiKey::describe_acls, 1, 3},
                              {wire::ApiKey::create_acls, 1, 3},
                              {wire::ApiKey::delete_acls, 1, 3},
                              {wire::ApiKey::describe_configs, 1, 4},
                              {wire::ApiKey::alter_configs, 0, 2},
                              {wire::ApiKey::alter_replica_log_dirs, 1, 2},
                              {wire::ApiKey::describe_log_dirs, 1, 5},
                              {wire::ApiKey::create_partitions, 0, 3},
                              {wire::ApiKey::delete_groups, 0, 2},
                              {wire::ApiKey::elect_leaders, 0, 2},
                              {wire::ApiKey::incremental_alter_configs, 0, 1},
                              {wire::ApiKey::alter_partition_reassignments, 0, 1},
                              {wire::ApiKey::list_partition_reassignments, 0, 0},
                              {wire::ApiKey::offset_delete, 0, 0},
                              {wire::ApiKey::describe_client_quotas, 0, 1},
                              {wire::ApiKey::alter_client_quotas, 0, 1},
                              {wire::ApiKey::describe_user_scram_credentials, 0, 0},
                              {wire::ApiKey::alter_user_scram_credentials, 0, 0},
                              {wire::ApiKey::describe_quorum, 0, 2},
                              {wire::ApiKey::update_features, 0, 2},
                              {wire::ApiKey::describe_cluster, 0, 2},
                              {wire::ApiKey::describe_producers, 0, 0},
                              {wire::ApiKey::unregister_broker, 0, 0},
                              {wire::ApiKey::consumer_group_heartbeat, 0, 1},
                              {wire::ApiKey::consumer_group_describe, 0, 1},
                              {wire::ApiKey::list_config_resources, 0, 1},
                              {wire::ApiKey::describe_topic_partitions, 0, 0}};
  wire::ServedApis served;
  for (const Route& route : routes()) served.add(route.key);
  ASSERT_EQ(served.list().size(), std::size(ranges));
  for (const Range& range : ranges) {
    const wire::ServedApi* const api = served.find(range.key);
    ASSERT_NE(api, nullptr);
    EXPECT_EQ(api->min_version, range.min) << wire::name_of(range.key);
    EXPECT_EQ(api->max_version, range.max) << wire::name_of(range.key);
    EXPECT_EQ(api->advertised_min_version, range.key == wire::ApiKey::produce ? 0 : range.min);
    EXPECT_FALSE(served.serves(range.key, static_cast<int16_t>(range.max + 1)));
  }
}

}  // namespace
}  // namespace moldau::broker
