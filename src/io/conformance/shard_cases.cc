// Conformance: two shards of one node: mail between them, and connections that move from one to the other. What a case
// shares between the shards is handed over by messages only, so that the thread sanitizer may judge it.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/conformance/host.h"
#include "io/outbox.h"

namespace moldau::io::conformance {
namespace {

class ShardCases : public testing::Test {
 protected:
  std::unique_ptr<Host> host_ = make_host();
  Surface home_ = host_->surface();
  Surface second_ = host_->second();
  /// Runs `call` on the second shard, and waits until it has.
  void on_second(Callback call) {
    bool done = false;
    second_.executor.mailbox().post([this, call = std::move(call), &done]() mutable {
      call();
      call = nullptr;
      home_.executor.mailbox().post([&done] { done = true; });
    });
    ASSERT_TRUE(host_->run_until([&] { return done; }));
  }
};

TEST_F(ShardCases, mail_goes_both_ways_in_its_order) {
  constexpr int rounds = 2000;
  // The home shard counts up, the second one answers each number; either sees the other's in order.
  struct Second {
    explicit Second(const Surface& surface, Mailbox& home) : out(surface.executor, home) {}
    Outbox out;
    int next = 0;
    bool in_order = true;
  };
  auto second = std::make_shared<std::unique_ptr<Second>>();
  on_second([&] { *second = std::make_unique<Second>(second_, home_.executor.mailbox()); });
  Outbox out(home_.executor, second_.executor.mailbox());
  std::vector<int> answers;
  for (int i = 0; i < rounds; ++i) {
    out.post([second, i, &answers] {
      Second& there = **second;
      there.in_order = there.in_order && there.next++ == i;
      there.out.post([i, &answers] { answers.push_back(i); });
    });
    // Some turns hand over one message, some many.
    if (i % 7 == 0) {
      bool turned = false;
      home_.executor.defer([&turned] { turned = true; });
      ASSERT_TRUE(host_->run_until([&] { return turned; }));
    }
  }
  ASSERT_TRUE(host_->run_until([&] { return answers.size() == rounds; }));
  for (int i = 0; i < rounds; ++i) ASSERT_EQ(answers[static_cast<size_t>(i)], i);
  bool in_order = false;
  on_second([&] {
    in_order = (*second)->in_order;
    second->reset();
  });
  EXPECT_TRUE(in_order);
}

TEST_F(ShardCases, a_turn_hands_over_one_letter) {
  Outbox out(home_.executor, second_.executor.mailbox());
  auto seen = std::make_shared<int>(0);
  home_.executor.defer([&] {
    for (int i = 0; i < 100; ++i) out.post([seen] { ++*seen; });
    EXPECT_EQ(out.letters(), 0U);  // not before the end of the turn
    home_.executor.at_turn_end([&] { out.post([seen] { ++*seen; }); });
  });
  bool turned = false;
  home_.executor.defer([&] { home_.executor.defer([&] { turned = true; }); });
  ASSERT_TRUE(host_->run_until([&] { return turned; }));
  EXPECT_EQ(out.posted(), 101U);
  EXPECT_LE(out.letters(), 2U);
  int count = 0;
  on_second([&] { count = *seen; });
  EXPECT_EQ(count, 101);
}

TEST_F(ShardCases, what_was_posted_before_an_outbox_died_is_handed_over) {
  bool arrived = false;
  home_.executor.defer([&] {
    Outbox out(home_.executor, second_.executor.mailbox());
    out.post([this, &arrived] { home_.executor.mailbox().post([&arrived] { arrived = true; }); });
  });
  ASSERT_TRUE(host_->run_until([&] { return arrived; }));
}

TEST_F(ShardCases, a_file_of_one_shard_is_good_for_the_other) {
  const std::string path = host_->folder() + "/shared";
  const FileRef file = home_.disk.open(path, OpenMode::create).value();
  const std::span<const std::byte> piece = as_bytes("content");
  ASSERT_TRUE(home_.disk.write(*file, 0, std::span(&piece, 1)).ok());
  std::string read;
  on_second([&] {
    std::array<std::byte, 16> buffer;
    const Result<size_t> size = second_.disk.read(*file, 0, buffer);
    if (size.ok()) read = as_text(std::span(buffer).first(*size));
  });
  EXPECT_EQ(read, "content");
  // And for its pool, whose answer comes to the shard that asked.
  std::optional<bool> synced;
  on_second([&] {
    second_.disk.sync(file, [this, &synced](const Status& status) {
      home_.executor.mailbox().post([&synced, ok = status.ok()] { synced = ok; });
    });
  });
  ASSERT_TRUE(host_->run_until([&] { return synced.has_value(); }));
  EXPECT_TRUE(*synced);
}

/// A stream that answers what it reads in capitals, on whichever shard it is.
class Shouter final : public StreamHandler {
 public:
  explicit Shouter(std::unique_ptr<Stream> opened) : stream(std::move(opened)) { stream->set_handler(this); }
  void on_readable() override {
    std::array<std::byte, 64> buffer;
    const ReadOutcome outcome = stream->read(std::span(buffer).first(read_max));
    ended = ended || outcome.end;
    if (outcome.size == 0) return;
    std::string text(as_text(std::span(buffer).first(outcome.size)));
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    stream->write(Bytes::copy_of(as_bytes(text)));
    read += outcome.size;
    if (on_read) on_read();
  }
  void on_drained() override {}
  void on_broken(const Failure&) override { broken = true; }

  std::unique_ptr<Stream> stream;
  size_t read_max = 64;
  size_t read = 0;
  bool ended = false;
  bool broken = false;
  Callback on_read;
};

class Client final : public StreamHandler {
 public:
  explicit Client(std::unique_ptr<Stream> opened) : stream(std::move(opened)) { stream->set_handler(this); }
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
  void on_broken(const Failure&) override { ended = true; }
  void send(std::string_view text) const { stream->write(Bytes::copy_of(as_bytes(text))); }

  std::unique_ptr<Stream> stream;
  std::string received;
  bool ended = false;
};

class MovingConnection : public ShardCases {
 protected:
  void join() {
    Result<std::unique_ptr<Listener>> listener =
        home_.network.listen(host_->address(), [this](std::unique_ptr<Stream> stream) {
          server_ = std::make_unique<Shouter>(std::move(stream));
        });
    ASSERT_TRUE(listener.ok());
    listener_ = std::move(listener).value();
    host_->client().network.connect(listener_->local(), seconds(5), [this](Result<std::unique_ptr<Stream>> stream) {
      ASSERT_TRUE(stream.ok());
      client_ = std::make_unique<Client>(std::move(stream).value());
    });
    ASSERT_TRUE(host_->run_until([&] { return server_ != nullptr && client_ != nullptr; }));
  }
  /// Takes the server's side to the second shard; false if it may not leave now.
  bool move_over() {
    std::unique_ptr<DetachedStream> detached = server_->stream->detach();
    if (detached == nullptr) return false;
    server_.reset();
    on_second([&] {
      Result<std::unique_ptr<Stream>> stream = second_.network.attach(std::move(detached));
      ASSERT_TRUE(stream.ok());
      server_ = std::make_unique<Shouter>(std::move(stream).value());
    });
    return true;
  }
  void move_back() {
    std::unique_ptr<DetachedStream> detached;
    on_second([&] {
      detached = server_->stream->detach();
      ASSERT_NE(detached, nullptr);
      server_.reset();
    });
    Result<std::unique_ptr<Stream>> stream = home_.network.attach(std::move(detached));
    ASSERT_TRUE(stream.ok());
    server_ = std::make_unique<Shouter>(std::move(stream).value());
  }
  void expect_echo(const std::string& text, const std::string& echo) {
    client_->send(text);
    expected_ += echo;
    ASSERT_TRUE(host_->run_until([&] { return client_->received.size() >= expected_.size(); }));
    EXPECT_EQ(client_->received, expected_);
  }
  void close_there() {
    on_second([&] { server_.reset(); });
  }

  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Shouter> server_;
  std::unique_ptr<Client> client_;
  std::string expected_;
};

TEST_F(MovingConnection, is_served_on_either_shard) {
  join();
  expect_echo("one;", "ONE;");
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(move_over());
    expect_echo("there;", "THERE;");
    move_back();
    expect_echo("here;", "HERE;");
  }
}

TEST_F(MovingConnection, takes_unread_bytes_along) {
  join();
  server_->read_max = 3;
  std::unique_ptr<DetachedStream> detached;
  // Reads three bytes of what the client sent, and leaves as soon as those are answered.
  server_->on_read = [this] { server_->stream->pause_reading(true); };
  client_->send("abcdefghij");
  ASSERT_TRUE(host_->run_until([&] { return client_->received.size() == 3; }));
  client_->send("klm");
  ASSERT_TRUE(move_over());
  ASSERT_TRUE(host_->run_until([&] { return client_->received.size() == 13; }));
  EXPECT_EQ(client_->received, "ABCDEFGHIJKLM");
  close_there();
}

TEST_F(MovingConnection, does_not_leave_with_something_to_send) {
  join();
  server_->stream->write(Bytes::copy_of(as_bytes("queued")));
  EXPECT_EQ(server_->stream->detach(), nullptr);
  ASSERT_TRUE(host_->run_until([&] { return client_->received == "queued"; }));
  server_->stream->finish();
  EXPECT_EQ(server_->stream->detach(), nullptr);
}

TEST_F(MovingConnection, hears_of_an_end_that_came_while_it_moved) {
  join();
  std::unique_ptr<DetachedStream> detached = server_->stream->detach();
  ASSERT_NE(detached, nullptr);
  server_.reset();
  client_->send("last words");
  client_->stream->finish();
  bool waited = false;
  home_.timers.start(home_.clock.now() + milliseconds(50), [&] { waited = true; });
  ASSERT_TRUE(host_->run_until([&] { return waited; }));
  on_second([&] {
    Result<std::unique_ptr<Stream>> stream = second_.network.attach(std::move(detached));
    ASSERT_TRUE(stream.ok());
    server_ = std::make_unique<Shouter>(std::move(stream).value());
  });
  bool ended = false;
  size_t read = 0;
  ASSERT_TRUE(host_->run_until([&] {
    on_second([&] {
      ended = server_->ended;
      read = server_->read;
    });
    return ended;
  }));
  EXPECT_EQ(read, 10U);
  close_there();
}

TEST_F(MovingConnection, closes_when_it_is_dropped_on_its_way) {
  join();
  std::unique_ptr<DetachedStream> detached = server_->stream->detach();
  ASSERT_NE(detached, nullptr);
  server_.reset();
  EXPECT_FALSE(client_->ended);
  detached.reset();
  ASSERT_TRUE(host_->run_until([&] { return client_->ended; }));
}

}  // namespace
}  // namespace moldau::io::conformance
