// What the group verbs compute without a cluster: lags, targets, lines of files.
#include <gtest/gtest.h>

#include <string>

#include "cli/group_lag.h"
#include "cli/group_seek_plan.h"
#include "cli/input.h"

namespace moldau::cli {
namespace {

using client::GroupOffset;
using Kind = SeekTarget::Kind;
using wire::ErrorCode;

GroupOffset offset_of(std::string topic, PartitionIndex partition, Offset offset) {
  return {.topic = std::move(topic), .partition = partition, .offset = offset, .metadata = {}};
}

TEST(GroupLag, CountsFromTheCommitOrTheLogsStart) {
  client::DescribedGroup group;
  group.members.push_back({"m", {}, "c", "/h", {{"a", 1}, {"b", 0}}});
  const std::vector<GroupOffset> offsets{offset_of("a", 0, 7), offset_of("a", 1, 2), offset_of("a", 2, 90),
                                         offset_of("gone", 0, 5), offset_of("a", 3, -1)};
  const LogRanges ranges{
      {{"a", 0}, {0, 10, ErrorCode::none}}, {{"a", 1}, {4, 10, ErrorCode::none}},
      {{"a", 2}, {0, 10, ErrorCode::none}}, {{"a", 3}, {0, 10, ErrorCode::none}},
      {{"b", 0}, {3, 5, ErrorCode::none}},  {{"gone", 0}, {-1, -1, ErrorCode::unknown_topic_or_partition}}};
  EXPECT_EQ(partitions_of(group, offsets).size(), 6U);
  const auto rows = lag_rows(group, offsets, ranges);
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows[0].lag, 3);
  EXPECT_EQ(rows[1].lag, 6) << "what lies before the log's start cannot be read any more";
  EXPECT_EQ(rows[1].member, &group.members[0]);
  EXPECT_EQ(rows[2].lag, 0) << "ahead of the log's end";
  EXPECT_EQ(rows[3].current, std::nullopt);
  EXPECT_EQ(rows[3].lag, 10);
  EXPECT_EQ(rows[4].partition, (client::GroupPartition{"b", 0}));
  EXPECT_EQ(rows[4].lag, 2) << "assigned, never committed";
  EXPECT_EQ(rows[5].lag, std::nullopt);
  EXPECT_EQ(rows[5].error, ErrorCode::unknown_topic_or_partition);
  EXPECT_EQ(total_lag(rows), 21);
}

TEST(GroupLag, CoordinatorPartitionIsJavasHash) {
  // "g".hashCode() = 103, "hello".hashCode() = 99162322, "polygenelubricants".hashCode() = MIN_VALUE.
  EXPECT_EQ(coordinator_partition("g", 50), 3);
  EXPECT_EQ(coordinator_partition("hello", 50), 22);
  EXPECT_EQ(coordinator_partition("polygenelubricants", 50), 0);
  EXPECT_EQ(coordinator_partition("\xC3\xA4", 1000), 228);                // U+00E4
  EXPECT_EQ(coordinator_partition("\xF0\x9F\x98\x80", 100'000), 72'899);  // U+1F600: 0xD83D * 31 + 0xDE00
}

TEST(GroupSeek, Targets) {
  const WallMillis now = 1'700'000'000'000;
  EXPECT_EQ(*parse_seek_target("start", now), (SeekTarget{Kind::start, 0}));
  EXPECT_EQ(*parse_seek_target("beginning", now), (SeekTarget{Kind::start, 0}));
  EXPECT_EQ(*parse_seek_target("latest", now), (SeekTarget{Kind::end, 0}));
  EXPECT_EQ(*parse_seek_target("47", now), (SeekTarget{Kind::offset, 47}));
  EXPECT_EQ(*parse_seek_target("1622505600", now), (SeekTarget{Kind::time, 1'622'505'600'000}));
  EXPECT_EQ(*parse_seek_target("1622505600123", now), (SeekTarget{Kind::time, 1'622'505'600'123}));
  EXPECT_EQ(*parse_seek_target("1622505600000000000", now), (SeekTarget{Kind::time, 1'622'505'600'000}));
  EXPECT_EQ(*parse_seek_target("@-1h", now), (SeekTarget{Kind::time, now - 3'600'000}));
  EXPECT_EQ(*parse_seek_target("@1622505600", now), (SeekTarget{Kind::time, 1'622'505'600'000}));
  for (const char* wrong : {"", "-1", "+1", "middle", "@", "@1622505600:1h", "1.5", "@:end"}) {
    EXPECT_FALSE(parse_seek_target(wrong, now).ok()) << wrong;
  }
}

TEST(GroupSeek, OffsetsStayInTheLog) {
  const LogRange log{5, 20, ErrorCode::none};
  EXPECT_EQ(seek_offset({Kind::start, 0}, log, {}), 5);
  EXPECT_EQ(seek_offset({Kind::end, 0}, log, {}), 20);
  EXPECT_EQ(seek_offset({Kind::offset, 2}, log, {}), 5);
  EXPECT_EQ(seek_offset({Kind::offset, 12}, log, {}), 12);
  EXPECT_EQ(seek_offset({Kind::offset, 99}, log, {}), 20);
  EXPECT_EQ(seek_offset({Kind::time, 1}, log, 9), 9);
  EXPECT_EQ(seek_offset({Kind::time, 1}, log, {}), 20) << "all records are older";
}

TEST(Input, PartitionLines) {
  const auto lines = parse_partition_lines("a 0 3\n\n b\t1  4\r\n", true, "f");
  ASSERT_TRUE(lines.ok());
  ASSERT_EQ(lines->size(), 2U);
  EXPECT_EQ((*lines)[1].topic, "b");
  EXPECT_EQ((*lines)[1].offset, 4);
  const auto message = [](std::string_view text, bool offsets) {
    const auto parsed = parse_partition_lines(text, offsets, "f");
    return parsed.ok() ? "" : parsed.failure().message;
  };
  EXPECT_EQ(message("a 0\n", true), "f, line 1: 2 words: expected TOPIC PARTITION OFFSET");
  EXPECT_EQ(message("a 0\na x\n", false), "f, line 2: 'x' is no partition: expected TOPIC PARTITION");
  EXPECT_EQ(message("a 0 -1\n", true), "f, line 1: '-1' is no offset: expected TOPIC PARTITION OFFSET");
  EXPECT_EQ(message("\n", true), "f names no partition");
}

TEST(Input, TopicPartitions) {
  EXPECT_EQ(parse_topic_partitions("a:0,2")->second, (std::vector<PartitionIndex>{0, 2}));
  EXPECT_TRUE(parse_topic_partitions("a")->second.empty());
  for (const char* wrong : {":1", "a:", "a:x", "a:-1", "a:1,"})
    EXPECT_FALSE(parse_topic_partitions(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace moldau::cli
