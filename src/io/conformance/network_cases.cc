// Conformance: listening, connecting, streams, file parts, back-pressure, ends and breaks.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "io/conformance/host.h"

namespace moldau::io::conformance {
namespace {

/// One side of a connection, which records what happens to it.
class Side final : public StreamHandler {
 public:
  explicit Side(std::unique_ptr<Stream> opened) : stream(std::move(opened)) { stream->set_handler(this); }

  void on_readable() override {
    ++readable_calls;
    if (on_data) {
      on_data();
      return;
    }
    drain();
  }
  void drain() {
    std::array<std::byte, 4096> buffer;
    for (;;) {
      const ReadOutcome outcome = stream->read(buffer);
      received += as_text(std::span(buffer).first(outcome.size));
      if (outcome.end) ended = true;
      if (outcome.size == 0) return;
    }
  }
  void on_drained() override { ++drained; }
  void on_broken(const Failure& failure) override {
    EXPECT_FALSE(why.has_value());
    why = failure;
    if (destroy_when_broken) stream.reset();
  }
  void send(std::string_view text) { stream->write(Bytes::copy_of(as_bytes(text))); }

  std::unique_ptr<Stream> stream;
  std::function<void()> on_data;
  std::string received;
  bool ended = false;
  bool destroy_when_broken = false;
  int drained = 0;
  int readable_calls = 0;
  std::optional<Failure> why;
};

class NetworkCases : public testing::Test {
 protected:
  std::unique_ptr<Host> host_ = make_host();
  Surface io_ = host_->surface();
  Surface far_ = host_->client();
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Side> server_;
  std::unique_ptr<Side> client_;

  void listen() {
    auto listener = io_.network.listen(host_->address(), [this](std::unique_ptr<Stream> stream) {
      server_ = std::make_unique<Side>(std::move(stream));
    });
    ASSERT_TRUE(listener.ok()) << listener.failure().message;
    listener_ = std::move(listener).value();
    ASSERT_NE(listener_->local().port, 0);
  }
  void join() {
    listen();
    far_.network.connect(listener_->local(), seconds(5), [this](Result<std::unique_ptr<Stream>> stream) {
      ASSERT_TRUE(stream.ok()) << stream.failure().message;
      client_ = std::make_unique<Side>(std::move(stream).value());
    });
    ASSERT_TRUE(host_->run_until([&]() { return server_ != nullptr && client_ != nullptr; }));
  }
  Result<std::unique_ptr<Stream>> connect(const Address& address, Duration timeout) {
    std::optional<Result<std::unique_ptr<Stream>>> outcome;
    far_.network.connect(address, timeout,
                         [&](Result<std::unique_ptr<Stream>> stream) { outcome.emplace(std::move(stream)); });
    EXPECT_FALSE(outcome.has_value());  // never from inside the call
    EXPECT_TRUE(host_->run_until([&]() { return outcome.has_value(); }));
    return std::move(*outcome);
  }
  FileRef file_of(const std::string& content) {
    const FileRef file = io_.disk.open(host_->folder() + "/sent", OpenMode::create).value();
    const std::span<const std::byte> piece = as_bytes(content);
    EXPECT_TRUE(io_.disk.write(*file, 0, std::span(&piece, 1)).ok());
    return file;
  }
  static std::string pattern(size_t size) {
    std::string text(size, 0);
    uint64_t state = 1;
    for (char& c : text) c = static_cast<char>((state = state * 6364136223846793005ULL + 1442695040888963407ULL) >> 56);
    return text;
  }
};

TEST_F(NetworkCases, echo) {
  join();
  server_->on_data = [this]() {
    std::array<std::byte, 100> buffer;
    const ReadOutcome outcome = server_->stream->read(buffer);
    server_->stream->write(Bytes::copy_of(std::span(buffer).first(outcome.size)));
  };
  std::string expected;
  for (int i = 0; i < 50; ++i) {
    client_->send("request " + std::to_string(i) + ";");
    expected += "request " + std::to_string(i) + ";";
    ASSERT_TRUE(host_->run_until([&]() { return client_->received.size() == expected.size(); }));
  }
  EXPECT_EQ(client_->received, expected);
  EXPECT_FALSE(client_->ended);
  EXPECT_FALSE(client_->stream->peer().host.empty());
  EXPECT_EQ(client_->stream->peer().port, listener_->local().port);
}

TEST_F(NetworkCases, nothing_is_reported_before_there_is_a_handler) {
  listen();
  std::unique_ptr<Stream> accepted;
  auto second =
      io_.network.listen(host_->address(), [&](std::unique_ptr<Stream> stream) { accepted = std::move(stream); });
  auto stream = connect(second.value()->local(), seconds(5));
  ASSERT_TRUE(stream.ok());
  Side client(std::move(stream).value());
  client.send("early");
  ASSERT_TRUE(host_->run_until([&]() { return accepted != nullptr && client.stream->queued_bytes() == 0; }));
  Side server(std::move(accepted));
  ASSERT_TRUE(host_->run_until([&]() { return server.received == "early"; }));
}

TEST_F(NetworkCases, big_transfer_with_back_pressure) {
  join();
  const std::string sent = pattern(24 << 20);
  client_->stream->pause_reading(true);
  for (size_t at = 0; at < sent.size(); at += 100'000) server_->send(std::string_view(sent).substr(at, 100'000));
  bool waited = false;
  io_.timers.start(io_.clock.now() + milliseconds(100), [&]() { waited = true; });
  ASSERT_TRUE(host_->run_until([&]() { return waited; }));
  EXPECT_GT(server_->stream->queued_bytes(), 0U);  // the reader reads nothing: not all can have been taken
  EXPECT_EQ(server_->drained, 0);
  EXPECT_TRUE(client_->received.empty());
  client_->stream->pause_reading(false);
  ASSERT_TRUE(host_->run_until([&]() { return client_->received.size() == sent.size(); }, seconds(60)));
  EXPECT_TRUE(client_->received == sent);
  ASSERT_TRUE(host_->run_until([&]() { return server_->drained == 1; }));
  EXPECT_EQ(server_->stream->queued_bytes(), 0U);
}

TEST_F(NetworkCases, both_ways_at_once) {
  join();
  const std::string one = pattern(3'000'000);
  const std::string other = pattern(2'000'001);
  client_->send(one);
  server_->send(other);
  ASSERT_TRUE(host_->run_until(
      [&]() { return server_->received.size() == one.size() && client_->received.size() == other.size(); }));
  EXPECT_TRUE(server_->received == one);
  EXPECT_TRUE(client_->received == other);
}

TEST_F(NetworkCases, file_slices_between_memory) {
  join();
  const std::string content = pattern(5 << 20);
  const FileRef file = file_of(content);
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    const std::string header = "header " + std::to_string(i) + "\n";
    const uint64_t offset = static_cast<uint64_t>(i) * 100'003;
    const uint64_t size = i % 5 == 0 ? 1 : static_cast<uint64_t>(i) * 9'001;
    server_->send(header);
    server_->stream->write(FileSlice{file, offset, size});
    expected += header + content.substr(offset, size);
  }
  server_->stream->write(FileSlice{file, 0, 0});
  EXPECT_GT(server_->stream->queued_file_bytes(), 0U);
  ASSERT_TRUE(host_->run_until([&]() { return client_->received.size() == expected.size(); }));
  EXPECT_TRUE(client_->received == expected);
  EXPECT_EQ(server_->stream->queued_file_bytes(), 0U);
}

TEST_F(NetworkCases, a_slice_keeps_its_file_open) {
  join();
  const std::string content = pattern(3 << 20);
  server_->stream->write(FileSlice{file_of(content), 0, content.size()});
  ASSERT_TRUE(io_.disk.remove(host_->folder() + "/sent").ok());
  ASSERT_TRUE(host_->run_until([&]() { return client_->received.size() == content.size(); }));
  EXPECT_TRUE(client_->received == content);
}

TEST_F(NetworkCases, a_short_slice_breaks_the_connection) {
  join();
  server_->send("header");
  server_->stream->write(FileSlice{file_of("0123456789"), 5, 6});
  ASSERT_TRUE(host_->run_until([&]() { return server_->why.has_value(); }));
  EXPECT_EQ(server_->why->kind, FailureKind::io);
  EXPECT_EQ(server_->stream->queued_file_bytes(), 0U);
  server_->send("more");
  EXPECT_EQ(server_->stream->queued_bytes(), 0U);
  ASSERT_TRUE(host_->run_until([&]() { return client_->ended || client_->why.has_value(); }));
}

TEST_F(NetworkCases, finish_sends_all_first) {
  join();
  const std::string sent = pattern(4 << 20);
  server_->send(sent);
  server_->stream->finish();
  server_->send("too late");
  ASSERT_TRUE(host_->run_until([&]() { return client_->ended && server_->why.has_value(); }));
  EXPECT_TRUE(client_->received == sent);
  EXPECT_EQ(server_->why->kind, FailureKind::closed);
}

TEST_F(NetworkCases, finish_survives_bytes_that_nobody_reads) {
  join();
  client_->send(pattern(50'000));  // the server closes without having read this
  server_->on_data = []() {};
  server_->stream->pause_reading(true);
  bool waited = false;
  io_.timers.start(io_.clock.now() + milliseconds(20), [&]() { waited = true; });
  ASSERT_TRUE(host_->run_until([&]() { return waited; }));
  server_->destroy_when_broken = true;
  server_->send("goodbye");
  server_->stream->finish();
  ASSERT_TRUE(host_->run_until([&]() { return client_->ended || client_->why.has_value(); }));
  EXPECT_EQ(client_->received, "goodbye");
}

TEST_F(NetworkCases, a_half_closed_peer_can_still_be_answered) {
  join();
  client_->send("last request");
  client_->stream->finish();
  ASSERT_TRUE(host_->run_until([&]() { return server_->ended; }));
  EXPECT_EQ(server_->received, "last request");
  EXPECT_FALSE(server_->why.has_value());
  const int calls = server_->readable_calls;
  bool waited = false;
  io_.timers.start(io_.clock.now() + milliseconds(10), [&]() { waited = true; });
  ASSERT_TRUE(host_->run_until([&]() { return waited; }));
  EXPECT_LE(server_->readable_calls, calls + 1);  // an end that was seen is not told for ever
}

TEST_F(NetworkCases, destroying_a_stream_ends_the_peer) {
  join();
  client_->stream.reset();
  ASSERT_TRUE(host_->run_until([&]() { return server_->ended || server_->why.has_value(); }));
  if (!server_->why.has_value()) {
    // Writing to who is gone breaks the connection, at the latest with the second try.
    for (int i = 0; i < 200 && !server_->why.has_value(); ++i) {
      server_->send("anybody there?");
      bool waited = false;
      io_.timers.start(io_.clock.now() + milliseconds(5), [&]() { waited = true; });
      ASSERT_TRUE(host_->run_until([&]() { return waited; }));
    }
  }
  ASSERT_TRUE(server_->why.has_value());
  EXPECT_EQ(server_->why->kind, FailureKind::closed);
  std::array<std::byte, 8> buffer;
  EXPECT_TRUE(server_->stream->read(buffer).end);
}

TEST_F(NetworkCases, streams_may_be_destroyed_inside_their_calls) {
  join();
  server_->on_data = [this]() { server_->stream.reset(); };
  client_->send("x");
  client_->destroy_when_broken = true;
  ASSERT_TRUE(host_->run_until([&]() { return server_->stream == nullptr; }));
  ASSERT_TRUE(host_->run_until([&]() { return client_->ended || client_->why.has_value(); }));
}

TEST_F(NetworkCases, paused_reading_reports_nothing) {
  join();
  server_->stream->pause_reading(true);
  client_->send("hello");
  bool waited = false;
  io_.timers.start(io_.clock.now() + milliseconds(30), [&]() { waited = true; });
  ASSERT_TRUE(host_->run_until([&]() { return waited; }));
  EXPECT_EQ(server_->readable_calls, 0);
  server_->stream->pause_reading(false);
  ASSERT_TRUE(host_->run_until([&]() { return server_->received == "hello"; }));
}

TEST_F(NetworkCases, readable_comes_again_until_all_is_read) {
  join();
  server_->on_data = [this]() {
    std::array<std::byte, 3> buffer;
    const ReadOutcome outcome = server_->stream->read(buffer);
    server_->received += as_text(std::span(buffer).first(outcome.size));
  };
  client_->send("twelve bytes");
  ASSERT_TRUE(host_->run_until([&]() { return server_->received == "twelve bytes"; }));
  EXPECT_GE(server_->readable_calls, 4);
}

TEST_F(NetworkCases, refused_connect) {
  listen();
  const Address free = listener_->local();
  listener_.reset();
  const auto refused = connect(free, seconds(5));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.failure().kind, FailureKind::unavailable);
}

TEST_F(NetworkCases, unknown_hosts) {
  const auto outcome = connect({"no-such-host.invalid", 9092}, seconds(15));
  ASSERT_FALSE(outcome.ok());
  EXPECT_TRUE(outcome.failure().kind == FailureKind::not_found || outcome.failure().kind == FailureKind::unavailable);
}

TEST_F(NetworkCases, ports_are_taken_once) {
  listen();
  const auto again = io_.network.listen(listener_->local(), [](std::unique_ptr<Stream>) {});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.failure().kind, FailureKind::unavailable);
  const Address address = listener_->local();
  listener_.reset();
  EXPECT_TRUE(io_.network.listen(address, [](std::unique_ptr<Stream>) {}).ok());
}

TEST_F(NetworkCases, a_paused_listener_accepts_nobody) {
  std::vector<std::unique_ptr<Side>> servers;
  std::unique_ptr<Listener> listener;
  auto made = io_.network.listen(host_->address(), [&](std::unique_ptr<Stream> stream) {
    servers.push_back(std::make_unique<Side>(std::move(stream)));
    listener->pause_accepting(true);  // one at a time
  });
  ASSERT_TRUE(made.ok());
  listener = std::move(made).value();
  listener->pause_accepting(true);
  std::vector<std::unique_ptr<Side>> clients;
  for (int i = 0; i < 3; ++i) {
    far_.network.connect(listener->local(), seconds(10), [&](Result<std::unique_ptr<Stream>> stream) {
      ASSERT_TRUE(stream.ok());
      clients.push_back(std::make_unique<Side>(std::move(stream).value()));
      clients.back()->send("hello");
    });
  }
  ASSERT_TRUE(host_->run_until([&]() { return clients.size() == 3; }, seconds(5)));
  EXPECT_FALSE(host_->run_until([&]() { return !servers.empty(); }, milliseconds(50)));
  for (size_t count = 1; count <= 3; ++count) {
    listener->pause_accepting(false);
    ASSERT_TRUE(host_->run_until([&]() { return servers.size() == count; }, seconds(5)));
    EXPECT_FALSE(host_->run_until([&]() { return servers.size() > count; }, milliseconds(50)));
    EXPECT_TRUE(host_->run_until([&]() { return servers.back()->received == "hello"; }, seconds(5)));
  }
}

TEST_F(NetworkCases, many_connections) {
  listen();
  std::vector<std::unique_ptr<Side>> servers;
  std::vector<std::unique_ptr<Side>> clients;
  listener_.reset();
  auto listener = io_.network.listen(host_->address(), [&](std::unique_ptr<Stream> stream) {
    servers.push_back(std::make_unique<Side>(std::move(stream)));
    Side* side = servers.back().get();
    side->on_data = [side]() {
      side->drain();
      if (side->received.ends_with("\n")) side->send("echo " + std::exchange(side->received, ""));
    };
  });
  ASSERT_TRUE(listener.ok());
  for (int i = 0; i < 200; ++i) {
    far_.network.connect(listener.value()->local(), seconds(10), [&](Result<std::unique_ptr<Stream>> stream) {
      ASSERT_TRUE(stream.ok());
      clients.push_back(std::make_unique<Side>(std::move(stream).value()));
      clients.back()->send("number " + std::to_string(clients.size()) + "\n");
    });
  }
  ASSERT_TRUE(host_->run_until([&]() {
    size_t answered = 0;
    for (const auto& client : clients) answered += client->received.ends_with("\n");
    return answered == 200;
  }));
  for (size_t i = 0; i < clients.size(); ++i) {
    EXPECT_EQ(clients[i]->received, "echo number " + std::to_string(i + 1) + "\n");
  }
}

TEST_F(NetworkCases, bytes_go_out_after_the_turns_end_calls) {
  join();
  io_.executor.defer([&]() {
    io_.executor.at_turn_end([&]() {
      EXPECT_EQ(server_->stream->queued_bytes(), 5U);
      server_->send("second");
    });
    server_->send("first");
  });
  ASSERT_TRUE(host_->run_until([&]() { return client_->received == "firstsecond"; }));
}

}  // namespace
}  // namespace moldau::io::conformance
