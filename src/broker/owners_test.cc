// Partitions that several shards own: requests over a connection of one shard for partitions of others.
#include <gtest/gtest.h>

#include "broker/metrics_gather.h"
#include "broker/scrape.h"
#include "broker/test_kit.h"
#include "wire/api/00_produce.h"
#include "wire/api/01_fetch.h"
#include "wire/api/02_list_offsets.h"
#include "wire/api/20_delete_topics.h"
#include "wire/api/21_delete_records.h"
#include "wire/api/23_offset_for_leader_epoch.h"
#include "wire/api/35_describe_log_dirs.h"
#include "wire/api/61_describe_producers.h"

namespace moldau::broker {
namespace {

using wire::ErrorCode;

constexpr size_t shards = 3;
constexpr int32_t partitions = 6;

/// A node of three shards, a connection on each, and a topic of which each shard owns two partitions: n and n + 3.
class Owners : public testing::Test {
 protected:
  void SetUp() override { world_.create_topic(one_, "t", partitions); }

  Shard& shard(size_t index) { return world_.broker().shard(index); }
  size_t waiting(size_t index) { return shard(index).fetch_path().waiting(); }
  size_t waiting() { return waiting(0) + waiting(1) + waiting(2); }

  static wire::ProduceRequest produce_to(const std::vector<int32_t>& wanted, std::span<const std::byte> records,
                                         int16_t acks = -1) {
    wire::ProduceRequest request;
    request.acks = acks;
    request.timeout_ms = 30'000;
    auto& topic = request.topic_data.emplace_back();
    topic.name = "t";
    for (const int32_t partition : wanted) topic.partition_data.push_back({partition, wire::Records{records}});
    return request;
  }
  static wire::FetchRequest fetch_of(const std::vector<int32_t>& wanted, Offset offset, int32_t max_wait_ms = 0) {
    wire::FetchRequest request = BrokerWorld::fetch_request("t", 0, offset, max_wait_ms);
    const auto first = request.topics[0].partitions[0];
    request.topics[0].partitions.clear();
    for (const int32_t partition : wanted) {
      request.topics[0].partitions.push_back(first);
      request.topics[0].partitions.back().partition = partition;
    }
    return request;
  }
  wire::FetchResponse take_fetch(RawClient& client) {
    auto answer = client.take<wire::FetchResponse>(12);
    EXPECT_EQ(answer.error_code, 0);
    return answer;
  }
  static std::vector<int32_t> indexes(const wire::FetchResponse& answer) {
    std::vector<int32_t> found;
    for (const auto& topic : answer.responses) {
      for (const auto& row : topic.partitions) found.push_back(row.partition_index);
    }
    return found;
  }
  static size_t bytes_of(const wire::FetchResponse& answer) {
    size_t bytes = 0;
    for (const auto& topic : answer.responses) {
      for (const auto& row : topic.partitions) bytes += row.records->view.size();
    }
    return bytes;
  }

  BrokerWorld world_{1, {}, 1ULL << 30, shards};
  RawClient& home_ = world_.connect();
  RawClient& one_ = world_.connect();
  RawClient& two_ = world_.connect();
};

TEST_F(Owners, EachShardOwnsItsPart) {
  for (size_t i = 0; i < shards; ++i) EXPECT_EQ(shard(i).replicas()->size(), 2U) << i;
  const Uuid topic = world_.broker().image().topic("t")->id;
  for (int32_t p = 0; p < partitions; ++p) {
    const TopicPartitionId id{topic, p};
    for (size_t i = 0; i < shards; ++i) {
      EXPECT_EQ(shard(i).owner_of(id), static_cast<size_t>(p) % shards);
      EXPECT_EQ(shard(i).partition(id) != nullptr, i == static_cast<size_t>(p) % shards);
    }
  }
}

TEST_F(Owners, AProduceGoesToAllOfThem) {
  Offset next = 0;
  for (RawClient* const client : {&home_, &one_, &two_}) {
    for (const int16_t acks : {int16_t{-1}, int16_t{1}}) {
      const auto batch = batch_of(2, "value");
      const auto answer =
          world_.call<wire::ProduceResponse>(*client, produce_to({5, 0, 1, 2, 99, 4, 3}, batch, acks), 9);
      const auto& rows = answer.responses.at(0).partition_responses;
      ASSERT_EQ(rows.size(), 7U);
      const std::vector<int32_t> order{5, 0, 1, 2, 99, 4, 3};
      for (size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i].index, order[i]);
        const bool known = order[i] != 99;
        EXPECT_EQ(rows[i].error_code, known ? 0 : code_of(ErrorCode::unknown_topic_or_partition));
        EXPECT_EQ(rows[i].base_offset, known ? next : -1);
        EXPECT_EQ(rows[i].log_start_offset, known ? 0 : -1);
      }
      next += 2;
    }
  }
  EXPECT_EQ(world_.count(&Metrics::batches_appended), 6U * partitions);
  EXPECT_EQ(world_.count(&Metrics::waiting_produces), 0U);
  for (size_t i = 0; i < shards; ++i) EXPECT_EQ(shard(i).metrics().batches_appended, 12U) << i;
}

TEST_F(Owners, TextsOfRefusalsComeBack) {
  world_.create_topic(home_, "compacted", 3, {{"cleanup.policy", "compact"}, {"max.message.bytes", "2000"}});
  wire::BatchBuilder builder;
  builder.add(1000, std::nullopt, "no key");
  const auto no_key = builder.finish();
  for (int32_t p = 0; p < 3; ++p) {
    const auto row = world_.produce(one_, "compacted", p, *no_key);
    EXPECT_EQ(row.error_code, code_of(ErrorCode::invalid_record)) << p;
    ASSERT_EQ(row.record_errors.size(), 1U);
    EXPECT_EQ(row.record_errors[0].batch_index, 0);
    EXPECT_NE(row.record_errors[0].batch_index_error_message.value_or("").find("key"), std::string_view::npos);
    EXPECT_TRUE(row.error_message.has_value());
    const auto large = world_.produce(one_, "compacted", p, batch_of(1, std::string(4000, 'x')));
    EXPECT_EQ(large.error_code, code_of(ErrorCode::message_too_large)) << p;
  }
}

TEST_F(Owners, WithoutAcknowledgementThereIsNoAnswerButAnErrorCloses) {
  one_.send(produce_to({0, 1, 2, 3, 4, 5}, batch_of(1, "x"), 0), 9);
  const auto row = world_.produce(one_, "t", 2, batch_of(1, "y"));
  EXPECT_EQ(row.base_offset, 1);
  auto damaged = batch_of(1, "x");
  damaged.back() ^= std::byte{1};
  one_.send(produce_to({0, 2}, damaged, 0), 9);
  ASSERT_TRUE(world_.until([&] { return one_.broken(); }));
}

TEST_F(Owners, ProducesKeepTheirOrder) {
  std::vector<int32_t> sent;
  for (int i = 0; i < 60; ++i) {
    sent.push_back(one_.send(produce_to({i % 6, (i + 1) % 6}, batch_of(1, "x"), i % 3 == 0 ? 1 : -1), 9));
  }
  ASSERT_TRUE(world_.until([&] { return one_.frames() == sent.size(); }));
  std::vector<Offset> next(partitions, 0);
  for (const int32_t correlation : sent) {
    int32_t got = 0;
    const auto answer = one_.take<wire::ProduceResponse>(9, &got);
    EXPECT_EQ(got, correlation);
    for (const auto& row : answer.responses.at(0).partition_responses) {
      EXPECT_EQ(row.base_offset, next[static_cast<size_t>(row.index)]++);
    }
  }
}

TEST_F(Owners, IdempotentProducersMayPipeline) {
  std::vector<std::vector<std::byte>> batches;
  for (int i = 0; i < 20; ++i) {
    batches.push_back(batch_of(1, "x", {.producer_id = 7, .producer_epoch = 0, .base_sequence = i}));
    one_.send(BrokerWorld::produce_request("t", 2, batches.back()), 9);
    if (i % 4 == 3) one_.send(BrokerWorld::produce_request("t", 2, batches.back()), 9);  // again
  }
  ASSERT_TRUE(world_.until([&] { return one_.frames() == 25; }));
  for (int i = 0; i < 20; ++i) {
    for (int again = 0; again < (i % 4 == 3 ? 2 : 1); ++again) {
      const auto row = one_.take<wire::ProduceResponse>(9).responses.at(0).partition_responses.at(0);
      EXPECT_EQ(row.error_code, 0);
      EXPECT_EQ(row.base_offset, i);
    }
  }
}

TEST_F(Owners, AFetchReadsAllOfThem) {
  for (int32_t p = 0; p < partitions; ++p) world_.produce(home_, "t", p, batch_of(p + 1, "value"));
  for (RawClient* const client : {&home_, &one_, &two_}) {
    client->send(fetch_of({3, 1, 5, 0, 2, 4}, 0), 12);
    ASSERT_TRUE(world_.until([&] { return client->frames() > 0; }));
    const auto answer = take_fetch(*client);
    EXPECT_EQ(indexes(answer), (std::vector<int32_t>{3, 1, 5, 0, 2, 4}));
    for (const auto& row : answer.responses.at(0).partitions) {
      EXPECT_EQ(row.error_code, 0);
      EXPECT_EQ(row.high_watermark, row.partition_index + 1);
      Offset held = 0;
      wire::for_each_batch(row.records->view, [&](const wire::BatchView& batch) {
        EXPECT_TRUE(batch.crc_valid());
        held = batch.next_offset();
        return true;
      });
      EXPECT_EQ(held, row.partition_index + 1);
    }
  }
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(Owners, TheLimitIsOfTheWholeAnswer) {
  const auto batch = batch_of(1, std::string(1000, 'x'));
  for (int32_t p = 0; p < partitions; ++p) {
    for (int i = 0; i < 3; ++i) world_.produce(home_, "t", p, batch);
  }
  const std::vector<int32_t> order{2, 1, 0, 5, 4, 3};
  for (const size_t limit : {size_t{1}, batch.size(), batch.size() * 7, batch.size() * 9, batch.size() * 100}) {
    for (RawClient* const client : {&home_, &one_, &two_}) {
      wire::FetchRequest request = fetch_of(order, 0);
      request.max_bytes = static_cast<int32_t>(limit);
      client->send(request, 12);
      ASSERT_TRUE(world_.until([&] { return client->frames() > 0; }));
      const auto answer = take_fetch(*client);
      EXPECT_EQ(indexes(answer), order);
      const auto& rows = answer.responses[0].partitions;
      EXPECT_GE(rows[0].records->view.size(), batch.size()) << "the first gives a whole batch";
      EXPECT_LE(bytes_of(answer), std::max(limit, batch.size()));
      if (limit >= batch.size() * 100) {
        EXPECT_EQ(bytes_of(answer), batch.size() * 3 * partitions);
      }
      if (limit == batch.size() * 7) {
        EXPECT_EQ(bytes_of(answer), batch.size() * 6);
      }
    }
  }
}

TEST_F(Owners, AFetchWaitsForAnyOfThem) {
  for (int32_t p = 0; p < partitions; ++p) {
    wire::FetchRequest all = fetch_of({0, 1, 2, 3, 4, 5}, 0, 20'000);
    for (auto& wanted : all.topics[0].partitions) wanted.fetch_offset = wanted.partition < p ? 1 : 0;
    one_.send(all, 12);
    two_.send(fetch_of({p}, 0, 20'000), 12);
    world_.world().run_for(milliseconds(300));
    EXPECT_EQ(one_.frames() + two_.frames(), 0U);
    EXPECT_EQ(waiting(), 4U) << "a part at each shard, and the other fetch";
    world_.produce(home_, "t", p, batch_of(1, "x"));
    ASSERT_TRUE(world_.until([&] { return one_.frames() > 0 && two_.frames() > 0; }, milliseconds(500)));
    const auto answer = take_fetch(one_);
    ASSERT_EQ(answer.responses.at(0).partitions.size(), 6U);
    for (const auto& row : answer.responses[0].partitions) {
      EXPECT_EQ(row.records->view.empty(), row.partition_index != p);
    }
    EXPECT_FALSE(take_fetch(two_).responses.at(0).partitions.at(0).records->view.empty());
    ASSERT_TRUE(world_.until([&] { return waiting() == 0; }, seconds(1)));
  }
}

TEST_F(Owners, MinBytesAreCountedOverAll) {
  const auto batch = batch_of(1, std::string(500, 'x'));
  wire::FetchRequest request = fetch_of({0, 1, 2, 3, 4, 5}, 0, 20'000);
  request.min_bytes = static_cast<int32_t>(batch.size() * 3);
  for (RawClient* const client : {&home_, &one_, &two_}) client->send(request, 12);
  const auto answered = [&] { return home_.frames() + one_.frames() + two_.frames(); };
  RawClient& producer = world_.connect();
  world_.produce(producer, "t", 1, batch);
  world_.produce(producer, "t", 2, batch);
  world_.world().run_for(milliseconds(300));
  EXPECT_EQ(answered(), 0U);
  world_.produce(producer, "t", 4, batch);
  ASSERT_TRUE(world_.until([&] { return answered() == 3; }, milliseconds(500)));
  for (RawClient* const client : {&home_, &one_, &two_}) EXPECT_EQ(bytes_of(take_fetch(*client)), batch.size() * 3);
  ASSERT_TRUE(world_.until([&] { return waiting() == 0; }, seconds(1)));
}

TEST_F(Owners, AfterItsTimeAFetchGetsWhatThereIs) {
  const auto batch = batch_of(1, std::string(500, 'x'));
  world_.produce(home_, "t", 4, batch);
  wire::FetchRequest request = fetch_of({0, 1, 2, 3, 4, 5}, 0, 400);
  request.min_bytes = 1 << 20;
  const Instant begin = world_.world().now();
  for (RawClient* const client : {&home_, &one_, &two_}) client->send(request, 12);
  ASSERT_TRUE(world_.until([&] { return home_.frames() + one_.frames() + two_.frames() == 3; }, seconds(2)));
  EXPECT_GE(world_.world().now() - begin, milliseconds(400));
  EXPECT_LT(world_.world().now() - begin, milliseconds(500));
  for (RawClient* const client : {&home_, &one_, &two_}) {
    const auto answer = take_fetch(*client);
    EXPECT_EQ(answer.responses.at(0).partitions.size(), 6U);
    EXPECT_EQ(bytes_of(answer), batch.size());
  }
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(Owners, AnErrorOfOneEndsTheWaitForAll) {
  wire::FetchRequest request = fetch_of({0, 1, 2}, 0, 20'000);
  request.topics[0].partitions[2].current_leader_epoch = 1000;
  for (RawClient* const client : {&home_, &one_, &two_}) {
    client->send(request, 12);
    ASSERT_TRUE(world_.until([&] { return client->frames() > 0; }, milliseconds(500)));
    const auto answer = take_fetch(*client);
    const auto& rows = answer.responses.at(0).partitions;
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0].error_code, 0);
    EXPECT_EQ(rows[0].high_watermark, 0);
    EXPECT_EQ(rows[1].error_code, 0);
    EXPECT_EQ(rows[2].error_code, code_of(ErrorCode::unknown_leader_epoch));
  }
  ASSERT_TRUE(world_.until([&] { return waiting() == 0; }, seconds(1)));
}

TEST_F(Owners, SessionsAreTheConnectionsShards) {
  wire::FetchRequest full = fetch_of({0, 1, 2, 3, 4, 5}, 0, 100);
  full.session_epoch = 0;
  one_.send(full, 12);
  ASSERT_TRUE(world_.until([&] { return one_.frames() > 0; }));
  const int32_t session = take_fetch(one_).session_id;
  ASSERT_NE(session, 0);
  EXPECT_EQ(shard(1).fetch_path().sessions().size(), 1U);
  wire::FetchRequest next;
  next.session_id = session;
  next.min_bytes = 1;
  next.max_bytes = 1 << 20;
  next.max_wait_ms = 20'000;
  for (int32_t epoch = 1; epoch <= partitions; ++epoch) {
    next.session_epoch = epoch;
    one_.send(next, 12);
    world_.world().run_for(milliseconds(100));
    EXPECT_EQ(one_.frames(), 0U);
    world_.produce(two_, "t", partitions - epoch, batch_of(1, "x"));
    ASSERT_TRUE(world_.until([&] { return one_.frames() > 0; }, milliseconds(500)));
    const auto answer = take_fetch(one_);
    EXPECT_EQ(answer.session_id, session);
    ASSERT_EQ(indexes(answer), (std::vector<int32_t>{partitions - epoch}));
    next.topics = {{.topic = "t", .partitions = {full.topics[0].partitions[0]}}};
    next.topics[0].partitions[0].partition = partitions - epoch;
    next.topics[0].partitions[0].fetch_offset = 1;
  }
}

TEST_F(Owners, AFetchIsForgottenWithItsConnection) {
  for (RawClient* const client : {&home_, &one_, &two_}) client->send(fetch_of({0, 1, 2}, 0, 60'000), 12);
  one_.send(BrokerWorld::produce_request("t", 2, batch_of(1, "behind the fetch")), 9);
  ASSERT_TRUE(world_.until([&] { return waiting() == 9; }));
  world_.world().cut_connections("client", "broker");
  ASSERT_TRUE(world_.until([&] { return waiting() == 0; }, seconds(10)));
  EXPECT_EQ(world_.count(&Metrics::waiting_fetches), 0U);
}

TEST_F(Owners, AProduceOutlivesItsConnection) {
  for (int i = 0; i < 5; ++i) one_.send(produce_to({0, 1, 2}, batch_of(1, "x")), 9);
  ASSERT_TRUE(world_.until([&] { return shard(1).metrics().requests[0] > 0; }));
  world_.world().cut_connections("client", "broker");
  world_.world().run_for(seconds(2));
  EXPECT_EQ(world_.count(&Metrics::waiting_produces), 0U);
  RawClient& next = world_.connect();
  EXPECT_EQ(world_.produce(next, "t", 2, batch_of(1, "x")).error_code, 0);
}

TEST_F(Owners, AClientThatSendsNoMoreGetsWhatThereIs) {
  one_.send(fetch_of({0, 1, 2}, 0, 60'000), 12);
  two_.send(fetch_of({0}, 0, 60'000), 12);
  ASSERT_TRUE(world_.until([&] { return waiting() == 4; }));
  one_.finish();
  two_.finish();
  ASSERT_TRUE(world_.until([&] { return waiting() == 0; }, seconds(2)));
  EXPECT_TRUE(world_.until([&] { return world_.count(&Metrics::connections) == 1; }, seconds(2)));
  EXPECT_EQ(world_.count(&Metrics::waiting_fetches), 0U);
}

TEST_F(Owners, AStopAnswersWhatWaits) {
  for (RawClient* const client : {&home_, &one_, &two_}) client->send(fetch_of({0, 1, 2}, 0, 60'000), 12);
  RawClient& last = world_.connect();
  last.send(fetch_of({1}, 0, 60'000), 12);
  ASSERT_TRUE(world_.until([&] { return waiting() == 10; }));
  const Instant begin = world_.world().now();
  world_.stop();
  EXPECT_LT(world_.world().now() - begin, seconds(2));
  for (RawClient* const client : {&home_, &one_, &two_}) {
    ASSERT_EQ(client->frames(), 1U);
    EXPECT_EQ(take_fetch(*client).responses.at(0).partitions.size(), 3U);
  }
  EXPECT_EQ(last.frames(), 1U);
}

TEST_F(Owners, ARestartFindsEverything) {
  for (int32_t p = 0; p < partitions; ++p) world_.produce(one_, "t", p, batch_of(p + 1, "kept"));
  for (int life = 0; life < 3; ++life) {
    if (life == 0) {
      world_.stop();
      world_.start();
      EXPECT_TRUE(world_.broker().folders().front().clean_stop);
    } else {
      world_.crash_and_start(life == 1 ? io::sim::CrashKind::process : io::sim::CrashKind::power);
    }
    for (size_t i = 0; i < shards; ++i) EXPECT_EQ(shard(i).replicas()->size(), 2U) << i;
    RawClient& client = world_.connect();
    client.send(fetch_of({0, 1, 2, 3, 4, 5}, 0), 12);
    ASSERT_TRUE(world_.until([&] { return client.frames() > 0; }));
    const auto answer = take_fetch(client);
    for (const auto& row : answer.responses.at(0).partitions) {
      EXPECT_EQ(row.high_watermark, row.partition_index + 1);
      EXPECT_FALSE(row.records->view.empty());
    }
  }
}

TEST_F(Owners, ADeletedTopicEndsEverywhere) {
  for (RawClient* const client : {&one_, &two_}) client->send(fetch_of({0, 1, 2}, 0, 60'000), 12);
  ASSERT_TRUE(world_.until([&] { return waiting() == 6; }));
  // Its name is free at once, and its partitions come again, empty.
  for (int round = 0; round < 3; ++round) {
    for (int32_t p = 0; p < partitions; ++p) {
      EXPECT_EQ(world_.produce(home_, "t", p, batch_of(1, "x")).base_offset, 0);
    }
    wire::DeleteTopicsRequest remove;
    remove.topic_names = {"t"};
    remove.timeout_ms = 1000;
    EXPECT_EQ(world_.call<wire::DeleteTopicsResponse>(home_, remove, 5).responses.at(0).error_code, 0);
    world_.create_topic(home_, "t", partitions);
    ASSERT_TRUE(world_.until([&] {
      size_t hosted = 0;
      for (size_t i = 0; i < shards; ++i) hosted += shard(i).replicas()->size();
      return hosted == partitions;
    }));
  }
  ASSERT_TRUE(world_.until([&] { return one_.frames() > 0 && two_.frames() > 0; }));
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(Owners, QuestionsAboutOffsets) {
  for (int32_t p = 0; p < partitions; ++p) {
    world_.produce(home_, "t", p,
                   batch_of(p + 2, "x", {.producer_id = 100 + p, .producer_epoch = 0, .base_sequence = 0}));
  }
  wire::DeleteRecordsRequest remove;
  wire::ListOffsetsRequest list;
  wire::OffsetForLeaderEpochRequest epochs;
  wire::DescribeProducersRequest producers;
  remove.timeout_ms = 1000;
  remove.topics.push_back({.name = "t"});
  list.replica_id = -1;
  list.topics.push_back({.name = "t"});
  epochs.topics.push_back({.topic = "t"});
  producers.topics.push_back({.name = "t"});
  for (int32_t p = partitions; p >= 0; --p) {
    remove.topics[0].partitions.push_back({p, p == 3 ? 1000 : 1});
    list.topics[0].partitions.push_back({.partition_index = p, .timestamp = p % 2 == 0 ? -1 : -2});
    epochs.topics[0].partitions.push_back({.partition = p, .leader_epoch = 0});
    producers.topics[0].partition_indexes.push_back(p);
  }
  for (RawClient* const client : {&one_, &two_, &home_}) {
    const auto removed = world_.call<wire::DeleteRecordsResponse>(*client, remove, 2);
    const auto listed = world_.call<wire::ListOffsetsResponse>(*client, list, 7);
    const auto ended = world_.call<wire::OffsetForLeaderEpochResponse>(*client, epochs, 4);
    const auto described = world_.call<wire::DescribeProducersResponse>(*client, producers, 0);
    for (size_t i = 0; i <= partitions; ++i) {
      const auto p = static_cast<int32_t>(partitions - i);
      const bool known = p < partitions;
      const auto& deletion = removed.topics.at(0).partitions.at(i);
      const auto& offset = listed.topics.at(0).partitions.at(i);
      const auto& end = ended.topics.at(0).partitions.at(i);
      const auto& states = described.topics.at(0).partitions.at(i);
      EXPECT_EQ(deletion.partition_index, p);
      EXPECT_EQ(offset.partition_index, p);
      EXPECT_EQ(end.partition, p);
      EXPECT_EQ(states.partition_index, p);
      if (!known) {
        const auto unknown = code_of(ErrorCode::unknown_topic_or_partition);
        EXPECT_EQ(deletion.error_code, unknown);
        EXPECT_EQ(offset.error_code, unknown);
        EXPECT_EQ(end.error_code, unknown);
        EXPECT_EQ(states.error_code, unknown);
        continue;
      }
      EXPECT_EQ(deletion.error_code, p == 3 ? code_of(ErrorCode::offset_out_of_range) : 0);
      EXPECT_EQ(deletion.low_watermark, p == 3 ? -1 : 1);
      EXPECT_EQ(offset.error_code, 0);
      EXPECT_EQ(offset.offset, p % 2 == 0 ? p + 2 : p == 3 ? 0 : 1);
      EXPECT_EQ(end.error_code, 0);
      EXPECT_EQ(end.end_offset, p + 2);
      EXPECT_EQ(states.error_code, 0);
      ASSERT_EQ(states.active_producers.size(), 1U);
      EXPECT_EQ(states.active_producers[0].producer_id, 100 + p);
    }
  }
}

TEST_F(Owners, HomeShowsThePartitionsOfAll) {
  for (int32_t p = 0; p < partitions; ++p) world_.produce(one_, "t", p, batch_of(p + 1, "x"));
  wire::DescribeLogDirsRequest all;
  all.topics.reset();
  const auto dirs = world_.call<wire::DescribeLogDirsResponse>(two_, all, 4);
  ASSERT_EQ(dirs.results.size(), 1U);
  ASSERT_EQ(dirs.results[0].topics.size(), 1U);
  ASSERT_EQ(dirs.results[0].topics[0].partitions.size(), 6U);
  for (const auto& row : dirs.results[0].topics[0].partitions) EXPECT_GT(row.partition_size, 0);

  ScrapeOptions options;
  options.text.detail = MetricDetail::partition;
  Scrape scrape(&world_.broker(), options);
  std::string text;
  while (scrape.step(text)) world_.world().run_for(microseconds(100));
  for (int32_t p = 0; p < partitions; ++p) {
    const std::string line = "kafka_topic_partition_current_offset{topic=\"t\",partition=\"" + std::to_string(p) +
                             "\"} " + std::to_string(p + 1) + "\n";
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

// Connections go where their partitions are: after 64 parts, when nothing is in flight.
TEST_F(Owners, AConnectionGoesWhereItsPartitionsAre) {
  world_.world().run_for(seconds(3));
  for (int i = 0; i < 70; ++i) {
    one_.send(BrokerWorld::produce_request("t", i % 10 == 0 ? 0 : 5, batch_of(1, "x")), 9);
  }
  ASSERT_TRUE(world_.until([&] { return one_.frames() == 70; }));
  ASSERT_TRUE(world_.until([&] { return shard(2).metrics().connections == 2; }));
  EXPECT_EQ(shard(1).metrics().connections, 0U);
  Offset next = 0;
  for (int i = 0; i < 70; ++i) {
    const auto row = one_.take<wire::ProduceResponse>(9).responses.at(0).partition_responses.at(0);
    EXPECT_EQ(row.error_code, 0);
    if (row.index == 5) {
      EXPECT_EQ(row.base_offset, next++);
    }
  }
  // Who uses all alike stays.
  for (int i = 0; i < 200; ++i) home_.send(BrokerWorld::produce_request("t", i % 6, batch_of(1, "x"), 1), 9);
  ASSERT_TRUE(world_.until([&] { return home_.frames() == 200; }));
  EXPECT_EQ(shard(0).metrics().connections, 1U);
}

TEST_F(Owners, AFetchSessionGoesAlong) {
  wire::FetchRequest full = fetch_of({2, 5}, 0, 0);
  full.session_epoch = 0;
  one_.send(full, 12);
  ASSERT_TRUE(world_.until([&] { return one_.frames() > 0; }));
  const int32_t session = take_fetch(one_).session_id;
  ASSERT_NE(session, 0);
  wire::FetchRequest next;
  next.session_id = session;
  next.min_bytes = 1;
  next.max_bytes = 1 << 20;
  for (int32_t epoch = 1; epoch < 60; ++epoch) {
    next.session_epoch = epoch;
    one_.send(next, 12);
    ASSERT_TRUE(world_.until([&] { return one_.frames() > 0; }));
    EXPECT_EQ(take_fetch(one_).session_id, session);
  }
  EXPECT_EQ(shard(2).metrics().connections, 2U);
  EXPECT_EQ(shard(1).fetch_path().sessions().size(), 0U);
  EXPECT_EQ(shard(2).fetch_path().sessions().size(), 1U);
}

// An answer about a new topic may be there before every shard knows of it: what is asked of an owner then waits for it.
TEST(OwnerViews, AnOwnerNeverKnowsLessThanWhoAsks) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    BrokerWorld world(seed, {}, 1ULL << 30, 4);
    std::vector<RawClient*> clients;
    for (int i = 0; i < 4; ++i) clients.push_back(&world.connect());
    for (int i = 0; i < 8; ++i) {
      RawClient& client = *clients[static_cast<size_t>(i) % 4];
      const std::string name = "t" + std::to_string(i);
      world.create_topic(client, name, 5);
      wire::ProduceRequest request;
      request.acks = 1;
      request.timeout_ms = 1000;
      auto& topic = request.topic_data.emplace_back();
      topic.name = name;
      const auto batch = batch_of(1, "x");
      for (int32_t p = 0; p < 5; ++p) topic.partition_data.push_back({p, wire::Records{batch}});
      const auto answer = world.call<wire::ProduceResponse>(client, request, 9);
      for (const auto& row : answer.responses.at(0).partition_responses) {
        EXPECT_EQ(row.error_code, 0) << "seed " << seed << " topic " << name << " partition " << row.index;
      }
    }
  }
}

}  // namespace
}  // namespace moldau::broker
