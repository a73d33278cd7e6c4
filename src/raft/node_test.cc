// Transitions of one node as scripts (events in, the expected effects out), and three nodes on a lossy network.
#include "raft/node.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>

namespace moldau::raft {
namespace {

VoterSet voters(std::initializer_list<NodeId> ids) {
  std::vector<Voter> list;
  for (const NodeId id : ids) list.push_back({.key = {id, {}}, .endpoints = {}});
  return VoterSet(std::move(list));
}

std::string text_of(const Effect& effect) {
  struct Printer {
    std::string operator()(const PersistState& e) const {
      return fmt::format("persist epoch={} leader={} voted={}", e.state.epoch, e.state.leader, e.state.voted.id);
    }
    std::string operator()(const SendVoteRequest& e) const {
      return fmt::format("{} {} epoch={} end={}/{}", e.pre_vote ? "ask-prevote" : "ask-vote", e.to.id, e.epoch,
                         e.log_end.offset, e.log_end.epoch);
    }
    std::string operator()(const SendVoteAnswer& e) const {
      return fmt::format("answer {} epoch={} leader={} {}", e.to.id, e.epoch, e.leader,
                         e.granted ? "granted" : "refused");
    }
    std::string operator()(const AnnounceLeader& e) const {
      return fmt::format("announce {} epoch={}", e.to.id, e.epoch);
    }
    std::string operator()(const AnnounceResignation& e) const {
      std::string order;
      for (const ReplicaKey& key : e.successors) order += fmt::format(" {}", key.id);
      return fmt::format("resign {} epoch={} successors={}", e.to.id, e.epoch, order);
    }
    std::string operator()(const AppendLeaderChange& e) const {
      return fmt::format("leader-change epoch={} voters={} granting={}", e.epoch, e.voters.size(), e.granting.size());
    }
    std::string operator()(const AdvanceHighWatermark& e) const { return fmt::format("high-watermark {}", e.offset); }
    std::string operator()(const LeaderKnown& e) const { return fmt::format("leader={} epoch={}", e.leader, e.epoch); }
  };
  return std::visit(Printer{}, effect);
}

/// One node, its clock, and what it did last.
class Script {
 public:
  explicit Script(NodeOptions options) : node(std::move(options)) {}

  std::string start() {
    node.start(now, effects_);
    return taken();
  }
  std::string step(const Event& event) {
    node.step(event, now, effects_);
    return taken();
  }
  std::string tick(Duration after) {
    now = now + after;
    return step(Ticked{});
  }
  Node node;
  Instant now{1};

 private:
  std::string taken() {
    std::string lines;
    for (const Effect& effect : effects_.take()) lines += text_of(effect) + "\n";
    return lines;
  }
  Effects<Effect> effects_;
};

TEST(Node, AnOnlyVoterLeadsAtOnceFromEpochOne) {
  Script script({.self = {1, {}}, .voters = voters({1}), .stored = {}, .log_end = {}});
  EXPECT_EQ(script.start(),
            "persist epoch=1 leader=-1 voted=1\n"
            "leader=-1 epoch=1\n"
            "persist epoch=1 leader=1 voted=-1\n"
            "leader-change epoch=1 voters=1 granting=1\n"
            "leader=1 epoch=1\n");
  EXPECT_EQ(script.node.role(), Role::leader);
  EXPECT_EQ(script.node.high_watermark(), no_offset);
  EXPECT_EQ(script.step(StableEnd{{3, 1}}), "high-watermark 3\n");
  EXPECT_EQ(script.step(StableEnd{{3, 1}}), "");
  EXPECT_EQ(script.step(StableEnd{{9, 1}}), "high-watermark 9\n");
  EXPECT_EQ(script.node.next_deadline(), Instant::never());
}

TEST(Node, AnOnlyVoterNeverLeadsTheSameEpochTwice) {
  Script script({.self = {1, {}}, .voters = voters({1}), .stored = {.leader = 1, .epoch = 4}, .log_end = {20, 4}});
  EXPECT_EQ(script.start(),
            "persist epoch=5 leader=-1 voted=1\n"
            "leader=-1 epoch=5\n"
            "persist epoch=5 leader=1 voted=-1\n"
            "leader-change epoch=5 voters=1 granting=1\n"
            "leader=1 epoch=5\n");
  // What was stable before is committed with the first record of the new epoch, not without it.
  EXPECT_EQ(script.step(StableEnd{{20, 4}}), "");
  EXPECT_EQ(script.step(StableEnd{{21, 5}}), "high-watermark 21\n");
}

TEST(Node, ALostQuorumStateDoesNotGoBehindTheLog) {
  Script script({.self = {1, {}}, .voters = voters({1}), .stored = {}, .log_end = {20, 9}});
  script.start();
  EXPECT_EQ(script.node.epoch(), 10);
}

TEST(Node, ACrashBetweenVoteAndLeadershipGoesOnUpwards) {
  Script script({.self = {1, {}}, .voters = voters({1}), .stored = {.epoch = 5, .voted = {1, {}}}, .log_end = {20, 4}});
  script.start();
  EXPECT_EQ(script.node.epoch(), 6);
}

TEST(Node, VersionZeroStateNamesItsVoters) {
  Effects<Effect> effects;
  Node node({.self = {1, {}}, .kraft_version = 0, .voters = voters({1}), .stored = {}, .log_end = {}});
  node.start(Instant{1}, effects);
  const auto& persisted = std::get<PersistState>(*effects.begin());
  EXPECT_EQ(persisted.state.data_version, 0);
  EXPECT_EQ(persisted.state.current_voters, std::vector<NodeId>{1});
}

TEST(Node, ElectionWithPreVote) {
  Script script({.self = {1, {}}, .voters = voters({1, 2, 3}), .stored = {}, .log_end = {10, 2}});
  EXPECT_EQ(script.start(), "leader=-1 epoch=2\n");
  EXPECT_EQ(script.tick(seconds(3)), "ask-prevote 2 epoch=2 end=10/2\nask-prevote 3 epoch=2 end=10/2\n");
  EXPECT_EQ(script.node.role(), Role::prospective);
  EXPECT_EQ(script.step(VoteAnswered{.from = {3, {}}, .epoch = 2, .granted = true, .pre_vote = true}),
            "persist epoch=3 leader=-1 voted=1\n"
            "leader=-1 epoch=3\n"
            "ask-vote 2 epoch=3 end=10/2\nask-vote 3 epoch=3 end=10/2\n");
  EXPECT_EQ(script.step(VoteAnswered{.from = {2, {}}, .epoch = 2, .granted = true, .pre_vote = true}), "");  // late
  EXPECT_EQ(script.step(VoteAnswered{.from = {2, {}}, .epoch = 3, .granted = true}),
            "persist epoch=3 leader=1 voted=-1\n"
            "leader-change epoch=3 voters=3 granting=2\n"
            "leader=1 epoch=3\n"
            "announce 2 epoch=3\nannounce 3 epoch=3\n");
  // The majority's end counts, and only records of this epoch commit.
  EXPECT_EQ(script.step(StableEnd{{11, 3}}), "");
  EXPECT_EQ(script.step(ReplicaFetched{.from = {2, {}}, .epoch = 3, .end = {10, 2}}), "");
  EXPECT_EQ(script.step(ReplicaFetched{.from = {2, {}}, .epoch = 3, .end = {11, 3}}), "high-watermark 11\n");
  EXPECT_EQ(script.step(ReplicaFetched{.from = {2, {}}, .epoch = 3, .end = {10, 2}}), "");  // an old fetch, late
  EXPECT_EQ(script.step(ReplicaFetched{.from = {9, {}}, .epoch = 3, .end = {99, 3}}), "");  // no voter
}

TEST(Node, RefusedByAMajorityTriesAgainLater) {
  Script script({.self = {1, {}}, .voters = voters({1, 2, 3}), .stored = {}, .log_end = {10, 2}});
  script.start();
  script.tick(seconds(3));
  EXPECT_EQ(script.step(VoteAnswered{.from = {2, {}}, .epoch = 2, .granted = false, .pre_vote = true}), "");
  EXPECT_EQ(script.step(VoteAnswered{.from = {3, {}}, .epoch = 2, .granted = false, .pre_vote = true}), "");
  EXPECT_EQ(script.node.role(), Role::prospective);
  EXPECT_EQ(script.tick(seconds(3)), "ask-prevote 2 epoch=2 end=10/2\nask-prevote 3 epoch=2 end=10/2\n");
}

TEST(Node, VotesOnceAnEpochAndRemembersItFirst) {
  Script script({.self = {1, {}}, .voters = voters({1, 2, 3}), .stored = {}, .log_end = {10, 2}});
  script.start();
  const VoteRequested from_2{.from = {2, {}}, .voter = {1, {}}, .epoch = 3, .log_end = {10, 2}};
  EXPECT_EQ(script.step(from_2),
            "persist epoch=3 leader=-1 voted=-1\n"
            "leader=-1 epoch=3\n"
            "persist epoch=3 leader=-1 voted=2\n"
            "answer 2 epoch=3 leader=-1 granted\n");
  const VoteRequested from_3{.from = {3, {}}, .voter = {1, {}}, .epoch = 3, .log_end = {99, 2}};
  EXPECT_EQ(script.step(from_3), "answer 3 epoch=3 leader=-1 refused\n");
  EXPECT_EQ(script.step(from_2), "answer 2 epoch=3 leader=-1 granted\n");  // asked again
  VoteRequested old = from_3;
  old.epoch = 2;
  EXPECT_EQ(script.step(old), "answer 3 epoch=3 leader=-1 refused\n");
  VoteRequested behind{.from = {3, {}}, .voter = {1, {}}, .epoch = 4, .log_end = {9, 2}};
  EXPECT_EQ(script.step(behind),
            "persist epoch=4 leader=-1 voted=-1\nleader=-1 epoch=4\nanswer 3 epoch=4 leader=-1 refused\n");
  VoteRequested not_me = from_2;
  not_me.voter = {2, {}};
  not_me.epoch = 9;
  EXPECT_EQ(script.step(not_me), "answer 2 epoch=4 leader=-1 refused\n");
}

TEST(Node, AVoteOutlivesARestart) {
  Script script(
      {.self = {1, {}}, .voters = voters({1, 2, 3}), .stored = {.epoch = 3, .voted = {2, {}}}, .log_end = {10, 2}});
  script.start();
  const VoteRequested from_3{.from = {3, {}}, .voter = {1, {}}, .epoch = 3, .log_end = {99, 2}};
  EXPECT_EQ(script.step(from_3), "answer 3 epoch=3 leader=-1 refused\n");
}

TEST(Node, AWorkingLeaderIsNotDisturbed) {
  Script script(
      {.self = {1, {}}, .voters = voters({1, 2, 3}), .stored = {.leader = 2, .epoch = 3}, .log_end = {10, 3}});
  EXPECT_EQ(script.start(), "leader=2 epoch=3\n");
  EXPECT_EQ(script.step(FetchAnswered{.leader = 2, .epoch = 3, .high_watermark = 12}), "high-watermark 10\n");
  const VoteRequested pre{.from = {3, {}}, .voter = {1, {}}, .epoch = 3, .log_end = {10, 3}, .pre_vote = true};
  EXPECT_EQ(script.step(pre), "answer 3 epoch=3 leader=2 refused\n");
  // Without a word from the leader it stands itself.
  EXPECT_EQ(script.tick(seconds(3)), "ask-prevote 2 epoch=3 end=10/3\nask-prevote 3 epoch=3 end=10/3\n");
  EXPECT_EQ(script.step(pre), "answer 3 epoch=3 leader=2 granted\n");
}

TEST(Node, AFormerLeaderComesBackResigned) {
  Script script(
      {.self = {1, {}}, .voters = voters({1, 2, 3}), .stored = {.leader = 1, .epoch = 3}, .log_end = {10, 3}});
  EXPECT_EQ(script.start(), "leader=-1 epoch=3\n");
  EXPECT_EQ(script.node.role(), Role::resigned);
  EXPECT_EQ(script.tick(seconds(3)), "persist epoch=4 leader=-1 voted=-1\nleader=-1 epoch=4\n");
  EXPECT_EQ(script.node.role(), Role::unattached);
}

TEST(Node, ALeaderWithoutAMajorityResigns) {
  Script script({.self = {1, {}}, .voters = voters({1, 2, 3}), .stored = {}, .log_end = {}});
  script.start();
  script.tick(seconds(3));
  script.step(VoteAnswered{.from = {2, {}}, .epoch = 0, .granted = true, .pre_vote = true});
  script.step(VoteAnswered{.from = {2, {}}, .epoch = 1, .granted = true});
  ASSERT_TRUE(script.node.is_leader());
  EXPECT_EQ(script.tick(seconds(2)), "");
  script.step(ReplicaFetched{.from = {3, {}}, .epoch = 1, .end = {1, 1}});
  EXPECT_EQ(script.tick(seconds(2)), "");  // 3 was heard of
  EXPECT_EQ(script.tick(seconds(4)),
            "leader=-1 epoch=1\nresign 2 epoch=1 successors= 3 2\nresign 3 epoch=1 successors= 3 2\n");
  EXPECT_EQ(script.node.role(), Role::resigned);
}

TEST(Node, AHigherEpochEndsALeadership) {
  Script script({.self = {1, {}}, .voters = voters({1}), .stored = {}, .log_end = {}});
  script.start();
  EXPECT_EQ(script.step(LeaderAnnounced{.leader = 2, .epoch = 1}), "");  // impossible, and ignored
  EXPECT_EQ(script.step(LeaderAnnounced{.leader = 2, .epoch = 5}),
            "persist epoch=5 leader=2 voted=-1\nleader=2 epoch=5\n");
  EXPECT_EQ(script.node.role(), Role::follower);
}

// Three nodes
// -------------------------------------------------------------------------------------------------------------

/// A cluster whose network delays, loses and cuts, and whose nodes crash and come back with what they persisted.
class Cluster {
 public:
  explicit Cluster(uint64_t seed) : prng_(seed) {
    for (NodeId id = 1; id <= 3; ++id) machines_[id] = {};
    for (NodeId id = 1; id <= 3; ++id) boot(id);
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) turn();
  }
  void heal() {
    lossy_ = false;
    cut_off_ = no_node;
  }
  int leaders() const {
    int count = 0;
    for (const auto& [id, m] : machines_) count += m.node->is_leader() ? 1 : 0;
    return count;
  }
  size_t epochs_led() const { return leader_of_.size(); }

 private:
  struct Machine {
    std::unique_ptr<Node> node;
    QuorumState disk;
    LogEnd log;
  };
  struct Message {
    NodeId from;
    NodeId to;
    Event event;
  };

  void boot(NodeId id) {
    Machine& m = machines_[id];
    m.node = std::make_unique<Node>(NodeOptions{
        .self = {id, {}}, .voters = voters({1, 2, 3}), .stored = m.disk, .log_end = m.log, .seed = prng_.next()});
    Effects<Effect> effects;
    m.node->start(now_, effects);
    carry_out(id, effects);
  }

  void turn() {
    now_ = now_ + milliseconds(prng_.between(1, 80));
    if (lossy_ && prng_.chance(1, 200)) boot(static_cast<NodeId>(prng_.between(1, 3)));
    if (lossy_ && prng_.chance(1, 60)) cut_off_ = static_cast<NodeId>(prng_.between(0, 3));
    for (auto& [id, m] : machines_) {
      deliver(id, Ticked{});
      // Followers fetch: the leader learns where they are, they learn that it lives.
      for (auto& [other, leader] : machines_) {
        if (other == id || other == cut_off_ || id == cut_off_ || !leader.node->is_leader() ||
            m.node->leader() != other)
          continue;
        if (m.node->epoch() != leader.node->epoch() || (lossy_ && prng_.chance(1, 2))) continue;
        m.log = leader.log;
        deliver(id, StableEnd{m.log});
        deliver(other, ReplicaFetched{.from = {id, {}}, .epoch = leader.node->epoch(), .end = m.log});
        deliver(id,
                FetchAnswered{
                    .leader = other, .epoch = leader.node->epoch(), .high_watermark = leader.node->high_watermark()});
      }
    }
    for (size_t left = network_.size(); left > 0; --left) {
      Message message = std::move(network_.front());
      network_.pop_front();
      if (message.to == cut_off_ || message.from == cut_off_) continue;
      if (lossy_ && prng_.chance(1, 4)) continue;
      if (lossy_ && prng_.chance(1, 4)) {
        network_.push_back(std::move(message));
        continue;
      }
      deliver(message.to, message.event);
    }
  }

  void deliver(NodeId id, const Event& event) {
    Effects<Effect> effects;
    machines_[id].node->step(event, now_, effects);
    carry_out(id, effects);
  }

  void carry_out(NodeId id, Effects<Effect>& effects) {
    Machine& m = machines_[id];
    for (const Effect& effect : effects.take()) {
      if (const auto* persist = std::get_if<PersistState>(&effect)) {
        ASSERT_GE(persist->state.epoch, m.disk.epoch);
        if (const NodeId voted = persist->state.voted.id; voted != no_node) {
          const auto [at, is_new] = votes_.try_emplace({persist->state.epoch, id}, voted);
          ASSERT_EQ(at->second, voted) << "node " << id << " voted twice in epoch " << persist->state.epoch;
        }
        m.disk = persist->state;
      } else if (const auto* change = std::get_if<AppendLeaderChange>(&effect)) {
        const auto [at, is_new] = leader_of_.try_emplace(change->epoch, id);
        ASSERT_TRUE(is_new && at->second == id) << "two leaders of epoch " << change->epoch;
        m.log = {m.log.offset + 1, change->epoch};
        m.node->step(StableEnd{m.log}, now_, effects);
      } else if (const auto* ask = std::get_if<SendVoteRequest>(&effect)) {
        network_.push_back({id, ask->to.id,
                            VoteRequested{.from = {id, {}},
                                          .voter = ask->to,
                                          .epoch = ask->epoch,
                                          .log_end = ask->log_end,
                                          .pre_vote = ask->pre_vote}});
      } else if (const auto* answer = std::get_if<SendVoteAnswer>(&effect)) {
        network_.push_back({id, answer->to.id,
                            VoteAnswered{.from = {id, {}},
                                         .epoch = answer->epoch,
                                         .leader = answer->leader,
                                         .granted = answer->granted,
                                         .pre_vote = answer->pre_vote}});
      } else if (const auto* announce = std::get_if<AnnounceLeader>(&effect)) {
        network_.push_back({id, announce->to.id, LeaderAnnounced{.leader = id, .epoch = announce->epoch}});
      } else if (const auto* resign = std::get_if<AnnounceResignation>(&effect)) {
        network_.push_back({id, resign->to.id,
                            LeaderResigned{.leader = id, .epoch = resign->epoch, .successors = resign->successors}});
      }
    }
  }

  Prng prng_;
  Instant now_{1};
  std::map<NodeId, Machine> machines_;
  std::deque<Message> network_;
  std::map<Epoch, NodeId> leader_of_;
  std::map<std::pair<Epoch, NodeId>, NodeId> votes_;
  bool lossy_ = true;
  NodeId cut_off_ = no_node;
};

TEST(Node, ThreeNodesNeverHaveTwoLeadersInAnEpochAndFindOneWhenHealed) {
  size_t epochs = 0;
  for (uint64_t seed = 1; seed <= 600; ++seed) {
    Cluster cluster(seed);
    cluster.run(1500);
    if (HasFatalFailure()) FAIL() << "seed " << seed;
    cluster.heal();
    cluster.run(600);
    EXPECT_EQ(cluster.leaders(), 1) << "seed " << seed;
    epochs += cluster.epochs_led();
  }
  EXPECT_GT(epochs, 2000U);  // elections really happened
}

}  // namespace
}  // namespace moldau::raft
