#include "raft/node.h"

#include <algorithm>

namespace moldau::raft {

const char* name_of(Role role) noexcept {
  switch (role) {
    case Role::unattached:
      return "unattached";
    case Role::follower:
      return "follower";
    case Role::prospective:
      return "prospective";
    case Role::candidate:
      return "candidate";
    case Role::leader:
      return "leader";
    case Role::resigned:
      return "resigned";
  }
  return "unknown";
}

Node::Node(NodeOptions options)
    : options_(std::move(options)),
      prng_(options_.seed),
      voters_(options_.voters),
      // A lost quorum-state must not take the node behind the epochs of its own log.
      epoch_(std::max(options_.stored.epoch, options_.log_end.epoch)),
      log_end_(options_.log_end) {
  if (options_.stored.epoch == epoch_) {
    leader_ = options_.stored.leader;
    voted_ = options_.stored.voted;
  }
}

void Node::start(Instant now, Effects<Effect>& out) {
  const bool only_voter = voters_.size() == 1 && is_voter();
  if (leader_ == options_.self.id && !only_voter) {
    // The old leadership may have lost what it had not synced: it is over, and others learn it when they ask.
    role_ = Role::resigned;
    leader_ = no_node;
    deadline_ = now + jittered(options_.election_timeout);
  } else if (leader_ != no_node && leader_ != options_.self.id) {
    role_ = Role::follower;
    deadline_ = now + options_.fetch_timeout;
  } else {
    role_ = Role::unattached;
    leader_ = no_node;
    deadline_ = is_voter() ? now + jittered(options_.election_timeout) : Instant::never();
  }
  if (only_voter) {
    become_prospective(now, out);
    return;
  }
  tell_leader(out);
}

void Node::step(const Event& event, Instant now, Effects<Effect>& out) {
  std::visit([&](const auto& held) { on(held, now, out); }, event);
}

// Transitions
// -------------------------------------------------------------------------------------------------------------

void Node::become_unattached(Epoch epoch, Instant now, Effects<Effect>& out) {
  ASSERT(epoch >= epoch_);
  if (epoch > epoch_) voted_ = {};
  role_ = Role::unattached;
  epoch_ = epoch;
  leader_ = no_node;
  granted_.clear();
  refused_.clear();
  deadline_ = is_voter() ? now + jittered(options_.election_timeout) : Instant::never();
  persist(out);
  tell_leader(out);
}

void Node::become_follower(NodeId leader, Epoch epoch, Instant now, Effects<Effect>& out) {
  ASSERT(epoch >= epoch_ && leader != options_.self.id);
  if (epoch > epoch_) voted_ = {};
  role_ = Role::follower;
  epoch_ = epoch;
  leader_ = leader;
  granted_.clear();
  refused_.clear();
  fetched_from_leader_ = false;
  deadline_ = now + options_.fetch_timeout;
  persist(out);
  tell_leader(out);
}

void Node::become_prospective(Instant now, Effects<Effect>& out) {
  ASSERT(is_voter());
  role_ = Role::prospective;
  granted_ = {options_.self.id};
  refused_.clear();
  deadline_ = now + jittered(options_.election_timeout);
  ask_for_votes(true, out);
  count_votes(now, out);
}

void Node::become_candidate(Instant now, Effects<Effect>& out) {
  role_ = Role::candidate;
  ++epoch_;
  leader_ = no_node;
  voted_ = options_.self;
  granted_ = {options_.self.id};
  refused_.clear();
  deadline_ = now + jittered(options_.election_timeout);
  persist(out);  // the own vote, before anyone is asked
  tell_leader(out);
  ask_for_votes(false, out);
  count_votes(now, out);
}

void Node::become_leader(Instant now, Effects<Effect>& out) {
  role_ = Role::leader;
  leader_ = options_.self.id;
  epoch_start_ = log_end_.offset;
  voted_ = {};
  replicas_.clear();
  for (const Voter& voter : voters_.voters()) {
    if (voter.key.id != options_.self.id) replicas_[voter.key.id] = {.end = {}, .last_fetch = now, .fetched = false};
  }
  deadline_ = replicas_.empty() ? Instant::never() : now + options_.fetch_timeout;
  persist(out);
  AppendLeaderChange change{.epoch = epoch_, .voters = {}, .granting = {granted_.begin(), granted_.end()}};
  for (const Voter& voter : voters_.voters()) change.voters.push_back(voter.key.id);
  out.add(std::move(change));
  granted_.clear();
  refused_.clear();
  tell_leader(out);
  for (const Voter& voter : voters_.voters()) {
    if (voter.key.id != options_.self.id) out.add(AnnounceLeader{.to = voter.key, .epoch = epoch_});
  }
}

void Node::resign(Instant now, Effects<Effect>& out) {
  ASSERT(role_ == Role::leader);
  AnnounceResignation notice{.to = {}, .epoch = epoch_, .successors = {}};
  // The most caught-up replicas come first.
  std::vector<std::pair<LogEnd, ReplicaKey>> order;
  for (const Voter& voter : voters_.voters()) {
    if (voter.key.id != options_.self.id) order.emplace_back(replicas_[voter.key.id].end, voter.key);
  }
  std::sort(order.begin(), order.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  for (const auto& [end, key] : order) notice.successors.push_back(key);
  role_ = Role::resigned;
  leader_ = no_node;
  replicas_.clear();
  deadline_ = now + jittered(options_.election_timeout);
  tell_leader(out);
  for (const Voter& voter : voters_.voters()) {
    if (voter.key.id == options_.self.id) continue;
    notice.to = voter.key;
    out.add(notice);
  }
}

bool Node::see_epoch(Epoch epoch, NodeId leader, Instant now, Effects<Effect>& out) {
  if (epoch <= epoch_) return false;
  if (leader != no_node && leader != options_.self.id) {
    become_follower(leader, epoch, now, out);
  } else {
    become_unattached(epoch, now, out);
  }
  return true;
}

// Events
// ------------------------------------------------------------------------------------------------------------------

void Node::on(const Ticked&, Instant now, Effects<Effect>& out) {
  if (now < deadline_) return;
  switch (role_) {
    case Role::unattached:
    case Role::follower:
      if (is_voter()) {
        become_prospective(now, out);
      } else {
        become_unattached(epoch_, now, out);
      }
      break;
    case Role::prospective:
      // Nobody answered, or not enough: back to whom it knew, and try again.
      if (leader_ != no_node && leader_ != options_.self.id) {
        become_follower(leader_, epoch_, now, out);
      } else {
        become_prospective(now, out);
      }
      break;
    case Role::candidate:
      become_prospective(now, out);
      break;
    case Role::leader:
      if (heard_of_majority(now)) {
        deadline_ = now + options_.fetch_timeout;
      } else {
        resign(now, out);
      }
      break;
    case Role::resigned:
      become_unattached(epoch_ + 1, now, out);
      break;
  }
}

void Node::on(const StableEnd& event, Instant, Effects<Effect>& out) {
  log_end_ = event.end;
  if (role_ == Role::leader) advance_high_watermark(out);
}

void Node::on(const VotersChanged& event, Instant now, Effects<Effect>& out) {
  voters_ = event.voters;
  if (role_ != Role::leader) {
    if (is_voter() && deadline_ == Instant::never()) deadline_ = now + jittered(options_.election_timeout);
    return;
  }
  std::map<NodeId, Replica> kept;
  for (const Voter& voter : voters_.voters()) {
    if (voter.key.id == options_.self.id) continue;
    const auto known = replicas_.find(voter.key.id);
    kept[voter.key.id] =
        known == replicas_.end() ? Replica{.end = {}, .last_fetch = now, .fetched = false} : known->second;
  }
  replicas_ = std::move(kept);
  deadline_ = replicas_.empty() ? Instant::never() : now + options_.fetch_timeout;
  advance_high_watermark(out);
}

bool Node::can_grant(const VoteRequested& request) const {
  const bool log_is_current = request.log_end >= log_end_;
  if (request.pre_vote) {
    // A leader that works is not to be disturbed (KIP-996).
    if (role_ == Role::leader) return false;
    if (role_ == Role::follower && fetched_from_leader_) return false;
    return log_is_current;
  }
  switch (role_) {
    case Role::unattached:
    case Role::prospective:
      if (voted_.id != no_node) return voted_ == request.from;
      if (leader_ != no_node) return false;
      return log_is_current;
    case Role::follower:
      return voted_.id != no_node && voted_ == request.from;
    case Role::candidate:
    case Role::leader:
    case Role::resigned:
      return false;
  }
  return false;
}

void Node::on(const VoteRequested& request, Instant now, Effects<Effect>& out) {
  const bool asks_me = request.voter.id == no_node ||
                       (request.voter.id == options_.self.id &&
                        (request.voter.directory.is_zero() || request.voter.directory == options_.self.directory));
  bool granted = false;
  if (asks_me && request.epoch >= epoch_) {
    see_epoch(request.epoch, no_node, now, out);
    granted = can_grant(request);
    if (granted && !request.pre_vote && voted_.id == no_node) {
      voted_ = request.from;
      role_ = Role::unattached;
      granted_.clear();
      refused_.clear();
      deadline_ = now + jittered(options_.election_timeout);
      persist(out);  // before the answer leaves (H1)
    }
  }
  out.add(SendVoteAnswer{
      .to = request.from, .epoch = epoch_, .leader = leader_, .granted = granted, .pre_vote = request.pre_vote});
}

void Node::on(const VoteAnswered& answer, Instant now, Effects<Effect>& out) {
  if (see_epoch(answer.epoch, answer.leader, now, out) || answer.epoch < epoch_) return;
  if (answer.leader != no_node && answer.leader != options_.self.id && role_ != Role::leader && !answer.granted) {
    if (role_ != Role::follower && role_ != Role::resigned) become_follower(answer.leader, epoch_, now, out);
    return;
  }
  const bool wanted = answer.pre_vote ? role_ == Role::prospective : role_ == Role::candidate;
  if (!wanted || !voters_.contains(answer.from) || refused_.contains(answer.from.id)) return;
  (answer.granted ? granted_ : refused_).insert(answer.from.id);
  count_votes(now, out);
}

void Node::on(const LeaderAnnounced& event, Instant now, Effects<Effect>& out) {
  if (event.leader == options_.self.id || event.leader == no_node) return;
  if (event.epoch < epoch_ || see_epoch(event.epoch, event.leader, now, out)) return;
  if (role_ == Role::leader || role_ == Role::resigned || (role_ == Role::follower && leader_ == event.leader)) return;
  become_follower(event.leader, event.epoch, now, out);
}

void Node::on(const LeaderResigned& event, Instant now, Effects<Effect>& out) {
  if (event.epoch < epoch_ || see_epoch(event.epoch, event.leader, now, out)) {
    if (event.epoch < epoch_) return;
  }
  if (role_ != Role::follower || leader_ != event.leader || !is_voter()) return;
  // The first named successor stands at once, each next one a little later.
  const auto place = std::find(event.successors.begin(), event.successors.end(), options_.self);
  const auto rank = static_cast<int64_t>(place - event.successors.begin());
  leader_ = no_node;
  if (rank == 0) {
    become_prospective(now, out);
    return;
  }
  role_ = Role::unattached;
  deadline_ = now + jittered(options_.election_backoff_max) + milliseconds(50 * rank);
  tell_leader(out);
}

void Node::on(const ReplicaFetched& event, Instant now, Effects<Effect>& out) {
  if (role_ != Role::leader || event.epoch != epoch_) return;
  const auto replica = replicas_.find(event.from.id);
  if (replica == replicas_.end() || !voters_.contains(event.from)) return;
  // Ends only grow within an epoch; an older fetch may arrive late.
  if (event.end > replica->second.end) replica->second.end = event.end;
  replica->second.last_fetch = now;
  replica->second.fetched = true;
  advance_high_watermark(out);
}

void Node::on(const FetchAnswered& event, Instant now, Effects<Effect>& out) {
  if (see_epoch(event.epoch, event.leader, now, out)) return;
  if (event.epoch < epoch_) return;
  if (role_ != Role::follower && role_ != Role::leader && role_ != Role::resigned && event.leader != no_node &&
      event.leader != options_.self.id) {
    become_follower(event.leader, event.epoch, now, out);
  }
  if (role_ != Role::follower || event.leader != leader_) return;
  fetched_from_leader_ = true;
  deadline_ = now + options_.fetch_timeout;
  // What the leader calls committed and this node does not have yet is not shown here.
  const Offset visible = std::min(event.high_watermark, log_end_.offset);
  if (visible > high_watermark_) {
    high_watermark_ = visible;
    out.add(AdvanceHighWatermark{.offset = visible});
  }
}

void Node::on(const Stopping&, Instant now, Effects<Effect>& out) {
  if (role_ == Role::leader) resign(now, out);
  deadline_ = Instant::never();
}

// Parts
// -------------------------------------------------------------------------------------------------------------------

void Node::ask_for_votes(bool pre_vote, Effects<Effect>& out) {
  for (const Voter& voter : voters_.voters()) {
    if (voter.key.id == options_.self.id) continue;
    out.add(SendVoteRequest{.to = voter.key, .epoch = epoch_, .log_end = log_end_, .pre_vote = pre_vote});
  }
}

void Node::count_votes(Instant now, Effects<Effect>& out) {
  if (granted_.size() >= voters_.majority()) {
    if (role_ == Role::prospective) {
      become_candidate(now, out);
    } else {
      become_leader(now, out);
    }
    return;
  }
  if (voters_.size() - refused_.size() >= voters_.majority()) return;
  // It cannot win any more: wait a little, then ask again.
  if (role_ == Role::prospective && leader_ != no_node && leader_ != options_.self.id) {
    become_follower(leader_, epoch_, now, out);
  } else {
    deadline_ = std::min(deadline_, now + jittered(options_.election_backoff_max));
  }
}

void Node::advance_high_watermark(Effects<Effect>& out) {
  std::vector<Offset> ends;
  for (const Voter& voter : voters_.voters()) {
    ends.push_back(voter.key.id == options_.self.id ? log_end_.offset : replicas_[voter.key.id].end.offset);
  }
  if (ends.empty()) return;
  std::sort(ends.begin(), ends.end(), std::greater<>());
  const Offset committed = ends[voters_.majority() - 1];
  // Records of earlier epochs are committed by one of this epoch only (Raft, 5.4.2).
  if (committed <= epoch_start_ || committed <= high_watermark_) return;
  high_watermark_ = committed;
  out.add(AdvanceHighWatermark{.offset = committed});
}

bool Node::heard_of_majority(Instant now) const {
  size_t heard = is_voter() ? 1 : 0;
  const Duration patience = options_.fetch_timeout * 3 / 2;
  for (const auto& [id, replica] : replicas_) heard += now - replica.last_fetch < patience ? 1U : 0U;
  return heard >= voters_.majority();
}

void Node::persist(Effects<Effect>& out) const {
  QuorumState state;
  state.data_version = options_.kraft_version >= 1 ? 1 : 0;
  state.leader = leader_;
  state.epoch = epoch_;
  state.voted = voted_;
  if (state.data_version == 0) {
    for (const Voter& voter : voters_.voters()) state.current_voters.push_back(voter.key.id);
  }
  out.add(PersistState{.state = std::move(state)});
}

void Node::tell_leader(Effects<Effect>& out) {
  if (told_.leader == leader_ && told_.epoch == epoch_) return;
  told_ = {.leader = leader_, .epoch = epoch_};
  out.add(told_);
}

Duration Node::jittered(Duration timeout) {
  return timeout + Duration{static_cast<int64_t>(prng_.below(static_cast<uint64_t>(timeout.nanoseconds) + 1))};
}

}  // namespace moldau::raft
