// A broker under the simulator, spoken to in raw requests: what clients see, in order and in error.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "broker/test_kit.h"
#include "wire/api/02_list_offsets.h"
#include "wire/api/10_find_coordinator.h"
#include "wire/api/18_api_versions.h"
#include "wire/api/20_delete_topics.h"
#include "wire/api/22_init_producer_id.h"
#include "wire/api/32_describe_configs.h"
#include "wire/api/60_describe_cluster.h"
#include "wire/api/75_describe_topic_partitions.h"

namespace moldau::broker {
namespace {

using wire::ErrorCode;

std::string text_of(const std::optional<wire::Records>& records) {
  std::string text;
  if (!records.has_value()) return text;
  wire::RecordIterator iterator;
  wire::for_each_batch(records->view, [&](const wire::BatchView& batch) {
    EXPECT_TRUE(batch.crc_valid());
    EXPECT_EQ(iterator.start(batch), wire::RecordFault::none);
    wire::RecordView record;
    while (iterator.next(record))
      text += std::to_string(record.offset) + "=" + std::string(as_text(*record.value)) + " ";
    return true;
  });
  return text;
}

wire::FetchResponse::PartitionData fetch_one(BrokerWorld& world, RawClient& client, const wire::FetchRequest& request,
                                             int16_t version = 12) {
  const auto answer = world.call<wire::FetchResponse>(client, request, version);
  EXPECT_EQ(answer.error_code, 0);
  if (answer.responses.size() != 1 || answer.responses[0].partitions.size() != 1) {
    ADD_FAILURE() << "not one partition";
    return {};
  }
  return answer.responses[0].partitions[0];
}

TEST(Broker, ProducesAndFetchesAcrossARestart) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "orders", 2);
  for (int i = 0; i < 3; ++i) {
    const auto answer = world.produce(client, "orders", 1, batch_of(2, "v" + std::to_string(i)));
    EXPECT_EQ(answer.error_code, 0);
    EXPECT_EQ(answer.base_offset, 2 * i);
    EXPECT_EQ(answer.log_start_offset, 0);
    EXPECT_EQ(answer.log_append_time_ms, -1);
  }
  const std::string expected = "0=v0 1=v0 2=v1 3=v1 4=v2 5=v2 ";
  EXPECT_EQ(text_of(fetch_one(world, client, BrokerWorld::fetch_request("orders", 1, 0)).records), expected);
  world.stop();
  world.start();
  RawClient& again = world.connect();
  const auto row = fetch_one(world, again, BrokerWorld::fetch_request("orders", 1, 3));
  EXPECT_EQ(row.error_code, 0);
  EXPECT_EQ(row.high_watermark, 6);
  EXPECT_EQ(row.last_stable_offset, 6);
  EXPECT_EQ(text_of(row.records), "2=v1 3=v1 4=v2 5=v2 ");  // from the batch that holds offset 3
  EXPECT_EQ(world.produce(again, "orders", 1, batch_of(1, "v3")).base_offset, 6);
}

TEST(Broker, EveryVersionOfProduceAndFetch) {
  BrokerWorld world;
  RawClient& client = world.connect();
  const Uuid id = world.create_topic(client, "t");
  Offset next = 0;
  for (int16_t version = 3; version <= 13; ++version) {
    const std::vector<std::byte> batch = batch_of(1, "x");
    wire::ProduceRequest request = BrokerWorld::produce_request("t", 0, batch);
    if (version >= 13) request.topic_data[0] = {.topic_id = id, .partition_data = {{0, wire::Records{batch}}}};
    const auto answer = world.call<wire::ProduceResponse>(client, request, version);
    ASSERT_EQ(answer.responses.size(), 1U) << version;
    EXPECT_EQ(answer.responses[0].partition_responses[0].error_code, 0) << version;
    EXPECT_EQ(answer.responses[0].partition_responses[0].base_offset, next++) << version;
    if (version >= 13) {
      EXPECT_EQ(answer.responses[0].topic_id, id);
    }
  }
  for (int16_t version = 4; version <= 18; ++version) {
    wire::FetchRequest request = BrokerWorld::fetch_request("t", 0, 10);
    if (version >= 13) {
      request.topics[0].topic = "";
      request.topics[0].topic_id = id;
    }
    if (version >= 7) request.session_epoch = -1;
    const auto row = fetch_one(world, client, request, version);
    EXPECT_EQ(row.error_code, 0) << version;
    EXPECT_EQ(text_of(row.records), "10=x ") << version;
    EXPECT_EQ(row.high_watermark, 11) << version;
  }
}

TEST(Broker, AcksOneAndZero) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(1, "a"), 1).base_offset, 0);
  client.send(BrokerWorld::produce_request("t", 0, batch_of(1, "b"), 0), 9);
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(1, "c"), -1).base_offset, 2);
  EXPECT_EQ(client.frames(), 0U);  // acks=0 had no answer
  EXPECT_EQ(text_of(fetch_one(world, client, BrokerWorld::fetch_request("t", 0, 0)).records), "0=a 1=b 2=c ");
  // An error of acks=0 closes the connection.
  client.send(BrokerWorld::produce_request("nosuch", 0, batch_of(1, "b"), 0), 9);
  EXPECT_TRUE(world.until([&] { return client.broken(); }));
}

TEST(Broker, ProduceErrors) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t", 1, {{"max.message.bytes", "2000"}});
  const auto code = [&](std::string_view topic, int32_t partition, const std::vector<std::byte>& batch,
                        int16_t acks = -1, int16_t version = 9) {
    return static_cast<ErrorCode>(world.produce(client, topic, partition, batch, acks, version).error_code);
  };
  EXPECT_EQ(code("nosuch", 0, batch_of(1, "x")), ErrorCode::unknown_topic_or_partition);
  EXPECT_EQ(code("t", 1, batch_of(1, "x")), ErrorCode::unknown_topic_or_partition);
  EXPECT_EQ(code("t", -1, batch_of(1, "x")), ErrorCode::unknown_topic_or_partition);
  EXPECT_EQ(code("t", 0, batch_of(1, "x"), 2), ErrorCode::invalid_required_acks);
  EXPECT_EQ(code("t", 0, {}), ErrorCode::invalid_record);
  EXPECT_EQ(code("t", 0, batch_of(1, std::string(3000, 'x'))), ErrorCode::message_too_large);
  std::vector<std::byte> damaged = batch_of(1, "x");
  damaged.back() ^= std::byte{1};
  EXPECT_EQ(code("t", 0, damaged), ErrorCode::corrupt_message);
  std::vector<std::byte> two = batch_of(1, "x");
  two.insert(two.end(), two.begin(), two.begin() + static_cast<ptrdiff_t>(two.size()));
  EXPECT_EQ(code("t", 0, two), ErrorCode::invalid_record);
  wire::BatchOptions transactional;
  transactional.producer_id = 1;
  transactional.producer_epoch = 0;
  transactional.base_sequence = 0;
  transactional.transactional = true;
  EXPECT_EQ(code("t", 0, batch_of(1, "x", transactional)), ErrorCode::transactional_id_authorization_failed);
  const std::vector<std::byte> batch = batch_of(1, "x", transactional);
  wire::ProduceRequest request = BrokerWorld::produce_request("t", 0, batch);
  request.transactional_id = "tx";
  EXPECT_EQ(world.call<wire::ProduceResponse>(client, request, 9).responses[0].partition_responses[0].error_code,
            code_of(ErrorCode::invalid_txn_state));
  wire::ProduceRequest unknown_id;
  unknown_id.acks = -1;
  unknown_id.topic_data.push_back({.topic_id = Uuid::of(1, 2), .partition_data = {{0, wire::Records{batch}}}});
  EXPECT_EQ(world.call<wire::ProduceResponse>(client, unknown_id, 13).responses[0].partition_responses[0].error_code,
            code_of(ErrorCode::transactional_id_authorization_failed));
  const std::vector<std::byte> plain = batch_of(1, "x");
  unknown_id.topic_data[0].partition_data[0].records = wire::Records{plain};
  EXPECT_EQ(world.call<wire::ProduceResponse>(client, unknown_id, 13).responses[0].partition_responses[0].error_code,
            code_of(ErrorCode::unknown_topic_id));
  EXPECT_EQ(code("t", 0, batch_of(1, "x")), ErrorCode::none);
}

TEST(Broker, IdempotentProducers) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  wire::InitProducerIdRequest init;
  init.transactional_id.reset();
  const auto granted = world.call<wire::InitProducerIdResponse>(client, init, 4);
  ASSERT_EQ(granted.error_code, 0);
  EXPECT_EQ(granted.producer_id, 0);
  EXPECT_EQ(granted.producer_epoch, 0);
  EXPECT_EQ(world.call<wire::InitProducerIdResponse>(client, init, 4).producer_id, 1);
  const auto batch = [&](int32_t sequence, int count = 2) {
    wire::BatchOptions options;
    options.producer_id = granted.producer_id;
    options.producer_epoch = 0;
    options.base_sequence = sequence;
    return batch_of(count, "s" + std::to_string(sequence), options);
  };
  EXPECT_EQ(world.produce(client, "t", 0, batch(0)).base_offset, 0);
  EXPECT_EQ(world.produce(client, "t", 0, batch(2)).base_offset, 2);
  EXPECT_EQ(world.produce(client, "t", 0, batch(0)).base_offset, 0);  // a duplicate: the original offset
  EXPECT_EQ(world.produce(client, "t", 0, batch(6)).error_code, code_of(ErrorCode::out_of_order_sequence_number));
  EXPECT_EQ(world.produce(client, "t", 0, batch(4)).base_offset, 4);
  EXPECT_EQ(text_of(fetch_one(world, client, BrokerWorld::fetch_request("t", 0, 0)).records),
            "0=s0 1=s0 2=s2 3=s2 4=s4 5=s4 ");
  // The same in flight: a duplicate waits for its original.
  client.send(BrokerWorld::produce_request("t", 0, batch(6)), 9);
  client.send(BrokerWorld::produce_request("t", 0, batch(6)), 9);
  ASSERT_TRUE(world.until([&] { return client.frames() == 2; }));
  for (int i = 0; i < 2; ++i) {
    const auto row = client.take<wire::ProduceResponse>(9).responses[0].partition_responses[0];
    EXPECT_EQ(row.error_code, 0);
    EXPECT_EQ(row.base_offset, 6);
  }
  init.transactional_id = "tx";
  EXPECT_EQ(world.call<wire::InitProducerIdResponse>(client, init, 4).error_code,
            code_of(ErrorCode::unsupported_version));
  init.transactional_id.reset();
  init.producer_id = 5;
  EXPECT_EQ(world.call<wire::InitProducerIdResponse>(client, init, 4).error_code, code_of(ErrorCode::invalid_request));
}

TEST(Broker, AnswersKeepTheOrderOfRequests) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  std::vector<int32_t> sent;
  for (int i = 0; i < 50; ++i) {
    sent.push_back(client.send(BrokerWorld::produce_request("t", 0, batch_of(1, "x"), i % 3 == 0 ? 1 : -1), 9));
    if (i % 7 == 0) sent.push_back(client.send(wire::ApiVersionsRequest{"c", "1"}, 3));
    if (i % 11 == 0) sent.push_back(client.send(BrokerWorld::fetch_request("t", 0, i, 100), 12));
  }
  ASSERT_TRUE(world.until([&] { return client.frames() == sent.size(); }));
  for (const int32_t correlation : sent) {
    EXPECT_EQ(load_big_endian<int32_t>(client.take_frame().data()), correlation);
  }
}

TEST(Broker, FetchWaitsForRecords) {
  BrokerWorld world;
  RawClient& consumer = world.connect();
  RawClient& producer = world.connect();
  world.create_topic(producer, "t", 2);
  wire::FetchRequest request = BrokerWorld::fetch_request("t", 0, 0, 5000);
  wire::FetchRequest::FetchPartition other;
  other.partition = 1;
  other.partition_max_bytes = 1 << 20;
  request.topics[0].partitions.push_back(other);
  const Instant begin = world.world().now();
  consumer.send(request, 12);
  world.world().run_for(milliseconds(1000));
  EXPECT_EQ(consumer.frames(), 0U);
  world.produce(producer, "t", 1, batch_of(1, "hello"));
  ASSERT_TRUE(world.until([&] { return consumer.frames() > 0; }));
  EXPECT_LT(world.world().now() - begin, milliseconds(2000));
  const auto answer = consumer.take<wire::FetchResponse>(12);
  ASSERT_EQ(answer.responses[0].partitions.size(), 2U);
  EXPECT_EQ(text_of(answer.responses[0].partitions[1].records), "0=hello ");
  // Nothing comes: an empty answer when the time is up.
  wire::FetchRequest idle = BrokerWorld::fetch_request("t", 0, 0, 300);
  const Instant from = world.world().now();
  const auto row = fetch_one(world, consumer, idle);
  EXPECT_GE(world.world().now() - from, milliseconds(300));
  EXPECT_EQ(row.records->view.size(), 0U);
  // min.bytes: one small batch is not enough.
  wire::FetchRequest large = BrokerWorld::fetch_request("t", 0, 0, 2000);
  large.min_bytes = 400;
  consumer.send(large, 12);
  world.produce(producer, "t", 0, batch_of(1, "a"));
  world.world().run_for(milliseconds(100));
  EXPECT_EQ(consumer.frames(), 0U);
  world.produce(producer, "t", 0, batch_of(1, std::string(500, 'b')));
  ASSERT_TRUE(world.until([&] { return consumer.frames() > 0; }, milliseconds(500)));
}

TEST(Broker, FetchErrors) {
  BrokerWorld world;
  RawClient& client = world.connect();
  const Uuid id = world.create_topic(client, "t");
  world.produce(client, "t", 0, batch_of(1, "x"));
  const auto code = [&](wire::FetchRequest request, int16_t version = 12) {
    return static_cast<ErrorCode>(fetch_one(world, client, request, version).error_code);
  };
  EXPECT_EQ(code(BrokerWorld::fetch_request("t", 0, 2)), ErrorCode::offset_out_of_range);
  EXPECT_EQ(code(BrokerWorld::fetch_request("t", 0, -1)), ErrorCode::offset_out_of_range);
  EXPECT_EQ(code(BrokerWorld::fetch_request("t", 0, 1)), ErrorCode::none);
  EXPECT_EQ(code(BrokerWorld::fetch_request("t", 7, 0)), ErrorCode::unknown_topic_or_partition);
  EXPECT_EQ(code(BrokerWorld::fetch_request("nosuch", 0, 0)), ErrorCode::unknown_topic_or_partition);
  wire::FetchRequest by_id = BrokerWorld::fetch_request("", 0, 0);
  by_id.topics[0].topic_id = Uuid::of(9, 9);
  EXPECT_EQ(code(by_id, 13), ErrorCode::unknown_topic_id);
  by_id.topics[0].topic_id = id;
  EXPECT_EQ(code(by_id, 13), ErrorCode::none);
  wire::FetchRequest epoch = BrokerWorld::fetch_request("t", 0, 0);
  epoch.topics[0].partitions[0].current_leader_epoch = 99;
  EXPECT_EQ(code(epoch), ErrorCode::unknown_leader_epoch);
  epoch.topics[0].partitions[0].current_leader_epoch = 0;
  EXPECT_EQ(code(epoch), ErrorCode::none);
  // A fetcher whose last epoch we never had must truncate to where the largest smaller one ends.
  epoch.topics[0].partitions[0].current_leader_epoch = -1;
  epoch.topics[0].partitions[0].last_fetched_epoch = 0;
  epoch.topics[0].partitions[0].fetch_offset = 5;
  const auto row = fetch_one(world, client, epoch);
  EXPECT_EQ(row.error_code, 0);
  EXPECT_EQ(row.diverging_epoch.epoch, 0);
  EXPECT_EQ(row.diverging_epoch.end_offset, 1);
}

TEST(Broker, FetchLimitsKeepTheFirstBatchWhole) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t", 2);
  for (int32_t partition = 0; partition < 2; ++partition) {
    for (int i = 0; i < 3; ++i) world.produce(client, "t", partition, batch_of(1, std::string(100, 'a')));
  }
  const size_t size = batch_of(1, std::string(100, 'a')).size();
  wire::FetchRequest request = BrokerWorld::fetch_request("t", 0, 0);
  request.topics[0].partitions[0].partition_max_bytes = 1;
  request.topics[0].partitions.push_back(request.topics[0].partitions[0]);
  request.topics[0].partitions[1].partition = 1;
  auto answer = world.call<wire::FetchResponse>(client, request, 12);
  EXPECT_EQ(answer.responses[0].partitions[0].records->view.size(), size);
  EXPECT_LE(answer.responses[0].partitions[1].records->view.size(), 1U);
  request.max_bytes = static_cast<int32_t>(size) + 5;
  request.topics[0].partitions[0].partition_max_bytes = 1 << 20;
  request.topics[0].partitions[1].partition_max_bytes = 1 << 20;
  answer = world.call<wire::FetchResponse>(client, request, 12);
  EXPECT_LE(
      answer.responses[0].partitions[0].records->view.size() + answer.responses[0].partitions[1].records->view.size(),
      size + 5);
}

TEST(Broker, FetchSessions) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t", 2);
  world.produce(client, "t", 0, batch_of(1, "x"));
  wire::FetchRequest full = BrokerWorld::fetch_request("t", 0, 0);
  full.session_epoch = 0;
  full.topics[0].partitions.push_back({.partition = 1, .partition_max_bytes = 1 << 20});
  auto answer = world.call<wire::FetchResponse>(client, full, 12);
  ASSERT_NE(answer.session_id, 0);
  const int32_t session = answer.session_id;
  EXPECT_EQ(answer.responses[0].partitions.size(), 2U);
  wire::FetchRequest next;
  next.session_id = session;
  next.session_epoch = 1;
  next.max_bytes = 1 << 20;
  next.topics.push_back(
      {.topic = "t", .partitions = {{.partition = 0, .fetch_offset = 1, .partition_max_bytes = 1 << 20}}});
  answer = world.call<wire::FetchResponse>(client, next, 12);
  EXPECT_EQ(answer.error_code, 0);
  EXPECT_EQ(answer.session_id, session);
  EXPECT_TRUE(answer.responses.empty());  // nothing new
  world.produce(client, "t", 1, batch_of(1, "y"));
  next.session_epoch = 2;
  next.topics.clear();
  answer = world.call<wire::FetchResponse>(client, next, 12);
  ASSERT_EQ(answer.responses.size(), 1U);
  ASSERT_EQ(answer.responses[0].partitions.size(), 1U);
  EXPECT_EQ(answer.responses[0].partitions[0].partition_index, 1);
  EXPECT_EQ(text_of(answer.responses[0].partitions[0].records), "0=y ");
  EXPECT_EQ(world.call<wire::FetchResponse>(client, next, 12).error_code,
            code_of(ErrorCode::invalid_fetch_session_epoch));
  next.session_epoch = 3;
  EXPECT_EQ(world.call<wire::FetchResponse>(client, next, 13).error_code,
            code_of(ErrorCode::fetch_session_topic_id_error));
  next.forgotten_topics_data.push_back({.topic = "t", .partitions = {0, 1}});
  answer = world.call<wire::FetchResponse>(client, next, 12);
  EXPECT_EQ(answer.session_id, 0);  // nothing left to remember
  next.forgotten_topics_data.clear();
  next.session_epoch = 4;
  EXPECT_EQ(world.call<wire::FetchResponse>(client, next, 12).error_code,
            code_of(ErrorCode::fetch_session_id_not_found));
}

TEST(Broker, ListOffsets) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  const auto ask = [&](int64_t timestamp, int16_t version = 11, Epoch epoch = -1) {
    wire::ListOffsetsRequest request;
    request.replica_id = -1;
    request.topics.push_back({.name = "t", .partitions = {{0, epoch, timestamp}}});
    return world.call<wire::ListOffsetsResponse>(client, request, version).topics[0].partitions[0];
  };
  EXPECT_EQ(ask(-1).offset, 0);
  EXPECT_EQ(ask(-3).offset, -1);
  EXPECT_EQ(ask(0).offset, -1);
  for (int i = 0; i < 3; ++i) world.produce(client, "t", 0, batch_of(2, "x"));  // timestamps 1000, 1001
  EXPECT_EQ(ask(-2).offset, 0);
  EXPECT_EQ(ask(-1).offset, 6);
  EXPECT_EQ(ask(-1).leader_epoch, 0);
  EXPECT_EQ(ask(-3).offset, 1);
  EXPECT_EQ(ask(-3).timestamp, 1001);
  EXPECT_EQ(ask(1001).offset, 1);
  EXPECT_EQ(ask(0).offset, 0);
  EXPECT_EQ(ask(5000).offset, -1);
  EXPECT_EQ(ask(-4).offset, 0);
  EXPECT_EQ(ask(-5).offset, -1);
  EXPECT_EQ(ask(-6).offset, -1);
  EXPECT_EQ(ask(-6).error_code, 0);
  EXPECT_EQ(ask(-6, 10).error_code, code_of(ErrorCode::unsupported_version));
  EXPECT_EQ(ask(-3, 6).error_code, code_of(ErrorCode::unsupported_version));
  EXPECT_EQ(ask(-7).error_code, code_of(ErrorCode::unsupported_version));
  EXPECT_EQ(ask(-1, 11, 3).error_code, code_of(ErrorCode::unknown_leader_epoch));
  wire::ListOffsetsRequest odd;
  odd.replica_id = -1;
  odd.topics.push_back({.name = "t", .partitions = {{0, -1, -1}, {0, -1, -2}, {5, -1, -1}}});
  odd.topics.push_back({.name = "nosuch", .partitions = {{0, -1, -1}}});
  const auto answer = world.call<wire::ListOffsetsResponse>(client, odd, 5);
  ASSERT_EQ(answer.topics[0].partitions.size(), 2U);
  EXPECT_EQ(answer.topics[0].partitions[0].error_code, code_of(ErrorCode::invalid_request));
  EXPECT_EQ(answer.topics[0].partitions[1].error_code, code_of(ErrorCode::unknown_topic_or_partition));
  EXPECT_EQ(answer.topics[1].partitions[0].error_code, code_of(ErrorCode::unknown_topic_or_partition));
}

// After a restart nothing is in memory: lookups by time are read from the disk, in the pool, beside other requests.
TEST(Broker, ListOffsetsByTimeOfColdData) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  for (int i = 0; i < 40; ++i) world.produce(client, "t", 0, batch_of(2, std::string(2'000, 'x')));
  world.stop();
  world.start();
  RawClient& again = world.connect();
  wire::ListOffsetsRequest request;
  request.replica_id = -1;
  const auto ask = [&](int64_t timestamp) {
    request.topics = {{.name = "t", .partitions = {{0, -1, timestamp}}}};
    const auto answer = world.call<wire::ListOffsetsResponse>(again, request, 11).topics[0].partitions[0];
    EXPECT_EQ(answer.error_code, 0) << timestamp;
    return std::pair(answer.offset, answer.timestamp);
  };
  EXPECT_EQ(ask(1001), (std::pair<Offset, WallMillis>(1, 1001)));
  EXPECT_EQ(ask(1), (std::pair<Offset, WallMillis>(0, 1000)));
  EXPECT_EQ(ask(-3), (std::pair<Offset, WallMillis>(1, 1001)));
  EXPECT_EQ(ask(1002), (std::pair<Offset, WallMillis>(-1, -1)));
  EXPECT_EQ(ask(-1).first, 80);
}

TEST(Broker, Metadata) {
  BrokerWorld world(7, {{"broker.rack", "r1"}});
  RawClient& client = world.connect();
  const Uuid id = world.create_topic(client, "b", 3);
  world.create_topic(client, "a");
  wire::MetadataRequest all;
  all.topics.reset();
  for (int16_t version = 0; version <= 13; ++version) {
    wire::MetadataRequest request;
    if (version > 0) request.topics.reset();
    const auto answer = world.call<wire::MetadataResponse>(client, request, version);
    ASSERT_EQ(answer.topics.size(), 2U) << version;
    EXPECT_EQ(answer.topics[0].name, "a");
    EXPECT_EQ(answer.topics[1].partitions.size(), 3U);
    EXPECT_EQ(answer.topics[1].partitions[2].leader_id, 1);
    ASSERT_EQ(answer.brokers.size(), 1U);
    EXPECT_EQ(answer.brokers[0].host, "broker");
    EXPECT_EQ(answer.brokers[0].port, 9092);
    EXPECT_EQ(answer.brokers[0].rack.value_or("none"), version >= 1 ? "r1" : "none");
  }
  wire::MetadataRequest none;
  EXPECT_TRUE(world.call<wire::MetadataResponse>(client, none, 1).topics.empty());
  wire::MetadataRequest named;
  named.allow_auto_topic_creation = false;
  named.topics = {{.name = "b"}, {.name = "nosuch"}, {.name = "bad/name"}, {.name = "b"}};
  auto answer = world.call<wire::MetadataResponse>(client, named, 9);
  ASSERT_EQ(answer.topics.size(), 3U);
  EXPECT_EQ(answer.topics[0].error_code, 0);
  EXPECT_EQ(answer.topics[1].error_code, code_of(ErrorCode::unknown_topic_or_partition));
  EXPECT_EQ(answer.topics[2].error_code, code_of(ErrorCode::invalid_topic_exception));
  named.topics = {{.topic_id = id, .name = std::nullopt}, {.topic_id = Uuid::of(7, 7), .name = std::nullopt}};
  answer = world.call<wire::MetadataResponse>(client, named, 12);
  ASSERT_EQ(answer.topics.size(), 2U);
  EXPECT_EQ(answer.topics[0].error_code, code_of(ErrorCode::unknown_topic_id));
  EXPECT_EQ(answer.topics[1].name, "b");
  // Automatic creation: the topic is there, and a produce right after works.
  wire::MetadataRequest create;
  create.topics = {{.name = "fresh"}};
  answer = world.call<wire::MetadataResponse>(client, create, 4);
  ASSERT_EQ(answer.topics.size(), 1U);
  EXPECT_EQ(answer.topics[0].error_code, 0);
  EXPECT_EQ(world.produce(client, "fresh", 0, batch_of(1, "x")).error_code, 0);
  wire::MetadataRequest operations;
  operations.topics = {{.name = "b"}};
  operations.include_cluster_authorized_operations = true;
  operations.include_topic_authorized_operations = true;
  answer = world.call<wire::MetadataResponse>(client, operations, 8);
  EXPECT_EQ(answer.cluster_authorized_operations, 0x1FA0 & ~0x40);
  EXPECT_EQ(answer.topics[0].topic_authorized_operations, 0x0DF8);
}

TEST(Broker, TopicsComeAndGo) {
  BrokerWorld world;
  RawClient& client = world.connect();
  const Uuid id = world.create_topic(client, "t");
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(1, "old")).base_offset, 0);
  wire::CreateTopicsRequest again;
  again.topics = {{.name = "t", .num_partitions = 1, .replication_factor = 1},
                  {.name = "dup", .num_partitions = 1, .replication_factor = 1},
                  {.name = "dup", .num_partitions = 1, .replication_factor = 1},
                  {.name = "__cluster_metadata", .num_partitions = 1, .replication_factor = 1}};
  const auto refused = world.call<wire::CreateTopicsResponse>(client, again, 7);
  ASSERT_EQ(refused.topics.size(), 3U);
  EXPECT_EQ(refused.topics[0].error_code, code_of(ErrorCode::topic_already_exists));
  EXPECT_EQ(refused.topics[1].error_code, code_of(ErrorCode::invalid_request));
  EXPECT_EQ(refused.topics[2].error_code, code_of(ErrorCode::invalid_request));
  // A fetch waits while its topic goes away.
  RawClient& consumer = world.connect();
  consumer.send(BrokerWorld::fetch_request("t", 0, 1, 20'000), 12);
  world.world().run_for(milliseconds(50));
  wire::DeleteTopicsRequest remove;
  remove.topics = {{.topic_id = id}, {.name = "nosuch"}, {.topic_id = Uuid::of(5, 5)}};
  const auto removed = world.call<wire::DeleteTopicsResponse>(client, remove, 6);
  ASSERT_EQ(removed.responses.size(), 3U);
  for (const auto& row : removed.responses) {
    const ErrorCode expected = row.topic_id == id     ? ErrorCode::none
                               : row.name == "nosuch" ? ErrorCode::unknown_topic_or_partition
                                                      : ErrorCode::unknown_topic_id;
    EXPECT_EQ(row.error_code, code_of(expected));
  }
  ASSERT_TRUE(world.until([&] { return consumer.frames() > 0; }, seconds(2)));
  EXPECT_NE(consumer.take<wire::FetchResponse>(12).responses[0].partitions[0].error_code, 0);
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(1, "x")).error_code, code_of(ErrorCode::unknown_topic_or_partition));
  EXPECT_NE(world.create_topic(client, "t"), id);
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(1, "new")).base_offset, 0);
  EXPECT_EQ(text_of(fetch_one(world, client, BrokerWorld::fetch_request("t", 0, 0)).records), "0=new ");
}

TEST(Broker, SmallApis) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t", 5);
  for (int16_t version = 0; version <= 4; ++version) {
    const auto answer =
        world.call<wire::ApiVersionsResponse>(client, wire::ApiVersionsRequest{"test-client", "1.0"}, version);
    EXPECT_EQ(answer.error_code, 0);
    EXPECT_EQ(answer.api_keys.size(), routes().size());
    EXPECT_EQ(answer.api_keys[0].min_version, 0);  // Produce, for librdkafka's sake
    EXPECT_EQ(answer.api_keys[0].max_version, 13);
  }
  EXPECT_EQ(world.call<wire::ApiVersionsResponse>(client, wire::ApiVersionsRequest{"-bad", "1"}, 3).error_code,
            code_of(ErrorCode::invalid_request));
  wire::DescribeClusterRequest cluster;
  const auto described = world.call<wire::DescribeClusterResponse>(client, cluster, 2);
  EXPECT_EQ(described.controller_id, 1);
  EXPECT_EQ(described.brokers.size(), 1U);
  cluster.endpoint_type = 2;
  EXPECT_EQ(world.call<wire::DescribeClusterResponse>(client, cluster, 1).error_code,
            code_of(ErrorCode::mismatched_endpoint_type));
  wire::FindCoordinatorRequest group{.key = "g", .key_type = 1};
  EXPECT_EQ(world.call<wire::FindCoordinatorResponse>(client, group, 3).error_code,
            code_of(ErrorCode::coordinator_not_available));
  wire::FindCoordinatorRequest groups{.key_type = 1, .coordinator_keys = {"a", "b"}};
  const auto found = world.call<wire::FindCoordinatorResponse>(client, groups, 6);
  ASSERT_EQ(found.coordinators.size(), 2U);
  EXPECT_EQ(found.coordinators[1].error_code, code_of(ErrorCode::coordinator_not_available));
  wire::DescribeTopicPartitionsRequest page{.response_partition_limit = 2};
  const auto first = world.call<wire::DescribeTopicPartitionsResponse>(client, page, 0);
  ASSERT_TRUE(first.next_cursor.has_value());
  EXPECT_EQ(first.next_cursor->partition_index, 2);
  page.cursor = wire::DescribeTopicPartitionsRequest::Cursor{"t", 4};
  const auto last = world.call<wire::DescribeTopicPartitionsResponse>(client, page, 0);
  EXPECT_FALSE(last.next_cursor.has_value());
  EXPECT_EQ(last.topics[0].partitions.size(), 1U);
  wire::DescribeConfigsRequest configs;
  configs.resources.push_back({.resource_type = 2, .resource_name = "t", .configuration_keys = {{"retention.ms"}}});
  configs.resources.push_back({.resource_type = 2, .resource_name = "nosuch", .configuration_keys = std::nullopt});
  configs.resources.push_back({.resource_type = 4, .resource_name = "1", .configuration_keys = std::nullopt});
  configs.resources.push_back({.resource_type = 4, .resource_name = "2", .configuration_keys = std::nullopt});
  const auto settings = world.call<wire::DescribeConfigsResponse>(client, configs, 4);
  ASSERT_EQ(settings.results.size(), 4U);
  EXPECT_EQ(settings.results[0].configs.at(0).value, "604800000");
  EXPECT_EQ(settings.results[1].error_code, code_of(ErrorCode::unknown_topic_or_partition));
  EXPECT_GT(settings.results[2].configs.size(), 300U);
  EXPECT_EQ(settings.results[3].error_code, code_of(ErrorCode::invalid_request));
}

TEST(Broker, UnknownVersionsAndKeys) {
  BrokerWorld world;
  RawClient& client = world.connect();
  // An ApiVersions of the future is answered in v0.
  std::vector<std::byte> future = RawClient::frame(wire::ApiVersionsRequest{"a", "1"}, 4, 77, "test");
  store_big_endian<int16_t>(future.data() + 6, 99);
  client.send_bytes(future);
  ASSERT_TRUE(world.until([&] { return client.frames() > 0; }));
  int32_t correlation = 0;
  const auto answer = client.take<wire::ApiVersionsResponse>(0, &correlation);
  EXPECT_EQ(correlation, 77);
  EXPECT_EQ(answer.error_code, code_of(ErrorCode::unsupported_version));
  ASSERT_EQ(answer.api_keys.size(), 1U);
  EXPECT_EQ(answer.api_keys[0].max_version, 4);
  for (const auto& [key, version] :
       std::vector<std::pair<int16_t, int16_t>>{{0, 2}, {0, 14}, {3, 14}, {95, 0}, {-1, 0}, {999, 1}, {8, 2}}) {
    RawClient& odd = world.connect();
    std::vector<std::byte> bytes = RawClient::frame(wire::MetadataRequest{}, 1, 5, "test");
    store_big_endian<int16_t>(bytes.data() + 4, key);
    store_big_endian<int16_t>(bytes.data() + 6, version);
    odd.send_bytes(bytes);
    EXPECT_TRUE(world.until([&] { return odd.broken(); })) << key << " " << version;
    EXPECT_EQ(odd.frames(), 0U);
  }
}

TEST(Broker, HostileFrames) {
  BrokerWorld world;
  const auto closes = [&](std::span<const std::byte> bytes) {
    RawClient& client = world.connect();
    client.send_bytes(bytes);
    return world.until([&] { return client.broken(); }, seconds(5)) && client.frames() == 0;
  };
  for (const int32_t size : {0, -1, INT32_MIN, INT32_MAX, 104'857'601}) {
    std::vector<std::byte> bytes(64);
    store_big_endian(bytes.data(), size);
    EXPECT_TRUE(closes(bytes)) << size;
  }
  EXPECT_TRUE(closes(as_bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n")));
  EXPECT_TRUE(closes(as_bytes("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")));
  // Bodies that end too early, and claims beyond the bytes.
  const std::vector<std::byte> batch = batch_of(1, "x");
  const std::vector<std::byte> whole = RawClient::frame(BrokerWorld::produce_request("t", 0, batch), 9, 1, "test");
  for (size_t cut = 5; cut < whole.size() - 1; cut += 3) {
    std::vector<std::byte> bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(cut));
    store_big_endian(bytes.data(), static_cast<int32_t>(cut - 4));
    EXPECT_TRUE(closes(bytes)) << cut;
  }
  // A claim of 100 MB holds only what arrives, and a frame that trickles in is given up.
  RawClient& slow = world.connect();
  std::vector<std::byte> huge(2000);
  store_big_endian(huge.data(), 100'000'000);
  slow.send_bytes(huge);
  world.world().run_for(seconds(1));
  EXPECT_LE(world.count(&Metrics::receive_block_bytes), 256U * 1024);
  EXPECT_TRUE(world.until([&] { return slow.broken(); }, seconds(60)));
  // The broker serves on.
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  EXPECT_EQ(world.produce(client, "t", 0, batch).error_code, 0);
}

TEST(Broker, ConnectionLimits) {
  BrokerWorld world(3, {{"max.connections", "3"}, {"connections.max.idle.ms", "60000"}});
  std::vector<RawClient*> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(&world.connect());
  world.world().run_for(seconds(1));
  EXPECT_EQ(std::count_if(clients.begin(), clients.end(), [](RawClient* c) { return c->broken(); }), 0);
  EXPECT_EQ(world.count(&Metrics::connections), 3U);
  EXPECT_EQ(world.count(&Metrics::connections_delayed), 1U);  // the other waits in the kernel
  // Those that wait come in when others are closed.
  clients[3]->send(wire::ApiVersionsRequest{"a", "1"}, 3);
  clients[4]->send(wire::ApiVersionsRequest{"a", "1"}, 3);
  clients[0]->finish();
  EXPECT_TRUE(world.until([&] { return clients[3]->frames() == 1; }));
  EXPECT_EQ(clients[4]->frames(), 0U);
  EXPECT_TRUE(world.until([&] { return clients[4]->frames() == 1; }, seconds(90)));
  EXPECT_TRUE(world.until([&] { return world.count(&Metrics::connections) == 0; }, seconds(180)));
  EXPECT_EQ(world.count(&Metrics::idle_connections_closed), 4U);
}

TEST(Broker, ConnectionsFromOneAddress) {
  BrokerWorld world(3, {{"max.connections.per.ip", "2"}});
  std::vector<RawClient*> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(&world.connect());
  world.world().run_for(seconds(1));
  EXPECT_EQ(std::count_if(clients.begin(), clients.end(), [](RawClient* c) { return c->broken(); }), 2);
  EXPECT_EQ(world.count(&Metrics::connections_refused), 2U);
}

TEST(Broker, ConnectionCreationRate) {
  BrokerWorld world(3, {{"max.connection.creation.rate", "4"}});
  const auto count = [&] { return world.count(&Metrics::connections_accepted); };
  std::vector<RawClient*> clients;
  for (int i = 0; i < 60; ++i) clients.push_back(&world.connect());
  world.world().run_for(milliseconds(100));
  EXPECT_EQ(count(), 40U);  // ten seconds' worth at once, as in Kafka
  world.world().run_for(seconds(2));
  EXPECT_GE(count(), 43U);
  EXPECT_LE(count(), 49U);
  EXPECT_TRUE(world.until([&] { return count() == 60; }, seconds(30)));
  EXPECT_EQ(world.count(&Metrics::connections_refused), 0U);
  EXPECT_FALSE(std::any_of(clients.begin(), clients.end(), [](RawClient* c) { return c->broken(); }));
}

TEST(ConnectionRate, WaitsAreBoundedByOneWindow) {
  ConnectionRate none(INT32_MAX, 11, seconds(1));
  ConnectionRate zero(0, 11, seconds(1));
  ConnectionRate one(1, 2, seconds(1));
  Instant now{1'000'000'000};
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(none.record(now), Duration{});
  EXPECT_EQ(zero.record(now), seconds(1));
  EXPECT_EQ(one.record(now), Duration{});
  EXPECT_EQ(one.record(now), seconds(1));
  EXPECT_EQ(one.record(now), seconds(1));
  EXPECT_EQ(one.record(now + seconds(100)), Duration{});  // long forgotten
}

TEST(Broker, TextThatIsNotUtf8) {
  BrokerWorld world;
  RawClient& client = world.connect();
  // As Kafka reads it: with U+FFFD for what is wrong.
  wire::CreateTopicsRequest create;
  create.topics.push_back({.name = "caf\xE9", .num_partitions = 1, .replication_factor = 1});
  const auto created = world.call<wire::CreateTopicsResponse>(client, create, 7, "caf\xE9");
  EXPECT_EQ(created.topics.at(0).name, "caf\xEF\xBF\xBD");
  EXPECT_EQ(created.topics.at(0).error_code, code_of(ErrorCode::invalid_topic_exception));
  EXPECT_EQ(created.topics.at(0).error_message,
            "Topic name is invalid: 'caf\xEF\xBF\xBD' contains one or more characters other than ASCII alphanumerics, "
            "'.', '_' and '-'");
  world.create_topic(client, "t");
  const std::vector<std::byte> batch = batch_of(1, "x");
  const auto request = BrokerWorld::produce_request("t", 0, batch);
  const auto produced = world.call<wire::ProduceResponse>(client, request, 9, "\xFF\xFE");
  EXPECT_EQ(produced.responses.at(0).partition_responses.at(0).error_code, 0);
}

TEST(Broker, AnswersComeAfterTheClientClosedItsSide) {
  BrokerWorld world;
  RawClient& setup = world.connect();
  world.create_topic(setup, "t");
  RawClient& client = world.connect();
  client.send(BrokerWorld::produce_request("t", 0, batch_of(1, "x")), 9);
  client.send(wire::ApiVersionsRequest{"a", "1"}, 3);
  ASSERT_TRUE(world.until([&] { return client.frames() == 2; }));
}

TEST(Broker, AFetchDoesNotOutliveItsClient) {
  BrokerWorld world;
  RawClient& setup = world.connect();
  world.create_topic(setup, "t");
  RawClient& client = world.connect();
  client.send(BrokerWorld::fetch_request("t", 0, 0, 3'600'000), 12);
  world.world().run_for(seconds(1));
  EXPECT_EQ(world.broker().home().fetch_path().waiting(), 1U);
  client.finish();
  EXPECT_TRUE(world.until([&] { return world.count(&Metrics::connections) == 1; }, seconds(10)));
  EXPECT_TRUE(world.until([&] { return world.broker().home().fetch_path().waiting() == 0; }, seconds(1)));
}

TEST(Broker, CrashesLoseNothingAcknowledged) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    io::sim::World sim(seed);
    metadata::ConfigMap config{{"listeners", "PLAINTEXT://broker:9092"}, {"log.dirs", "/data"}};
    const Result<metadata::BrokerSettings> settings = metadata::resolve_broker(config);
    ASSERT_TRUE(settings.ok());
    io::sim::Node& node = sim.node("broker");
    Offset acknowledged = 0;
    for (int life = 0; life < 4; ++life) {
      auto broker = std::make_unique<Broker>(surfaces_of(node), BrokerOptions{*settings, config});
      bool ready = false;
      ASSERT_TRUE(broker->start([&](const Status& status) { ready = status.ok(); }).ok());
      ASSERT_TRUE(sim.run_until([&] { return ready; }, seconds(30))) << seed << " " << life;
      RawClient client(sim.node("client").surface(), {"broker", 9092});
      if (life == 0) {
        wire::CreateTopicsRequest create;
        create.topics = {{.name = "t", .num_partitions = 1, .replication_factor = 1}};
        client.send(create, 7);
        ASSERT_TRUE(sim.run_until([&] { return client.frames() > 0; }, seconds(10)));
        client.take_frame();
      } else {
        client.send(BrokerWorld::fetch_request("t", 0, 0), 12);
        ASSERT_TRUE(sim.run_until([&] { return client.frames() > 0; }, seconds(10)));
        const auto row = client.take<wire::FetchResponse>(12).responses.at(0).partitions.at(0);
        EXPECT_EQ(row.error_code, 0);
        EXPECT_GE(row.high_watermark, acknowledged) << "seed " << seed << " life " << life;
        Offset held = 0;
        wire::for_each_batch(row.records->view, [&](const wire::BatchView& batch) {
          EXPECT_TRUE(batch.crc_valid());
          EXPECT_EQ(batch.base_offset(), held);
          held = batch.next_offset();
          return true;
        });
        EXPECT_GE(held, acknowledged);
        acknowledged = std::max(acknowledged, row.high_watermark);
      }
      for (int i = 0; i < 20; ++i) client.send(BrokerWorld::produce_request("t", 0, batch_of(1, "x")), 9);
      sim.run_for(milliseconds(static_cast<int64_t>(sim.prng().between(1, 20))));
      while (client.frames() > 0) {
        const auto row = client.take<wire::ProduceResponse>(9).responses[0].partition_responses[0];
        if (row.error_code == 0) acknowledged = std::max(acknowledged, row.base_offset + 1);
      }
      node.crash(life % 2 == 0 ? io::sim::CrashKind::power : io::sim::CrashKind::process);
      broker.reset();
      node.restart();
    }
  }
}

}  // namespace
}  // namespace moldau::broker
