// The pure parts of the classic group consumer: what members tell each other, and who gets what.
#include "client/classic_group_consumer.h"

#include <gtest/gtest.h>

namespace moldau::client {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

TEST(GroupConsumer, SubscriptionsAreReadAsWritten) {
  const std::vector<std::string> topics{"a", "orders.eu", ""};
  const auto read = read_subscription(bytes_of(write_subscription(topics)));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, topics);
}

TEST(GroupConsumer, SubscriptionHasKafkasBytes) {
  // Version 1, one topic "t1", no user data, nothing owned.
  const std::string expected("\x00\x01\x00\x00\x00\x01\x00\x02t1\xFF\xFF\xFF\xFF\x00\x00\x00\x00", 18);
  EXPECT_EQ(write_subscription({"t1"}), expected);
}

TEST(GroupConsumer, MalformedSubscriptionsAreRefused) {
  const std::string whole = write_subscription({"topic"});
  // The topics end before the user data, which is not read.
  for (size_t size = 0; size < 13; ++size) {
    EXPECT_FALSE(read_subscription(bytes_of(whole.substr(0, size))).has_value()) << size;
  }
  std::string huge = whole;
  huge[2] = '\x7F';
  EXPECT_FALSE(read_subscription(bytes_of(huge)).has_value()) << "a count beyond the bytes";
  std::string negative = whole;
  negative[2] = '\xFF';
  EXPECT_FALSE(read_subscription(bytes_of(negative)).has_value());
}

TEST(GroupConsumer, AssignmentsAreReadAsWritten) {
  const std::vector<GroupPartition> partitions{{"a", 0}, {"a", 3}, {"b", 1}};
  const auto read = read_assignment(bytes_of(write_assignment(partitions)));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, partitions);
  const auto nothing = read_assignment(bytes_of(write_assignment({})));
  ASSERT_TRUE(nothing.has_value());
  EXPECT_TRUE(nothing->empty());
}

std::vector<PartitionIndex> indexes_of(const std::vector<GroupPartition>& partitions, const std::string& topic) {
  std::vector<PartitionIndex> indexes;
  for (const auto& one : partitions) {
    if (one.topic == topic) indexes.push_back(one.partition);
  }
  return indexes;
}

using Indexes = std::vector<PartitionIndex>;

TEST(GroupConsumer, RangeGivesConsecutivePartitionsOfEachTopic) {
  const auto shares = assign_range({{"c2", {}, {"t", "u"}}, {"c1", {}, {"t", "u"}}}, {{"t", 3}, {"u", 2}});
  EXPECT_EQ(indexes_of(shares.at("c1"), "t"), (Indexes{0, 1}));
  EXPECT_EQ(indexes_of(shares.at("c2"), "t"), (Indexes{2}));
  EXPECT_EQ(indexes_of(shares.at("c1"), "u"), (Indexes{0}));
  EXPECT_EQ(indexes_of(shares.at("c2"), "u"), (Indexes{1}));
}

TEST(GroupConsumer, RangeHonoursWhatMembersSubscribeTo) {
  const auto shares =
      assign_range({{"a", {}, {"t"}}, {"b", {}, {"u"}}, {"c", {}, {}}}, {{"t", 2}, {"u", 1}, {"gone", 0}});
  EXPECT_EQ(indexes_of(shares.at("a"), "t"), (Indexes{0, 1}));
  EXPECT_TRUE(indexes_of(shares.at("a"), "u").empty());
  EXPECT_EQ(indexes_of(shares.at("b"), "u"), (Indexes{0}));
  EXPECT_TRUE(shares.at("c").empty()) << "a member without a share has one that is empty";
}

TEST(GroupConsumer, RangePutsStaticMembersFirst) {
  const auto shares = assign_range({{"a", {}, {"t"}}, {"z", "i2", {"t"}}, {"y", "i1", {"t"}}}, {{"t", 4}});
  EXPECT_EQ(indexes_of(shares.at("y"), "t"), (Indexes{0, 1}));
  EXPECT_EQ(indexes_of(shares.at("z"), "t"), (Indexes{2}));
  EXPECT_EQ(indexes_of(shares.at("a"), "t"), (Indexes{3}));
}

TEST(GroupConsumer, MoreMembersThanPartitionsLeaveSomeIdle) {
  const auto shares = assign_range({{"a", {}, {"t"}}, {"b", {}, {"t"}}, {"c", {}, {"t"}}}, {{"t", 2}});
  EXPECT_EQ(shares.at("a").size() + shares.at("b").size() + shares.at("c").size(), 2U);
  EXPECT_TRUE(shares.at("c").empty());
}

}  // namespace
}  // namespace moldau::client
