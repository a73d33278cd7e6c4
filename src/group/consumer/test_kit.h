// What the tests of this folder share: a world of topics, and a coordinator of one group that carries out decisions at
// once: replays records, keeps the timers and resolves regular expressions.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "group/consumer/classic_members.h"
#include "group/consumer/decisions.h"
#include "group/consumer/migration.h"
#include "metadata/image.h"

namespace moldau::group::consumer::test {

/// Topics as the metadata log makes them.
class World {
 public:
  World();
  const metadata::Image& image() const { return *image_; }
  Offset newest_topics() const { return newest_topics_; }

  void add_topic(const std::string& name, int partitions) { add_topic(name, Uuid::of(1, ++ids_), partitions, {}); }
  /// Each partition has a replica on a broker of each of `racks`.
  void add_topic(const std::string& name, const Uuid& id, int partitions, const std::vector<std::string>& racks);
  void add_partitions(const std::string& name, int partitions);
  void remove_topic(const std::string& name);
  /// A new image that changes no topic.
  void touch();
  const Uuid& id_of(const std::string& name) const { return image_->topic(name)->id; }

 private:
  template <typename R>
  void apply(const R& record, int16_t version);
  void publish();

  metadata::ImageBuilder builder_;
  metadata::ImageRef image_;
  Offset next_ = 0;
  Offset newest_topics_ = 0;
  uint64_t ids_ = 0;
  NodeId brokers_ = 100;
};

/// A heartbeat under construction.
struct Beat {
  std::string member;
  Epoch epoch = 0;
  std::optional<std::string> instance;
  std::optional<std::string> rack;
  int32_t rebalance_timeout_ms = -1;
  std::optional<std::vector<std::string>> topics;
  std::optional<std::string> regex;
  std::optional<std::string> assignor;
  std::optional<Assignment> owned;
};

struct Answer {
  wire::ErrorCode error = wire::ErrorCode::none;
  std::string message;
  HeartbeatAnswer beat;
};

/// A timer of a member.
struct TimerState {
  WallMillis at = 0;
  Epoch epoch = 0;
};

class GroupHost {
 public:
  explicit GroupHost(World& world) : world_(world) {}

  Answer beat(const Beat& beat, int16_t version = 1);
  /// Joins with the usual fields.
  Answer join(const std::string& member, std::vector<std::string> topics, std::optional<std::string> instance = {});
  /// Reports what it has and its epoch, as clients do.
  Answer report(const std::string& member);
  Answer leave(const std::string& member, std::optional<std::string> instance = {}, Epoch epoch = -1);
  /// Reports of all members, round after round, until nothing changes; the number of rounds.
  int settle(int rounds_max = 50);
  /// Moves the clock and runs the timers that come due.
  void pass(int64_t milliseconds);

  std::expected<ClassicJoinAnswer, Refusal> classic_join(const std::string& member,
                                                         const std::vector<std::string>& topics,
                                                         const Assignment& owned = {},
                                                         std::optional<std::string> instance = {}, int16_t version = 9);
  std::expected<ClassicSyncAnswer, Refusal> classic_sync(const std::string& member, int32_t generation);
  std::expected<ClassicHeartbeatAnswer, Refusal> classic_heartbeat(const std::string& member, int32_t generation);
  std::vector<wire::ErrorCode> classic_leave(const std::vector<std::string>& members);

  Context context();
  ConsumerGroup& group();
  bool exists() const { return group_ != nullptr; }
  /// Replays `records` and keeps them.
  void take(const std::vector<coordinator::Record>& records, const std::vector<TimerChange>& timers = {});
  void install(ConsumerGroup group) { group_ = std::make_unique<ConsumerGroup>(std::move(group)); }
  bool has_timer(const std::string& member, MemberTimer timer) const { return timers_.contains({member, timer}); }
  /// The partitions that a member believes to have.
  const Assignment& held(const std::string& member) const { return held_.at(member); }
  std::map<std::string, Assignment>& held() { return held_; }
  /// "name:0,1 other:3" of the member's assigned partitions.
  std::string assigned(const std::string& member);
  std::string target(const std::string& member);
  std::string text(const Assignment& assignment) const;

  World& world() { return world_; }
  ConsumerGroupSettings settings;
  WallMillis wall = 1'000'000;
  std::vector<coordinator::Record> log;
  std::optional<Downgrade> downgraded;
  size_t last_records = 0;

 private:
  template <typename A>
  void carry_out(Decision<A>& decision);

  World& world_;
  TopicHashes hashes_;
  std::unique_ptr<ConsumerGroup> group_;
  std::map<std::pair<std::string, MemberTimer>, TimerState> timers_;
  std::map<std::string, Assignment> held_;
  std::string fresh_;
  int fresh_ids_ = 0;
};

/// A subscription of the embedded consumer protocol, v1.
std::vector<std::byte> subscription(const std::vector<std::string>& topics, const Assignment& owned,
                                    const metadata::Image& image);

}  // namespace moldau::group::consumer::test
