// Stopping, storage that fails, memory that runs short, and the admin endpoint.
#include <gtest/gtest.h>

#include <string>

#include "broker/admin_http.h"
#include "broker/test_kit.h"
#include "io/sim/disk.h"

namespace moldau::broker {
namespace {

using wire::ErrorCode;

TEST(BrokerStop, AnswersWhatIsInFlight) {
  BrokerWorld world;
  RawClient& producer = world.connect();
  RawClient& consumer = world.connect();
  world.create_topic(producer, "t");
  consumer.send(BrokerWorld::fetch_request("t", 0, 0, 60'000), 12);
  world.world().run_for(milliseconds(20));
  for (int i = 0; i < 5; ++i) producer.send(BrokerWorld::produce_request("t", 0, batch_of(1, "x")), 9);
  ASSERT_TRUE(world.until([&] { return world.count(&Metrics::batches_appended) == 5; }));
  world.stop();
  world.world().run_for(seconds(1));
  EXPECT_EQ(producer.frames(), 5U);
  EXPECT_EQ(consumer.frames(), 1U);
  EXPECT_TRUE(producer.broken());
  while (producer.frames() > 0) {
    EXPECT_EQ(producer.take<wire::ProduceResponse>(9).responses[0].partition_responses[0].error_code, 0);
  }
  world.start();
  EXPECT_TRUE(world.broker().folders().front().clean_stop);
  RawClient& again = world.connect();
  EXPECT_EQ(world.produce(again, "t", 0, batch_of(1, "y")).base_offset, 5);
}

TEST(BrokerStop, AnIdleConnectionDoesNotHoldItUp) {
  BrokerWorld world;
  world.connect();
  const Instant begin = world.world().now();
  world.stop();
  EXPECT_LT(world.world().now() - begin, seconds(2));
}

TEST(BrokerStop, TheDataFolderIsFree) {
  BrokerWorld world;
  world.stop();
  world.start();
  world.stop();
  world.start();
}

TEST(BrokerMemory, ReadsNoFurtherWhenBuffersRunShort) {
  BrokerWorld world(1, {}, 64 * 1024);
  RawClient& setup = world.connect();
  world.create_topic(setup, "t");
  std::vector<RawClient*> clients;
  std::vector<std::byte> half(200'000);
  store_big_endian(half.data(), 50'000'000);
  for (int i = 0; i < 10; ++i) {
    clients.push_back(&world.connect());
    clients.back()->send_bytes(half);
  }
  world.world().run_for(seconds(2));
  EXPECT_LE(world.count(&Metrics::receive_block_bytes), 1024U * 1024);
  // Those that claim and do not deliver are given up; then the others get their turn.
  EXPECT_TRUE(world.until([&] { return world.count(&Metrics::slow_frames_closed) > 0; }, seconds(600)));
}

class HttpClient final : public io::StreamHandler {
 public:
  HttpClient(io::Surface surface, const io::Address& address, std::string request) {
    surface.network.connect(address, seconds(5), [this, request](Result<std::unique_ptr<io::Stream>> made) {
      ASSERT_TRUE(made.ok());
      stream_ = std::move(made).value();
      stream_->set_handler(this);
      stream_->write(Bytes::copy_of(as_bytes(request)));
    });
  }
  std::string text;
  bool ended = false;

 private:
  void on_readable() override {
    std::array<std::byte, 512> room;
    for (;;) {
      const io::ReadOutcome outcome = stream_->read(room);
      text += as_text(std::span(room).first(outcome.size));
      if (outcome.end) ended = true;
      if (outcome.size == 0 || outcome.end) return;
    }
  }
  void on_drained() override {}
  void on_broken(const Failure&) override { ended = true; }
  std::unique_ptr<io::Stream> stream_;
};

TEST(AdminHttp, PagesAndBadRequests) {
  BrokerWorld world;
  AdminHttp admin(world.world().node("broker").surface(), &world.broker());
  ASSERT_TRUE(admin.listen({"broker", 9644}).ok());
  const auto get = [&](const std::string& request) {
    HttpClient client(world.world().node("client").surface(), {"broker", 9644}, request);
    EXPECT_TRUE(world.until([&] { return client.ended; }, seconds(30)));
    return client.text;
  };
  EXPECT_NE(get("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").find("200 OK"), std::string::npos);
  EXPECT_NE(get("GET /readyz HTTP/1.0\r\n\r\n").find("200 OK"), std::string::npos);
  EXPECT_NE(get("GET /v1/status/ready?x=1 HTTP/1.0\r\n\r\n").find("\"ready\""), std::string::npos);
  EXPECT_NE(get("GET /metrics HTTP/1.0\r\n\r\n").find("\nmoldau_connections 0\n"), std::string::npos);
  EXPECT_NE(get("GET /nothing HTTP/1.0\r\n\r\n").find("404"), std::string::npos);
  EXPECT_NE(get("POST /metrics HTTP/1.0\r\n\r\n").find("405"), std::string::npos);
  EXPECT_NE(get("nonsense\r\n\r\n").find("400"), std::string::npos);
  EXPECT_NE(get(std::string(10'000, 'a')).find("431"), std::string::npos);
  const std::string head = get("HEAD /healthz HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace moldau::broker
