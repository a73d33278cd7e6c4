// Nodes of several shards: connections on each of them, requests that go home and come back, connections that move.
#include <gtest/gtest.h>

#include "broker/metrics_table.h"
#include "broker/test_kit.h"
#include "wire/api/00_produce.h"
#include "wire/api/01_fetch.h"
#include "wire/api/10_find_coordinator.h"
#include "wire/api/35_describe_log_dirs.h"

namespace moldau::broker {
namespace {

constexpr size_t shards = 3;

/// The first connection that a shard got.
constexpr ConnectionId first_of(uint32_t shard) {
  return {0, 1, shard};
}

wire::FetchResponse::PartitionData fetch_row(RawClient& client) {
  const auto answer = client.take<wire::FetchResponse>(12);
  EXPECT_EQ(answer.error_code, 0);
  return answer.responses.at(0).partitions.at(0);
}

class Shards : public testing::Test {
 protected:
  BrokerWorld world_{1, {}, 1ULL << 30, shards};
  RawClient& home_ = world_.connect();
  RawClient& one_ = world_.connect();
  RawClient& two_ = world_.connect();

  Shard& shard(size_t index) { return world_.broker().shard(index); }
};

TEST_F(Shards, ConnectionsAreSpreadEvenly) {
  std::vector<RawClient*> more;
  for (int i = 0; i < 6; ++i) more.push_back(&world_.connect());
  for (RawClient* const client : more) world_.call<wire::ApiVersionsResponse>(*client, wire::ApiVersionsRequest{}, 0);
  for (size_t i = 0; i < shards; ++i) EXPECT_EQ(shard(i).metrics().connections, 3U) << i;
  // Those that end make room where they were.
  more[1]->finish();
  more[4]->finish();
  ASSERT_TRUE(world_.until([&] { return more[1]->broken() && more[4]->broken(); }));
  ASSERT_TRUE(world_.until([&] { return shard(1).metrics().connections == 1; }));
  RawClient& next = world_.connect();
  world_.call<wire::ApiVersionsResponse>(next, wire::ApiVersionsRequest{}, 0);
  EXPECT_EQ(shard(1).metrics().connections, 2U);
}

TEST_F(Shards, EveryConnectionSeesTheSameNode) {
  world_.create_topic(two_, "t", 2);
  int count = 0;
  for (RawClient* const client : {&home_, &one_, &two_}) {
    wire::MetadataRequest request;
    request.topics.emplace().push_back({.name = "t"});
    const auto metadata = world_.call<wire::MetadataResponse>(*client, request, 12);
    ASSERT_EQ(metadata.topics.size(), 1U);
    EXPECT_EQ(metadata.topics[0].partitions.size(), 2U);
    EXPECT_EQ(world_.produce(*client, "t", 0, batch_of(1, "x")).base_offset, count++);
  }
  for (RawClient* const client : {&two_, &one_, &home_}) {
    client->send(BrokerWorld::fetch_request("t", 0, 0), 12);
    ASSERT_TRUE(world_.until([&] { return client->frames() > 0; }));
    const auto row = fetch_row(*client);
    EXPECT_EQ(row.high_watermark, 3);
    EXPECT_GT(row.records->view.size(), 0U);
  }
}

TEST_F(Shards, MetadataMakesTopicsFromAnyConnection) {
  wire::MetadataRequest request;
  request.allow_auto_topic_creation = true;
  request.topics.emplace().push_back({.name = "made"});
  const auto answer = world_.call<wire::MetadataResponse>(two_, request, 12);
  ASSERT_EQ(answer.topics.size(), 1U);
  EXPECT_EQ(answer.topics[0].error_code, 0);
  EXPECT_EQ(answer.topics[0].partitions.size(), 1U);
}

TEST_F(Shards, AnswersKeepTheOrderOfRequests) {
  world_.create_topic(one_, "t");
  std::vector<int32_t> sent;
  for (int i = 0; i < 60; ++i) {
    sent.push_back(one_.send(BrokerWorld::produce_request("t", 0, batch_of(1, "x"), i % 3 == 0 ? 1 : -1), 9));
    if (i % 7 == 0) sent.push_back(one_.send(wire::ApiVersionsRequest{"c", "1"}, 3));
    if (i % 11 == 0) sent.push_back(one_.send(BrokerWorld::fetch_request("t", 0, i, 100), 12));
  }
  ASSERT_TRUE(world_.until([&] { return one_.frames() == sent.size(); }));
  for (const int32_t correlation : sent) {
    EXPECT_EQ(load_big_endian<int32_t>(one_.take_frame().data()), correlation);
  }
}

TEST_F(Shards, WithoutAcknowledgementThereIsNoAnswer) {
  world_.create_topic(one_, "t");
  one_.send(BrokerWorld::produce_request("t", 0, batch_of(1, "x"), 0), 9);
  const auto row = world_.produce(one_, "t", 0, batch_of(1, "y"));
  EXPECT_EQ(row.base_offset, 1);
  // An error closes the connection, also over there.
  one_.send(BrokerWorld::produce_request("none", 0, batch_of(1, "x"), 0), 9);
  ASSERT_TRUE(world_.until([&] { return one_.broken(); }));
}

TEST_F(Shards, AFetchWaitsForWhatAnotherConnectionBrings) {
  world_.create_topic(home_, "t");
  one_.send(BrokerWorld::fetch_request("t", 0, 0, 5000), 12);
  world_.world().run_for(milliseconds(200));
  EXPECT_EQ(one_.frames(), 0U);
  world_.produce(two_, "t", 0, batch_of(1, "hello"));
  ASSERT_TRUE(world_.until([&] { return one_.frames() > 0; }, milliseconds(500)));
  EXPECT_EQ(fetch_row(one_).high_watermark, 1);
}

TEST_F(Shards, AFetchIsForgottenWithItsConnection) {
  world_.create_topic(home_, "t");
  one_.send(BrokerWorld::fetch_request("t", 0, 0, 30'000), 12);
  two_.send(BrokerWorld::fetch_request("t", 0, 0, 30'000), 12);
  ASSERT_TRUE(world_.until([&] { return shard(0).fetch_path().waiting() == 2; }));
  world_.world().cut_connections("client", "broker");
  ASSERT_TRUE(world_.until([&] { return shard(0).fetch_path().waiting() == 0; }, seconds(10)));
}

TEST_F(Shards, AClientThatSendsNoMoreGetsWhatThereIs) {
  world_.create_topic(home_, "t");
  one_.send(BrokerWorld::fetch_request("t", 0, 0, 30'000), 12);
  ASSERT_TRUE(world_.until([&] { return shard(0).fetch_path().waiting() == 1; }));
  one_.finish();
  ASSERT_TRUE(world_.until([&] { return shard(0).fetch_path().waiting() == 0; }, seconds(2)));
}

TEST_F(Shards, MalformedBodiesCloseTheConnectionWhereverItIs) {
  for (RawClient* const client : {&home_, &one_, &two_}) {
    auto bytes = RawClient::frame(BrokerWorld::produce_request("t", 0, batch_of(1, "x")), 9, 1, "c");
    bytes.resize(bytes.size() - 20);
    const auto size = static_cast<int32_t>(bytes.size() - 4);
    store_big_endian<int32_t>(bytes.data(), size);
    client->send_bytes(bytes);
    ASSERT_TRUE(world_.until([&] { return client->broken(); }));
  }
}

TEST_F(Shards, AConnectionMovesBetweenRequests) {
  world_.create_topic(one_, "t");
  ASSERT_TRUE(shard(1).move_connection(first_of(1), 2));
  EXPECT_EQ(shard(1).metrics().connections, 0U);
  EXPECT_EQ(world_.produce(one_, "t", 0, batch_of(1, "x")).base_offset, 0);
  EXPECT_EQ(shard(2).metrics().connections, 2U);
  // Half a frame goes along. The second connection of shard 2 goes home, where it is the second one.
  const auto bytes = RawClient::frame(BrokerWorld::produce_request("t", 0, batch_of(5, "half")), 9, 7, "c");
  one_.send_bytes(std::span(bytes).first(bytes.size() / 2));
  world_.world().run_for(seconds(1));
  const ConnectionId second{1, 1, 2};
  ASSERT_TRUE(shard(2).move_connection(second, 0));
  one_.send_bytes(std::span(bytes).subspan(bytes.size() / 2));
  ASSERT_TRUE(world_.until([&] { return one_.frames() > 0; }));
  const auto answer = one_.take<wire::ProduceResponse>(9);
  EXPECT_EQ(answer.responses.at(0).partition_responses.at(0).base_offset, 1);
  EXPECT_EQ(shard(0).metrics().connections, 2U);
  EXPECT_FALSE(shard(2).move_connection(second, 1));  // that one is no more
}

TEST_F(Shards, AConnectionWithARequestInFlightStays) {
  world_.create_topic(home_, "t");
  one_.send(BrokerWorld::fetch_request("t", 0, 0, 2000), 12);
  ASSERT_TRUE(world_.until([&] { return shard(0).fetch_path().waiting() == 1; }));
  EXPECT_FALSE(shard(1).move_connection(first_of(1), 2));
  ASSERT_TRUE(world_.until([&] { return one_.frames() > 0; }));
  EXPECT_EQ(fetch_row(one_).high_watermark, 0);
  EXPECT_TRUE(shard(1).move_connection(first_of(1), 2));
}

TEST_F(Shards, AMovedConnectionCanBeClosed) {
  ASSERT_TRUE(shard(1).move_connection(first_of(1), 2));
  ASSERT_TRUE(world_.until([&] { return shard(2).metrics().connections == 2; }));
  one_.finish();
  ASSERT_TRUE(world_.until([&] { return shard(2).metrics().connections == 1; }));
  // Shard 1 has the fewest now.
  RawClient& next = world_.connect();
  world_.call<wire::ApiVersionsResponse>(next, wire::ApiVersionsRequest{}, 0);
  EXPECT_EQ(shard(1).metrics().connections, 1U);
}

TEST_F(Shards, AStopAnswersWhatWaitsOnEveryShard) {
  world_.create_topic(home_, "t");
  for (RawClient* const client : {&home_, &one_, &two_}) {
    client->send(BrokerWorld::fetch_request("t", 0, 0, 30'000), 12);
  }
  ASSERT_TRUE(world_.until([&] { return shard(0).fetch_path().waiting() == 3; }));
  world_.stop();
  for (RawClient* const client : {&home_, &one_, &two_}) {
    ASSERT_TRUE(world_.until([&] { return client->frames() > 0 || client->broken(); }));
    ASSERT_EQ(client->frames(), 1U);
    EXPECT_EQ(fetch_row(*client).high_watermark, 0);
  }
  world_.start();
  RawClient& again = world_.connect();
  EXPECT_EQ(world_.produce(again, "t", 0, batch_of(1, "x")).base_offset, 0);
}

TEST_F(Shards, ACrashTakesAllShards) {
  world_.create_topic(one_, "t");
  EXPECT_EQ(world_.produce(two_, "t", 0, batch_of(1, "kept")).base_offset, 0);
  world_.crash_and_start();
  world_.connect();
  RawClient& next = world_.connect();
  EXPECT_EQ(world_.produce(next, "t", 0, batch_of(1, "more")).base_offset, 1);
}

TEST_F(Shards, CountersAreAddedUp) {
  world_.create_topic(one_, "t");
  for (RawClient* const client : {&home_, &one_, &one_, &two_}) world_.produce(*client, "t", 0, batch_of(2, "x"));
  std::shared_ptr<const Metrics> sum;
  world_.broker().gather_metrics([&](std::shared_ptr<const Metrics> all) { sum = std::move(all); });
  ASSERT_TRUE(world_.until([&] { return sum != nullptr; }));
  constexpr auto produce = static_cast<size_t>(wire::ApiKey::produce);
  EXPECT_EQ(sum->requests[produce], 4U);
  ASSERT_NE(sum->apis[produce], nullptr);
  EXPECT_EQ(sum->apis[produce]->total.count(), 4U);
  EXPECT_EQ(sum->connections, 3U);
  EXPECT_EQ(sum->records_appended, 8U);
  uint64_t received = 0;
  for (size_t i = 0; i < shards; ++i) {
    EXPECT_GT(shard(i).metrics().bytes_received, 0U);
    received += shard(i).metrics().bytes_received;
  }
  EXPECT_EQ(sum->bytes_received, received);
}

TEST(ShardLimits, ConnectionsOfAnAddressAreCountedOverAllShards) {
  BrokerWorld world(1, {{"max.connections.per.ip", "4"}}, 1ULL << 30, shards);
  std::vector<RawClient*> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(&world.connect());
  for (RawClient* const client : clients) {
    world.call<wire::ApiVersionsResponse>(*client, wire::ApiVersionsRequest{}, 0);
  }
  RawClient& fifth = world.connect();
  ASSERT_TRUE(world.until([&] { return fifth.broken(); }));
  clients[2]->finish();
  ASSERT_TRUE(world.until([&] { return world.broker().shard(2).metrics().connections == 0; }));
  world.world().run_for(seconds(1));
  RawClient& sixth = world.connect();
  world.call<wire::ApiVersionsResponse>(sixth, wire::ApiVersionsRequest{}, 0);
  EXPECT_FALSE(sixth.broken());
}

// A number that is printed and not added up would be that of the home shard.
TEST(ShardMetrics, EveryNumberOfTheTableIsAddedUp) {
  size_t numbers = 0;
  for (const MetricRow& row : metric_table()) {
    uint64_t Metrics::* const* const number = std::get_if<uint64_t Metrics::*>(&row.value);
    if (number == nullptr) continue;
    ++numbers;
    Metrics sum;
    Metrics part;
    sum.** number = 40;
    part.** number = 2;
    sum.add(part);
    EXPECT_EQ(sum.**number, 42U) << row.name;
  }
  EXPECT_GT(numbers, 20U);
}

}  // namespace
}  // namespace moldau::broker
