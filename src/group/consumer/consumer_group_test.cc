// Each transition of a consumer group and its members, as requests and timers make it.
#include <gtest/gtest.h>

#include "group/consumer/describe.h"
#include "group/consumer/record_builder.h"
#include "group/consumer/test_kit.h"

namespace moldau::group::consumer::test {
namespace {

using wire::ErrorCode;

class ConsumerGroups : public ::testing::Test {
 protected:
  ConsumerGroups() {
    world.add_topic("t", 4);
    world.add_topic("u", 2);
  }
  Beat first(const std::string& member) {
    return {.member = member, .rebalance_timeout_ms = 30'000, .topics = {{"t"}}, .owned = Assignment{}};
  }
  Assignment of_t(std::vector<PartitionIndex> partitions) {
    return {{.topic_id = world.id_of("t"), .partitions = std::move(partitions)}};
  }

  World world;
  GroupHost host{world};
};

TEST_F(ConsumerGroups, RequestsAreCheckedInKafkasOrder) {
  const auto error = [&](const Beat& beat, int16_t version = 1) {
    const Answer answer = host.beat(beat, version);
    return std::pair{answer.error, answer.message};
  };
  using Expected = std::pair<ErrorCode, std::string>;
  Beat beat = first("");
  EXPECT_EQ(error(beat), Expected(ErrorCode::invalid_request, "MemberId can't be empty."));
  beat.member = " \t";
  EXPECT_EQ(error(beat), Expected(ErrorCode::invalid_request, "MemberId can't be empty."));
  beat.member = "m";
  beat.instance = "";
  EXPECT_EQ(error(beat), Expected(ErrorCode::invalid_request, "InstanceId can't be empty."));
  beat.instance.reset();
  beat.rack = " ";
  EXPECT_EQ(error(beat), Expected(ErrorCode::invalid_request, "RackId can't be empty."));
  beat.rack.reset();
  beat.rebalance_timeout_ms = -1;
  EXPECT_EQ(error(beat), Expected(ErrorCode::invalid_request, "RebalanceTimeoutMs must be provided in first request."));
  beat.rebalance_timeout_ms = 1;
  beat.owned.reset();
  EXPECT_EQ(error(beat), Expected(ErrorCode::invalid_request, "TopicPartitions must be empty when (re-)joining."));
  beat.owned = of_t({0});
  EXPECT_EQ(error(beat), Expected(ErrorCode::invalid_request, "TopicPartitions must be empty when (re-)joining."));
  beat.owned = Assignment{};
  beat.topics.reset();
  EXPECT_EQ(error(beat), Expected(ErrorCode::invalid_request,
                                  "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when "
                                  "(re-)joining."));
  beat.topics = {{"t"}};
  beat.assignor = "Uniform";
  EXPECT_EQ(error(beat), Expected(ErrorCode::unsupported_assignor,
                                  "ServerAssignor Uniform is not supported. Supported assignors: uniform, range."));
  EXPECT_EQ(error({.member = "m", .epoch = -2}), Expected(ErrorCode::invalid_request, "InstanceId can't be null."));
  EXPECT_EQ(error({.member = "m", .epoch = -3}), Expected(ErrorCode::invalid_request, "MemberEpoch is invalid."));
  EXPECT_EQ(error({.member = "", .epoch = 1}, 0), Expected(ErrorCode::invalid_request, "MemberId can't be empty."));
  EXPECT_FALSE(host.exists());
  // v0: the broker makes the id.
  const Answer joined = host.beat(first(""), 0);
  EXPECT_EQ(joined.error, ErrorCode::none);
  EXPECT_TRUE(joined.beat.member_id.starts_with("fresh-"));
}

TEST_F(ConsumerGroups, TheFirstMemberGetsAllAtEpochTwo) {
  const Answer joined = host.join("m1", {"t", "u"});
  ASSERT_EQ(joined.error, ErrorCode::none);
  EXPECT_EQ(joined.beat.member_epoch, 2);  // a group begins at 1
  EXPECT_EQ(joined.beat.heartbeat_interval_ms, 5000);
  EXPECT_EQ(host.text(*joined.beat.assignment), "t:0,1,2,3 u:0,1");
  EXPECT_EQ(host.group().state(), ConsumerGroupState::stable);
  EXPECT_TRUE(host.has_timer("m1", MemberTimer::session));
  // Nothing new: no records, and no assignment in the answer.
  const Answer again = host.report("m1");
  EXPECT_EQ(host.last_records, 0U);
  EXPECT_FALSE(again.beat.assignment);
  // All fields again: told all again.
  Beat full = first("m1");
  full.epoch = 2;
  full.topics = {{"u", "t", "u"}};
  EXPECT_EQ(host.text(*host.beat(full).beat.assignment), "t:0,1,2,3 u:0,1");
  EXPECT_EQ(host.last_records, 0U);
}

TEST_F(ConsumerGroups, ASecondMemberWaitsForWhatTheFirstRevokes) {
  host.join("m1", {"t"});
  host.wall += 2000;
  const Answer joined = host.join("m2", {"t"});
  EXPECT_EQ(joined.beat.member_epoch, 3);
  EXPECT_EQ(host.text(*joined.beat.assignment), "");
  EXPECT_EQ(host.group().find("m2")->state, MemberState::unreleased_partitions);
  EXPECT_EQ(host.group().state(), ConsumerGroupState::reconciling);
  EXPECT_EQ(host.target("m1"), "t:0,1");
  EXPECT_EQ(host.target("m2"), "t:2,3");

  // m1 is told to give up two, and stays at its epoch until it has.
  const Answer told = host.report("m1");
  EXPECT_EQ(told.beat.member_epoch, 2);
  EXPECT_EQ(host.text(*told.beat.assignment), "t:0,1");
  EXPECT_EQ(host.group().find("m1")->state, MemberState::unrevoked_partitions);
  EXPECT_TRUE(host.has_timer("m1", MemberTimer::rebalance));
  EXPECT_EQ(host.group().partition_epoch(world.id_of("t"), 2), 2);
  // It still says that it has them: nothing moves.
  EXPECT_EQ(host.beat({.member = "m1", .epoch = 2, .owned = of_t({0, 1, 2})}).beat.member_epoch, 2);
  EXPECT_EQ(host.last_records, 0U);
  // Not saying is not having revoked.
  EXPECT_EQ(host.beat({.member = "m1", .epoch = 2}).beat.member_epoch, 2);
  EXPECT_EQ(host.report("m2").beat.assignment, std::nullopt);

  EXPECT_EQ(host.report("m1").beat.member_epoch, 3);
  EXPECT_FALSE(host.has_timer("m1", MemberTimer::rebalance));
  EXPECT_EQ(host.text(*host.report("m2").beat.assignment), "t:2,3");
  EXPECT_EQ(host.group().state(), ConsumerGroupState::stable);
}

TEST_F(ConsumerGroups, ALostAnswerIsForgivenOnce) {
  host.join("m1", {"t"});
  host.wall += 2000;
  host.join("m2", {"t"});
  host.report("m1");
  host.report("m1");  // epoch 3; say that this answer was lost
  const Answer retry = host.beat({.member = "m1", .epoch = 2, .owned = of_t({0, 1})});
  EXPECT_EQ(retry.error, ErrorCode::none);
  EXPECT_EQ(retry.beat.member_epoch, 3);
  // With more than it was given, or without saying, it is a zombie.
  const Answer more = host.beat({.member = "m1", .epoch = 2, .owned = of_t({0, 1, 2})});
  EXPECT_EQ(more.error, ErrorCode::fenced_member_epoch);
  EXPECT_EQ(more.message,
            "The consumer group member has a smaller member epoch (2) than the one known by the group coordinator (3). "
            "The member must abandon all its partitions and rejoin.");
  EXPECT_EQ(host.beat({.member = "m1", .epoch = 2}).error, ErrorCode::fenced_member_epoch);
  const Answer ahead = host.beat({.member = "m1", .epoch = 4, .owned = of_t({})});
  EXPECT_EQ(ahead.error, ErrorCode::fenced_member_epoch);
  EXPECT_EQ(ahead.message,
            "The consumer group member has a greater member epoch (4) than the one known by the group coordinator (3). "
            "The member must abandon all its partitions and rejoin.");
}

TEST_F(ConsumerGroups, ARejoiningMemberStartsWithNothingOwned) {
  host.join("m1", {"t"});
  const Answer again = host.join("m1", {"t"});
  EXPECT_EQ(again.beat.member_epoch, 2);
  EXPECT_EQ(host.text(*again.beat.assignment), "t:0,1,2,3");
  EXPECT_EQ(host.last_records, 0U);
}

TEST_F(ConsumerGroups, UnknownMembersAreRefused) {
  EXPECT_EQ(host.beat({.member = "m1", .epoch = 3}).error, ErrorCode::group_id_not_found);
  host.join("m1", {"t"});
  const Answer stranger = host.beat({.member = "m2", .epoch = 2});
  EXPECT_EQ(stranger.error, ErrorCode::unknown_member_id);
  EXPECT_EQ(stranger.message, "Member m2 is not a member of group g.");
  EXPECT_EQ(host.leave("m2").error, ErrorCode::unknown_member_id);
  EXPECT_EQ(host.leave("m1").error, ErrorCode::none);
  EXPECT_EQ(host.leave("m1").error, ErrorCode::unknown_member_id);
}

TEST_F(ConsumerGroups, LeavingGivesThePartitionsToTheOthers) {
  host.join("m1", {"t"});
  host.wall += 2000;
  host.join("m2", {"t"});
  host.settle();
  const Epoch before = host.group().epoch();
  const Answer left = host.leave("m2");
  EXPECT_EQ(left.beat.member_epoch, -1);
  EXPECT_EQ(host.group().epoch(), before + 1);
  EXPECT_EQ(host.group().state(), ConsumerGroupState::assigning);
  EXPECT_FALSE(host.has_timer("m2", MemberTimer::session));
  EXPECT_EQ(host.group().partition_epoch(world.id_of("t"), 3), -1);
  host.settle();
  EXPECT_EQ(host.assigned("m1"), "t:0,1,2,3");
  host.leave("m1");
  EXPECT_EQ(host.group().state(), ConsumerGroupState::empty);
  EXPECT_TRUE(host.group().targets().empty());
  EXPECT_TRUE(host.group().subscribed_topics().empty());
}

TEST_F(ConsumerGroups, ASilentMemberIsRemovedByItsSession) {
  host.join("m1", {"t"});
  host.pass(44'999);
  EXPECT_NE(host.group().find("m1"), nullptr);
  host.report("m1");
  host.pass(44'999);
  EXPECT_NE(host.group().find("m1"), nullptr);
  host.pass(1);
  EXPECT_EQ(host.group().find("m1"), nullptr);
}

TEST_F(ConsumerGroups, AMemberThatDoesNotRevokeIsRemovedByItsRebalanceTimeout) {
  host.settings.session_timeout_ms = 1'000'000;
  host.join("m1", {"t"});
  host.wall += 2000;
  host.join("m2", {"t"});
  host.report("m1");
  host.pass(29'999);
  EXPECT_NE(host.group().find("m1"), nullptr);
  host.pass(1);
  EXPECT_EQ(host.group().find("m1"), nullptr);
  host.settle();
  EXPECT_EQ(host.assigned("m2"), "t:0,1,2,3");
}

TEST_F(ConsumerGroups, ARebalanceTimerOfAnEpochThatPassedDoesNothing) {
  host.join("m1", {"t"});
  const auto decision = timer_expired(host.group(), MemberTimer::rebalance, "m1", 1, host.context());
  EXPECT_TRUE(decision.records.empty());
  EXPECT_FALSE(timer_expired(host.group(), MemberTimer::rebalance, "m1", 2, host.context()).records.empty());
}

TEST_F(ConsumerGroups, TargetsAreComputedOncePerInterval) {
  host.join("m1", {"t"});
  host.wall += 400;
  const Answer early = host.join("m2", {"t"});
  EXPECT_EQ(early.beat.member_epoch, 2);  // the target as it stands, in which it has nothing
  EXPECT_EQ(host.group().epoch(), 3);
  EXPECT_EQ(host.group().assignment_epoch(), 2);
  EXPECT_EQ(host.group().state(), ConsumerGroupState::assigning);
  host.wall += 599;
  host.report("m1");
  EXPECT_EQ(host.group().assignment_epoch(), 2);
  host.wall += 1;
  host.report("m1");
  EXPECT_EQ(host.group().assignment_epoch(), 3);
  EXPECT_EQ(host.target("m2"), "t:2,3");
  host.settings.assignment_interval_ms = 0;
  host.join("m3", {"t"});
  EXPECT_EQ(host.group().assignment_epoch(), 4);
}

TEST_F(ConsumerGroups, TopicsThatGrowAppearOrVanishAreTakenUp) {
  host.join("m1", {"t", "later"});
  EXPECT_EQ(host.assigned("m1"), "t:0,1,2,3");
  world.add_topic("later", 1);
  host.settle();
  EXPECT_EQ(host.assigned("m1"), "t:0,1,2,3 later:0");
  const Epoch epoch = host.group().epoch();
  world.touch();
  host.settle();
  EXPECT_EQ(host.group().epoch(), epoch);
  world.add_partitions("t", 2);
  host.settle();
  EXPECT_EQ(host.assigned("m1"), "t:0,1,2,3,4,5 later:0");
  world.remove_topic("t");
  host.settle();
  EXPECT_EQ(host.assigned("m1"), "later:0");
  EXPECT_EQ(host.group().state(), ConsumerGroupState::stable);
}

TEST_F(ConsumerGroups, AnUnsubscribedTopicIsTakenAtOnce) {
  host.join("m1", {"t", "u"});
  host.wall += 100;  // within the interval: no new target
  const Answer changed = host.beat({.member = "m1", .epoch = 2, .topics = {{"u"}}, .owned = host.held("m1")});
  EXPECT_EQ(host.text(*changed.beat.assignment), "u:0,1");
  EXPECT_EQ(host.group().find("m1")->state, MemberState::unrevoked_partitions);
  host.settle();
  EXPECT_EQ(host.assigned("m1"), "u:0,1");
  EXPECT_EQ(host.group().partition_epoch(world.id_of("t"), 0), -1);
}

TEST_F(ConsumerGroups, TheAssignorThatMostWantServes) {
  Beat range = first("m1");
  range.assignor = "range";
  range.topics = {{"t", "u"}};
  host.beat(range);
  range.member = "m2";
  host.wall += 2000;
  host.beat(range);
  EXPECT_EQ(host.target("m1"), "t:0,1 u:0");
  EXPECT_EQ(host.target("m2"), "t:2,3 u:1");
  EXPECT_EQ(describe(host.group(), world.image(), "uniform").assignor_name, "range");
}

TEST_F(ConsumerGroups, AFullGroupTakesNobody) {
  host.settings.size_max = 1;
  host.join("m1", {"t"});
  const Answer refused = host.join("m2", {"t"});
  EXPECT_EQ(refused.error, ErrorCode::group_max_size_reached);
  EXPECT_EQ(refused.message, "The consumer group has reached its maximum capacity of 1 members.");
  EXPECT_EQ(host.report("m1").error, ErrorCode::none);
}

TEST_F(ConsumerGroups, AStaticMemberComesBackToWhatItHad) {
  host.join("m1", {"t"}, "i1");
  host.wall += 2000;
  host.join("m2", {"t"}, "i2");
  host.settle();
  const Epoch epoch = host.group().epoch();
  // In use: refused.
  const Answer busy = host.join("m9", {"t"}, "i2");
  EXPECT_EQ(busy.error, ErrorCode::unreleased_instance_id);
  EXPECT_EQ(
      busy.message,
      "Static member m9 with instance id i2 cannot join the group because the instance id is owned by m2 member.");
  // Away for a while: its partitions stay its own.
  const Answer away = host.leave("m2", "i2", -2);
  EXPECT_EQ(away.beat.member_epoch, -2);
  EXPECT_EQ(host.group().epoch(), epoch);
  EXPECT_EQ(host.group().partition_epoch(world.id_of("t"), 2), -2);
  host.settle();
  EXPECT_EQ(host.assigned("m1"), "t:0,1");
  // Its successor has all of it with the first answer, and nobody else is moved.
  const Answer back = host.join("m3", {"t"}, "i2");
  EXPECT_EQ(back.error, ErrorCode::none);
  EXPECT_EQ(host.text(*back.beat.assignment), "t:2,3");
  EXPECT_EQ(back.beat.member_epoch, epoch);
  EXPECT_EQ(host.group().epoch(), epoch);
  EXPECT_EQ(host.group().find("m2"), nullptr);
  // The old process is fenced.
  const Answer zombie = host.beat({.member = "m2", .epoch = epoch, .instance = "i2"});
  EXPECT_EQ(zombie.error, ErrorCode::fenced_instance_id);
  EXPECT_EQ(zombie.message, "Static member m2 with instance id i2 was fenced by member m3.");
  EXPECT_EQ(host.leave("m2", "i2").error, ErrorCode::fenced_instance_id);
  const Answer nobody = host.beat({.member = "m5", .epoch = 1, .instance = "i5"});
  EXPECT_EQ(nobody.error, ErrorCode::unknown_member_id);
  EXPECT_EQ(nobody.message, "Instance id i5 is unknown.");
}

TEST_F(ConsumerGroups, AStaticMemberThatStaysAwayIsRemovedByItsSession) {
  host.join("m1", {"t"}, "i1");
  host.leave("m1", "i1", -2);
  host.pass(45'000);
  EXPECT_TRUE(host.group().empty());
}

TEST_F(ConsumerGroups, AStaticMemberMayLeaveForGood) {
  host.join("m1", {"t"}, "i1");
  EXPECT_EQ(host.leave("m1", "i1", -1).beat.member_epoch, -1);
  EXPECT_TRUE(host.group().empty());
  EXPECT_EQ(host.group().find_static("i1"), nullptr);
}

TEST_F(ConsumerGroups, ARegexStandsForTopicsOnceResolved) {
  Beat beat = first("m1");
  beat.topics.reset();
  beat.regex = "[tu]";
  const Answer joined = host.beat(beat);
  EXPECT_EQ(joined.beat.member_epoch, 1);  // not resolved yet: nothing to assign
  EXPECT_EQ(host.text(*joined.beat.assignment), "");
  EXPECT_EQ(host.group().resolved("[tu]")->topics, (std::vector<std::string>{"t", "u"}));
  EXPECT_EQ(host.group().epoch(), 2);
  EXPECT_EQ(host.text(*host.report("m1").beat.assignment), "t:0,1,2,3 u:0,1");
  // A second member of the same expression needs no resolving.
  beat.member = "m2";
  host.wall += 2000;
  EXPECT_EQ(host.beat(beat).beat.member_epoch, 3);
  host.settle();
  EXPECT_EQ(partition_count(host.held("m1")), 3U);
  // The last that has it takes it along.
  host.leave("m1");
  host.leave("m2");
  EXPECT_TRUE(host.group().resolved_regexes().empty());
  EXPECT_TRUE(host.group().subscribed_topics().empty());
}

TEST_F(ConsumerGroups, ARegexIsResolvedAgainForNewTopicsButNotTooOften) {
  Beat beat = first("m1");
  beat.topics.reset();
  beat.regex = "v.*";
  host.beat(beat);
  host.report("m1");
  EXPECT_EQ(host.assigned("m1"), "");
  world.add_topic("v1", 1);
  host.wall += 9'000;
  host.report("m1");
  EXPECT_TRUE(host.group().resolved("v.*")->topics.empty());
  host.wall += 1'001;
  host.report("m1");
  EXPECT_EQ(host.group().resolved("v.*")->topics, std::vector<std::string>{"v1"});
  host.settle();
  EXPECT_EQ(host.assigned("m1"), "v1:0");
  // No new topic: only after the refresh interval.
  const int64_t version = host.group().resolved("v.*")->version;
  world.remove_topic("v1");
  host.wall += 100'000;
  host.report("m1");
  EXPECT_EQ(host.group().resolved("v.*")->version, version);
  host.wall += 600'001;
  host.report("m1");
  EXPECT_GT(host.group().resolved("v.*")->version, version);
  EXPECT_TRUE(host.group().resolved("v.*")->topics.empty());
}

TEST_F(ConsumerGroups, ABrokenRegexIsRefused) {
  Beat beat = first("m1");
  beat.topics.reset();
  beat.regex = "[";
  const Answer refused = host.beat(beat);
  EXPECT_EQ(refused.error, ErrorCode::invalid_regular_expression);
  EXPECT_EQ(refused.message, "SubscribedTopicRegex `[` is not a valid regular expression: missing closing ].");
  EXPECT_FALSE(host.exists());
}

TEST_F(ConsumerGroups, NamesAndRegexesAddUp) {
  Beat beat = first("m1");
  beat.regex = "u";
  host.beat(beat);
  host.settle();
  EXPECT_EQ(host.assigned("m1"), "t:0,1,2,3 u:0,1");
  // Back to names only: the expression's topics go.
  const Epoch epoch = host.group().find("m1")->epoch;
  host.beat({.member = "m1", .epoch = epoch, .regex = "", .owned = host.held("m1")});
  host.settle();
  EXPECT_EQ(host.assigned("m1"), "t:0,1,2,3");
}

TEST_F(ConsumerGroups, CommitsAreFencedByAssignmentEpochs) {
  host.join("m1", {"t"});
  host.wall += 2000;
  host.join("m2", {"t"});
  host.settle();
  const ConsumerGroup& group = host.group();
  EXPECT_FALSE(check_commit(group, "m1", {}, 3, false, 9));
  EXPECT_EQ(check_commit(group, "m1", {}, 3, false, 8)->code, ErrorCode::unsupported_version);
  EXPECT_EQ(check_commit(group, "m9", {}, 3, false, 9)->code, ErrorCode::unknown_member_id);
  EXPECT_EQ(check_commit(group, "", {}, -1, false, 9)->code, ErrorCode::unknown_member_id);
  EXPECT_FALSE(check_commit(group, "", {}, -1, true, 3));
  const auto newer = check_commit(group, "m1", {}, 4, false, 9);
  EXPECT_EQ(newer->code, ErrorCode::stale_member_epoch);
  EXPECT_EQ(newer->message, "Received member epoch 4 is newer than current member epoch 3.");
  // An older epoch may commit what it had at that epoch.
  const Uuid id = world.id_of("t");
  EXPECT_FALSE(check_commit(group, "m1", {}, 2, false, 9));
  EXPECT_FALSE(check_commit_partition(group, "m1", 2, "t", id, 0));
  EXPECT_EQ(check_commit_partition(group, "m2", 2, "t", id, 3)->message,
            "Received member epoch 2 is older than assignment epoch 3 for partition t-3.");
  EXPECT_EQ(check_commit_partition(group, "m1", 2, "t", id, 3)->message,
            "Partition t-3 is not assigned or pending revocation for member.");
  EXPECT_FALSE(check_commit_partition(group, "m1", 3, "t", id, 3));
  EXPECT_EQ(check_offset_fetch(group, "m1", 2)->message,
            "The received member epoch 2 does not match the expected member epoch 3.");
  EXPECT_FALSE(check_offset_fetch(group, "m1", 3));
  EXPECT_FALSE(check_offset_fetch(group, std::nullopt, -1));
  EXPECT_EQ(check_offset_fetch(group, "m9", 3)->code, ErrorCode::unknown_member_id);
  EXPECT_EQ(check_delete(group)->code, ErrorCode::non_empty_group);
  host.leave("m1");
  host.leave("m2");
  EXPECT_FALSE(check_commit(group, "", {}, -1, false, 2));
  EXPECT_FALSE(check_delete(group));
}

TEST_F(ConsumerGroups, DescriptionsTellWhatMembersHaveAndShouldHave) {
  host.join("m1", {"t"}, "i1");
  host.wall += 2000;
  host.join("m2", {"t"});
  host.report("m1");
  const auto described = describe(host.group(), world.image(), "uniform");
  EXPECT_EQ(described.group_state, "Reconciling");
  EXPECT_EQ(described.group_epoch, 3);
  EXPECT_EQ(described.assignment_epoch, 3);
  EXPECT_EQ(described.assignor_name, "uniform");
  ASSERT_EQ(described.members.size(), 2U);
  const auto& m1 = described.members[0];
  EXPECT_EQ(m1.instance_id, "i1");
  EXPECT_EQ(m1.member_epoch, 2);
  EXPECT_EQ(m1.client_host, "/127.0.0.1");
  EXPECT_EQ(m1.subscribed_topic_regex, "");
  EXPECT_EQ(m1.member_type, 1);
  EXPECT_EQ(m1.assignment.topic_partitions[0].partitions, (std::vector<int32_t>{0, 1, 2, 3}));  // two to revoke
  EXPECT_EQ(m1.target_assignment.topic_partitions[0].partitions, (std::vector<int32_t>{0, 1}));
  world.remove_topic("t");
  EXPECT_TRUE(describe(host.group(), world.image(), "uniform").members[0].assignment.topic_partitions.empty());
}

TEST_F(ConsumerGroups, TombstonesDeleteTheGroupAndLoadedGroupsGetTimers) {
  host.join("m1", {"t"});
  host.wall += 2000;
  host.join("m2", {"t"});
  host.report("m1");
  const auto timers = timers_of_loaded(host.group(), host.settings);
  EXPECT_EQ(timers.size(), 3U);  // two sessions, and the rebalance timeout of m1
  EXPECT_EQ(timers[1].timer, MemberTimer::rebalance);
  EXPECT_EQ(timers[1].delay_ms, 30'000);
  std::vector<coordinator::Record> records;
  add_group_tombstones(host.group(), records);
  host.take(records);
  EXPECT_FALSE(host.exists());
}

TEST_F(ConsumerGroups, AContradictingLogIsNotReplayed) {
  ConsumerGroup group("g");
  const auto replay = [&](const coordinator::Record& record) -> Status {
    Record decoded;
    EXPECT_EQ(decode_record(record, decoded), wire::DecodeStatus::ok);
    return std::visit(
        [&](const auto& entry) -> Status {
          if constexpr (requires { group.replay(entry); }) return group.replay(entry);
          return {};
        },
        decoded);
  };
  Member member{.id = "m1", .epoch = 5, .assigned = with_epoch(of_t({0}), 5)};
  EXPECT_TRUE(replay(member_record("g", member)).ok());
  EXPECT_TRUE(replay(current_record("g", member)).ok());
  Member thief{.id = "m2", .epoch = 5, .assigned = with_epoch(of_t({0}), 5)};
  EXPECT_TRUE(replay(member_record("g", thief)).ok());
  EXPECT_FALSE(replay(current_record("g", thief)).ok());
  EXPECT_FALSE(replay(member_tombstone("g", "m1")).ok());
  EXPECT_FALSE(replay(epoch_tombstone("g")).ok());
  EXPECT_TRUE(replay(target_record("g", "m1", of_t({0}))).ok());
  EXPECT_FALSE(replay(target_epoch_tombstone("g")).ok());
  EXPECT_TRUE(replay(current_tombstone("g", "m1")).ok());
  EXPECT_FALSE(replay(member_tombstone("g", "m1")).ok());  // it has a target
  EXPECT_TRUE(replay(target_tombstone("g", "m1")).ok());
  EXPECT_TRUE(replay(member_tombstone("g", "m1")).ok());
  EXPECT_TRUE(replay(member_tombstone("g", "m1")).ok());  // twice is nothing
  EXPECT_FALSE(replay(target_epoch_record("g", -2, 0)).ok());
}

TEST_F(ConsumerGroups, AStateOfALaterVersionMakesTheMemberRejoin) {
  host.join("m1", {"t"});
  Member odd = *host.group().find("m1");
  odd.state = static_cast<MemberState>(9);
  host.take({current_record("g", odd)});
  EXPECT_EQ(host.group().find("m1")->state, MemberState::unknown);
  EXPECT_EQ(host.report("m1").error, ErrorCode::fenced_member_epoch);
  const Answer back = host.join("m1", {"t"});
  EXPECT_EQ(back.error, ErrorCode::none);
  EXPECT_EQ(host.text(*back.beat.assignment), "t:0,1,2,3");
}

}  // namespace
}  // namespace moldau::group::consumer::test
