// Faults by their row in docs/design/faults.md, seen through the protocol: a broker on the simulated disk and network,
// and a raw client. What the store does by itself is in store/faults_test.cc; real processes are in test/faults.
#include <algorithm>
#include <string>
#include <vector>

#include "base/trace.h"
#include "broker/test_kit.h"
#include "io/sim/disk.h"
#include "wire/api/02_list_offsets.h"
#include "wire/api/22_init_producer_id.h"

namespace moldau::broker {
namespace {

using wire::ErrorCode;

io::sim::SimDisk& disk_of(BrokerWorld& world) {
  return world.world().node("broker").disk();
}

/// A batch of an idempotent producer.
std::vector<std::byte> sequenced(ProducerId producer, int32_t sequence, int count = 2) {
  wire::BatchOptions options;
  options.producer_id = producer;
  options.producer_epoch = 0;
  options.base_sequence = sequence;
  // Of today: a producer whose records are older than a day is not taken up from a snapshot, as in Kafka.
  wire::BatchBuilder builder(options);
  for (int i = 0; i < count; ++i) builder.add(io::sim::WorldOptions().wall_start, "key", std::to_string(sequence));
  const Result<std::span<std::byte>> batch = builder.finish();
  EXPECT_TRUE(batch.ok());
  return {batch->begin(), batch->end()};
}

ProducerId new_producer(BrokerWorld& world, RawClient& client) {
  wire::InitProducerIdRequest init;
  init.transactional_id.reset();
  const auto granted = world.call<wire::InitProducerIdResponse>(client, init, 4);
  EXPECT_EQ(granted.error_code, 0);
  return granted.producer_id;
}

wire::FetchResponse::PartitionData fetch(BrokerWorld& world, RawClient& client, std::string_view topic,
                                         int32_t partition, Offset from) {
  const auto answer =
      world.call<wire::FetchResponse>(client, BrokerWorld::fetch_request(topic, partition, from), 12);
  EXPECT_EQ(answer.responses.size(), 1U);
  if (answer.responses.empty() || answer.responses[0].partitions.empty()) return {};
  return answer.responses[0].partitions[0];
}

/// Every sequence that is stored, in the order of offsets.
std::vector<int32_t> stored_sequences(BrokerWorld& world, RawClient& client, std::string_view topic) {
  std::vector<int32_t> found;
  const auto row = fetch(world, client, topic, 0, 0);
  EXPECT_EQ(row.error_code, 0);
  if (!row.records.has_value()) return found;
  wire::for_each_batch(row.records->view, [&](const wire::BatchView& batch) {
    EXPECT_TRUE(batch.crc_valid());
    found.push_back(batch.base_sequence());
    return true;
  });
  return found;
}

// --- F31: frames split and run together

/// The same conversation in bytes: produces of several sizes, fetches, offsets, versions.
std::vector<std::byte> conversation() {
  std::vector<std::byte> bytes;
  int32_t correlation = 100;
  const auto add = [&](const auto& message, int16_t version) {
    const auto frame = RawClient::frame(message, version, ++correlation, "split");
    bytes.insert(bytes.end(), frame.begin(), frame.end());
  };
  for (int i = 0; i < 6; ++i) {
    const auto batch = batch_of(1 + i, std::string(static_cast<size_t>(i) * 300 + 1, 'v'));
    add(BrokerWorld::produce_request("t", 0, batch), 9);
    add(BrokerWorld::fetch_request("t", 0, i), 12);
    add(wire::ApiVersionsRequest{"split", "1"}, 3);
    wire::ListOffsetsRequest offsets;
    offsets.replica_id = -1;
    offsets.topics.push_back({.name = "t", .partitions = {{.partition_index = 0, .timestamp = -1}}});
    add(offsets, 5);
  }
  return bytes;
}

constexpr size_t conversation_answers = 24;

std::vector<std::vector<std::byte>> answers_to(const std::vector<std::byte>& bytes, size_t step) {
  BrokerWorld world(31);
  world.create_topic(world.connect(), "t");
  RawClient& client = world.connect();
  if (step == 1) world.world().network_faults().short_read_ppm = io::sim::one_million;
  for (size_t at = 0; at < bytes.size(); at += step) {
    client.send_bytes(std::span(bytes).subspan(at, std::min(step, bytes.size() - at)));
    if (step < bytes.size()) world.world().run_for(microseconds(30));
  }
  EXPECT_TRUE(world.until([&] { return client.frames() >= conversation_answers || client.broken(); }, seconds(60)));
  EXPECT_FALSE(client.broken());
  std::vector<std::vector<std::byte>> answers;
  while (client.frames() > 0) {
    const auto frame = client.take_frame();
    answers.emplace_back(frame.begin(), frame.end());
  }
  return answers;
}

TEST(faults, F31_frames_byte_by_byte_and_in_one_burst_are_answered_alike) {
  const std::vector<std::byte> bytes = conversation();
  const auto burst = answers_to(bytes, bytes.size());
  ASSERT_EQ(burst.size(), conversation_answers);
  for (const size_t step : {size_t{1}, size_t{7}, size_t{1'000}}) {
    const auto split = answers_to(bytes, step);
    ASSERT_EQ(split.size(), conversation_answers) << step;
    for (size_t i = 0; i < split.size(); ++i) {
      // A fetch that came with the produce before it may be answered before that one is visible; its header and length
      // are not compared then: only that what it holds is a beginning of what is there.
      if (i % 4 == 1) continue;
      EXPECT_EQ(split[i], burst[i]) << "answer " << i << " at " << step << " bytes a segment";
    }
  }
}

TEST(faults, F31_a_burst_of_a_mebibyte_is_answered_whole_and_in_order) {
  BrokerWorld world(32);
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  std::vector<std::byte> burst;
  const auto batch = batch_of(3, std::string(9'000, 'x'));
  int32_t sent = 0;
  while (burst.size() < (1U << 20)) {
    const auto frame = RawClient::frame(BrokerWorld::produce_request("t", 0, batch), 9, ++sent, "burst");
    burst.insert(burst.end(), frame.begin(), frame.end());
  }
  client.send_bytes(burst);
  const auto all = static_cast<size_t>(sent);
  ASSERT_TRUE(world.until([&] { return client.frames() == all || client.broken(); }, seconds(60)));
  for (int32_t i = 0; i < sent; ++i) {
    int32_t correlation = 0;
    const auto row = client.take<wire::ProduceResponse>(9, &correlation).responses.at(0).partition_responses.at(0);
    EXPECT_EQ(correlation, i + 1);
    EXPECT_EQ(row.error_code, 0);
    EXPECT_EQ(row.base_offset, 3 * i);
  }
}

// --- F40, F41: no room

TEST(faults, F40_a_full_disk_refuses_produces_serves_reads_and_takes_them_again) {
  BrokerWorld world(40);
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  const ProducerId producer = new_producer(world, client);
  ASSERT_EQ(world.produce(client, "t", 0, sequenced(producer, 0)).error_code, 0);
  std::string fatal;
  world.broker().on_fatal([&](const Failure& why) { fatal = why.message; });
  disk_of(world).faults().capacity_bytes = disk_of(world).used_bytes();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(world.produce(client, "t", 0, sequenced(producer, 2)).error_code,
              code_of(ErrorCode::kafka_storage_error));
    EXPECT_EQ(fetch(world, client, "t", 0, 0).high_watermark, 2);
    EXPECT_EQ(stored_sequences(world, client, "t"), std::vector<int32_t>{0});
  }
  disk_of(world).faults().capacity_bytes = uint64_t{1} << 40;
  world.world().run_for(milliseconds(200));
  const auto after = world.produce(client, "t", 0, sequenced(producer, 2));
  EXPECT_EQ(after.error_code, 0);
  EXPECT_EQ(after.base_offset, 2);
  EXPECT_EQ(world.broker().collect_metrics().offline_log_directories, 0U);
  EXPECT_EQ(fatal, "");
  world.crash_and_start(io::sim::CrashKind::power);
  RawClient& again = world.connect();
  EXPECT_EQ(stored_sequences(world, again, "t"), (std::vector<int32_t>{0, 2}));
}

TEST(faults, F41_no_room_for_the_metadata_log_refuses_changes_and_nothing_else) {
  BrokerWorld world(41);
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  ASSERT_EQ(world.produce(client, "t", 0, batch_of(2, "x")).error_code, 0);
  std::string fatal;
  world.broker().on_fatal([&](const Failure& why) { fatal = why.message; });
  disk_of(world).faults().capacity_bytes = disk_of(world).used_bytes();
  wire::CreateTopicsRequest request;
  request.timeout_ms = 2'000;
  request.topics.push_back({.name = "more", .num_partitions = 1, .replication_factor = 1});
  const auto refused = world.call<wire::CreateTopicsResponse>(client, request, 7);
  ASSERT_EQ(refused.topics.size(), 1U);
  EXPECT_NE(refused.topics[0].error_code, 0);
  EXPECT_EQ(fetch(world, client, "t", 0, 0).high_watermark, 2);
  disk_of(world).faults().capacity_bytes = uint64_t{1} << 40;
  // The client asks again, as it does for a retriable error.
  EXPECT_TRUE(world.until(
      [&] {
        const auto answer = world.call<wire::CreateTopicsResponse>(client, request, 7);
        const int16_t error = answer.topics.at(0).error_code;
        return error == 0 || error == code_of(ErrorCode::topic_already_exists);
      },
      seconds(30)));
  EXPECT_EQ(fatal, "");
  EXPECT_TRUE(world.until([&] { return world.produce(client, "more", 0, batch_of(1, "y")).error_code == 0; }));
  world.crash_and_start(io::sim::CrashKind::power);
  RawClient& again = world.connect();
  EXPECT_EQ(fetch(world, again, "more", 0, 0).high_watermark, 1);
  EXPECT_EQ(fetch(world, again, "t", 0, 0).high_watermark, 2);
}

// --- F43: a sync fails once

TEST(faults, F43_the_nth_sync_fails_once_and_nothing_behind_it_is_acknowledged_in_vain) {
  int ended = 0;
  for (uint64_t nth = 1; nth <= 50; ++nth) {
    BrokerWorld world(nth);
    RawClient& client = world.connect();
    world.create_topic(client, "t");
    bool fatal = false;
    world.broker().on_fatal([&](const Failure&) { fatal = true; });
    disk_of(world).fail_sync_in(nth);
    Offset acknowledged = 0;
    for (int i = 0; i < 80 && !fatal; ++i) {
      client.send(BrokerWorld::produce_request("t", 0, batch_of(1, "x")), 9);
      ASSERT_TRUE(world.until([&] { return client.frames() > 0 || fatal || client.broken(); }));
      if (client.frames() == 0) break;
      const auto row = client.take<wire::ProduceResponse>(9).responses.at(0).partition_responses.at(0);
      if (row.error_code == 0) acknowledged = row.base_offset + 1;
    }
    // The directory of the metadata log is offline: the node ends.
    ended += fatal ? 1 : 0;
    disk_of(world).faults().crash_style = io::sim::CrashStyle::lose_all;
    world.crash_and_start(io::sim::CrashKind::power);
    RawClient& again = world.connect();
    EXPECT_GE(fetch(world, again, "t", 0, 0).high_watermark, acknowledged) << "sync " << nth;
  }
  EXPECT_EQ(ended, 50);
}

// --- F52: a partition's folder is gone

TEST(faults, F52_a_partition_folder_that_is_gone_is_told_and_the_rest_serves_on) {
  static std::vector<std::string> lines;
  lines.clear();
  BrokerWorld world(52, {{"log.flush.offset.checkpoint.interval.ms", "100"}});
  RawClient& client = world.connect();
  world.create_topic(client, "t", 2);
  for (int32_t p = 0; p < 2; ++p) ASSERT_EQ(world.produce(client, "t", p, batch_of(7, "x")).error_code, 0);
  world.world().run_for(seconds(1));
  world.stop();
  ASSERT_TRUE(disk_of(world).remove_tree("/data/t-1").ok());
  set_trace([](TraceLevel level, std::string_view line) {
    if (level == TraceLevel::error) lines.emplace_back(line);
  }, TraceLevel::error);
  world.start();
  set_trace(nullptr, TraceLevel::error);
  const auto told = std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("event=log_lost partition=t-1 offsets=0-6") != std::string::npos;
  });
  EXPECT_EQ(told, 1) << (lines.empty() ? "no line" : lines.front());
  RawClient& again = world.connect();
  EXPECT_EQ(fetch(world, again, "t", 0, 0).high_watermark, 7);
  EXPECT_EQ(fetch(world, again, "t", 1, 0).high_watermark, 0);
  EXPECT_EQ(fetch(world, again, "t", 1, 3).error_code, code_of(ErrorCode::offset_out_of_range));
  EXPECT_EQ(world.produce(again, "t", 1, batch_of(1, "y")).base_offset, 0);
}

// --- F57: a slow disk, and one that never answers

TEST(faults, F57_a_sync_of_five_seconds_holds_up_its_own_partition_only) {
  BrokerWorld world(57);
  RawClient& slow = world.connect();
  RawClient& client = world.connect();
  world.create_topic(client, "t", 3);
  for (int32_t p = 0; p < 3; ++p) ASSERT_EQ(world.produce(client, "t", p, batch_of(1, "x")).error_code, 0);
  world.world().run_for(seconds(2));  // recovery points are written down behind the first appends
  disk_of(world).delay_sync_in(1, seconds(5));
  slow.send(BrokerWorld::produce_request("t", 0, batch_of(1, "y")), 9);
  world.world().run_for(milliseconds(20));
  const Instant begun = world.world().now();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(world.produce(client, "t", 1 + i % 2, batch_of(1, "z")).error_code, 0);
    EXPECT_EQ(fetch(world, client, "t", 0, 0).high_watermark, 1);  // not visible before it is stable
  }
  EXPECT_LT((world.world().now() - begun).milliseconds(), 1'000);
  EXPECT_EQ(slow.frames(), 0U);
  ASSERT_TRUE(world.until([&] { return slow.frames() == 1; }, seconds(6)));
  EXPECT_EQ(slow.take<wire::ProduceResponse>(9).responses.at(0).partition_responses.at(0).error_code, 0);
  EXPECT_EQ(fetch(world, client, "t", 0, 0).high_watermark, 2);
}

TEST(faults, F57_a_sync_that_never_ends_acknowledges_nothing_and_times_out) {
  BrokerWorld world(58, {{"log.dirs", "/a,/b"}});
  RawClient& client = world.connect();
  const Uuid topic = world.create_topic(client, "t", 4);
  std::vector<int32_t> on_b;
  std::vector<int32_t> on_a;
  for (int32_t p = 0; p < 4; ++p) {
    ASSERT_EQ(world.produce(client, "t", p, batch_of(1, "x")).error_code, 0);
    const std::string folder = world.partition({topic, p})->log().folder();
    (folder.starts_with("/b/") ? on_b : on_a).push_back(p);
  }
  ASSERT_FALSE(on_b.empty());
  ASSERT_FALSE(on_a.empty());
  world.world().run_for(seconds(2));  // recovery points are written down behind the first appends
  disk_of(world).hang_sync_in(1);
  const auto batch = batch_of(1, "y");
  auto request = BrokerWorld::produce_request("t", on_b[0], batch);
  request.timeout_ms = 1'500;
  const auto row = world.call<wire::ProduceResponse>(client, request, 9).responses.at(0).partition_responses.at(0);
  EXPECT_EQ(row.error_code, code_of(ErrorCode::request_timed_out));
  EXPECT_EQ(fetch(world, client, "t", on_b[0], 0).high_watermark, 1);
  // Others of the same directory, and of the other, go on.
  for (const int32_t p : {on_a[0], on_b.back() == on_b[0] ? on_a[0] : on_b.back()}) {
    EXPECT_EQ(world.produce(client, "t", p, batch_of(1, "z")).error_code, 0);
  }
  world.crash_and_start(io::sim::CrashKind::power);
  RawClient& again = world.connect();
  EXPECT_GE(fetch(world, again, "t", on_b[0], 0).high_watermark, 1);
}

// --- F80 to F83: idempotent producers

TEST(faults, F80_after_a_refused_append_and_a_restart_duplicates_are_still_known) {
  for (const auto kind : {io::sim::CrashKind::power, io::sim::CrashKind::process}) {
    for (const bool in_order : {true, false}) {
      BrokerWorld world(80);
      RawClient& client = world.connect();
      world.create_topic(client, "t");
      const ProducerId producer = new_producer(world, client);
      ASSERT_EQ(world.produce(client, "t", 0, sequenced(producer, 0)).error_code, 0);
      ASSERT_EQ(world.produce(client, "t", 0, sequenced(producer, 2)).error_code, 0);
      disk_of(world).faults().capacity_bytes = disk_of(world).used_bytes() + 30;
      EXPECT_EQ(world.produce(client, "t", 0, sequenced(producer, 4)).error_code,
                code_of(ErrorCode::kafka_storage_error));
      disk_of(world).faults().capacity_bytes = uint64_t{1} << 40;
      world.world().run_for(milliseconds(200));
      if (in_order) {  // the snapshot of the stop must not know the refused batch
        world.stop();
        world.start();
      } else {
        world.crash_and_start(kind);
      }
      RawClient& again = world.connect();
      const auto duplicate = world.produce(again, "t", 0, sequenced(producer, 2));
      EXPECT_EQ(duplicate.error_code, 0);
      EXPECT_EQ(duplicate.base_offset, 2);
      const auto next = world.produce(again, "t", 0, sequenced(producer, 4));
      EXPECT_EQ(next.error_code, 0);
      EXPECT_EQ(next.base_offset, 4);
      EXPECT_EQ(stored_sequences(world, again, "t"), (std::vector<int32_t>{0, 2, 4}));
    }
  }
}

TEST(faults, F81_the_first_batch_of_a_log_that_never_held_a_record_has_sequence_zero) {
  BrokerWorld world(81);
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  const ProducerId producer = new_producer(world, client);
  EXPECT_EQ(world.produce(client, "t", 0, sequenced(producer, 3)).error_code,
            code_of(ErrorCode::out_of_order_sequence_number));
  EXPECT_EQ(fetch(world, client, "t", 0, 0).high_watermark, 0);
  EXPECT_EQ(world.produce(client, "t", 0, sequenced(producer, 0)).base_offset, 0);
  // Once it has held records, an unknown producer may begin anywhere: its earlier ones may have been deleted.
  const ProducerId other = new_producer(world, client);
  EXPECT_EQ(world.produce(client, "t", 0, sequenced(other, 3)).base_offset, 2);
  EXPECT_EQ(stored_sequences(world, client, "t"), (std::vector<int32_t>{0, 3}));
}

TEST(faults, F82_lost_answers_and_all_five_in_flight_again_give_the_original_offsets) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    BrokerWorld world(820 + seed);
    RawClient& client = world.connect();
    world.create_topic(client, "t");
    const ProducerId producer = new_producer(world, client);
    // Five in flight; the connection goes before all answers have come.
    RawClient& lost = world.connect();
    for (int i = 0; i < 5; ++i) lost.send(BrokerWorld::produce_request("t", 0, sequenced(producer, 2 * i)), 9);
    world.world().run_for(microseconds(static_cast<int64_t>(seed) * 150));
    world.world().cut_connections("client", "broker");
    world.world().run_for(milliseconds(50));
    RawClient& again = world.connect();
    std::vector<Offset> offsets;
    for (int i = 0; i < 5; ++i) again.send(BrokerWorld::produce_request("t", 0, sequenced(producer, 2 * i)), 9);
    ASSERT_TRUE(world.until([&] { return again.frames() == 5; }));
    for (int i = 0; i < 5; ++i) {
      const auto row = again.take<wire::ProduceResponse>(9).responses.at(0).partition_responses.at(0);
      EXPECT_EQ(row.error_code, 0) << "seed " << seed << " batch " << i;
      EXPECT_EQ(row.base_offset, 2 * i);
    }
    // In any order: a duplicate is one, whatever was sent since.
    for (const int32_t i : {3, 0, 4, 1, 2}) {
      const auto row = world.produce(again, "t", 0, sequenced(producer, 2 * i));
      EXPECT_EQ(row.error_code, 0);
      EXPECT_EQ(row.base_offset, 2 * i);
    }
    EXPECT_EQ(stored_sequences(world, again, "t"), (std::vector<int32_t>{0, 2, 4, 6, 8}));
  }
}

TEST(faults, F83_sequences_wrap_and_what_is_older_than_five_batches_is_refused) {
  BrokerWorld world(83);
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  ASSERT_EQ(world.produce(client, "t", 0, batch_of(1, "first")).error_code, 0);  // any first sequence may come now
  const ProducerId producer = new_producer(world, client);
  constexpr int32_t last = INT32_MAX;
  EXPECT_EQ(world.produce(client, "t", 0, sequenced(producer, last - 3)).base_offset, 1);  // up to last - 2
  // Its second record has sequence 0: last - 1 and last are the batch before.
  EXPECT_EQ(world.produce(client, "t", 0, sequenced(producer, last - 1)).base_offset, 3);
  EXPECT_EQ(world.produce(client, "t", 0, sequenced(producer, 1)).error_code,
            code_of(ErrorCode::out_of_order_sequence_number));
  EXPECT_EQ(world.produce(client, "t", 0, sequenced(producer, 0)).base_offset, 5);
  for (int32_t sequence = 2; sequence <= 8; sequence += 2) {
    EXPECT_EQ(world.produce(client, "t", 0, sequenced(producer, sequence)).error_code, 0);
  }
  EXPECT_EQ(world.produce(client, "t", 0, sequenced(producer, 0)).base_offset, 5);  // the fifth before: known
  EXPECT_EQ(world.produce(client, "t", 0, sequenced(producer, last - 1)).error_code,
            code_of(ErrorCode::duplicate_sequence_number));
  EXPECT_EQ(stored_sequences(world, client, "t"),
            (std::vector<int32_t>{-1, last - 3, last - 1, 0, 2, 4, 6, 8}));
}

}  // namespace
}  // namespace moldau::broker
