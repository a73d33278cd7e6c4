// A broker that serves while logs are recovered after a power cut: what is answered for partitions whose logs are not
// there yet, and what may happen to them meanwhile. docs/design/recovery.md, "While the node serves"
#include <string>
#include <vector>

#include "api/10_find_coordinator.h"
#include "broker/test_kit.h"
#include "io/sim/disk.h"
#include "wire/api/02_list_offsets.h"
#include "wire/api/09_offset_fetch.h"
#include "wire/api/10_find_coordinator.h"
#include "wire/api/16_list_groups.h"
#include "wire/api/20_delete_topics.h"
#include "wire/api/21_delete_records.h"
#include "wire/api/23_offset_for_leader_epoch.h"
#include "wire/api/75_describe_topic_partitions.h"

namespace moldau::broker {
namespace {

using wire::ErrorCode;

constexpr int32_t partitions = 10;

class RecoveryServing : public ::testing::Test {
 protected:
  io::sim::SimDisk& disk() { return world_.world().node("broker").disk(); }

  /// More batches, the higher the partition.
  void fill() {
    RawClient& client = world_.connect();
    topic_ = world_.create_topic(client, "t", partitions, {{"write.caching", "true"}});  // not synced behind at once
    for (int32_t i = 0; i < partitions; ++i) {
      for (int32_t n = 0; n <= i; ++n) ASSERT_EQ(world_.produce(client, "t", i, batch_of(2, "x")).error_code, 0);
    }
    world_.world().run_for(seconds(6));  // high watermarks are written down
  }
  /// Reads from this disk take their time, so that the broker serves long before all is recovered.
  void power_cut() {
    disk().faults().crash_style = io::sim::CrashStyle::keep_all;
    slow_reads(true);
    world_.wait_for_logs = false;
    world_.crash_and_start(io::sim::CrashKind::power);
  }
  void finish_recovery() {
    world_.wait_until_recovered();
    slow_reads(false);
  }
  void slow_reads(bool slow) {
    disk().faults().uncached_ppm = slow ? 1'000'000 : 0;
    disk().faults().read_delay_min = disk().faults().read_delay_max = slow ? milliseconds(50) : microseconds(50);
  }
  bool recovering(int32_t partition) { return world_.broker().store().recovering({topic_, partition}); }

  ErrorCode produce(RawClient& client, int32_t partition) {
    return static_cast<ErrorCode>(world_.produce(client, "t", partition, batch_of(2, "y")).error_code);
  }
  wire::FetchResponse::PartitionData fetch(RawClient& client, int32_t partition) {
    const auto answer = world_.call<wire::FetchResponse>(client, BrokerWorld::fetch_request("t", partition, 0), 12);
    return answer.responses.at(0).partitions.at(0);
  }
  ErrorCode list_offsets(RawClient& client, int32_t partition) {
    wire::ListOffsetsRequest request;
    request.replica_id = -1;
    request.topics.push_back({.name = "t", .partitions = {{partition, -1, -1}}});
    const auto answer = world_.call<wire::ListOffsetsResponse>(client, request, 7);
    return static_cast<ErrorCode>(answer.topics.at(0).partitions.at(0).error_code);
  }
  ErrorCode epoch_end(RawClient& client, int32_t partition) {
    wire::OffsetForLeaderEpochRequest request;
    request.topics.push_back(
        {.topic = "t", .partitions = {{.partition = partition, .current_leader_epoch = -1, .leader_epoch = 0}}});
    const auto answer = world_.call<wire::OffsetForLeaderEpochResponse>(client, request, 4);
    return static_cast<ErrorCode>(answer.topics.at(0).partitions.at(0).error_code);
  }
  ErrorCode delete_records(RawClient& client, int32_t partition) {
    wire::DeleteRecordsRequest request;
    request.topics.push_back({.name = "t", .partitions = {{.partition_index = partition, .offset = 1}}});
    request.timeout_ms = 1000;
    const auto answer = world_.call<wire::DeleteRecordsResponse>(client, request, 2);
    return static_cast<ErrorCode>(answer.topics.at(0).partitions.at(0).error_code);
  }
  wire::MetadataResponse metadata(RawClient& client) {
    wire::MetadataRequest request;
    request.topics = {{.name = "t"}};
    return world_.call<wire::MetadataResponse>(client, request, 9);
  }
  ErrorCode committed_offsets(RawClient& client, std::string_view group) {
    wire::OffsetFetchRequest request;
    request.groups.push_back({.group_id = group});
    request.groups[0].topics->push_back({.name = "t", .partition_indexes = {0}});
    const auto answer = world_.call<wire::OffsetFetchResponse>(client, request, 8);
    return static_cast<ErrorCode>(answer.groups.at(0).error_code);
  }

  BrokerWorld world_{1, {{"offsets.topic.num.partitions", "6"}}};
  Uuid topic_;
};

TEST_F(RecoveryServing, PartitionsAreNotLedUntilTheyAreRecovered) {
  fill();
  power_cut();
  RawClient& client = world_.connect();
  ASSERT_TRUE(recovering(0)) << "the one with the least goes last";

  const auto described = metadata(client);
  ASSERT_EQ(described.topics.at(0).error_code, 0);
  ASSERT_EQ(described.topics[0].partitions.size(), static_cast<size_t>(partitions));
  for (const auto& row : described.topics[0].partitions) {
    if (row.partition_index != 0) continue;
    EXPECT_EQ(row.error_code, code_of(ErrorCode::leader_not_available));
    EXPECT_EQ(row.leader_id, -1);
    EXPECT_EQ(row.replica_nodes.size(), 1U);
  }
  wire::DescribeTopicPartitionsRequest page;
  page.topics = {{.name = "t"}};
  const auto listed = world_.call<wire::DescribeTopicPartitionsResponse>(client, page, 0);
  EXPECT_EQ(listed.topics.at(0).partitions.at(0).leader_id, -1);

  EXPECT_EQ(produce(client, 0), ErrorCode::not_leader_or_follower);
  EXPECT_EQ(static_cast<ErrorCode>(fetch(client, 0).error_code), ErrorCode::not_leader_or_follower);
  EXPECT_EQ(list_offsets(client, 0), ErrorCode::not_leader_or_follower);
  EXPECT_EQ(epoch_end(client, 0), ErrorCode::not_leader_or_follower);
  EXPECT_EQ(delete_records(client, 0), ErrorCode::not_leader_or_follower);
  ASSERT_TRUE(recovering(0)) << "all of that was asked while it was recovered";

  // The busiest is used while others are not there yet.
  constexpr int32_t busiest = partitions - 1;
  ASSERT_TRUE(world_.until([&] { return !recovering(busiest); }));
  ASSERT_TRUE(world_.until([&] { return produce(client, busiest) == ErrorCode::none; }));
  EXPECT_EQ(fetch(client, busiest).high_watermark, 2 * partitions + 2);
  EXPECT_TRUE(recovering(0));

  finish_recovery();
  for (int32_t i = 0; i < partitions; ++i) {
    const auto row = fetch(client, i);
    EXPECT_EQ(row.error_code, 0) << i;
    EXPECT_EQ(row.high_watermark, 2 * (i + 1) + (i == busiest ? 2 : 0)) << i;
    EXPECT_EQ(produce(client, i), ErrorCode::none) << i;
  }
  const auto after = metadata(client);
  for (const auto& row : after.topics.at(0).partitions) {
    EXPECT_EQ(row.error_code, 0);
    EXPECT_EQ(row.leader_id, 1);
  }
}

TEST_F(RecoveryServing, CoordinatorsSayThatTheyLoad) {
  fill();
  RawClient& before = world_.connect();
  wire::FindCoordinatorRequest find;
  find.coordinator_keys = {"g"};
  ASSERT_TRUE(world_.until(
      [&] { return world_.call<wire::FindCoordinatorResponse>(before, find, 4).coordinators.at(0).error_code == 0; }));
  ASSERT_TRUE(world_.until([&] { return committed_offsets(before, "g") == ErrorCode::none; }));
  power_cut();
  // The last of those without a record.
  const metadata::TopicImage* const offsets = world_.broker().image().topic("__consumer_offsets");
  ASSERT_NE(offsets, nullptr);
  std::string group = "g";
  while (api::coordinator_partition(group, offsets->partitions.size()) != 5) group += 'g';
  RawClient& client = world_.connect();
  ASSERT_TRUE(world_.broker().store().recovering({offsets->id, 5}));
  EXPECT_TRUE(recovering(partitions - 1)) << "coordinators come first";
  EXPECT_EQ(committed_offsets(client, group), ErrorCode::coordinator_load_in_progress);
  const auto groups = world_.call<wire::ListGroupsResponse>(client, wire::ListGroupsRequest{}, 4);
  EXPECT_EQ(static_cast<ErrorCode>(groups.error_code), ErrorCode::coordinator_load_in_progress);
  ASSERT_TRUE(world_.broker().store().recovering({offsets->id, 5}));
  ASSERT_TRUE(world_.until([&] { return committed_offsets(client, group) == ErrorCode::none; }));
  EXPECT_TRUE(recovering(0));
  finish_recovery();
}

TEST_F(RecoveryServing, ATopicIsDeletedAndMadeAnewMeanwhile) {
  fill();
  power_cut();
  RawClient& client = world_.connect();
  ASSERT_TRUE(recovering(0));
  wire::DeleteTopicsRequest remove;
  remove.topic_names = {"t"};
  ASSERT_EQ(world_.call<wire::DeleteTopicsResponse>(client, remove, 5).responses.at(0).error_code, 0);
  const Uuid old = topic_;
  topic_ = world_.create_topic(client, "t", partitions);
  ASSERT_TRUE(world_.broker().store().recovering({old, 0}));
  EXPECT_EQ(produce(client, 0), ErrorCode::not_leader_or_follower) << "its name is not free yet";
  finish_recovery();
  for (int32_t i = 0; i < partitions; ++i) {
    ASSERT_TRUE(world_.until([&] { return produce(client, i) == ErrorCode::none; })) << i;
    EXPECT_EQ(fetch(client, i).high_watermark, 2) << "of the new topic alone";
    EXPECT_FALSE(world_.broker().store().holds({old, i}));
  }
  world_.crash_and_start(io::sim::CrashKind::power);
  finish_recovery();
  RawClient& again = world_.connect();
  for (int32_t i = 0; i < partitions; ++i) EXPECT_EQ(fetch(again, i).high_watermark, 2);
}

TEST_F(RecoveryServing, ItIsStoppedAndKilledInItsMidst) {
  fill();
  power_cut();
  ASSERT_TRUE(recovering(0));
  world_.stop();
  EXPECT_FALSE(disk().stat("/data/.kafka_cleanshutdown").ok());
  world_.start();
  ASSERT_TRUE(recovering(0));
  RawClient& client = world_.connect();
  ASSERT_TRUE(world_.until([&] { return produce(client, partitions - 1) == ErrorCode::none; }));
  ASSERT_TRUE(recovering(0));
  world_.crash_and_start(io::sim::CrashKind::power);
  ASSERT_TRUE(recovering(0));
  finish_recovery();
  RawClient& again = world_.connect();
  for (int32_t i = 0; i < partitions; ++i) {
    EXPECT_EQ(fetch(again, i).high_watermark, 2 * (i + 1) + (i == partitions - 1 ? 2 : 0)) << i;
  }
  world_.stop();
  EXPECT_TRUE(disk().stat("/data/.kafka_cleanshutdown").ok());
}

}  // namespace
}  // namespace moldau::broker
