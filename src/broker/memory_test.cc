// Memory that runs short: docs/design/memory.md.
#include <gtest/gtest.h>

#include <string>

#include "broker/test_kit.h"

namespace moldau::broker {
namespace {

constexpr uint64_t budget = 4 << 20;

/// The head of a frame that claims 50 MB and brings 800 KB.
std::vector<std::byte> half_a_frame() {
  std::vector<std::byte> half(800'000);
  store_big_endian(half.data(), 50'000'000);
  return half;
}

/// A world whose clients' memory is used up by frames that do not go on.
struct HoggedWorld {
  explicit HoggedWorld(int count = 10) : world(1, {}, budget), honest(world.connect()) {
    world.create_topic(honest, "t");
    for (int i = 0; i < count; ++i) {
      hogs.push_back(&world.connect());
      hogs.back()->send_bytes(half_a_frame());
    }
    world.world().run_for(seconds(2));
  }

  BrokerWorld world;
  RawClient& honest;
  std::vector<RawClient*> hogs;
};

TEST(BrokerMemory, ReadsNoFurtherWhenBuffersRunShort) {
  HoggedWorld hogged;
  EXPECT_GT(hogged.world.count(&Metrics::receive_block_bytes), budget / 2);
  const uint64_t passes = test_shards() * 2 * half_a_frame().size();
  EXPECT_LE(hogged.world.count(&Metrics::receive_block_bytes), budget + budget / 8 + passes);
}

TEST(BrokerMemory, SmallFramesAreServedBesideThoseThatHoldEverything) {
  HoggedWorld hogged;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(hogged.world.produce(hogged.honest, "t", 0, batch_of(1, "small")).error_code, 0);
  }
  EXPECT_EQ(hogged.world.count(&Metrics::slow_frames_closed), 0U);
}

TEST(BrokerMemory, WhoHoldsMuchAndDoesNotGetOnIsClosed) {
  HoggedWorld hogged(100);
  EXPECT_TRUE(hogged.world.until([&] { return hogged.world.count(&Metrics::slow_frames_closed) > 3; }, seconds(20)));
  EXPECT_FALSE(hogged.honest.broken());
  EXPECT_EQ(hogged.world.produce(hogged.honest, "t", 0, batch_of(1, "small")).error_code, 0);
}

TEST(BrokerMemory, ALargeFrameComesThroughWhileMemoryIsScarce) {
  HoggedWorld hogged(4);
  hogged.honest.send(BrokerWorld::produce_request("t", 0, batch_of(1, std::string(1'000'000, 'x'))), 9);
  ASSERT_TRUE(hogged.world.until([&] { return hogged.honest.frames() > 0; }, seconds(60)));
  EXPECT_EQ(hogged.honest.take<wire::ProduceResponse>(9).responses[0].partition_responses[0].error_code, 0);
}

// All send at once, none is slow, and together they want ten times what there is.
TEST(BrokerMemory, LargeFramesThatAllGetOnComeThroughOneAfterTheOther) {
  BrokerWorld world(1, {}, budget);
  RawClient& setup = world.connect();
  world.create_topic(setup, "t");
  std::vector<RawClient*> clients;
  for (int i = 0; i < 30; ++i) {
    clients.push_back(&world.connect());
    clients.back()->send(BrokerWorld::produce_request("t", 0, batch_of(1, std::string(1'000'000, 'x'))), 9);
  }
  for (RawClient* client : clients) {
    ASSERT_TRUE(world.until([&] { return client->frames() > 0 || client->broken(); }, seconds(60)));
    ASSERT_FALSE(client->broken());
    EXPECT_EQ(client->take<wire::ProduceResponse>(9).responses[0].partition_responses[0].error_code, 0);
  }
  EXPECT_EQ(world.count(&Metrics::slow_frames_closed), 0U);
}

TEST(BrokerMemory, WhoTakesNothingOfItsAnswersIsClosedWhenMemoryIsScarce) {
  BrokerWorld world(1, {}, budget);
  RawClient& honest = world.connect();
  std::vector<RawClient*> readers;
  for (int i = 0; i < 12; ++i) {
    readers.push_back(&world.connect());
    readers.back()->stop_reading();
    for (int j = 0; j < 4'000; ++j) readers.back()->send(wire::ApiVersionsRequest{}, 2);
  }
  EXPECT_TRUE(world.until([&] { return world.count(&Metrics::slow_readers_closed) > 0; }, seconds(60)));
  EXPECT_FALSE(honest.broken());
  world.create_topic(honest, "t");
}

}  // namespace
}  // namespace moldau::broker
