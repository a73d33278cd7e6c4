// The simulated world: determinism, crashes of whole shells, partitions, connections that fail.
#include "io/sim/world.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "io/sim/disk.h"
#include "io/task.h"

namespace moldau::io::sim {
namespace {

/// Answers every byte with itself, after it has written and synced it: a little broker.
class EchoServer final : public StreamHandler {
 public:
  explicit EchoServer(const Surface& io) : io_(io) {
    file_ = io_.disk.open("/log", OpenMode::create).value();
    size_ = io_.disk.size(*file_).value();
    listener_ = std::move(io_.network.listen({"", 9092}, [this](std::unique_ptr<Stream> stream) {
                  stream_ = std::move(stream);
                  stream_->set_handler(this);
                })).value();
  }
  void on_readable() override {
    if (stream_ == nullptr) return;
    std::array<std::byte, 512> buffer;
    const ReadOutcome outcome = stream_->read(buffer);
    if (outcome.end) {
      stream_.reset();
      return;
    }
    if (outcome.size == 0) return;
    const std::span<const std::byte> piece = std::span(buffer).first(outcome.size);
    if (!io_.disk.write(*file_, size_, std::span(&piece, 1)).ok()) return;
    size_ += outcome.size;
    tasks_.spawn(answer(Bytes::copy_of(piece)));
  }
  void on_drained() override {}
  void on_broken(const Failure&) override { stream_.reset(); }

 private:
  Task<void> answer(Bytes bytes) {
    const Status synced = co_await sync(io_.disk, file_);
    if (synced.ok() && stream_ != nullptr) stream_->write(std::move(bytes));
  }
  Surface io_;
  FileRef file_;
  uint64_t size_ = 0;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Stream> stream_;
  TaskGroup tasks_;
};

/// Sends numbered lines, connecting again whenever the connection ends.
class Client final : public StreamHandler {
 public:
  explicit Client(const Surface& io) : io_(io) {
    connect();
    watch(0);
  }
  /// A server without power says nothing: who waits too long connects anew.
  void watch(uint64_t echoed_before) {
    io_.timers.start(io_.clock.now() + milliseconds(150), [this, echoed_before]() {
      if (echoed == echoed_before && stream_ != nullptr) connect();
      watch(echoed);
    });
  }
  void connect() {
    stream_.reset();
    io_.network.connect({"server", 9092}, milliseconds(500), [this](Result<std::unique_ptr<Stream>> stream) {
      if (!stream.ok()) {
        io_.timers.start(io_.clock.now() + milliseconds(20), [this]() { connect(); });
        return;
      }
      stream_ = std::move(stream).value();
      stream_->set_handler(this);
      send();
    });
  }
  void send() {
    const std::string line = "line " + std::to_string(++lines) + " of " + std::to_string(io_.entropy.next()) + "\n";
    stream_->write(Bytes::copy_of(as_bytes(line)));
  }
  void on_readable() override {
    std::array<std::byte, 512> buffer;
    const ReadOutcome outcome = stream_->read(buffer);
    if (outcome.end) {
      connect();
    } else if (outcome.size > 0) {
      echoed += outcome.size;
      send();
    }
  }
  void on_drained() override {}
  void on_broken(const Failure&) override { connect(); }
  uint64_t lines = 0;
  uint64_t echoed = 0;

 private:
  Surface io_;
  std::unique_ptr<Stream> stream_;
};

struct RunOutcome {
  uint64_t hash;
  uint64_t events;
  uint64_t echoed;
  std::map<std::string, uint64_t, std::less<>> counters;
};

RunOutcome run_with_faults(uint64_t seed) {
  World world(seed);
  Node& server_node = world.node("server");
  Node& client_node = world.node("client");
  DiskFaults& disk = server_node.disk().faults();
  disk.slow_sync_ppm = 10'000;
  disk.slow_sync_max = milliseconds(200);
  disk.uncached_ppm = 100'000;
  NetworkFaults& network = world.network_faults();
  network.cut_ppm = 2'000;
  network.hold_ppm = 2'000;
  network.hold_max = milliseconds(300);
  network.refuse_ppm = 50'000;
  network.give_up_after = milliseconds(400);
  auto server = std::make_unique<EchoServer>(server_node.surface());
  auto client = std::make_unique<Client>(client_node.surface());
  server_node.on_crash([&](Node& node) {
    server.reset();
    world.after(milliseconds(world.prng().between(0, 50)), [&]() {
      node.restart();
      server = std::make_unique<EchoServer>(node.surface());
      node.disk().crash_after_operations(1 + world.prng().below(300));
    });
  });
  server_node.disk().crash_after_operations(200);
  for (int i = 0; i < 5; ++i) {
    world.after(milliseconds(100 + i * 300), [&]() { world.partition_one_way("client", "server"); });
    world.after(milliseconds(130 + i * 300), [&]() { world.heal_all(); });
    world.after(milliseconds(200 + i * 300), [&]() { world.cut_connections("client", "server"); });
    world.after(milliseconds(250 + i * 300), [&]() { client_node.stall(milliseconds(10)); });
  }
  world.run_for(seconds(2));
  return {world.trace_hash(), world.trace_events(), client->echoed, world.counters()};
}

TEST(sim_world, the_same_seed_gives_the_same_trace_and_another_does_not) {
  std::set<uint64_t> hashes;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const RunOutcome first = run_with_faults(seed);
    const RunOutcome second = run_with_faults(seed);
    EXPECT_EQ(first.hash, second.hash);
    EXPECT_EQ(first.events, second.events);
    EXPECT_EQ(first.echoed, second.echoed);
    EXPECT_EQ(first.counters, second.counters);
    EXPECT_GT(first.echoed, 100U);
    EXPECT_GT(first.events, 1000U);
    hashes.insert(first.hash);
  }
  EXPECT_EQ(hashes.size(), 20U);
}

TEST(sim_world, faults_are_counted) {
  std::map<std::string, uint64_t, std::less<>> all;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    for (const auto& [name, count] : run_with_faults(seed).counters) all[name] += count;
  }
  for (const char* name : {"disk.sync.slow", "disk.crash.in_operation", "node.power_cut", "node.stall", "network.reset",
                           "network.held", "network.refused", "network.partition_one_way", "network.cut",
                           "network.held_by_partition"}) {
    EXPECT_GT(all[name], 0U) << name;
  }
}

TEST(sim_world, time_passes_only_in_the_world) {
  World world(1);
  Node& node = world.node("a");
  node.set_wall_offset_ms(5000);
  Surface io = node.surface();
  const WallMillis wall = io.clock.wall();
  EXPECT_EQ(wall, world.options().wall_start + 5000);
  world.run_for(seconds(3600));
  EXPECT_EQ(io.clock.now(), Instant{} + seconds(3600));
  EXPECT_EQ(io.clock.wall(), wall + 3'600'000);
  EXPECT_FALSE(world.step());
  EXPECT_FALSE(world.run_until([]() { return false; }, seconds(1)));
  EXPECT_EQ(io.clock.now(), Instant{} + seconds(3601));
}

TEST(sim_world, a_stalled_node_catches_up_in_one_turn) {
  World world(1);
  Node& node = world.node("a");
  Surface io = node.surface();
  std::vector<Instant> ran;
  for (int i = 1; i <= 10; ++i) {
    io.timers.start(Instant{} + milliseconds(i), [&]() { ran.push_back(io.clock.now()); });
  }
  node.stall(milliseconds(100));
  world.run_for(milliseconds(200));
  ASSERT_EQ(ran.size(), 10U);
  EXPECT_GE(ran.front(), Instant{} + milliseconds(100));
  EXPECT_EQ(ran.front(), ran.back());
}

TEST(sim_world, ready_work_runs_in_an_order_drawn_from_the_seed) {
  std::set<std::string> orders;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    World world(seed);
    Node& node = world.node("a");
    Surface io = node.surface();
    node.stall(milliseconds(10));
    std::string order;
    for (const char c : {'a', 'b', 'c'}) {
      io.executor.offload([]() {}, [&order, c]() { order += c; });
    }
    world.run_for(milliseconds(20));
    ASSERT_EQ(order.size(), 3U);
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 6U);
}

class Pipe final : public StreamHandler {
 public:
  void take(std::unique_ptr<Stream> opened) {
    stream = std::move(opened);
    stream->set_handler(this);
  }
  void on_readable() override {
    std::array<std::byte, 4096> buffer;
    for (;;) {
      const ReadOutcome outcome = stream->read(buffer);
      received += as_text(std::span(buffer).first(outcome.size));
      ended = ended || outcome.end;
      if (outcome.size == 0) return;
    }
  }
  void on_drained() override {}
  void on_broken(const Failure& failure) override { why = failure; }
  void send(std::string_view text) { stream->write(Bytes::copy_of(as_bytes(text))); }
  std::unique_ptr<Stream> stream;
  std::string received;
  bool ended = false;
  std::optional<Failure> why;
};

class Pair {
 public:
  explicit Pair(uint64_t seed) : world(seed) {
    listener = std::move(b.surface().network.listen({"", 1}, [&](std::unique_ptr<Stream> stream) {
                 server.take(std::move(stream));
               })).value();
    connect();
  }
  void connect() {
    a.surface().network.connect({"b", 1}, seconds(2), [&](Result<std::unique_ptr<Stream>> stream) {
      if (stream.ok()) client.take(std::move(stream).value());
    });
    EXPECT_TRUE(world.run_until([&]() { return client.stream != nullptr && server.stream != nullptr; }, seconds(2)));
  }
  World world;
  Node& a = world.node("a");
  Node& b = world.node("b");
  Pipe client;
  Pipe server;
  std::unique_ptr<Listener> listener;
};

TEST(sim_network, a_partition_holds_bytes_until_it_heals) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Pair pair(seed);
    std::string sent;
    for (int i = 0; i < 30; ++i) {
      if (i == 10) pair.world.partition("a", "b");
      if (i == 20) pair.world.heal("a", "b");
      const std::string text = "piece " + std::to_string(i) + ";";
      pair.client.send(text);
      sent += text;
      pair.world.run_for(microseconds(static_cast<int64_t>(seed) * 20));
    }
    pair.world.run_for(seconds(1));
    EXPECT_EQ(pair.server.received, sent);
    EXPECT_FALSE(pair.client.why.has_value());
  }
}

TEST(sim_network, a_long_partition_breaks_who_sends_and_old_bytes_may_come_late) {
  Pair pair(4);
  pair.world.partition_one_way("a", "b");
  pair.client.send("late");
  pair.world.run_for(seconds(40));
  ASSERT_TRUE(pair.client.why.has_value());
  EXPECT_EQ(pair.client.why->kind, FailureKind::timed_out);
  EXPECT_TRUE(pair.server.received.empty());
  EXPECT_FALSE(pair.server.why.has_value());
  pair.world.heal("a", "b");
  pair.world.run_for(seconds(1));
  EXPECT_TRUE(pair.server.why.has_value());  // the reset, behind the late bytes
}

TEST(sim_network, acknowledgements_are_held_too) {
  Pair pair(4);
  pair.world.partition_one_way("b", "a");
  pair.client.send("heard");
  pair.world.run_for(seconds(1));
  EXPECT_EQ(pair.server.received, "heard");
  pair.world.run_for(seconds(40));
  ASSERT_TRUE(pair.client.why.has_value());
  EXPECT_EQ(pair.client.why->kind, FailureKind::timed_out);
}

TEST(sim_network, connects_time_out_within_a_partition) {
  Pair pair(4);
  pair.world.partition("a", "b");
  std::optional<Failure> why;
  pair.a.surface().network.connect({"b", 1}, milliseconds(700), [&](Result<std::unique_ptr<Stream>> stream) {
    if (!stream.ok()) why = stream.failure();
  });
  pair.world.run_for(milliseconds(699));
  EXPECT_FALSE(why.has_value());
  pair.world.run_for(milliseconds(2));
  ASSERT_TRUE(why.has_value());
  EXPECT_EQ(why->kind, FailureKind::timed_out);
  pair.world.heal_all();
  pair.world.run_for(seconds(1));
}

TEST(sim_network, held_directions_deliver_after_their_sender_has_gone) {
  size_t late = 0;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Pair pair(seed);
    pair.world.network_faults().hold_ppm = one_million;
    pair.client.send("abandoned");
    pair.world.run_for(milliseconds(10));
    const bool before = !pair.server.received.empty();
    pair.client.stream.reset();
    pair.world.run_for(seconds(11));
    late += !before && pair.server.received == "abandoned";
  }
  EXPECT_GT(late, 20U);
}

TEST(sim_network, a_killed_process_resets_its_connections) {
  Pair pair(4);
  pair.b.crash(CrashKind::process);
  pair.world.run_for(milliseconds(100));
  ASSERT_TRUE(pair.client.why.has_value());
  EXPECT_EQ(pair.client.why->kind, FailureKind::closed);
}

TEST(sim_network, a_machine_without_power_answers_with_a_reset_once_it_is_up) {
  Pair pair(4);
  pair.b.crash(CrashKind::power);
  pair.world.run_for(seconds(1));
  EXPECT_FALSE(pair.client.why.has_value());  // it says nothing, and nobody asks
  pair.client.send("hello?");
  pair.world.run_for(seconds(1));
  EXPECT_FALSE(pair.client.why.has_value());
  pair.listener.reset();
  pair.server.stream.reset();
  pair.b.restart();
  pair.world.run_for(seconds(1));
  ASSERT_TRUE(pair.client.why.has_value());
  EXPECT_EQ(pair.client.why->kind, FailureKind::closed);
}

TEST(sim_network, a_file_that_cannot_be_read_breaks_the_connection) {
  Pair pair(4);
  Surface io = pair.b.surface();
  const FileRef file = io.disk.open("/f", OpenMode::create).value();
  const std::string content(10'000, 'x');
  const std::span<const std::byte> piece = as_bytes(content);
  ASSERT_TRUE(io.disk.write(*file, 0, std::span(&piece, 1)).ok());
  pair.b.disk().fail_read_in(1);
  pair.server.stream->write(FileSlice{file, 0, 10'000});
  pair.world.run_for(milliseconds(100));
  ASSERT_TRUE(pair.server.why.has_value());
  EXPECT_EQ(pair.server.why->kind, FailureKind::io);
  EXPECT_TRUE(pair.client.why.has_value());
}

TEST(sim_network, a_shell_dies_in_the_midst_of_its_own_call) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    World world(seed);
    Node& node = world.node("server");
    auto server = std::make_unique<EchoServer>(node.surface());
    Client client(world.node("client").surface());
    int crashes = 0;
    node.on_crash([&](Node& dead) {
      ++crashes;
      server.reset();
      dead.restart();
      server = std::make_unique<EchoServer>(dead.surface());
      dead.disk().crash_after_operations(1 + world.prng().below(20));
    });
    node.disk().crash_after_operations(1 + seed);
    world.run_for(seconds(30));
    EXPECT_GT(crashes, 3);
    EXPECT_GT(client.echoed, 0U);
  }
}

}  // namespace
}  // namespace moldau::io::sim
