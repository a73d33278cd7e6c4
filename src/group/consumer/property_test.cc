// Random lives of a group: members of both kinds come, go, fall silent, change their minds and lose answers while
// topics grow, appear and vanish. At every moment a partition is with one member at most, the epochs only grow, and
// what the log says of the group is what the group is; left alone, it settles on its target.
#include <gtest/gtest.h>

#include <set>

#include "base/prng.h"
#include "group/consumer/test_kit.h"

namespace moldau::group::consumer::test {
namespace {

class Life {
 public:
  explicit Life(uint64_t seed) : random_(seed) {
    world.add_topic("a", 3);
    world.add_topic("b", 5);
    host.settings.assignment_interval_ms = below(2) == 0 ? 0 : 1000;
  }

  void step() {
    host.wall += static_cast<WallMillis>(below(1500));
    switch (below(14)) {
      case 0:
      case 1:
        join();
        break;
      case 2:
        leave();
        break;
      case 3:
        host.pass(static_cast<int64_t>(below(30'000)));
        break;
      case 4:
        change_topics();
        break;
      case 5:
        resubscribe();
        break;
      case 6:
        rejoin_static();
        break;
      default:
        report();
        break;
    }
    check();
  }

  void finish() {
    if (!host.exists() || host.group().empty()) return;
    // Static members that are away come back, or their session ends.
    host.settings.session_timeout_ms = 1'000'000'000;
    for (const std::string& id : ids()) {
      const Member& member = *host.group().find(id);
      if (member.epoch == epoch_leaving_static) {
        host.take(timer_expired(host.group(), MemberTimer::session, id, 0, host.context()).records);
      }
    }
    if (host.group().empty()) return;
    host.wall += 20'000;  // expressions may be resolved again
    host.settle();
    EXPECT_EQ(host.group().state(), ConsumerGroupState::stable);
    std::set<std::pair<Uuid, PartitionIndex>> owned;
    for (const std::string& id : ids()) {
      EXPECT_EQ(host.assigned(id), host.target(id)) << id;
      EXPECT_EQ(host.held(id), without_epochs(host.group().find(id)->assigned)) << id;
    }
    // All that somebody subscribes to is with somebody.
    for (const auto& [name, count] : host.group().subscribed_topics()) {
      const metadata::TopicImage* topic = world.image().topic(name);
      if (topic == nullptr) continue;
      for (PartitionIndex i = 0; i < static_cast<PartitionIndex>(topic->partitions.size()); ++i) {
        EXPECT_NE(host.group().partition_epoch(topic->id, i), -1) << name << '-' << i;
      }
    }
    check();
  }

  World world;
  GroupHost host{world};

 private:
  uint64_t below(uint64_t bound) { return random_.next() % bound; }
  std::vector<std::string> ids() {
    std::vector<std::string> result;
    if (!host.exists()) return result;
    for (const auto& [id, member] : host.group().members()) result.push_back(id);
    return result;
  }
  std::string any() {
    const std::vector<std::string> all = ids();
    return all.empty() ? "" : all[below(all.size())];
  }
  std::vector<std::string> some_topics() {
    static const std::vector<std::string> names = {"a", "b", "c", "d"};
    std::vector<std::string> result;
    for (const std::string& name : names) {
      if (below(2) == 0) result.push_back(name);
    }
    if (result.empty()) result.push_back("a");
    return result;
  }

  void join() {
    Beat beat{.member = "m" + std::to_string(below(12)),
              .rebalance_timeout_ms = 10'000,
              .topics = some_topics(),
              .owned = Assignment{}};
    if (below(4) == 0) beat.instance = "i" + std::to_string(below(4));
    if (below(4) == 0) beat.assignor = below(2) == 0 ? "range" : "uniform";
    if (below(4) == 0) beat.regex = below(2) == 0 ? "[ab]" : "[cd].*";
    if (host.exists() && host.group().find(beat.member) != nullptr) {
      // A member does not change its instance id.
      beat.instance = host.group().find(beat.member)->instance_id;
      if (beat.instance) return;
    }
    host.beat(beat);
  }
  void leave() {
    const std::string id = any();
    if (id.empty()) return;
    const Member& member = *host.group().find(id);
    const bool comes_back = member.instance_id && below(2) == 0;
    host.leave(id, member.instance_id, comes_back ? epoch_leaving_static : epoch_leaving);
  }
  void rejoin_static() {
    for (const std::string& id : ids()) {
      const Member member = *host.group().find(id);
      if (member.epoch != epoch_leaving_static) continue;
      host.join("s" + std::to_string(below(1000)), {member.topics.begin(), member.topics.end()}, member.instance_id);
      return;
    }
  }
  void report() {
    const std::string id = any();
    if (id.empty()) return;
    const Member member = *host.group().find(id);
    if (member.epoch < 0) return;
    Beat beat{.member = id, .epoch = member.epoch, .instance = member.instance_id, .owned = host.held()[id]};
    if (below(8) == 0) {
      // It is slow: still shows all that it ever had.
      for (const OwnedTopic& topic : member.pending_revocation) {
        for (const OwnedPartition& owned : topic.partitions) {
          beat.owned->push_back({.topic_id = topic.topic_id, .partitions = {owned.partition}});
        }
      }
      beat.owned = normalized(std::move(*beat.owned));
    } else if (below(8) == 0) {
      beat.owned.reset();
    }
    EXPECT_EQ(host.beat(beat).error, wire::ErrorCode::none);
    if (below(10) == 0 && host.group().find(id) != nullptr) {
      // The answer was lost: the same again, one epoch behind.
      EXPECT_EQ(host.beat(beat).error == wire::ErrorCode::none || !beat.owned ||
                    host.group().find(id)->previous_epoch != beat.epoch,
                true);
    }
  }
  void resubscribe() {
    const std::string id = any();
    if (id.empty() || host.group().find(id)->epoch < 0) return;
    const Member& member = *host.group().find(id);
    host.beat({.member = id,
               .epoch = member.epoch,
               .instance = member.instance_id,
               .topics = some_topics(),
               .owned = host.held()[id]});
  }
  void change_topics() {
    static const std::vector<std::string> names = {"a", "b", "c", "d"};
    const std::string& name = names[below(names.size())];
    if (world.image().topic(name) == nullptr) {
      world.add_topic(name, 1 + static_cast<int>(below(5)));
    } else if (below(3) == 0) {
      world.remove_topic(name);
    } else {
      world.add_partitions(name, 1 + static_cast<int>(below(2)));
    }
  }

  void check() {
    if (!host.exists()) return;
    const ConsumerGroup& group = host.group();
    EXPECT_GE(group.epoch(), last_epoch_);
    EXPECT_GE(group.epoch(), group.assignment_epoch());
    last_epoch_ = group.epoch();
    // One holder of a partition, counting what is not given up yet; and the group knows at which epoch.
    std::set<std::pair<Uuid, PartitionIndex>> seen;
    for (const auto& [id, member] : group.members()) {
      EXPECT_LE(member.epoch, group.assignment_epoch()) << id;
      for (const OwnedPartitions* list : {&member.assigned, &member.pending_revocation}) {
        for (const OwnedTopic& topic : *list) {
          for (const OwnedPartition& owned : topic.partitions) {
            EXPECT_TRUE(seen.insert({topic.topic_id, owned.partition}).second) << id;
            EXPECT_EQ(group.partition_epoch(topic.topic_id, owned.partition), member.epoch);
          }
        }
      }
    }
    // The target gives each partition once.
    std::set<std::pair<Uuid, PartitionIndex>> targeted;
    for (const auto& [id, target] : group.targets()) {
      for (const AssignedTopic& topic : target) {
        for (const PartitionIndex partition : topic.partitions) {
          EXPECT_TRUE(targeted.insert({topic.topic_id, partition}).second) << id;
        }
      }
    }
    // The records alone make the same group.
    World nothing;
    GroupHost other(nothing);
    other.take(host.log);
    EXPECT_TRUE(other.group().same_contents(group));
  }

  Prng random_;
  Epoch last_epoch_ = 0;
};

TEST(ConsumerGroupLives, KeepTheirPromises) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Life life(seed);
    for (int i = 0; i < 120 && !::testing::Test::HasFailure(); ++i) life.step();
    life.finish();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace moldau::group::consumer::test
