// The consumer protocol's member against a scripted coordinator in the simulated world: joining, partitions that come
// and go, lost membership, lost answers, commits, leaving.
#include "client/consumer_protocol_consumer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "client/group_world_for_test.h"
#include "wire/api/68_consumer_group_heartbeat.h"

namespace moldau::client {
namespace {

/// What a heartbeat said, for comparisons: epoch, subscription, owned partitions; "-" for what it left out.
struct Said {
  std::string member;
  int32_t epoch = 0;
  std::string topics = "-";
  std::string owned = "-";
  std::string assignor = "-";
};

class HeartbeatConversation : public GroupWorld {
 protected:
  HeartbeatConversation() {
    group_.protocol = GroupProtocol::consumer;
    group_.reset = OffsetReset::earliest;
    group_.commit_interval = seconds(60);
    broker_.serve(ApiKey::consumer_group_heartbeat, {0, 1});
    broker_.on<wire::ConsumerGroupHeartbeatRequest, wire::ConsumerGroupHeartbeatResponse>(
        [this](const wire::ConsumerGroupHeartbeatRequest& request, int16_t version) {
          EXPECT_EQ(version, 1);
          return answer(request);
        });
  }

  wire::ConsumerGroupHeartbeatResponse answer(const wire::ConsumerGroupHeartbeatRequest& request) {
    Said& said = said_.emplace_back();
    said.member = request.member_id;
    said.epoch = request.member_epoch;
    if (request.subscribed_topic_names) {
      said.topics.clear();
      for (const std::string_view topic : *request.subscribed_topic_names) said.topics += std::string(topic) + " ";
    }
    if (request.server_assignor) said.assignor = *request.server_assignor;
    if (request.topic_partitions) {
      said.owned.clear();
      for (const auto& topic : *request.topic_partitions) {
        for (const int32_t index : topic.partitions) said.owned += std::to_string(index) + " ";
      }
    }
    if (request.member_epoch < 0) log_ += "leave:" + std::to_string(request.member_epoch) + " ";
    wire::ConsumerGroupHeartbeatResponse response;
    const ErrorCode error = next_error(errors_);
    response.error_code = wire::code_of(error);
    if (error != ErrorCode::none) {
      response.error_message = "words of the broker";
      return response;
    }
    if (request.member_epoch == 0) ++epoch_;
    response.member_epoch = epoch_;
    response.heartbeat_interval_ms = 1000;
    if (request.member_epoch != 0 && !changed_) return response;
    changed_ = false;
    response.assignment.emplace();
    if (!target_.empty()) response.assignment->topic_partitions.push_back({target_topic_, target_});
    return response;
  }

  /// Has the coordinator assign otherwise with its next answer.
  void reassign(std::vector<int32_t> partitions) {
    target_ = std::move(partitions);
    changed_ = true;
    ++epoch_;
  }
  /// Reads for so many seconds.
  void read_for(int seconds_long) {
    io::Clock& clock = world_.node("client").surface().clock;
    const Instant end = clock.now() + seconds(seconds_long);
    while (clock.now() < end) {
      const auto piece = wait(consumer().next(end - clock.now()));
      ASSERT_TRUE(piece.ok()) << piece.failure().message;
    }
  }

  std::vector<Said> said_;
  std::deque<ErrorCode> errors_;
  int32_t epoch_ = 0;
  bool changed_ = false;
  Uuid target_topic_ = group_topic_id;
  std::vector<int32_t> target_{0, 1};
};

using Partitions = std::vector<GroupPartition>;

TEST_F(HeartbeatConversation, JoinsReadsAndLeaves) {
  committed_ = {{0, 4}};
  group_.remote_assignor = "range";
  read_for(3);
  ASSERT_GE(said_.size(), 3U);
  EXPECT_EQ(said_[0].epoch, 0);
  EXPECT_EQ(said_[0].topics, "topic ");
  EXPECT_EQ(said_[0].owned, "") << "nothing yet, said so";
  EXPECT_EQ(said_[0].assignor, "range");
  EXPECT_EQ(said_[0].member.size(), 22U) << "an id of its own";
  EXPECT_EQ(said_[1].epoch, 1);
  EXPECT_EQ(said_[1].owned, "0 1 ") << "said at once, not an interval later";
  EXPECT_EQ(said_[1].topics, "-");
  EXPECT_EQ(said_[2].owned, "-") << "only what changed is said";
  EXPECT_EQ(consumer().assignment(), (Partitions{{"topic", 0}, {"topic", 1}}));
  EXPECT_EQ(fetched_from_.at(0), 4);
  EXPECT_EQ(fetched_from_.at(1), 2) << "nothing is committed: the first record";
  consumer().consumed("topic", 0, 7);
  EXPECT_TRUE(wait(consumer().close()).ok());
  EXPECT_EQ(log_, "commit:" + said_[0].member + "/1 leave:-1 ");
  EXPECT_EQ(committed_.at(0), 7);
}

TEST_F(HeartbeatConversation, GivesUpOnlyWhatIsRevokedAndCommitsItBefore) {
  read_for(2);
  consumer().consumed("topic", 1, 12);
  reassign({0});
  read_for(3);
  EXPECT_EQ(consumer().assignment(), (Partitions{{"topic", 0}}));
  EXPECT_EQ(committed_.at(1), 12);
  EXPECT_NE(log_.find("/2 "), std::string::npos) << "with the epoch of the answer: " << log_;
  EXPECT_EQ(said_.back().epoch, 2);
  bool told = false;
  for (const Said& said : said_) told |= said.owned == "0 ";
  EXPECT_TRUE(told);
  fetched_from_.clear();
  reassign({0, 1});
  read_for(3);
  EXPECT_EQ(fetched_from_.at(1), 12) << "where it was committed";
  reassign({});
  read_for(3);
  EXPECT_TRUE(consumer().assignment().empty());
  reassign({1});
  read_for(3);
  EXPECT_EQ(consumer().assignment(), (Partitions{{"topic", 1}}));
}

TEST_F(HeartbeatConversation, AFencedMemberJoinsAgain) {
  read_for(2);
  consumer().consumed("topic", 1, 12);
  errors_ = {ErrorCode::fenced_member_epoch};
  read_for(3);
  const auto joins = std::ranges::count(said_, 0, &Said::epoch);
  EXPECT_EQ(joins, 2);
  EXPECT_EQ(said_.front().member, said_.back().member) << "with the same id";
  EXPECT_EQ(consumer().assignment().size(), 2U);
  EXPECT_FALSE(committed_.contains(1)) << "what a fenced member consumed is not its to commit";
}

TEST_F(HeartbeatConversation, AfterALostAnswerEverythingIsSaidAgain) {
  read_for(2);
  errors_ = {ErrorCode::coordinator_load_in_progress};
  const size_t before = said_.size();
  read_for(3);
  ASSERT_GT(said_.size(), before + 1);
  EXPECT_EQ(said_[before + 1].topics, "topic ");
  EXPECT_EQ(said_[before + 1].owned, "0 1 ");
  EXPECT_EQ(consumer().assignment().size(), 2U) << "and nothing was given up";
}

TEST_F(HeartbeatConversation, ATopicThatIsNotKnownYetIsAskedForAgain) {
  target_topic_ = Uuid::of(1, 1);
  read_for(2);
  EXPECT_TRUE(consumer().assignment().empty());
  target_topic_ = group_topic_id;
  reassign({1});
  read_for(3);
  EXPECT_EQ(consumer().assignment(), (Partitions{{"topic", 1}}));
}

TEST_F(HeartbeatConversation, FailuresThatDoNotPassAreToldInTheBrokersWords) {
  errors_ = {ErrorCode::unreleased_instance_id};
  group_.instance_id = "i";
  const auto outcome = wait(consumer().next(seconds(1)));
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.failure().message.find("UNRELEASED_INSTANCE_ID"), std::string::npos) << outcome.failure().message;
  EXPECT_NE(outcome.failure().message.find("words of the broker"), std::string::npos) << outcome.failure().message;
}

TEST_F(HeartbeatConversation, AStaticMemberKeepsItsPlace) {
  group_.instance_id = "i";
  read_for(1);
  EXPECT_TRUE(wait(consumer().close()).ok());
  EXPECT_NE(log_.find("leave:-2 "), std::string::npos) << log_;
}

TEST_F(HeartbeatConversation, ABrokerWithoutTheProtocolIsNamed) {
  broker_.serve(ApiKey::consumer_group_heartbeat, {0, 0});
  const auto outcome = wait(consumer().next(seconds(1)));
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.failure().message.find("KIP-848"), std::string::npos) << outcome.failure().message;
}

TEST_F(HeartbeatConversation, BeginsWhereItIsTold) {
  group_.start = [](const GroupPartition& one) { return one.partition == 0 ? Offset{8} : no_offset; };
  read_for(2);
  EXPECT_EQ(fetched_from_.at(0), 8);
  EXPECT_EQ(fetched_from_.at(1), 2);
}

}  // namespace
}  // namespace moldau::client
