// Runtime and Timers: answers wait for commits, refusals and losses reach whoever waits, timers in order.
#include "coordinator/runtime.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/api/12_heartbeat.h"

namespace moldau::coordinator {
namespace {

using wire::ErrorCode;

/// Keeps the first byte of each record.
class Letters final : public Machine {
 public:
  Status replay(const RecordView& record, const ReplayContext& context) override {
    if (record.key.empty()) return Failure{FailureKind::corrupt, "no key"};
    text += static_cast<char>(record.key[0]);
    last_offset = context.offset;
    return {};
  }
  void end_transaction(ProducerId, bool) override {}
  void loaded(const Now&, Decision&) override { was_loaded = true; }
  std::string text;
  Offset last_offset = -1;
  bool was_loaded = false;
};

class World final : public Host {
 public:
  wire::Encoded encode(Ticket, const wire::MessageDescriptor&, const void*) override { return {}; }
  void send(Reply reply) override { events.push_back("sent " + std::to_string(reply.ticket)); }
  void refuse(Ticket ticket, ErrorCode error) override {
    events.push_back("refused " + std::to_string(ticket) + " " + name_of(error));
  }
  std::expected<Offset, ErrorCode> append(std::span<const Record> records, bool, const Now&) override {
    if (refusal != ErrorCode::none) return std::unexpected(std::exchange(refusal, ErrorCode::none));
    end += static_cast<Offset>(records.size());
    return end;
  }
  void failed(const Failure& why) override { events.push_back("failed " + why.message); }

  std::vector<std::string> take() { return std::exchange(events, {}); }
  Letters& machine() { return static_cast<Letters&>(*runtime.machine()); }
  void start() {
    runtime.begin_load(std::make_unique<Letters>());
    runtime.finish_load(end, end, now);
  }
  void write(Ticket ticket, const std::string& letters) {
    runtime.run(now, [&](Decision& decision) {
      for (const char letter : letters) decision.add(Record{{static_cast<std::byte>(letter)}, std::nullopt});
      decision.reply(ticket, wire::HeartbeatResponse{});
    });
  }

  std::vector<std::string> events;
  Offset end = 10;
  ErrorCode refusal = ErrorCode::none;
  Now now{Instant{0}, 1};
  Runtime runtime{*this, seconds(5)};
};

using Events = std::vector<std::string>;

TEST(Runtime, AnswersWaitForTheirRecords) {
  World world;
  EXPECT_EQ(world.runtime.availability(), ErrorCode::not_coordinator);
  world.runtime.begin_load(std::make_unique<Letters>());
  EXPECT_EQ(world.runtime.availability(), ErrorCode::coordinator_load_in_progress);
  world.runtime.finish_load(10, 10, world.now);
  EXPECT_TRUE(world.machine().was_loaded);
  world.write(1, "");
  EXPECT_EQ(world.take(), Events{"sent 1"});
  world.write(2, "ab");
  world.write(3, "c");
  world.write(4, "");
  EXPECT_EQ(world.machine().text, "abc");
  EXPECT_EQ(world.machine().last_offset, 12);
  EXPECT_EQ(world.take(), Events{});
  world.runtime.advance(11, world.now);
  EXPECT_EQ(world.take(), Events{});
  world.runtime.advance(12, world.now);
  EXPECT_EQ(world.take(), Events{"sent 2"});
  world.runtime.advance(13, world.now);
  EXPECT_EQ(world.take(), (Events{"sent 3", "sent 4"}));
}

TEST(Runtime, ARefusedAppendChangesNothing) {
  World world;
  world.start();
  world.refusal = ErrorCode::not_enough_replicas;
  ErrorCode told = ErrorCode::none;
  world.runtime.run(world.now, [&](Decision& decision) {
    decision.add(Record{{std::byte{'x'}}, std::nullopt});
    decision.reply(1, wire::HeartbeatResponse{});
    decision.then([&](ErrorCode error, const Now&, Decision& next) {
      told = error;
      next.reply(2, wire::HeartbeatResponse{});
    });
  });
  EXPECT_EQ(world.machine().text, "");
  EXPECT_EQ(told, ErrorCode::not_enough_replicas);
  EXPECT_EQ(world.take(), (Events{"refused 1 NOT_ENOUGH_REPLICAS", "sent 2"}));
}

TEST(Runtime, UnloadingTellsWhoeverWaits) {
  World world;
  world.start();
  world.write(1, "a");
  std::string order;
  world.runtime.run(world.now, [&](Decision& decision) {
    decision.add(Record{{std::byte{'b'}}, std::nullopt});
    decision.then([&](ErrorCode error, const Now&, Decision& next) {
      order += name_of(error);
      next.reply(9, wire::HeartbeatResponse{});
    });
  });
  world.runtime.unload(ErrorCode::not_coordinator, world.now);
  EXPECT_EQ(order, "NOT_COORDINATOR");
  EXPECT_EQ(world.take(), (Events{"refused 1 NOT_COORDINATOR", "refused 9 NOT_COORDINATOR"}));
  EXPECT_EQ(world.runtime.state(), RuntimeState::idle);
  EXPECT_EQ(world.runtime.next_deadline(), Instant::never());
}

TEST(Runtime, AnswersAreGivenUpInTime) {
  World world;
  world.start();
  world.write(1, "a");
  EXPECT_EQ(world.runtime.next_deadline(), Instant{0} + seconds(5));
  world.now.instant = Instant{0} + seconds(5);
  world.runtime.tick(world.now);
  EXPECT_EQ(world.take(), Events{"refused 1 REQUEST_TIMED_OUT"});
  world.runtime.advance(11, world.now);
  EXPECT_EQ(world.take(), Events{});
  EXPECT_EQ(world.machine().text, "a");
}

TEST(Runtime, AnOwnRecordThatCannotBeReplayedEndsIt) {
  World world;
  world.start();
  world.runtime.run(world.now, [&](Decision& decision) {
    decision.add(Record{});
    decision.reply(1, wire::HeartbeatResponse{});
  });
  EXPECT_EQ(world.take(), (Events{"refused 1 NOT_COORDINATOR", "failed no key"}));
  EXPECT_EQ(world.runtime.state(), RuntimeState::failed);
  EXPECT_EQ(world.runtime.availability(), ErrorCode::not_coordinator);
}

TEST(Runtime, TimersRunInOrderAndMoveCheaply) {
  World world;
  world.start();
  std::string order;
  const auto add = [&](char letter) { return [&order, letter](const Now&, Decision&) { order += letter; }; };
  Timers& timers = world.runtime.timers();
  timers.schedule("b", Instant{20}, add('b'));
  timers.schedule("a", Instant{10}, add('a'));
  timers.schedule("c", Instant{20}, add('c'));
  timers.schedule("d", Instant{5}, add('d'));
  timers.schedule("d", Instant{30}, add('D'));  // later
  timers.schedule("b", Instant{15}, add('B'));  // earlier
  timers.schedule_if_absent("a", Instant{1}, add('x'));
  timers.schedule("gone", Instant{1}, add('g'));
  timers.cancel("gone");
  EXPECT_EQ(timers.size(), 4U);
  EXPECT_EQ(timers.deadline_of("d"), Instant{30});
  world.now.instant = Instant{20};
  world.runtime.tick(world.now);
  EXPECT_EQ(order, "aBc");
  EXPECT_EQ(timers.next_deadline(), Instant{30});
  // One that sets itself again for now waits for the next tick.
  timers.schedule("loop", Instant{20}, [&](const Now&, Decision&) {
    order += '.';
    timers.schedule("loop", Instant{20}, add('!'));
  });
  world.runtime.tick(world.now);
  EXPECT_EQ(order, "aBc.");
  world.runtime.tick(world.now);
  EXPECT_EQ(order, "aBc.!");
}

TEST(Runtime, ATimerWhoseRecordsAreRefusedComesAgain) {
  World world;
  world.start();
  world.runtime.timers().schedule(
      "t", Instant{10}, [](const Now&, Decision& decision) { decision.add(Record{{std::byte{'t'}}, std::nullopt}); });
  world.refusal = ErrorCode::kafka_storage_error;
  world.now.instant = Instant{10};
  world.runtime.tick(world.now);
  EXPECT_EQ(world.machine().text, "");
  EXPECT_EQ(world.runtime.next_deadline(), Instant{10} + timer_retry_pause);
  world.now.instant = Instant{10} + timer_retry_pause;
  world.runtime.tick(world.now);
  EXPECT_EQ(world.machine().text, "t");
  EXPECT_EQ(world.runtime.next_deadline(), Instant::never());
}

}  // namespace
}  // namespace moldau::coordinator
