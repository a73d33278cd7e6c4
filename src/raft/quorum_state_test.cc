// quorum-state, snapshot names and control records, against the bytes that Kafka 4.3.1 wrote.
#include "raft/quorum_state.h"

#include <gtest/gtest.h>

#include "raft/control.h"

namespace moldau::raft {
namespace {

// As Kafka 4.3.1 wrote them.
constexpr std::string_view version_1 =
    R"({"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1})";
constexpr std::string_view version_0 = R"({"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,)"
                                       R"("currentVoters":[{"voterId":1}],"data_version":0})";

TEST(QuorumState, KafkasFilesRoundTripByteForByte) {
  for (const std::string_view text : {version_1, version_0}) {
    const auto state = parse_quorum_state(text);
    ASSERT_TRUE(state.ok()) << state.failure().message;
    EXPECT_EQ(state.value().leader, 1);
    EXPECT_EQ(state.value().epoch, 1);
    EXPECT_EQ(state.value().voted.id, no_node);
    EXPECT_EQ(format_quorum_state(state.value()), text);
  }
  EXPECT_EQ(parse_quorum_state(version_0).value().current_voters, std::vector<NodeId>{1});
}

TEST(QuorumState, KeepsAVote) {
  QuorumState state{.data_version = 1, .leader = no_node, .epoch = 7, .voted = {3, Uuid::of(1, 2)}};
  const auto read = parse_quorum_state(format_quorum_state(state));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.value(), state);
}

TEST(QuorumState, TakesBlanksAndNullVoters) {
  const auto state = parse_quorum_state(
      " { \"clusterId\" : \"x\\\"y\" , \"leaderId\":-1,\"leaderEpoch\":0,\n\"votedId\":2,\"appliedOffset\":5,"
      "\"currentVoters\":null,\"data_version\":0}\n");
  ASSERT_TRUE(state.ok()) << state.failure().message;
  EXPECT_EQ(state.value().cluster_id, "x\"y");
  EXPECT_EQ(state.value().voted.id, 2);
  EXPECT_TRUE(state.value().current_voters.empty());
}

TEST(QuorumState, RefusesWhatIsNone) {
  const std::string_view bad[] = {
      "",
      "{}",
      "{",
      "null",
      "[1]",
      R"({"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA"})",
      R"({"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"short","data_version":1})",
      R"({"leaderId":1,"leaderEpoch":-1,"votedId":-1,"data_version":1})",
      R"({"leaderId":-2,"leaderEpoch":1,"votedId":-1,"data_version":1})",
      R"({"leaderId":99999999999,"leaderEpoch":1,"votedId":-1,"data_version":1})",
      R"({"leaderId":1,"leaderEpoch":99999999999999999999,"votedId":-1,"data_version":1})",
      R"({"leaderId":1,"leaderEpoch":1,"votedId":-1,"surprise":1,"data_version":1})",
      R"({"leaderId":1,"leaderEpoch":1,"votedId":-1,"data_version":1}x)",
      R"({"leaderId":1,"leaderEpoch":1,"votedId":-1,"data_version":1)",
      R"({"clusterId":"\u0041","leaderId":1,"leaderEpoch":1,"votedId":-1,"data_version":0})",
      R"({"currentVoters":[{"voterId":-5}],"leaderId":1,"leaderEpoch":1,"votedId":-1,"data_version":0})",
  };
  for (const std::string_view text : bad) {
    const auto state = parse_quorum_state(text);
    ASSERT_FALSE(state.ok()) << text;
    EXPECT_EQ(state.failure().kind, FailureKind::corrupt) << text;
  }
  EXPECT_EQ(parse_quorum_state(R"({"leaderId":1,"leaderEpoch":1,"votedId":-1,"data_version":2})").failure().kind,
            FailureKind::unsupported);
  EXPECT_FALSE(parse_quorum_state(std::string(quorum_state_bytes_max + 1, ' ')).ok());
}

TEST(SnapshotName, IsKafkas) {
  EXPECT_EQ(snapshot_file_name({60, 1}), "00000000000000000060-0000000001.checkpoint");
  EXPECT_EQ(parse_snapshot_file_name("00000000000000000060-0000000001.checkpoint"), (SnapshotId{60, 1}));
  EXPECT_EQ(parse_snapshot_file_name("09223372036854775807-2147483647.checkpoint"), (SnapshotId{INT64_MAX, INT32_MAX}));
  for (const char* bad : {"60-1.checkpoint", "00000000000000000060-0000000001.checkpoint.part", "bootstrap.checkpoint",
                          "0000000000000000006x-0000000001.checkpoint", "-0000000000000000060-0000000001.checkpoint",
                          "99999999999999999999-0000000001.checkpoint", "00000000000000000060-9999999999.checkpoint"}) {
    EXPECT_FALSE(parse_snapshot_file_name(bad)) << bad;
  }
}

TEST(ControlRecords, RoundTrip) {
  Voter voter;
  voter.key = {1, Uuid::of(7, 8)};
  voter.endpoints = {{"CONTROLLER", "127.0.0.1", 9093}};
  const VoterSet voters({voter});
  const auto read = parse_voters(voters_record(voters).value);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.value(), voters);
  EXPECT_EQ(parse_kraft_version(kraft_version_record(1).value).value(), 1);
  EXPECT_EQ(parse_snapshot_header(snapshot_header_record(42).value).value(), 42);
  EXPECT_EQ(control_type(voters_record(voters).key), static_cast<int16_t>(ControlType::kraft_voters));
  EXPECT_EQ(kraft_version_record(2).value.size(), 5U);
  EXPECT_FALSE(parse_kraft_version(kraft_version_record(2).value).ok());
  std::vector<std::byte> cut = voters_record(voters).value;
  cut.pop_back();
  EXPECT_FALSE(parse_voters(cut).ok());
  // 19 bytes, as in Kafka's own log: version, leader, one voter and one granting voter, no tags.
  EXPECT_EQ(leader_change_record({.epoch = 1, .voters = {1}, .granting = {1}}, 1).value.size(), 19U);
}

TEST(VoterSet, KnowsVotersByIdAndDirectory) {
  const VoterSet voters({{.key = {2, Uuid::of(0, 222)}, .endpoints = {}}, {.key = {1, {}}, .endpoints = {}}});
  EXPECT_EQ(voters.voters().front().key.id, 1);
  EXPECT_EQ(voters.majority(), 2U);
  EXPECT_TRUE(voters.contains({1, Uuid::of(5, 5)}));  // its directory is not known
  EXPECT_TRUE(voters.contains({2, Uuid::of(0, 222)}));
  EXPECT_FALSE(voters.contains({2, Uuid::of(0, 223)}));
  EXPECT_FALSE(voters.contains({3, {}}));
}

}  // namespace
}  // namespace moldau::raft
