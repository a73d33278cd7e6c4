// The assignors against Kafka's own answers, and what must hold of any answer.
#include "group/consumer/assignors.h"

#include <gtest/gtest.h>

#include <charconv>
#include <fstream>
#include <map>
#include <numeric>
#include <sstream>
#include <string>

namespace moldau::group::consumer {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

int32_t number(const std::string& text) {
  int32_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// One line of AssignorVectors.java.
struct Case {
  std::vector<AssignorTopic> topics;
  std::vector<std::string> ids;
  std::vector<std::optional<std::string>> instances;
  std::vector<std::vector<uint32_t>> subscribed;
  std::vector<Assignment> previous;
  std::vector<Assignment> answer;
  std::string assignor;
  bool homogeneous = false;

  Assignment list(const std::string& text) const {
    Assignment result;
    if (text == "-") return result;
    for (const std::string& entry : split(text, ';')) {
      const auto colon = entry.find(':');
      AssignedTopic topic;
      const std::string name = entry.substr(0, colon);
      topic.topic_id = name[0] == '?' ? *Uuid::parse(name.substr(1)) : topics[static_cast<size_t>(number(name))].id;
      for (const std::string& partition : split(entry.substr(colon + 1), '.')) {
        topic.partitions.push_back(number(partition));
      }
      result.push_back(std::move(topic));
    }
    return normalized(std::move(result));
  }

  explicit Case(const std::string& line) {
    const std::vector<std::string> words = split(line, ' ');
    assignor = words[0];
    homogeneous = words[1] == "homogeneous";
    size_t at = 2;
    for (; words[at] != "/"; ++at) {
      const auto colon = words[at].find(':');
      topics.push_back(
          {.id = *Uuid::parse(words[at].substr(0, colon)), .partitions = number(words[at].substr(colon + 1))});
    }
    for (++at; at < words.size(); ++at) {
      const std::vector<std::string> fields = split(words[at], ',');
      ids.push_back(fields[0]);
      instances.push_back(fields[1] == "-" ? std::nullopt : std::optional(fields[1]));
      std::vector<uint32_t>& indexes = subscribed.emplace_back();
      if (fields[2] != "-") {
        for (const std::string& index : split(fields[2], '.')) indexes.push_back(static_cast<uint32_t>(number(index)));
      }
      previous.push_back(list(fields[3]));
      answer.push_back(list(fields[4]));
    }
  }

  std::vector<Assignment> run() const {
    std::vector<AssignorMember> members;
    for (size_t i = 0; i < ids.size(); ++i) {
      AssignorMember& member = members.emplace_back();
      member.member_id = ids[i];
      if (instances[i]) member.instance_id = *instances[i];
      member.topics = subscribed[i];
      member.previous = &previous[i];
    }
    return find_assignor(assignor)({.topics = topics, .members = members, .homogeneous = homogeneous});
  }
};

TEST(Assignors, AnswerWhatKafkaAnswers) {
  const std::string path = MOLDAU_SOURCE_DIR "/test/group/assignors.txt";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::map<std::string, int> seen;
  int at = 0;
  for (std::string line; std::getline(file, line);) {
    ++at;
    if (line.empty() || line[0] == '#') continue;
    const Case given(line);
    ++seen[given.assignor + (given.homogeneous ? " homogeneous" : " heterogeneous")];
    EXPECT_EQ(given.run(), given.answer) << path << ':' << at << ' ' << line;
  }
  for (const char* kind :
       {"uniform homogeneous", "uniform heterogeneous", "range homogeneous", "range heterogeneous"}) {
    EXPECT_GE(seen[kind], 20) << kind;
  }
}

struct Group {
  std::vector<AssignorTopic> topics;
  std::vector<uint32_t> indexes;
  std::vector<std::string> ids;
  std::vector<Assignment> targets;

  Group(int members, int topic_count, int32_t partitions) {
    for (int i = 0; i < topic_count; ++i) {
      topics.push_back({.id = Uuid::of(7, static_cast<uint64_t>(i)), .partitions = partitions});
    }
    indexes.resize(static_cast<size_t>(topic_count));
    std::iota(indexes.begin(), indexes.end(), 0U);
    for (int i = 0; i < members; ++i) ids.push_back("member-" + std::to_string(100'000 + i));
    targets.resize(ids.size());
  }
  void assign(AssignorFunction assignor) {
    std::vector<AssignorMember> members;
    for (size_t i = 0; i < ids.size(); ++i) {
      members.push_back({.member_id = ids[i], .instance_id = {}, .topics = indexes, .previous = &targets[i]});
    }
    targets = assignor({.topics = topics, .members = members, .homogeneous = true});
  }
};

TEST(Assignors, UniformMovesNoMoreThanANewMemberNeeds) {
  Group group(100, 10, 100);
  group.assign(assign_uniform);
  for (const Assignment& target : group.targets) EXPECT_EQ(partition_count(target), 10U);
  const std::vector<Assignment> before = group.targets;
  group.ids.emplace_back("member-new");
  group.targets.emplace_back();
  group.assign(assign_uniform);
  size_t lost = 0;
  for (size_t i = 0; i < before.size(); ++i) lost += partition_count(before[i]) - partition_count(group.targets[i]);
  EXPECT_EQ(lost, partition_count(group.targets.back()));
  EXPECT_EQ(lost, 9U);  // 1,000 = 101 * 9 + 91
}

TEST(Assignors, WhatDoesNotExistAndWhatIsOwnedTwiceIsDropped) {
  Group group(2, 1, 4);
  const Uuid id = group.topics[0].id;
  group.targets[0] = {{.topic_id = id, .partitions = {0, 1, 9}}, {.topic_id = Uuid::of(9, 9), .partitions = {0}}};
  group.targets[1] = {{.topic_id = id, .partitions = {1, 2}}};
  group.assign(assign_uniform);
  EXPECT_EQ(group.targets[0], (Assignment{{.topic_id = id, .partitions = {0, 1}}}));
  EXPECT_EQ(group.targets[1], (Assignment{{.topic_id = id, .partitions = {2, 3}}}));
}

TEST(Assignors, TwoThousandMembersOfTenThousandPartitionsAreDealtOnce) {
  for (const AssignorFunction assignor : {assign_uniform, assign_range}) {
    Group group(2000, 10, 1000);
    group.assign(assignor);
    std::vector<int> owners(10'000, 0);
    for (const Assignment& target : group.targets) {
      for (const AssignedTopic& topic : target) {
        const auto base = static_cast<size_t>(topic.topic_id.bytes[15]) * 1000;
        for (const PartitionIndex partition : topic.partitions) ++owners[base + static_cast<size_t>(partition)];
      }
    }
    EXPECT_EQ(std::count(owners.begin(), owners.end(), 1), 10'000);
  }
}

TEST(Assignors, NamesAreCaseSensitive) {
  EXPECT_NE(find_assignor("range"), nullptr);
  EXPECT_EQ(find_assignor("Range"), nullptr);
  EXPECT_EQ(find_assignor(""), nullptr);
}

TEST(Assignors, TextsAreComparedAsJavaDoes) {
  EXPECT_TRUE(java_less("a", "b"));
  EXPECT_TRUE(java_less("a", "aa"));
  EXPECT_FALSE(java_less("aa", "a"));
  EXPECT_FALSE(java_less("a", "a"));
  EXPECT_TRUE(java_less("\xF0\x9F\x98\x80", "\xEE\x80\x80"));  // U+1F600 is a surrogate pair, U+E000 is above it
  EXPECT_TRUE(java_less("\xED\x9F\xBF", "\xF0\x9F\x98\x80"));
  EXPECT_TRUE(java_less("\xF0\x9F\x98\x80", "\xF0\x9F\x98\x81"));
  EXPECT_TRUE(java_less(Uuid::of(~0ULL, 0), Uuid::of(0, 0)));  // -1 < 0
  EXPECT_TRUE(java_less(Uuid::of(1, ~0ULL), Uuid::of(1, 0)));
}

}  // namespace
}  // namespace moldau::group::consumer
