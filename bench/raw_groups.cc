// moldau-groups: the members of a consumer group without the cost of a client, for ratios between brokers. Each has a
// connection of its own and answers at once what the broker says; one thread drives them all. Prints one JSON line.
// Used by bench/bench.py.
//
//   classic    N members join by the classic protocol (the leader gives every member an even part of the partitions),
//              one more joins, one leaves: seconds until the group is stable again after each. Members hear of a
//              rebalance by their heartbeats, in their own time: `asked_s` is what is left of it from when the last
//              of them asked
//   consumer   the same by the consumer protocol (KIP-848)
//   commit     offset commits of a group without members, several requests in flight on each connection
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/endian.h"
#include "bench/raw_client.h"
#include "wire/api/08_offset_commit.h"
#include "wire/api/10_find_coordinator.h"
#include "wire/api/11_join_group.h"
#include "wire/api/12_heartbeat.h"
#include "wire/api/13_leave_group.h"
#include "wire/api/14_sync_group.h"
#include "wire/api/68_consumer_group_heartbeat.h"
#include "wire/codec.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/error_code.h"
#include "wire/header.h"

namespace moldau::bench {
namespace {

using wire::code_of;
using wire::ErrorCode;

constexpr int64_t millisecond = 1'000'000;

/// As --name value; every one has a default.
struct Settings {
  std::string mode;
  std::string host = "127.0.0.1";
  std::string group = "bench";
  std::string topic = "bench";
  int port = 9092;
  int members = 100;
  int partitions = 1000;
  int heartbeat_ms = 100;
  int connections = 4;
  int depth = 5;
  int commits = 100'000;
  int groups = 1;                 ///< commit: that many groups in turn
  int partitions_per_commit = 1;  ///< commit: offsets in one request
  int timeout_s = 120;
};

/// A connection that speaks in whole messages, and knows how many answers are to come.
class MessageLink {
 public:
  explicit MessageLink(const Settings& options) : link_(options.host, options.port, receive_bytes) {}

  template <typename Request>
  void send(int16_t version, const Request& request) {
    wire::Encoder encoder;
    encoder.put_int32(0);
    const wire::RequestHeader header{.request_api_key = static_cast<int16_t>(Request::api_key),
                                     .request_api_version = version,
                                     .correlation_id = 1,
                                     .client_id = "moldau-groups"};
    wire::encode(encoder, version >= Request::flexible_since ? 2 : 1, header);
    wire::encode(encoder, version, request);
    if (!encoder.ok()) fail(std::string("cannot encode a request: ") + wire::name_of(encoder.status()));
    encoder.patch_int32(0, static_cast<int32_t>(encoder.position() - 4));
    link_.queue(encoder.view());
    ++in_flight_;
    flush();
  }
  void flush() { link_.flush(); }
  /// Calls `handler` with each whole answer (from the header on).
  template <typename Handler>
  void receive(Handler handler) {
    link_.receive([&](std::span<const std::byte> answer) {
      --in_flight_;
      handler(answer);
    });
  }
  pollfd wants() const { return {link_.fd(), static_cast<short>(POLLIN | (link_.wants_write() ? POLLOUT : 0)), 0}; }
  int in_flight() const { return in_flight_; }

 private:
  static constexpr size_t receive_bytes = 64 << 10;

  Link link_;
  int in_flight_ = 0;
};

template <typename Response>
Response decoded(std::span<const std::byte> frame, int16_t version) {
  wire::Decoder decoder(frame);
  wire::ResponseHeader header;
  wire::decode(decoder, version >= Response::flexible_since ? 1 : 0, header);
  Response response;
  if (wire::decode(decoder, version, response) != wire::DecodeStatus::ok) fail("an answer cannot be read");
  return response;
}

/// The coordinator is not there yet: to be asked again a little later.
bool is_passing(int16_t error) {
  return error == code_of(ErrorCode::coordinator_load_in_progress) ||
         error == code_of(ErrorCode::coordinator_not_available) || error == code_of(ErrorCode::not_coordinator);
}

/// Asks for the coordinator until there is one: that makes the offsets topic, which takes a moment.
void await_coordinator(const Settings& options) {
  constexpr int16_t version = 2;
  MessageLink link(options);
  const int64_t end = now_ns() + options.timeout_s * 1000 * millisecond;
  bool found = false;
  while (!found) {
    if (now_ns() > end) fail("no coordinator in time");
    if (link.in_flight() == 0) {
      wire::FindCoordinatorRequest request;
      request.key = options.group;
      link.send(version, request);
    }
    pollfd wanted = link.wants();
    poll(&wanted, 1, 100);
    link.receive([&](std::span<const std::byte> frame) {
      found = decoded<wire::FindCoordinatorResponse>(frame, version).error_code == 0;
    });
    if (!found) poll(nullptr, 0, 20);
  }
}

class Member {
 public:
  explicit Member(const Settings& given) : options(given), link(given) {}
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  virtual ~Member() = default;
  virtual void join() = 0;
  virtual void on_answer(std::span<const std::byte> frame) = 0;
  /// Sends what is due.
  virtual void on_time(int64_t now) = 0;
  virtual void leave() = 0;
  /// Joined, with an assignment that the broker knows of.
  virtual bool settled() const = 0;
  virtual int epoch() const = 0;
  virtual int assigned() const = 0;

  const Settings& options;
  MessageLink link;
  bool gone = false;
  int64_t asked_at = 0;  ///< when the heartbeat went out, in its time, by which the last news came; 0: not by one
};

class ClassicMember final : public Member {
 public:
  using Member::Member;
  void join() override {
    state_ = State::joining;
    static constexpr std::byte none[6] = {};  // ConsumerProtocolSubscription v0 without topics: nobody looks at it
    wire::JoinGroupRequest request;
    request.group_id = options.group;
    request.session_timeout_ms = 30'000;
    request.rebalance_timeout_ms = 60'000;
    request.member_id = id_;
    request.protocol_type = "consumer";
    request.protocols.push_back({.name = "range", .metadata = none});
    link.send(5, request);
  }
  void on_answer(std::span<const std::byte> frame) override {
    switch (state_) {
      case State::joining: return on_joined(decoded<wire::JoinGroupResponse>(frame, 5));
      case State::syncing: return on_synced(decoded<wire::SyncGroupResponse>(frame, 3));
      case State::stable: return on_heartbeat(decoded<wire::HeartbeatResponse>(frame, 3));
      case State::leaving: gone = true; return;
      case State::waiting: return;
    }
  }
  void on_time(int64_t now) override {
    if (state_ == State::waiting && now >= due_) join();
    if (state_ != State::stable || now < due_ || link.in_flight() > 0) return;
    due_ = now + options.heartbeat_ms * millisecond;
    beat_at_ = now;
    wire::HeartbeatRequest request;
    request.group_id = options.group;
    request.generation_id = generation_;
    request.member_id = id_;
    link.send(3, request);
  }
  void leave() override {
    state_ = State::leaving;
    wire::LeaveGroupRequest request;
    request.group_id = options.group;
    request.member_id = id_;
    link.send(2, request);
  }
  bool settled() const override { return state_ == State::stable; }
  int epoch() const override { return generation_; }
  int assigned() const override { return assigned_; }

 private:
  enum class State { joining, syncing, stable, leaving, waiting };

  void again(int16_t error) {
    if (error == code_of(ErrorCode::unknown_member_id)) id_.clear();
    assigned_ = 0;
    if (!is_passing(error)) return join();
    state_ = State::waiting;
    due_ = now_ns() + 20 * millisecond;
  }
  void on_joined(const wire::JoinGroupResponse& response) {
    if (response.error_code == code_of(ErrorCode::member_id_required)) {
      id_ = response.member_id;
      return join();
    }
    if (response.error_code != 0) return again(response.error_code);
    id_ = response.member_id;
    generation_ = response.generation_id;
    state_ = State::syncing;
    wire::SyncGroupRequest request;
    request.group_id = options.group;
    request.generation_id = generation_;
    request.member_id = id_;
    std::vector<std::vector<std::byte>> parts;
    if (response.leader == response.member_id) {
      const int count = static_cast<int>(response.members.size());
      for (int i = 0; i < count; ++i) parts.push_back(part(i, count));
      for (int i = 0; i < count; ++i) {
        const auto at = static_cast<size_t>(i);
        request.assignments.push_back({.member_id = response.members[at].member_id, .assignment = parts[at]});
      }
    }
    link.send(3, request);
  }
  /// ConsumerProtocolAssignment v0: every `count`th partition.
  std::vector<std::byte> part(int index, int count) const {
    wire::Encoder encoder;
    encoder.put_int16(0);
    encoder.put_int32(1);
    encoder.put_string(false, options.topic);
    std::vector<int32_t> own;
    for (int p = index; p < options.partitions; p += count) own.push_back(p);
    encoder.put_int32(static_cast<int32_t>(own.size()));
    for (const int32_t p : own) encoder.put_int32(p);
    encoder.put_int32(-1);
    const auto view = encoder.view();
    return {view.begin(), view.end()};
  }
  void on_synced(const wire::SyncGroupResponse& response) {
    if (response.error_code != 0) return again(response.error_code);
    const size_t count_at = 2 + 4 + 2 + options.topic.size();
    if (response.assignment.size() < count_at + 4) fail("an assignment came back too short");
    assigned_ = load_big_endian<int32_t>(response.assignment.data() + count_at);
    state_ = State::stable;
    due_ = now_ns() + options.heartbeat_ms * millisecond;
  }
  void on_heartbeat(const wire::HeartbeatResponse& response) {
    if (response.error_code == 0) return;
    asked_at = beat_at_;
    again(response.error_code);
  }

  State state_ = State::joining;
  std::string id_;
  int generation_ = -1;
  int assigned_ = 0;
  int64_t due_ = 0;
  int64_t beat_at_ = 0;
};

class ConsumerMember final : public Member {
 public:
  ConsumerMember(const Settings& given, int number) : Member(given), id_("member-" + std::to_string(number)) {}
  void join() override {
    epoch_ = 0;
    owned_ = {};
    joined_ = false;
    wire::ConsumerGroupHeartbeatRequest request = base();
    request.rebalance_timeout_ms = 60'000;
    request.subscribed_topic_names.emplace().push_back(options.topic);
    request.topic_partitions.emplace();
    link.send(version, request);
  }
  void on_answer(std::span<const std::byte> frame) override {
    const auto response = decoded<wire::ConsumerGroupHeartbeatResponse>(frame, version);
    if (leaving_) {
      gone = true;
      return;
    }
    if (response.error_code != 0) {
      epoch_ = 0;
      joined_ = false;
      due_ = now_ns() + (is_passing(response.error_code) ? 20 * millisecond : 0);
      return;
    }
    joined_ = true;
    if (beat_at_ != 0 && (epoch_ != response.member_epoch || response.assignment.has_value())) asked_at = beat_at_;
    epoch_ = response.member_epoch;
    told_ = unsaid_;
    due_ = now_ns() + response.heartbeat_interval_ms * millisecond;
    if (!response.assignment.has_value()) return;
    owned_.clear();
    for (const auto& topic : response.assignment->topic_partitions) {
      owned_.push_back({topic.topic_id, topic.partitions});
    }
    unsaid_ = ++changes_;
    due_ = 0;  // at once: what was taken over and given up
  }
  void on_time(int64_t now) override {
    if (leaving_ || now < due_ || link.in_flight() > 0) return;
    if (!joined_) return join();
    wire::ConsumerGroupHeartbeatRequest request = base();
    if (told_ != unsaid_) request.topic_partitions = owned_;
    beat_at_ = due_ == 0 ? 0 : now;
    due_ = INT64_MAX;
    link.send(version, request);
  }
  void leave() override {
    leaving_ = true;
    wire::ConsumerGroupHeartbeatRequest request = base();
    request.member_epoch = -1;
    link.send(version, request);
  }
  bool settled() const override { return joined_ && told_ == unsaid_; }
  int epoch() const override { return epoch_; }
  int assigned() const override {
    size_t count = 0;
    for (const auto& topic : owned_) count += topic.partitions.size();
    return static_cast<int>(count);
  }

 private:
  static constexpr int16_t version = 1;

  wire::ConsumerGroupHeartbeatRequest base() const {
    wire::ConsumerGroupHeartbeatRequest request;
    request.group_id = options.group;
    request.member_id = id_;
    request.member_epoch = epoch_;
    return request;
  }

  std::string id_;
  int epoch_ = 0;
  std::vector<wire::ConsumerGroupHeartbeatRequest::TopicPartitions> owned_;
  bool joined_ = false;
  bool leaving_ = false;
  int changes_ = 0;
  int unsaid_ = 0;  ///< the last change of the assignment
  int told_ = 0;    ///< the last change that the broker was told of
  int64_t due_ = 0;
  int64_t beat_at_ = 0;  ///< when the last heartbeat went out; 0: at once after an answer
};

/// Drives members until the group is stable.
class Fleet {
 public:
  explicit Fleet(const Settings& options) : options_(options) {}
  void add() {
    const int number = next_number_++;
    if (options_.mode == "classic") {
      members_.push_back(std::make_unique<ClassicMember>(options_));
    } else {
      members_.push_back(std::make_unique<ConsumerMember>(options_, number));
    }
  }
  void join_last(int count) {
    for (size_t i = members_.size() - static_cast<size_t>(count); i < members_.size(); ++i) members_[i]->join();
  }
  void leave_one() { members_.front()->leave(); }

  struct Settled {
    double seconds;
    double since_asked;  ///< since the last member asked that heard of it by a heartbeat
  };
  /// Until there are `count` members, which have one epoch and every partition, each its part.
  Settled settle(int count, const char* what) {
    const int64_t start = now_ns();
    while (!stable(count)) {
      if (now_ns() - start > options_.timeout_s * 1000 * millisecond) fail(std::string("not stable in time: ") + what);
      turn();
    }
    const int64_t end = now_ns();
    int64_t asked = start;
    for (const auto& member : members_) asked = std::max(asked, member->asked_at);
    return {static_cast<double>(end - start) / 1e9, static_cast<double>(end - asked) / 1e9};
  }

 private:
  bool stable(int count) {
    std::erase_if(members_, [](const auto& member) { return member->gone; });
    if (static_cast<int>(members_.size()) != count) return false;
    int sum = 0;
    for (const auto& member : members_) {
      if (!member->settled() || member->epoch() != members_.front()->epoch()) return false;
      if (member->assigned() == 0 && count <= options_.partitions) return false;
      sum += member->assigned();
    }
    return sum == options_.partitions;
  }
  void turn() {
    polls_.clear();
    const int64_t now = now_ns();
    for (const auto& member : members_) {
      member->on_time(now);
      polls_.push_back(member->link.wants());
    }
    poll(polls_.data(), polls_.size(), 1);
    for (size_t i = 0; i < polls_.size(); ++i) {
      Member& member = *members_[i];
      if ((polls_[i].revents & POLLOUT) != 0) member.link.flush();
      if ((polls_[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      member.link.receive([&](std::span<const std::byte> frame) { member.on_answer(frame); });
    }
  }

  const Settings& options_;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<pollfd> polls_;
  int next_number_ = 0;
};

void rebalance(const Settings& options) {
  Fleet fleet(options);
  for (int i = 0; i < options.members; ++i) fleet.add();
  fleet.join_last(options.members);
  const Fleet::Settled first = fleet.settle(options.members, "first assignment");
  fleet.add();
  fleet.join_last(1);
  const Fleet::Settled plus_one = fleet.settle(options.members + 1, "one member more");
  fleet.leave_one();
  const Fleet::Settled minus_one = fleet.settle(options.members, "one member less");
  std::printf("{\"first_s\": %.4f, \"plus_one_s\": %.4f, \"minus_one_s\": %.4f, \"all_s\": %.4f, \"asked_s\": %.4f}\n",
              first.seconds, plus_one.seconds, minus_one.seconds, first.seconds + plus_one.seconds + minus_one.seconds,
              first.since_asked + plus_one.since_asked + minus_one.since_asked);
}

void commit(const Settings& options) {
  std::vector<std::unique_ptr<MessageLink>> links;
  std::vector<std::string> names;
  for (int i = 0; i < options.connections; ++i) links.push_back(std::make_unique<MessageLink>(options));
  for (int i = 0; i < options.groups; ++i) names.push_back(options.group + "-" + std::to_string(i));
  constexpr int16_t version = 8;
  int started = 0;
  int answered = 0;
  int refused = 0;
  const int64_t start = now_ns();
  const auto send_one = [&](MessageLink& link) {
    wire::OffsetCommitRequest request;
    request.group_id = names[static_cast<size_t>(started % options.groups)];
    auto& topic = request.topics.emplace_back();
    topic.name = options.topic;
    for (int p = 0; p < options.partitions_per_commit; ++p) {
      topic.partitions.push_back({.partition_index = (started + p) % options.partitions, .committed_offset = started});
    }
    link.send(version, request);
    ++started;
  };
  std::vector<pollfd> polls(links.size());
  while (answered < options.commits) {
    for (size_t i = 0; i < links.size(); ++i) {
      while (started < options.commits + refused && links[i]->in_flight() < options.depth) send_one(*links[i]);
      polls[i] = links[i]->wants();
    }
    if (poll(polls.data(), polls.size(), 10'000) == 0) fail("no answer for 10 s");
    for (size_t i = 0; i < links.size(); ++i) {
      links[i]->flush();
      if ((polls[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      links[i]->receive([&](std::span<const std::byte> frame) {
        const auto response = decoded<wire::OffsetCommitResponse>(frame, version);
        const int16_t error = response.topics.at(0).partitions.at(0).error_code;
        if (is_passing(error)) {
          ++refused;
        } else if (error != 0) {
          fail("a commit was answered with error " + std::to_string(error));
        } else {
          ++answered;
        }
      });
    }
  }
  const double seconds = static_cast<double>(now_ns() - start) / 1e9;
  std::printf("{\"commits\": %d, \"seconds\": %.4f, \"commits_per_second\": %.0f}\n", answered, seconds,
              answered / seconds);
}

Settings parse(int argc, char** argv) {
  Settings settings;
  if (argc > 1) settings.mode = argv[1];
  Options options;
  options.bind("--port", settings.port);
  options.bind("--members", settings.members);
  options.bind("--partitions", settings.partitions);
  options.bind("--heartbeat-ms", settings.heartbeat_ms);
  options.bind("--connections", settings.connections);
  options.bind("--depth", settings.depth);
  options.bind("--commits", settings.commits);
  options.bind("--groups", settings.groups);
  options.bind("--partitions-per-commit", settings.partitions_per_commit);
  options.bind("--timeout-s", settings.timeout_s);
  options.bind("--host", settings.host);
  options.bind("--group", settings.group);
  options.bind("--topic", settings.topic);
  options.parse(argc, argv, 2);
  return settings;
}

}  // namespace
}  // namespace moldau::bench

int main(int argc, char** argv) {
  const moldau::bench::Settings options = moldau::bench::parse(argc, argv);
  if (options.mode == "classic" || options.mode == "consumer" || options.mode == "commit") {
    moldau::bench::await_coordinator(options);
  }
  if (options.mode == "classic" || options.mode == "consumer") {
    moldau::bench::rebalance(options);
  } else if (options.mode == "commit") {
    moldau::bench::commit(options);
  } else {
    std::fprintf(stderr, "usage: moldau-groups classic|consumer|commit [--port N] [--members N] ...\n");
    return 1;
  }
  return 0;
}
