// Groups through a broker on the simulated surface: from the first FindCoordinator to restarts and damaged logs.

#include <gtest/gtest.h>

#include "broker/test_kit.h"
#include "group/records.h"
#include "io/sim/disk.h"
#include "wire/api/08_offset_commit.h"
#include "wire/api/09_offset_fetch.h"
#include "wire/api/10_find_coordinator.h"
#include "wire/api/11_join_group.h"
#include "wire/api/12_heartbeat.h"
#include "wire/api/14_sync_group.h"
#include "wire/api/15_describe_groups.h"
#include "wire/api/16_list_groups.h"
#include "wire/api/20_delete_topics.h"
#include "wire/api/21_delete_records.h"
#include "wire/api/42_delete_groups.h"
#include "wire/error_code.h"

namespace moldau::broker {
namespace {

using wire::ErrorCode;

class Groups : public testing::Test {
 protected:
  static metadata::ConfigMap config() {
    return {{"offsets.topic.num.partitions", "3"}, {"group.initial.rebalance.delay.ms", "0"}};
  }
  /// Asks until the coordinator is there.
  void find(RawClient& client) {
    wire::FindCoordinatorRequest request;
    request.coordinator_keys = {"g"};
    const auto answer = world_.call<wire::FindCoordinatorResponse>(client, request, 4);
    ASSERT_EQ(answer.coordinators.size(), 1U);
    EXPECT_EQ(answer.coordinators[0].error_code, 0);
    EXPECT_EQ(answer.coordinators[0].node_id, 1);
  }
  ErrorCode commit(RawClient& client, std::string_view group, Offset offset) {
    wire::OffsetCommitRequest request;
    request.group_id = group;
    request.topics.push_back({.name = "t", .partitions = {{0, offset}}});
    const auto answer = world_.call<wire::OffsetCommitResponse>(client, request, 9);
    return static_cast<ErrorCode>(answer.topics.at(0).partitions.at(0).error_code);
  }
  /// Commits until the coordinator has loaded.
  ErrorCode commit_when_loaded(RawClient& client, std::string_view group, Offset offset) {
    ErrorCode error = ErrorCode::none;
    for (int attempt = 0; attempt < 100; ++attempt) {
      error = commit(client, group, offset);
      if (error != ErrorCode::coordinator_load_in_progress) break;
      world_.until([] { return false; }, milliseconds(10));
    }
    return error;
  }
  std::pair<ErrorCode, Offset> fetch(RawClient& client, std::string_view group, bool stable = false) {
    wire::OffsetFetchRequest request;
    request.groups.push_back({.group_id = group});
    request.groups[0].topics->push_back({.name = "t", .partition_indexes = {0}});
    request.require_stable = stable;
    const auto answer = world_.call<wire::OffsetFetchResponse>(client, request, 8);
    const auto& found = answer.groups.at(0);
    if (found.error_code != 0) return {static_cast<ErrorCode>(found.error_code), -1};
    return {ErrorCode::none, found.topics.at(0).partitions.at(0).committed_offset};
  }
  wire::JoinGroupRequest join_request(std::string_view member) {
    wire::JoinGroupRequest request;
    request.group_id = "g";
    request.session_timeout_ms = 10'000;
    request.rebalance_timeout_ms = 60'000;
    request.member_id = member;
    request.protocol_type = "consumer";
    request.protocols.push_back({"range", {}});
    return request;
  }

  BrokerWorld world_{1, config()};
};

TEST_F(Groups, OffsetsSurviveARestart) {
  RawClient& client = world_.connect();
  world_.create_topic(client, "t");
  EXPECT_EQ(commit(client, "g", 1), ErrorCode::not_coordinator);  // nobody has asked for a coordinator yet
  find(client);
  EXPECT_EQ(commit_when_loaded(client, "g", 42), ErrorCode::none);
  EXPECT_EQ(fetch(client, "g"), std::pair(ErrorCode::none, Offset{42}));
  EXPECT_EQ(fetch(client, "g", true), std::pair(ErrorCode::none, Offset{42}));
  EXPECT_EQ(fetch(client, "other"), std::pair(ErrorCode::none, Offset{-1}));
  world_.stop();
  world_.start();
  RawClient& again = world_.connect();
  EXPECT_EQ(commit_when_loaded(again, "h", 7), ErrorCode::none);
  EXPECT_EQ(fetch(again, "g"), std::pair(ErrorCode::none, Offset{42}));
  EXPECT_EQ(fetch(again, "h"), std::pair(ErrorCode::none, Offset{7}));
  // With the topic go the offsets.
  wire::DeleteTopicsRequest remove;
  remove.topic_names = {"t"};
  const auto removed = world_.call<wire::DeleteTopicsResponse>(again, remove, 5);
  EXPECT_EQ(removed.responses.at(0).error_code, 0);
  EXPECT_EQ(fetch(again, "g"), std::pair(ErrorCode::none, Offset{-1}));
}

TEST_F(Groups, TwoMembersFindEachOther) {
  RawClient& one = world_.connect();
  RawClient& two = world_.connect();
  world_.create_topic(one, "t");
  find(one);
  ASSERT_EQ(commit_when_loaded(one, "warm", 1), ErrorCode::none);
  const auto first = world_.call<wire::JoinGroupResponse>(one, join_request(""), 9, "one");
  ASSERT_EQ(first.error_code, code_of(ErrorCode::member_id_required));
  const std::string one_id(first.member_id);
  EXPECT_TRUE(one_id.starts_with("one-"));
  const auto second = world_.call<wire::JoinGroupResponse>(two, join_request(""), 9, "two");
  const std::string two_id(second.member_id);
  one.send(join_request(one_id), 9, "one");
  two.send(join_request(two_id), 9, "two");
  ASSERT_TRUE(world_.until([&] { return one.frames() > 0 && two.frames() > 0; }));
  const auto joined_one = one.take<wire::JoinGroupResponse>(9);
  const auto joined_two = two.take<wire::JoinGroupResponse>(9);
  EXPECT_EQ(joined_one.error_code, 0);
  EXPECT_EQ(joined_two.error_code, 0);
  EXPECT_EQ(joined_one.generation_id, joined_two.generation_id);
  EXPECT_EQ(joined_one.members.size() + joined_two.members.size(), 2U);  // the leader's
  EXPECT_EQ(joined_one.leader, joined_two.leader);

  // The follower waits for the leader's assignment.
  const bool one_leads = joined_one.leader == one_id;
  RawClient& leader = one_leads ? one : two;
  RawClient& follower = one_leads ? two : one;
  wire::SyncGroupRequest sync;
  sync.group_id = "g";
  sync.generation_id = joined_one.generation_id;
  sync.protocol_type = "consumer";
  sync.protocol_name = "range";
  sync.member_id = one_leads ? two_id : one_id;
  follower.send(sync, 5);
  sync.member_id = one_leads ? one_id : two_id;
  const std::string_view text = "everything";
  const auto assignment = std::as_bytes(std::span(text.data(), text.size()));
  sync.assignments.push_back({one_leads ? std::string_view(two_id) : std::string_view(one_id), assignment});
  const auto synced = world_.call<wire::SyncGroupResponse>(leader, sync, 5);
  EXPECT_EQ(synced.error_code, 0);
  EXPECT_EQ(synced.assignment.size(), 0U);
  ASSERT_TRUE(world_.until([&] { return follower.frames() > 0; }));
  EXPECT_EQ(as_text(follower.take<wire::SyncGroupResponse>(5).assignment), "everything");

  // The group is stable after a restart, until its members' sessions end.
  world_.stop();
  world_.start();
  RawClient& again = world_.connect();
  ASSERT_EQ(commit_when_loaded(again, "warm", 2), ErrorCode::none);
  wire::HeartbeatRequest beat;
  beat.group_id = "g";
  beat.member_id = one_id;
  beat.generation_id = sync.generation_id;
  ASSERT_TRUE(world_.until([&] {
    wire::DescribeGroupsRequest describe;
    describe.groups = {"g"};
    const auto described = world_.call<wire::DescribeGroupsResponse>(again, describe, 5);
    return described.groups.at(0).group_state == "Stable" && described.groups.at(0).members.size() == 2;
  }));
  EXPECT_EQ(world_.call<wire::HeartbeatResponse>(again, beat, 4).error_code, 0);
  wire::DeleteGroupsRequest remove;
  remove.groups_names = {"g", "unknown"};
  const auto refused = world_.call<wire::DeleteGroupsResponse>(again, remove, 2);
  EXPECT_EQ(refused.results.at(0).error_code, code_of(ErrorCode::non_empty_group));
  EXPECT_EQ(refused.results.at(1).error_code, code_of(ErrorCode::group_id_not_found));
  world_.until([] { return false; }, seconds(25));
  EXPECT_EQ(world_.call<wire::DeleteGroupsResponse>(again, remove, 2).results.at(0).error_code, 0);
}

TEST_F(Groups, F40_GoOnWhileTheDiskIsFull) {
  RawClient& client = world_.connect();
  world_.create_topic(client, "t");
  world_.create_topic(client, "large");
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(world_.produce(client, "t", 0, batch_of(1, "kept")).error_code, 0);
    ASSERT_EQ(world_.produce(client, "large", 0, batch_of(1, std::string(100'000, 'x'))).error_code, 0);
  }
  find(client);
  ASSERT_EQ(commit_when_loaded(client, "g", 0), ErrorCode::none);
  world_.world().run_for(seconds(2));
  io::sim::SimDisk& disk = world_.world().node("broker").disk();
  disk.faults().capacity_bytes = disk.used_bytes();
  const int16_t full = code_of(ErrorCode::kafka_storage_error);
  ASSERT_EQ(world_.produce(client, "t", 0, batch_of(1, "more")).error_code, full);

  for (Offset offset = 1; offset <= 50; ++offset) ASSERT_EQ(commit(client, "g", offset), ErrorCode::none);
  EXPECT_EQ(fetch(client, "g"), std::pair(ErrorCode::none, Offset{50}));
  const auto first = world_.call<wire::JoinGroupResponse>(client, join_request(""), 9);
  const std::string member(first.member_id);
  const auto joined = world_.call<wire::JoinGroupResponse>(client, join_request(member), 9);
  ASSERT_EQ(joined.error_code, 0);
  wire::SyncGroupRequest sync;
  sync.group_id = "g";
  sync.generation_id = joined.generation_id;
  sync.member_id = member;
  sync.protocol_type = "consumer";
  sync.protocol_name = "range";
  EXPECT_EQ(world_.call<wire::SyncGroupResponse>(client, sync, 5).error_code, 0);
  wire::HeartbeatRequest heartbeat;
  heartbeat.group_id = "g";
  heartbeat.generation_id = joined.generation_id;
  heartbeat.member_id = member;
  EXPECT_EQ(world_.call<wire::HeartbeatResponse>(client, heartbeat, 4).error_code, 0);
  wire::DeleteRecordsRequest trim;
  trim.topics.push_back({.name = "t", .partitions = {{0, 3}}});
  trim.timeout_ms = 5'000;
  const auto trimmed = world_.call<wire::DeleteRecordsResponse>(client, trim, 2);
  EXPECT_EQ(trimmed.topics.at(0).partitions.at(0).error_code, 0);
  EXPECT_EQ(trimmed.topics.at(0).partitions.at(0).low_watermark, 3);
  world_.world().run_for(milliseconds(500));
  EXPECT_EQ(world_.produce(client, "t", 0, batch_of(1, "more")).error_code, full) << "the reserve is not for it";

  // What is deleted makes room, also for those that were refused.
  wire::DeleteTopicsRequest remove;
  remove.topic_names = {"large"};
  EXPECT_EQ(world_.call<wire::DeleteTopicsResponse>(client, remove, 5).responses.at(0).error_code, 0);
  world_.world().run_for(seconds(62));  // log.segment.delete.delay.ms
  EXPECT_EQ(world_.produce(client, "t", 0, batch_of(1, "more")).error_code, 0);
  EXPECT_EQ(world_.broker().collect_metrics().offline_log_directories, 0U);
  world_.crash_and_start(io::sim::CrashKind::power);
  RawClient& again = world_.connect();
  ASSERT_EQ(commit_when_loaded(again, "other", 1), ErrorCode::none);
  EXPECT_EQ(fetch(again, "g"), std::pair(ErrorCode::none, Offset{50}));
}

TEST_F(Groups, ParkedRequestsAreAnsweredAtTheEnd) {
  RawClient& client = world_.connect();
  find(client);
  world_.create_topic(client, "t");
  ASSERT_EQ(commit_when_loaded(client, "g", 1), ErrorCode::none);
  // Before v4 the join itself waits; the group has a member that does not come back.
  client.send(join_request(""), 3);
  ASSERT_TRUE(world_.until([&] { return client.frames() > 0; }));
  EXPECT_EQ(client.take<wire::JoinGroupResponse>(3).generation_id, 1);
  client.send(join_request(""), 3);
  world_.until([] { return false; }, milliseconds(100));
  EXPECT_EQ(client.frames(), 0U);
  EXPECT_GE(world_.broker().group_loop().waiting(), 1U);
  std::optional<Status> stopped;
  world_.broker().stop([&](const Status& status) { stopped = status; });
  ASSERT_TRUE(world_.until([&] { return client.frames() > 0; }));
  EXPECT_EQ(client.take<wire::JoinGroupResponse>(3).error_code, code_of(ErrorCode::not_coordinator));
  ASSERT_TRUE(world_.until([&] { return stopped.has_value(); }, seconds(30)));
}

TEST_F(Groups, ADamagedLogIsNotServed) {
  RawClient& client = world_.connect();
  world_.create_topic(client, "t");
  find(client);
  ASSERT_EQ(commit_when_loaded(client, "g", 1), ErrorCode::none);
  // In the partition of "g", a record of a type that nobody knows, which is skipped, and one that is cut.
  wire::BatchBuilder builder;
  builder.add(1000, std::string_view("\0\x63unknown", 9), "value");
  builder.add(1000, std::string_view("\0\x02", 2), "value");
  const std::span<const std::byte> built = *builder.finish();
  const std::vector<std::byte> junk(built.begin(), built.end());
  const auto& topic = *world_.broker().image().topic("__consumer_offsets");
  int damaged = 0;
  for (PartitionIndex index = 0; index < 3; ++index) {
    store::Log& log = world_.broker().partition({topic.id, index})->log();
    if (log.next_offset() == 0) continue;
    std::vector<store::BatchToAppend> batches;
    batches.push_back({.bytes = Bytes::copy_of(junk), .record_count = 2, .max_timestamp = 1000});
    ASSERT_TRUE(log.append(std::move(batches), 0).ok());
    ++damaged;
  }
  ASSERT_EQ(damaged, 1);
  world_.until([] { return false; }, seconds(1));
  world_.stop();
  world_.start();
  RawClient& again = world_.connect();
  EXPECT_EQ(commit_when_loaded(again, "g", 2), ErrorCode::not_coordinator);
  EXPECT_EQ(world_.broker().collect_metrics().coordinators_failed, 1U);
  // Groups of other partitions are served.
  int served = 0;
  for (const char* const group : {"a", "b", "c", "d", "e"}) {
    served += commit_when_loaded(again, group, 3) == ErrorCode::none ? 1 : 0;
  }
  EXPECT_GT(served, 0);
}

}  // namespace
}  // namespace moldau::broker
