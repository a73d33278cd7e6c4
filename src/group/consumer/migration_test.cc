// Groups that cross between the protocols, and members of the classic protocol in a consumer group.
#include <gtest/gtest.h>

#include "group/consumer/consumer_protocol.h"
#include "group/consumer/test_kit.h"

namespace moldau::group::consumer::test {
namespace {

using wire::ErrorCode;

/// A classic group of two members, stable at generation 7: c1 has t:0,1, c2 has t:2,3.
class Migration : public ::testing::Test {
 protected:
  Migration() {
    world.add_topic("t", 4);
    for (const char* id : {"c1", "c2"}) metadata[id] = subscription({"t"}, {}, world.image());
    assignments["c1"] = write_assignment({{.topic = "t", .partitions = {0, 1}}}, 1);
    assignments["c2"] = write_assignment({{.topic = "t", .partitions = {2, 3}}}, 1);
  }
  ClassicGroupView classic() {
    ClassicGroupView view;
    view.id = "g";
    view.generation = 7;
    view.protocol_type = "consumer";
    view.protocol_name = "range";
    for (auto& [id, bytes] : metadata) {
      ClassicMemberView& member = view.members.emplace_back();
      member.id = id;
      member.client_id = "classic";
      member.client_host = "/10.0.0.1";
      member.rebalance_timeout_ms = 30'000;
      member.session_timeout_ms = 10'000;
      member.protocols.push_back({.name = "range", .metadata = bytes});
      member.assignment = assignments[id];
    }
    return view;
  }
  /// Makes it a consumer group, as the first heartbeat of a new member does.
  void upgrade_now() {
    auto upgraded = upgrade(classic(), host.context());
    ASSERT_TRUE(upgraded.has_value()) << upgraded.error().message;
    host.take(upgraded->records, upgraded->timers);
  }
  std::string assignment_of(const ClassicSyncAnswer& answer) {
    const auto read = read_assignment(answer.assignment);
    std::string text;
    for (const ConsumerTopic& topic : read->assigned) {
      for (const PartitionIndex partition : topic.partitions) text += std::to_string(partition) + " ";
    }
    return text;
  }
  /// The last record of the log as a classic group.
  GroupMetadataValue last_classic() {
    Record decoded;
    EXPECT_EQ(decode_record(host.log.back(), decoded), wire::DecodeStatus::ok);
    const auto* record = std::get_if<GroupMetadata>(&decoded);
    EXPECT_NE(record, nullptr);
    return record == nullptr ? GroupMetadataValue{} : *record->value;
  }

  World world;
  GroupHost host{world};
  std::map<std::string, std::vector<std::byte>> metadata;
  std::map<std::string, std::vector<std::byte>> assignments;
};

TEST_F(Migration, AClassicGroupKeepsMembersAndAssignmentsAsItIsUpgraded) {
  upgrade_now();
  ConsumerGroup& group = host.group();
  EXPECT_EQ(group.epoch(), 7);
  EXPECT_EQ(group.assignment_epoch(), 7);
  EXPECT_EQ(group.state(), ConsumerGroupState::stable);
  EXPECT_EQ(group.classic_members(), 2U);
  EXPECT_EQ(host.assigned("c1"), "t:0,1");
  EXPECT_EQ(host.target("c2"), "t:2,3");
  EXPECT_EQ(group.find("c1")->client_host, "/10.0.0.1");
  EXPECT_TRUE(host.has_timer("c1", MemberTimer::session));
  // The first record takes the classic group away.
  Record first;
  ASSERT_EQ(decode_record(host.log.front(), first), wire::DecodeStatus::ok);
  EXPECT_FALSE(std::get<GroupMetadata>(first).value.has_value());

  // The member for whose sake: the old ones are told to rebalance, give up what they must, and all settle.
  EXPECT_EQ(host.join("m1", {"t"}).beat.member_epoch, 8);
  EXPECT_EQ(host.classic_heartbeat("c1", 7)->error, ErrorCode::rebalance_in_progress);
  EXPECT_TRUE(host.has_timer("c1", MemberTimer::join));
  EXPECT_EQ(host.classic_sync("c1", 7)->error, ErrorCode::rebalance_in_progress);
  for (const char* id : {"c1", "c2"}) {
    // Cooperative: it joins with what it has, learns what stays, joins again without the rest.
    const auto joined = host.classic_join(id, {"t"}, without_epochs(host.group().find(id)->assigned));
    ASSERT_TRUE(joined.has_value());
    EXPECT_TRUE(host.has_timer(id, MemberTimer::sync));
    EXPECT_FALSE(host.has_timer(id, MemberTimer::join));
    const auto synced = host.classic_sync(id, joined->generation);
    ASSERT_TRUE(synced.has_value()) << synced.error().message;
    EXPECT_EQ(synced->error, ErrorCode::none);
    EXPECT_FALSE(host.has_timer(id, MemberTimer::sync));
    const auto again = host.classic_join(id, {"t"}, without_epochs(host.group().find(id)->assigned));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->generation, 8);
    EXPECT_EQ(host.classic_sync(id, 8)->error, ErrorCode::none);
    EXPECT_EQ(host.classic_heartbeat(id, 8)->error, ErrorCode::none);
  }
  host.settle();
  EXPECT_EQ(group.state(), ConsumerGroupState::stable);
  EXPECT_EQ(partition_count(host.held("m1")), 1U);
}

TEST_F(Migration, UpgradesAreRefusedAsKafkaRefusesThem) {
  const auto refusal = [&](const ClassicGroupView& view) {
    const auto upgraded = upgrade(view, host.context());
    return upgraded.has_value() ? Refusal{} : upgraded.error();
  };
  ClassicGroupView view = classic();
  view.protocol_type = "connect";
  EXPECT_EQ(refusal(view).message,
            "Cannot upgrade classic group g to consumer group because the group does not use the consumer embedded "
            "protocol.");
  EXPECT_EQ(refusal(view).code, ErrorCode::group_id_not_found);
  host.settings.migration = MigrationPolicy::downgrade;
  EXPECT_EQ(refusal(classic()).message,
            "Cannot upgrade classic group g to consumer group because online upgrade is disabled.");
  host.settings.migration = MigrationPolicy::upgrade;
  host.settings.size_max = 1;
  EXPECT_EQ(refusal(classic()).message,
            "Cannot upgrade classic group g to consumer group because the group size exceeds the consumer group "
            "maximum size.");
  host.settings.size_max = 10;
  metadata["c1"] = {std::byte{0}};
  EXPECT_EQ(refusal(classic()).message,
            "Cannot upgrade classic group g to consumer group because the embedded consumer protocol is malformed.");
  metadata["c1"] = metadata["c2"];
  assignments["c2"].resize(assignments["c2"].size() - 4);  // user data in place of none
  for (const int byte : {0, 0, 0, 1, 7}) assignments["c2"].push_back(static_cast<std::byte>(byte));
  EXPECT_EQ(refusal(classic()).message,
            "Cannot upgrade classic group g to consumer group because an unsupported custom assignor is in use. Please "
            "refer to the documentation or switch to a default assignor before re-attempting the upgrade.");
  assignments["c2"] = assignments["c1"];
  EXPECT_EQ(refusal(classic()).message,
            "Cannot upgrade classic group g to consumer group because its members share partitions.");
  view = classic();
  view.protocol_name.reset();
  EXPECT_EQ(refusal(view).code, ErrorCode::unknown_server_error);
}

TEST_F(Migration, TheLastMemberOfTheNewProtocolTurnsTheGroupBack) {
  upgrade_now();
  host.join("m1", {"t"});
  host.leave("m1");
  ASSERT_TRUE(host.downgraded);
  EXPECT_TRUE(host.downgraded->rebalance);
  EXPECT_FALSE(host.exists());
  const GroupMetadataValue value = last_classic();
  EXPECT_EQ(value.protocol_type, "consumer");
  EXPECT_EQ(value.protocol, "range");
  EXPECT_EQ(value.generation, 8);
  EXPECT_EQ(value.leader, "c1");
  ASSERT_EQ(value.members.size(), 2U);
  EXPECT_EQ(value.members[0].session_timeout, 10'000);
  EXPECT_EQ(value.members[0].rebalance_timeout, 30'000);
  EXPECT_TRUE(read_assignment(value.members[0].assignment));
}

TEST_F(Migration, WithoutThePolicyTheGroupStaysWhatItIs) {
  host.settings.migration = MigrationPolicy::upgrade;
  upgrade_now();
  host.join("m1", {"t"});
  host.leave("m1");
  EXPECT_FALSE(host.downgraded);
  EXPECT_EQ(host.group().members().size(), 2U);
  host.settings.migration = MigrationPolicy::disabled;
  const auto joined = host.classic_join("c3", {"t"});
  EXPECT_EQ(joined.error().code, ErrorCode::inconsistent_group_protocol);
  EXPECT_EQ(joined.error().message,
            "Cannot join the consumer group g with the classic protocol because the group migration is disabled.");
}

TEST_F(Migration, AStaticClassicMemberThatReplacesTheLastNewOneTurnsTheGroupBack) {
  host.join("m1", {"t"}, "i1");
  const auto joined = host.classic_join("", {"t"}, {}, "i1");
  ASSERT_TRUE(joined.has_value()) << joined.error().message;
  ASSERT_TRUE(host.downgraded);
  EXPECT_FALSE(host.downgraded->rebalance);
  EXPECT_FALSE(host.exists());
  const GroupMetadataValue value = last_classic();
  ASSERT_EQ(value.members.size(), 1U);
  EXPECT_EQ(value.members[0].member_id, joined->member_id);
  EXPECT_EQ(value.members[0].group_instance_id, "i1");
  const auto assigned = read_assignment(value.members[0].assignment);
  ASSERT_TRUE(assigned);
  EXPECT_EQ(assigned->assigned.at(0).partitions, (std::vector<PartitionIndex>{0, 1, 2, 3}));
}

TEST_F(Migration, JoinsAreCheckedInKafkasOrder) {
  host.join("m1", {"t"});
  host.settings.size_max = 1;
  EXPECT_EQ(host.classic_join("c1", {"t"}).error().code, ErrorCode::group_max_size_reached);
  host.settings.size_max = 10;
  const auto unnamed = host.classic_join("", {"t"});
  ASSERT_TRUE(unnamed.has_value());
  EXPECT_EQ(unnamed->error, ErrorCode::member_id_required);
  EXPECT_TRUE(unnamed->member_id.starts_with("fresh-"));
  EXPECT_EQ(host.classic_join("", {"t"}, {}, {}, 3)->error, ErrorCode::none);  // before v4 an id is made at once
  EXPECT_EQ(host.classic_sync("m1", 2).error().message, "Member m1 does not use the classic protocol.");
  EXPECT_EQ(host.classic_heartbeat("c9", 2).error().message, "Member c9 is not a member of group g.");
}

TEST_F(Migration, GenerationsAndProtocolsMustMatch) {
  upgrade_now();
  const auto stale = host.classic_heartbeat("c1", 6);
  EXPECT_EQ(stale.error().code, ErrorCode::illegal_generation);
  EXPECT_EQ(stale.error().message, "The request generation id 6 is not equal to the member epoch 7 of member c1.");
  EXPECT_EQ(host.classic_heartbeat("c1", 7)->error, ErrorCode::none);
  wire::SyncGroupRequest sync;
  sync.member_id = "c1";
  sync.generation_id = 7;
  sync.protocol_type = "connect";
  EXPECT_EQ(classic_sync(host.group(), sync, host.context()).error().code, ErrorCode::inconsistent_group_protocol);
  sync.protocol_type.reset();
  sync.protocol_name = "sticky";
  EXPECT_EQ(classic_sync(host.group(), sync, host.context()).error().message,
            "The protocol name sticky from member c1 request is not equal to the protocol name range returned in the "
            "join response.");
  sync.protocol_name.reset();
  EXPECT_EQ(assignment_of(classic_sync(host.group(), sync, host.context())->answer), "0 1 ");
}

TEST_F(Migration, ClassicMembersAreRemovedByTheirTimers) {
  upgrade_now();
  host.join("m1", {"t"});
  host.pass(9'999);
  EXPECT_NE(host.group().find("c1"), nullptr);
  host.classic_heartbeat("c1", 7);  // REBALANCE_IN_PROGRESS: 30 s to join
  host.pass(1);
  EXPECT_EQ(host.group().find("c2"), nullptr);
  for (int i = 0; i < 3; ++i) {
    host.pass(9'990);
    if (host.exists() && host.group().find("c1") != nullptr) host.classic_heartbeat("c1", 7);
    host.report("m1");
  }
  host.pass(1'000);
  EXPECT_EQ(host.group().find("c1"), nullptr);
}

TEST_F(Migration, ClassicMembersLeaveTogether) {
  upgrade_now();
  host.join("m1", {"t"});
  EXPECT_EQ(host.classic_leave({"c1", "c9", "c1"}),
            (std::vector<ErrorCode>{ErrorCode::none, ErrorCode::unknown_member_id, ErrorCode::none}));
  EXPECT_EQ(host.group().find("c1"), nullptr);
  EXPECT_NE(host.group().find("c2"), nullptr);
  const Epoch epoch = host.group().epoch();
  EXPECT_EQ(host.classic_leave({"c9"}), std::vector<ErrorCode>{ErrorCode::unknown_member_id});
  EXPECT_EQ(host.group().epoch(), epoch);
}

TEST_F(Migration, CommitsOfClassicMembersNameGenerations) {
  upgrade_now();
  EXPECT_FALSE(check_commit(host.group(), "c1", {}, 7, false, 2));
  const auto newer = check_commit(host.group(), "c1", {}, 8, false, 2);
  EXPECT_EQ(newer->code, ErrorCode::illegal_generation);
  EXPECT_EQ(newer->message, "Received generation id 8 is newer than current member epoch 7.");
  EXPECT_EQ(check_commit_partition(host.group(), "c1", 6, "t", world.id_of("t"), 0)->code,
            ErrorCode::illegal_generation);
}

}  // namespace
}  // namespace moldau::group::consumer::test
