// Nodes whose shards have different loads: partitions go where there is room, and connections after them.
#include <gtest/gtest.h>

#include "broker/test_kit.h"
#include "wire/api/00_produce.h"
#include "wire/api/20_delete_topics.h"

namespace moldau::broker {
namespace {

constexpr uint64_t produces_per_second = 1000;  // of one batch, that make a shard wholly busy
constexpr size_t shards = 3;

class Balance : public testing::Test {
 protected:
  struct Producer {
    RawClient* client = nullptr;
    int32_t partition = 0;
    uint64_t sent = 0;
    uint64_t answered = 0;
  };

  void begin(const char* fill, size_t partitions) {
    world_ = std::make_unique<BrokerWorld>(1, metadata::ConfigMap{{"shards.fill.percent", fill}}, 1ULL << 30, shards,
                                           produces_per_second * (Work::produce + 100 * Work::written_byte));
    admin_ = &world_->connect();
    topic_ = world_->create_topic(*admin_, "t", static_cast<int32_t>(partitions));
    for (size_t i = 0; i < partitions; ++i) {
      producers_.push_back({.client = &world_->connect(), .partition = static_cast<int32_t>(i)});
    }
  }
  /// Each producer sends `per_second`, at most one at a time.
  void load(Duration duration, uint64_t per_second) {
    const Instant end = world_->world().now() + duration;
    const Duration pause = seconds(1) / static_cast<int64_t>(per_second);
    while (world_->world().now() < end) {
      for (Producer& producer : producers_) drive(producer);
      world_->world().run_for(pause);
    }
  }
  void drive(Producer& producer) {
    if (producer.client->frames() > 0) {
      const auto answer = producer.client->take<wire::ProduceResponse>(9);
      const auto& row = answer.responses.at(0).partition_responses.at(0);
      EXPECT_EQ(row.error_code, 0);
      EXPECT_EQ(row.base_offset, static_cast<Offset>(producer.answered));
      ++producer.answered;
    }
    if (producer.answered < producer.sent) return;
    producer.client->send(BrokerWorld::produce_request("t", producer.partition, batch_of(1, "x"), 1), 9);
    ++producer.sent;
  }
  size_t owned_by(size_t shard) {
    size_t count = 0;
    for (const Producer& producer : producers_) {
      if (world_->broker().placement().shard_of({topic_, producer.partition}) == shard) ++count;
    }
    return count;
  }
  Shard& shard(size_t index) { return world_->broker().shard(index); }
  uint64_t moves() { return world_->count(&Metrics::partitions_moved); }

  std::unique_ptr<BrokerWorld> world_;
  RawClient* admin_ = nullptr;
  Uuid topic_;
  std::vector<Producer> producers_;
};

TEST_F(Balance, AnIdleNodeMovesNothing) {
  begin("50", 6);
  world_->world().run_for(seconds(120));
  EXPECT_EQ(moves(), 0U);
  EXPECT_EQ(owned_by(0), 6U);
  EXPECT_EQ(shard(0).metrics().connections, 7U);
}

TEST_F(Balance, ASmallLoadStaysAtHome) {
  begin("50", 6);
  load(seconds(20), 20);
  EXPECT_EQ(moves(), 0U);
  EXPECT_EQ(shard(0).metrics().connections, 7U);
}

TEST_F(Balance, ALargeLoadIsSharedConnectionsFollowAndAllComesBack) {
  begin("50", 8);
  load(seconds(15), 110);
  EXPECT_EQ(moves(), 4U);
  EXPECT_EQ(owned_by(0), 4U);
  EXPECT_EQ(owned_by(1), 4U);
  EXPECT_EQ(world_->count(&Metrics::connections_steered), 4U);
  EXPECT_EQ(shard(1).metrics().connections, 4U);
  load(seconds(20), 110);
  EXPECT_EQ(moves(), 4U);
  load(seconds(60), 10);
  EXPECT_EQ(moves(), 8U);
  EXPECT_EQ(owned_by(0), 8U);
  EXPECT_EQ(shard(0).metrics().connections, 9U);
  world_->stop();
}

TEST_F(Balance, NewPartitionsGoWhereThereIsRoom) {
  begin("50", 6);
  load(seconds(2), 100);  // 60 %: more than it is filled to, less than what makes it give some away
  const Uuid fresh = world_->create_topic(*admin_, "fresh", 4);
  EXPECT_EQ(owned_by(0), 6U);
  for (int32_t i = 0; i < 4; ++i) EXPECT_EQ(world_->broker().placement().shard_of({fresh, i}), 1U);
  // And new connections.
  const uint64_t before = shard(1).metrics().connections;
  RawClient& next = world_->connect();
  world_->call<wire::ApiVersionsResponse>(next, wire::ApiVersionsRequest{}, 0);
  EXPECT_EQ(shard(1).metrics().connections, before + 1);
}

TEST_F(Balance, WhatIsSpreadEvenlyIsEvenedByLoad) {
  begin("0", 6);
  for (size_t i = 0; i < shards; ++i) EXPECT_EQ(owned_by(i), 2U);
  std::erase_if(producers_, [&](const Producer& one) { return one.partition % 3 == 2; });  // one shard does nothing
  load(seconds(15), 150);
  EXPECT_EQ(moves(), 1U);
  for (size_t i = 0; i < shards; ++i) EXPECT_GE(owned_by(i), 1U);
  load(seconds(40), 150);
  EXPECT_EQ(moves(), 1U);
}

// At different moments of the moves.
TEST_F(Balance, ATopicMayBeDeletedMeanwhile) {
  for (int i = 0; i < 10; ++i) {
    producers_.clear();
    begin("50", 8);
    load(milliseconds(2990), 110);
    ASSERT_TRUE(world_->until([&] {
      for (Producer& producer : producers_) drive(producer);
      return shard(0).replicas()->size() < 8;
    }));
    world_->world().run_for(microseconds(200 * i));
    wire::DeleteTopicsRequest request;
    request.topics.push_back({.name = "t"});
    request.timeout_ms = 5000;
    const auto deleted = world_->call<wire::DeleteTopicsResponse>(*admin_, request, 6);
    EXPECT_EQ(deleted.responses.at(0).error_code, 0);
    world_->world().run_for(seconds(5));
    for (size_t one = 0; one < shards; ++one) EXPECT_EQ(shard(one).replicas()->size(), 0U);
    world_->create_topic(*admin_, "t", 8);
    EXPECT_EQ(world_->produce(*admin_, "t", 7, batch_of(1, "x")).base_offset, 0);
    world_->stop();
  }
}

TEST_F(Balance, ConnectionsAreNotSteeredToWhoHasEnoughToDo) {
  begin("0", 1);
  const auto busy = [](Ppm home, Ppm one) {
    return std::make_shared<const std::vector<Ppm>>(std::vector<Ppm>{home, one, 0});
  };
  Shard& from = shard(1);
  EXPECT_TRUE(from.may_steer(0));
  from.take_work(busy(950'000, 100'000));
  EXPECT_FALSE(from.may_steer(0));
  EXPECT_TRUE(from.may_steer(2));
  from.take_work(busy(890'000, 100'000));
  EXPECT_TRUE(from.may_steer(0));
  from.take_work(busy(950'000, 960'000));  // it is worse off here
  EXPECT_TRUE(from.may_steer(0));
}

TEST_F(Balance, NotAllConnectionsAreSteeredAtOnce) {
  begin("0", 1);
  for (uint32_t i = 0; i < Shard::steered_max; ++i) EXPECT_TRUE(shard(1).may_steer(0));
  EXPECT_FALSE(shard(1).may_steer(0));
  world_->world().run_for(seconds(1));
  EXPECT_TRUE(shard(1).may_steer(0));
}

}  // namespace
}  // namespace moldau::broker
