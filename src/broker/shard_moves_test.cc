// Partitions that go from one shard to another while they are used: nobody notices but by the clock.
#include <gtest/gtest.h>

#include <map>

#include "broker/test_kit.h"
#include "wire/api/00_produce.h"
#include "wire/api/01_fetch.h"
#include "wire/api/02_list_offsets.h"
#include "wire/api/20_delete_topics.h"

namespace moldau::broker {
namespace {

constexpr size_t shards = 4;
constexpr int32_t partitions = 4;

class PartitionMoves : public testing::Test {
 protected:
  void begin(uint64_t seed) {
    clients_.clear();
    world_ = std::make_unique<BrokerWorld>(seed, metadata::ConfigMap{}, 1ULL << 30, shards);
    for (size_t i = 0; i < shards; ++i) clients_.push_back(&world_->connect());
    topic_ = world_->create_topic(*clients_[0], "t", partitions);
  }
  Shard& shard(size_t index) { return world_->broker().shard(index); }
  size_t owner(int32_t partition) { return world_->broker().placement().shard_of({topic_, partition}); }
  /// Moves a partition and waits for the end of it.
  void move(int32_t partition, size_t to) {
    std::optional<bool> moved;
    world_->broker().move_partition({topic_, partition}, to, [&](bool done) { moved = done; });
    ASSERT_TRUE(world_->until([&] { return moved.has_value(); }, seconds(5)));
    EXPECT_TRUE(*moved);
    EXPECT_EQ(owner(partition), to);
    for (size_t i = 0; i < shards; ++i) {
      EXPECT_EQ(shard(i).partition({topic_, partition}) != nullptr, i == to);
      EXPECT_EQ(shard(i).owner_of({topic_, partition}), to);
    }
  }
  static wire::FetchRequest fetch_all(const std::vector<Offset>& next, int32_t max_wait_ms) {
    wire::FetchRequest request = BrokerWorld::fetch_request("t", 0, 0, max_wait_ms);
    const auto first = request.topics[0].partitions[0];
    request.topics[0].partitions.clear();
    for (size_t p = 0; p < next.size(); ++p) {
      request.topics[0].partitions.push_back(first);
      request.topics[0].partitions.back().partition = static_cast<int32_t>(p);
      request.topics[0].partitions.back().fetch_offset = next[p];
    }
    return request;
  }

  std::unique_ptr<BrokerWorld> world_;
  std::vector<RawClient*> clients_;
  Uuid topic_;
};

TEST_F(PartitionMoves, OneByOneAndBack) {
  begin(1);
  Offset next = 0;
  for (const size_t to : {size_t{1}, size_t{3}, size_t{2}, size_t{0}, size_t{3}, size_t{0}}) {
    move(0, to);
    for (RawClient* const client : clients_) {
      EXPECT_EQ(world_->produce(*client, "t", 0, batch_of(1, "x")).base_offset, next++);
    }
  }
  world_->stop();
  world_->start();
  RawClient& again = world_->connect();
  EXPECT_EQ(world_->produce(again, "t", 0, batch_of(1, "x")).base_offset, next);
}

// Who asks for what cannot be is told so, or to come again, at whatever moment of a move.
TEST_F(PartitionMoves, AnOffsetBeyondTheEndIsNeverTaken) {
  begin(5);
  size_t again = 0;
  for (int i = 0; i < 120; ++i) {
    bool moved = false;
    for (RawClient* const client : clients_) client->send(BrokerWorld::fetch_request("t", 0, 1000), 12);
    world_->world().run_for(microseconds(10 * i));
    world_->broker().move_partition({topic_, 0}, 1 + static_cast<size_t>(i % 2), [&](bool) { moved = true; });
    for (RawClient* const client : clients_) {
      ASSERT_TRUE(world_->until([&] { return client->frames() > 0; }, seconds(5)));
      const auto answer = client->take<wire::FetchResponse>(12);
      const auto error = static_cast<wire::ErrorCode>(answer.responses.at(0).partitions.at(0).error_code);
      if (error == wire::ErrorCode::not_leader_or_follower) {
        ++again;
      } else {
        EXPECT_EQ(error, wire::ErrorCode::offset_out_of_range);
      }
    }
    ASSERT_TRUE(world_->until([&] { return moved; }, seconds(5)));
  }
  EXPECT_GT(again, 0U);
}

TEST_F(PartitionMoves, AWaitingFetchComesAgain) {
  begin(2);
  for (RawClient* const client : clients_) client->send(fetch_all({0, 0, 0, 0}, 60'000), 12);
  world_->world().run_for(milliseconds(200));
  move(2, 1);
  ASSERT_TRUE(world_->until([&] {
    return std::all_of(clients_.begin(), clients_.end(), [](RawClient* client) { return client->frames() == 1; });
  }));
  for (RawClient* const client : clients_) {
    const auto answer = client->take<wire::FetchResponse>(12);
    for (const auto& row : answer.responses.at(0).partitions) {
      EXPECT_EQ(row.error_code, 0);
      EXPECT_EQ(row.high_watermark, 0);
    }
    client->send(fetch_all({0, 0, 0, 0}, 60'000), 12);
  }
  world_->world().run_for(milliseconds(200));
  RawClient& producer = world_->connect();
  world_->produce(producer, "t", 2, batch_of(1, "x"));
  for (RawClient* const client : clients_) {
    ASSERT_TRUE(world_->until([&] { return client->frames() == 1; }, milliseconds(500)));
    EXPECT_FALSE(client->take<wire::FetchResponse>(12).responses.at(0).partitions.at(2).records->view.empty());
  }
}

TEST_F(PartitionMoves, ATopicMayBeDeletedMeanwhile) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    begin(seed);
    size_t ended = 0;
    for (int32_t p = 0; p < partitions; ++p) {
      world_->broker().move_partition({topic_, p}, (static_cast<size_t>(p) + 1 + seed) % shards,
                                      [&](bool) { ++ended; });
    }
    clients_[0]->send(BrokerWorld::produce_request("t", 0, batch_of(1, "x")), 9);
    wire::DeleteTopicsRequest remove;
    remove.topic_names = {"t"};
    remove.timeout_ms = 1000;
    world_->world().run_for(microseconds(static_cast<int64_t>(100 * (seed % 10))));
    EXPECT_EQ(world_->call<wire::DeleteTopicsResponse>(*clients_[1], remove, 5).responses.at(0).error_code, 0);
    ASSERT_TRUE(world_->until([&] { return ended == partitions; }, seconds(5)));
    topic_ = world_->create_topic(*clients_[2], "t", partitions);
    ASSERT_TRUE(world_->until([&] {
      size_t hosted = 0;
      for (size_t i = 0; i < shards; ++i) hosted += shard(i).replicas()->size();
      return hosted == partitions;
    }));
    EXPECT_EQ(world_->produce(*clients_[3], "t", 1, batch_of(1, "x")).base_offset, 0);
    world_->stop();
  }
}

TEST_F(PartitionMoves, AStopMayComeMeanwhile) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    begin(seed);
    for (int32_t p = 0; p < partitions; ++p) {
      world_->broker().move_partition({topic_, p}, (static_cast<size_t>(p) + 2) % shards, nullptr);
    }
    for (RawClient* const client : clients_) client->send(BrokerWorld::produce_request("t", 3, batch_of(1, "x")), 9);
    world_->world().run_for(microseconds(static_cast<int64_t>(100 * seed)));
    world_->stop();
    world_->start();
    EXPECT_TRUE(world_->broker().folders().front().clean_stop);
  }
}

/// Producers that pipeline and consumers that wait, over all shards, while partitions go round.
class MovingLoad : public PartitionMoves {
 protected:
  static constexpr int produces_each = 120;

  struct Producer {
    RawClient* client = nullptr;
    ProducerId id = 0;
    std::vector<int32_t> sequences = std::vector<int32_t>(partitions, 0);
    std::vector<Offset> last = std::vector<Offset>(partitions, -1);
    int sent = 0;
    int answered = 0;
  };
  struct Consumer {
    RawClient* client = nullptr;
    std::vector<Offset> next = std::vector<Offset>(partitions, 0);
    bool asked = false;
  };

  void drive(Producer& producer) {
    while (producer.client->frames() > 0) {
      const auto answer = producer.client->take<wire::ProduceResponse>(9);
      ++producer.answered;
      for (const auto& row : answer.responses.at(0).partition_responses) {
        EXPECT_EQ(row.error_code, 0);
        Offset& last = producer.last[static_cast<size_t>(row.index)];
        EXPECT_GT(row.base_offset, last);
        last = row.base_offset;
      }
    }
    while (producer.sent < produces_each && producer.sent - producer.answered < 8) {
      Prng& prng = world_->world().prng();
      wire::ProduceRequest request;
      request.acks = prng.below(4) == 0 ? 1 : -1;
      request.timeout_ms = 30'000;
      auto& topic = request.topic_data.emplace_back();
      topic.name = "t";
      const size_t count = 1 + prng.below(2);
      const size_t first = prng.below(partitions);
      std::vector<std::vector<std::byte>> batches;
      for (size_t i = 0; i < count; ++i) {
        const size_t p = (first + i) % partitions;
        batches.push_back(batch_of(
            1, "x", {.producer_id = producer.id, .producer_epoch = 0, .base_sequence = producer.sequences[p]++}));
      }
      for (size_t i = 0; i < count; ++i) {
        topic.partition_data.push_back({static_cast<int32_t>((first + i) % partitions), wire::Records{batches[i]}});
      }
      records_ += count;
      producer.client->send(request, 9);
      ++producer.sent;
    }
  }
  void drive(Consumer& consumer) {
    if (consumer.client->frames() > 0) {
      consumer.asked = false;
      const auto answer = consumer.client->take<wire::FetchResponse>(12);
      EXPECT_EQ(answer.error_code, 0);
      for (const auto& topic : answer.responses) {
        for (const auto& row : topic.partitions) {
          EXPECT_EQ(row.error_code, 0);
          Offset& next = consumer.next[static_cast<size_t>(row.partition_index)];
          wire::for_each_batch(row.records->view, [&](const wire::BatchView& batch) {
            EXPECT_EQ(batch.base_offset(), next);
            next = batch.next_offset();
            return true;
          });
        }
      }
    }
    if (!std::exchange(consumer.asked, true)) consumer.client->send(fetch_all(consumer.next, 200), 12);
  }

  size_t records_ = 0;
};

TEST_F(MovingLoad, NothingIsLostAndOrderIsKept) {
  for (uint64_t seed = 1; seed <= 15; ++seed) {
    begin(seed);
    records_ = 0;
    std::vector<Producer> producers;
    std::vector<Consumer> consumers;
    for (size_t i = 0; i < shards; ++i) {
      producers.push_back({.client = &world_->connect(), .id = static_cast<ProducerId>(1000 + i)});
      consumers.push_back({.client = &world_->connect()});
    }
    size_t moves = 0;
    bool moving = false;
    const auto all = [&] {
      if (!std::exchange(moving, true)) {
        const auto partition = static_cast<PartitionIndex>(world_->world().prng().below(partitions));
        world_->broker().move_partition({topic_, partition}, world_->world().prng().below(shards), [&](bool) {
          ++moves;
          moving = false;
        });
      }
      bool done = moves >= 10;
      for (Producer& producer : producers) {
        drive(producer);
        done = done && producer.answered == produces_each;
      }
      for (Consumer& consumer : consumers) {
        drive(consumer);
        Offset read = 0;
        for (const Offset next : consumer.next) read += next;
        done = done && read == static_cast<Offset>(records_);
      }
      return done || HasFailure();
    };
    ASSERT_TRUE(world_->until(all, seconds(60))) << "seed " << seed;
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
    ASSERT_TRUE(world_->until([&] { return !moving; }, seconds(5)));
  }
}

}  // namespace
}  // namespace moldau::broker
