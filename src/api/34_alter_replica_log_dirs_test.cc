// AlterReplicaLogDirs: the order of the checks, and what a request asks for.
#include "api/34_alter_replica_log_dirs.h"

#include <gtest/gtest.h>

namespace moldau::api {
namespace {

using wire::ErrorCode;

/// A replica in directory 0 that is wanted in 1.
MoveFacts plain() {
  MoveFacts facts;
  facts.wanted = 1;
  facts.known = facts.hosted = true;
  facts.current = 0;
  return facts;
}

TEST(AlterReplicaLogDirs, BeginsAndRepeats) {
  MoveFacts facts = plain();
  EXPECT_TRUE(decide_move(facts).begin);
  EXPECT_EQ(decide_move(facts).error, ErrorCode::none);
  facts.under_way = 1;
  MoveDecision decision = decide_move(facts);
  EXPECT_FALSE(decision.begin || decision.drop || decision.remember);
  facts.under_way = 2;
  decision = decide_move(facts);
  EXPECT_TRUE(decision.begin && decision.drop);
  facts.wanted = 0;  // where it is: the move ends, and none begins
  decision = decide_move(facts);
  EXPECT_TRUE(decision.drop);
  EXPECT_FALSE(decision.begin || decision.remember);
  EXPECT_EQ(decision.error, ErrorCode::none);
}

TEST(AlterReplicaLogDirs, ChecksInKafkasOrder) {
  MoveFacts facts = plain();
  facts.name_fits = false;
  facts.wanted.reset();
  EXPECT_EQ(decide_move(facts).error, ErrorCode::invalid_topic_exception);
  facts.name_fits = true;
  facts.known = facts.hosted = false;
  EXPECT_EQ(decide_move(facts).error, ErrorCode::log_dir_not_found);
  facts.wanted = 1;
  facts.wanted_offline = facts.any_offline = true;
  EXPECT_EQ(decide_move(facts).error, ErrorCode::kafka_storage_error);
  EXPECT_FALSE(decide_move(facts).remember);
  facts.wanted_offline = false;
  EXPECT_EQ(decide_move(facts).error, ErrorCode::unknown_topic_or_partition);
  EXPECT_TRUE(decide_move(facts).remember);
  facts.known = true;
  EXPECT_EQ(decide_move(facts).error, ErrorCode::replica_not_available);
  EXPECT_TRUE(decide_move(facts).remember);
  facts.hosted = true;
  facts.log_offline = true;
  EXPECT_EQ(decide_move(facts).error, ErrorCode::kafka_storage_error);
  facts.log_offline = false;
  facts.under_way = 2;
  EXPECT_EQ(decide_move(facts).error, ErrorCode::kafka_storage_error) << "none begins while a directory is offline";
  EXPECT_TRUE(decide_move(facts).drop) << "and yet the old one ends";
  EXPECT_FALSE(decide_move(facts).begin);
  facts.wanted = 0;
  EXPECT_EQ(decide_move(facts).error, ErrorCode::none);
}

TEST(AlterReplicaLogDirs, APartitionThatIsNamedTwiceCountsOnce) {
  wire::AlterReplicaLogDirsRequest request;
  request.dirs.push_back({.path = "/a", .topics = {{.name = "t", .partitions = {1, 0, 1}}}});
  request.dirs.push_back(
      {.path = "/b", .topics = {{.name = "t", .partitions = {1}}, {.name = "s", .partitions = {5}}}});
  const std::vector<MoveRequest> moves = moves_of(request);
  ASSERT_EQ(moves.size(), 3U);
  EXPECT_EQ(moves[0].topic, "s");
  EXPECT_EQ(moves[1].path, "/a");
  EXPECT_EQ(moves[2].partition, 1);
  EXPECT_EQ(moves[2].path, "/b");
}

}  // namespace
}  // namespace moldau::api
