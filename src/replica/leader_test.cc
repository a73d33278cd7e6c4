// Scripts for replica::Leader: each line feeds an event, and the effects it must have are written beside it.
#include "replica/leader.h"

#include <gtest/gtest.h>

#include <string>

namespace moldau::replica {
namespace {

using wire::ErrorCode;

std::string print(const Leader::Effect& effect) {
  if (const auto* ack = std::get_if<Acknowledge>(&effect)) {
    return "ack " + std::to_string(ack->id.request) + "." + std::to_string(ack->id.part) + " " + name_of(ack->error);
  }
  if (const auto* advance = std::get_if<AdvanceHighWatermark>(&effect)) {
    return "hw " + std::to_string(advance->high_watermark);
  }
  if (const auto* propose = std::get_if<ProposeIsr>(&effect)) {
    std::string text =
        "propose " + std::to_string(propose->leader_epoch) + "/" + std::to_string(propose->partition_epoch);
    for (NodeId node : propose->isr) text += " " + std::to_string(node);
    return text;
  }
  return "wake";
}

struct Script {
  Leader leader;
  Instant now{1'000'000'000};

  std::string run(const Leader::Event& event) {
    Effects<Leader::Effect> effects;
    leader.step(event, now, effects);
    std::string text;
    for (const auto& effect : effects) text += (text.empty() ? "" : "; ") + print(effect);
    return text;
  }
  Queued produce(uint64_t request, Offset end, int16_t acks, Duration timeout = seconds(30)) const {
    return {{request, 0}, end, acks, now + timeout};
  }
};

LeaderOptions alone(int32_t min_isr = 1) {
  return {
      .self = 1, .leader_epoch = 5, .partition_epoch = 2, .replicas = {1}, .isr = {1}, .min_insync_replicas = min_isr};
}
LeaderOptions three(int32_t min_isr = 2) {
  return {.self = 1,
          .leader_epoch = 5,
          .partition_epoch = 7,
          .replicas = {1, 2, 3},
          .isr = {1, 2, 3},
          .min_insync_replicas = min_isr};
}

TEST(Leader, ReplicaSetOfOneInSyncMode) {
  Script s{Leader(alone(), 10, 10, 4)};
  EXPECT_EQ(s.leader.high_watermark(), 10);  // alone: the commit end at once
  EXPECT_EQ(s.leader.epoch_start(), 10);
  EXPECT_EQ(s.run(s.produce(1, 13, -1)), "");
  EXPECT_EQ(s.run(s.produce(2, 14, 1)), "");
  EXPECT_EQ(s.leader.waiting(), 2U);
  // Written, not stable: acks=1 is answered, nothing becomes visible.
  EXPECT_EQ(s.run(Appended{14, 10}), "ack 2.0 NONE");
  EXPECT_EQ(s.leader.high_watermark(), 10);
  EXPECT_EQ(s.run(Stable{13}), "hw 13; ack 1.0 NONE; wake");
  EXPECT_EQ(s.run(Stable{13}), "");
  EXPECT_EQ(s.run(Stable{14}), "hw 14; wake");
  EXPECT_EQ(s.leader.waiting(), 0U);
}

TEST(Leader, PageCacheModeCommitsWithTheWrite) {
  Script s{Leader(alone(), 0, 0, 0)};
  EXPECT_EQ(s.run(s.produce(1, 3, -1)), "");
  EXPECT_EQ(s.run(s.produce(2, 5, 1)), "");
  EXPECT_EQ(s.run(Appended{5, 5}), "ack 2.0 NONE; hw 5; ack 1.0 NONE; wake");
}

TEST(Leader, DuplicatesWaitForTheirOriginal) {
  Script s{Leader(alone(), 10, 10, 10)};
  EXPECT_EQ(s.run(s.produce(1, 10, -1)), "ack 1.0 NONE");
  EXPECT_EQ(s.run(s.produce(2, 12, -1)), "");
  EXPECT_EQ(s.run(s.produce(3, 14, -1)), "");
  EXPECT_EQ(s.run(s.produce(4, 12, -1)), "");  // duplicate of request 2, in flight
  EXPECT_EQ(s.run(Appended{14, 12}), "hw 12; ack 2.0 NONE; ack 4.0 NONE; wake");
  EXPECT_EQ(s.run(Stable{14}), "hw 14; ack 3.0 NONE; wake");
}

TEST(Leader, RefusedBatchesFailTheirProducesOnly) {
  Script s{Leader(alone(), 0, 0, 0)};
  EXPECT_EQ(s.run(s.produce(1, 2, -1)), "");
  EXPECT_EQ(s.run(s.produce(2, 4, -1)), "");
  EXPECT_EQ(s.run(s.produce(3, 6, 1)), "");
  EXPECT_EQ(s.run(Refused{2, ErrorCode::kafka_storage_error}),
            "ack 3.0 KAFKA_STORAGE_ERROR; ack 2.0 KAFKA_STORAGE_ERROR");
  EXPECT_EQ(s.run(Appended{2, 2}), "hw 2; ack 1.0 NONE; wake");
}

TEST(Leader, ProducesTimeOut) {
  Script s{Leader(alone(), 0, 0, 0)};
  EXPECT_EQ(s.leader.next_deadline(), Instant::never());
  EXPECT_EQ(s.run(s.produce(1, 1, -1, milliseconds(10))), "");
  EXPECT_EQ(s.run(s.produce(2, 2, -1, milliseconds(20))), "");
  EXPECT_EQ(s.leader.next_deadline(), s.now + milliseconds(10));
  s.now = s.now + milliseconds(10);
  EXPECT_EQ(s.run(Ticked{}), "ack 1.0 REQUEST_TIMED_OUT");
  EXPECT_EQ(s.run(Appended{2, 2}), "hw 2; ack 2.0 NONE; wake");
}

TEST(Leader, DemotedFailsAllThatWaits) {
  Script s{Leader(alone(), 0, 0, 0)};
  EXPECT_EQ(s.run(s.produce(1, 1, -1)), "");
  EXPECT_EQ(s.run(s.produce(2, 1, 1)), "");
  EXPECT_EQ(s.run(Demoted{}), "ack 2.0 NOT_LEADER_OR_FOLLOWER; ack 1.0 NOT_LEADER_OR_FOLLOWER; wake");
  EXPECT_EQ(s.leader.may_append(1), ErrorCode::not_leader_or_follower);
  EXPECT_EQ(s.run(s.produce(3, 1, 1)), "ack 3.0 NOT_LEADER_OR_FOLLOWER");
  EXPECT_EQ(s.run(Stable{9}), "");
  EXPECT_EQ(s.leader.high_watermark(), 0);
}

TEST(Leader, FencesByEpoch) {
  const Leader leader(alone(), 0, 0, 0);
  EXPECT_EQ(leader.check_epoch(no_epoch), ErrorCode::none);
  EXPECT_EQ(leader.check_epoch(5), ErrorCode::none);
  EXPECT_EQ(leader.check_epoch(4), ErrorCode::fenced_leader_epoch);
  EXPECT_EQ(leader.check_epoch(6), ErrorCode::unknown_leader_epoch);
}

TEST(Leader, MinIsrIsBoundedByTheReplicas) {
  const Leader one(alone(3), 0, 0, 0);
  EXPECT_EQ(one.may_append(-1), ErrorCode::none);
  LeaderOptions options = three(2);
  options.isr = {1};
  const Leader leader(options, 0, 0, 0);
  EXPECT_EQ(leader.may_append(-1), ErrorCode::not_enough_replicas);
  EXPECT_EQ(leader.may_append(1), ErrorCode::none);
  EXPECT_EQ(leader.may_append(0), ErrorCode::none);
}

TEST(Leader, HighWatermarkIsTheSmallestEndOfTheIsr) {
  Script s{Leader(three(), 5, 5, 5)};
  EXPECT_EQ(s.run(s.produce(1, 8, -1)), "");
  EXPECT_EQ(s.run(Appended{8, 8}), "wake");
  EXPECT_EQ(s.run(FollowerFetched{2, 1, 8, 8}), "");
  EXPECT_EQ(s.run(FollowerFetched{3, 1, 6, 8}), "hw 6; wake");
  EXPECT_EQ(s.run(FollowerFetched{3, 1, 8, 8}), "hw 8; ack 1.0 NONE; wake");
  EXPECT_EQ(s.run(FollowerFetched{9, 1, 8, 8}), "");  // no replica of ours
}

TEST(Leader, LaggardsLeaveAndComeBack) {
  Script s{Leader(three(2), 0, 0, 0)};
  EXPECT_EQ(s.run(Appended{4, 4}), "wake");
  EXPECT_EQ(s.run(FollowerFetched{2, 1, 4, 4}), "");
  s.now = s.now + seconds(31);
  EXPECT_EQ(s.run(FollowerFetched{2, 1, 4, 4}), "");
  EXPECT_EQ(s.run(Ticked{}), "propose 5/7 1 2");
  EXPECT_EQ(s.run(Ticked{}), "");  // one proposal at a time; the maximal ISR still counts 3
  EXPECT_EQ(s.leader.high_watermark(), 0);
  EXPECT_EQ(s.run(IsrCommitted{ErrorCode::none, 4, 8, {1, 2}}), "");  // of an older leader epoch
  EXPECT_EQ(s.run(IsrCommitted{ErrorCode::none, 5, 8, {1, 2}}), "hw 4; wake");
  EXPECT_EQ(s.run(FollowerFetched{3, 1, 2, 4}), "");
  EXPECT_EQ(s.run(FollowerFetched{3, 1, 4, 4}), "propose 5/8 1 2 3");
  EXPECT_EQ(s.run(IsrCommitted{ErrorCode::invalid_update_version, 5, 8, {}}), "");
  EXPECT_EQ(s.run(FollowerFetched{3, 1, 4, 4}), "propose 5/8 1 2 3");
  EXPECT_EQ(s.run(IsrCommitted{ErrorCode::none, 5, 9, {1, 2, 3}}), "");
  EXPECT_EQ(s.leader.isr().size(), 3U);
}

TEST(Leader, UnderMinIsrNothingAdvances) {
  LeaderOptions options = three(2);
  options.isr = {1};
  Script s{Leader(options, 0, 0, 0)};
  EXPECT_EQ(s.run(s.produce(1, 1, 1)), "");
  EXPECT_EQ(s.run(Appended{1, 1}), "ack 1.0 NONE; wake");
  EXPECT_EQ(s.leader.high_watermark(), 0);
  EXPECT_EQ(s.run(Configured{1}), "hw 1; wake");
  EXPECT_EQ(s.run(s.produce(2, 1, -1)), "ack 2.0 NONE");
  EXPECT_EQ(s.run(Configured{2}), "");
  EXPECT_EQ(s.run(s.produce(3, 1, -1)), "ack 3.0 NOT_ENOUGH_REPLICAS_AFTER_APPEND");
}

}  // namespace
}  // namespace moldau::replica
