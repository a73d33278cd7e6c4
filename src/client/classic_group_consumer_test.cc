// The group consumer against a scripted coordinator in the simulated world: joining, rebalances, lost membership,
// commits, leaving.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "client/classic_group_consumer.h"
#include "client/group_world_for_test.h"
#include "wire/api/11_join_group.h"
#include "wire/api/12_heartbeat.h"
#include "wire/api/13_leave_group.h"
#include "wire/api/14_sync_group.h"

namespace moldau::client {
namespace {

/// The only member is the client's.
class GroupConversation : public GroupWorld {
 protected:
  GroupConversation() { serve_group(); }

  void serve_group() {
    broker_.serve(ApiKey::join_group, {6, 9});
    broker_.on<wire::JoinGroupRequest, wire::JoinGroupResponse>([this](const wire::JoinGroupRequest& request, int16_t) {
      wire::JoinGroupResponse response;
      joined_as_.emplace_back(request.member_id);
      const ErrorCode error = next_error(join_errors_);
      response.error_code = wire::code_of(error);
      if (error == ErrorCode::none && request.member_id.empty()) {
        member_ = "m" + std::to_string(++members_);
        response.error_code = wire::code_of(ErrorCode::member_id_required);
      }
      response.member_id = member_;
      response.protocol_type = "consumer";
      response.protocol_name = "range";
      if (response.error_code != 0) return response;
      log_ += "join ";
      response.generation_id = ++generation_;
      response.leader = member_;
      subscription_.assign(request.protocols.front().metadata.begin(), request.protocols.front().metadata.end());
      response.members.push_back({member_, {}, subscription_});
      return response;
    });
    broker_.serve(ApiKey::sync_group, {4, 5});
    broker_.on<wire::SyncGroupRequest, wire::SyncGroupResponse>([this](const wire::SyncGroupRequest& request, int16_t) {
      wire::SyncGroupResponse response;
      response.error_code = wire::code_of(next_error(sync_errors_));
      if (response.error_code != 0) return response;
      for (const auto& one : request.assignments) {
        if (one.member_id == member_) assignment_.assign(one.assignment.begin(), one.assignment.end());
      }
      response.protocol_type = "consumer";
      response.protocol_name = "range";
      response.assignment = assignment_;
      return response;
    });
    broker_.serve(ApiKey::heartbeat, {4, 4});
    broker_.on<wire::HeartbeatRequest, wire::HeartbeatResponse>([this](const wire::HeartbeatRequest&, int16_t) {
      wire::HeartbeatResponse response;
      response.error_code = wire::code_of(next_error(heartbeat_errors_));
      return response;
    });
    broker_.serve(ApiKey::leave_group, {4, 5});
    broker_.on<wire::LeaveGroupRequest, wire::LeaveGroupResponse>(
        [this](const wire::LeaveGroupRequest& request, int16_t) {
          for (const auto& one : request.members) log_ += "leave:" + std::string(one.member_id) + " ";
          return wire::LeaveGroupResponse();
        });
  }

  std::string member_;
  int members_ = 0;
  int32_t generation_ = 0;
  std::vector<std::byte> subscription_;
  std::vector<std::byte> assignment_;
  std::deque<ErrorCode> join_errors_;
  std::deque<ErrorCode> sync_errors_;
  std::deque<ErrorCode> heartbeat_errors_;
  std::vector<std::string> joined_as_;
};

using Names = std::vector<std::string>;

TEST_F(GroupConversation, JoinsReadsFromWhatIsCommittedAndLeaves) {
  committed_ = {{0, 4}};
  group_.reset = OffsetReset::earliest;
  const auto first = wait(consumer().next(seconds(1)));
  ASSERT_TRUE(first.ok()) << first.failure().message;
  ASSERT_TRUE(first->has_value()) << "the first answer of a partition is told, also when it is empty";
  EXPECT_EQ(joined_as_, (Names{"", "m1"})) << "it comes back with the id that it was given";
  EXPECT_EQ(consumer().assignment(), (std::vector<GroupPartition>{{"topic", 0}, {"topic", 1}}));
  EXPECT_EQ(fetched_from_.at(0), 4);
  EXPECT_EQ(fetched_from_.at(1), 2) << "nothing is committed: the first record";
  consumer().consumed("topic", 0, 7);
  consumer().consumed("topic", 5, 9);
  EXPECT_TRUE(wait(consumer().close()).ok());
  EXPECT_EQ(log_, "join commit:m1/1 leave:m1 ");
  EXPECT_EQ(committed_, (std::map<int32_t, Offset>{{0, 7}, {1, 2}})) << "partition 5 is not ours";
  EXPECT_FALSE(wait(consumer().next(seconds(1))).ok());
}

TEST_F(GroupConversation, FollowsARebalanceAndCommitsBefore) {
  heartbeat_errors_ = {ErrorCode::none, ErrorCode::rebalance_in_progress};
  group_.commit_interval = seconds(60);
  ASSERT_TRUE(wait(consumer().next(milliseconds(100))).ok());
  consumer().consumed("topic", 1, 12);
  for (int i = 0; i < 10 && consumer().rebalances() < 2; ++i) ASSERT_TRUE(wait(consumer().next(seconds(1))).ok());
  EXPECT_EQ(consumer().rebalances(), 2);
  EXPECT_EQ(log_, "join commit:m1/1 join ");
  EXPECT_EQ(joined_as_.back(), "m1");
  EXPECT_EQ(committed_.at(1), 12);
  ASSERT_TRUE(wait(consumer().next(milliseconds(100))).ok());
  EXPECT_EQ(fetched_from_.at(1), 12);
}

TEST_F(GroupConversation, AMemberThatIsUnknownJoinsAsANewOne) {
  heartbeat_errors_ = {ErrorCode::unknown_member_id};
  for (int i = 0; i < 10 && consumer().rebalances() < 2; ++i) ASSERT_TRUE(wait(consumer().next(seconds(1))).ok());
  EXPECT_EQ(consumer().member_id(), "m2");
  EXPECT_EQ(joined_as_, (Names{"", "m1", "", "m2"}));
}

TEST_F(GroupConversation, LooksForACoordinatorThatMoved) {
  join_errors_ = {ErrorCode::not_coordinator, ErrorCode::coordinator_load_in_progress};
  sync_errors_ = {ErrorCode::rebalance_in_progress};
  ASSERT_TRUE(wait(consumer().next(seconds(1))).ok());
  EXPECT_EQ(consumer().generation(), 2) << "the group moved on during the first sync";
  EXPECT_EQ(consumer().rebalances(), 1);
  // Once each for the two joins that failed and the one that did not, and for the committed offsets.
  EXPECT_GE(broker_.count(ApiKey::find_coordinator), 4U);
  heartbeat_errors_ = {ErrorCode::not_coordinator};
  ASSERT_TRUE(wait(consumer().next(seconds(10))).ok());
  EXPECT_EQ(consumer().rebalances(), 1) << "a heartbeat that found another broker keeps the generation";
}

TEST_F(GroupConversation, FailuresThatDoNotPassAreTold) {
  heartbeat_errors_ = {ErrorCode::fenced_instance_id};
  group_.instance_id = "i";
  auto outcome = wait(consumer().next(seconds(1)));
  for (int i = 0; i < 10 && outcome.ok(); ++i) outcome = wait(consumer().next(seconds(1)));
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.failure().message.find("FENCED_INSTANCE_ID"), std::string::npos) << outcome.failure().message;
}

TEST_F(GroupConversation, CommitsFromTimeToTime) {
  group_.commit_interval = seconds(5);
  ASSERT_TRUE(wait(consumer().next(milliseconds(100))).ok());
  consumer().consumed("topic", 0, 3);
  EXPECT_FALSE(committed_.contains(0));
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(wait(consumer().next(seconds(1))).ok());
  EXPECT_EQ(committed_.at(0), 3);
}

}  // namespace
}  // namespace moldau::client
