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
  constexpr Range ranges[] = {{wire::ApiKey::produce, 3, 13},         {wire::ApiKey::fetch, 4, 18},
                              {wire::ApiKey::list_offsets, 1, 11},    {wire::ApiKey::metadata, 0, 13},
                              {wire::ApiKey::find_coordinator, 0, 6}, {wire::ApiKey::api_versions, 0, 4},
                              {wire::ApiKey::create_topics, 2, 7},    {wire::ApiKey::delete_topics, 1, 6},
                              {wire::ApiKey::init_producer_id, 0, 5}, {wire::ApiKey::describe_configs, 1, 4},
                              {wire::ApiKey::describe_cluster, 0, 2}, {wire::ApiKey::describe_topic_partitions, 0, 0}};
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
