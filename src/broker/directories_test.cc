// Several log directories: one that fails while the node runs, a metadata log in a folder of its own, checkpoints.
#include <map>

#include "broker/test_kit.h"
#include "io/sim/disk.h"

namespace moldau::broker {
namespace {

using wire::ErrorCode;

/// The partitions of a topic by the log directory that holds them.
std::map<std::string, std::vector<int32_t>> placement(BrokerWorld& world, const Uuid& topic, int32_t partitions) {
  std::map<std::string, std::vector<int32_t>> placed;
  for (int32_t i = 0; i < partitions; ++i) {
    Partition* const partition = world.partition({topic, i});
    if (partition != nullptr) placed[io::parent_of(partition->log().folder())].push_back(i);
  }
  return placed;
}

int16_t fetch_error(BrokerWorld& world, RawClient& client, int32_t partition) {
  const auto answer = world.call<wire::FetchResponse>(client, BrokerWorld::fetch_request("t", partition, 0), 12);
  return answer.responses.at(0).partitions.at(0).error_code;
}

TEST(LogDirectories, OneFailsAndTheOtherServes) {
  BrokerWorld world(5, {{"log.dirs", "/a,/b"}});
  RawClient& client = world.connect();
  const Uuid topic = world.create_topic(client, "t", 6);
  const auto placed = placement(world, topic, 6);
  ASSERT_EQ(placed.size(), 2U);
  const std::vector<int32_t> kept = placed.at("/a");
  const std::vector<int32_t> lost = placed.at("/b");
  const std::vector<std::byte> batch = batch_of(1, "x");
  for (int32_t i = 0; i < 6; ++i) EXPECT_EQ(world.produce(client, "t", i, batch).error_code, 0);

  world.world().node("broker").disk().fail_write_in(1);
  EXPECT_EQ(world.produce(client, "t", lost[0], batch).error_code, code_of(ErrorCode::kafka_storage_error));
  world.world().run_for(seconds(1));
  for (const int32_t i : lost) {
    // Without a leader once the controller knows.
    const int16_t error = world.produce(client, "t", i, batch).error_code;
    EXPECT_TRUE(error == code_of(ErrorCode::kafka_storage_error) ||
                error == code_of(ErrorCode::not_leader_or_follower))
        << error;
    EXPECT_NE(fetch_error(world, client, i), 0);
  }
  for (const int32_t i : kept) {
    EXPECT_EQ(world.produce(client, "t", i, batch).error_code, 0);
    EXPECT_EQ(fetch_error(world, client, i), 0);
  }
  EXPECT_EQ(world.broker().collect_metrics().offline_log_directories, 1U);
  // New partitions go where there is a disk.
  const Uuid more = world.create_topic(client, "more", 3);
  EXPECT_EQ(placement(world, more, 3), (std::map<std::string, std::vector<int32_t>>{{"/a", {0, 1, 2}}}));
  EXPECT_EQ(world.produce(client, "more", 2, batch).error_code, 0);

  // With the disk mended, what was acknowledged is there after a restart.
  world.crash_and_start();
  RawClient& again = world.connect();
  for (const int32_t i : lost) {
    EXPECT_TRUE(world.until([&] { return world.produce(again, "t", i, batch).error_code == 0; })) << i;
    EXPECT_EQ(fetch_error(world, again, i), 0);
    EXPECT_GE(world.partition({topic, i})->high_watermark(), 2);
  }
}

TEST(LogDirectories, TheMetadataLogsEndsTheNode) {
  BrokerWorld world(6, {{"log.dirs", "/a,/b"}});
  RawClient& client = world.connect();
  const Uuid topic = world.create_topic(client, "t", 4);
  std::string fatal;
  world.broker().on_fatal([&](const Failure& why) { fatal = why.message; });
  world.world().run_for(milliseconds(100));  // every shard has what it owns
  world.world().node("broker").disk().fail_write_in(1);
  client.send(BrokerWorld::produce_request("t", placement(world, topic, 4).at("/a")[0], batch_of(1, "x")), 9);
  EXPECT_TRUE(world.until([&] { return !fatal.empty(); }));
}

TEST(LogDirectories, AMetadataLogOfItsOwn) {
  BrokerWorld world(7, {{"log.dirs", "/a,/b"}, {"metadata.log.dir", "/own/"}});
  RawClient& client = world.connect();
  const Uuid topic = world.create_topic(client, "t", 4);
  EXPECT_EQ(placement(world, topic, 4).size(), 2U);  // no topic in /own
  io::Disk& disk = world.world().node("broker").disk();
  EXPECT_TRUE(disk.stat("/own/__cluster_metadata-0").ok());
  EXPECT_FALSE(disk.stat("/a/__cluster_metadata-0").ok());
  EXPECT_EQ(world.broker().folders().size(), 2U);
  EXPECT_EQ(world.produce(client, "t", 3, batch_of(2, "x")).error_code, 0);
  world.stop();
  world.start();
  RawClient& again = world.connect();
  EXPECT_EQ(world.produce(again, "t", 3, batch_of(1, "x")).base_offset, 2);
}

TEST(LogDirectories, HighWatermarksAreWrittenAtTheirInterval) {
  BrokerWorld world(8, {{"replica.high.watermark.checkpoint.interval.ms", "2000"}});
  RawClient& client = world.connect();
  world.create_topic(client, "t");
  ASSERT_EQ(world.produce(client, "t", 0, batch_of(3, "x")).error_code, 0);
  io::sim::SimDisk& disk = world.world().node("broker").disk();
  const auto text = [&] {
    const auto bytes = io::read_file(disk, "/data/replication-offset-checkpoint", 1 << 20);
    return bytes.ok() ? std::string(as_text(*bytes)) : std::string();
  };
  world.world().run_for(milliseconds(2'500));
  EXPECT_EQ(text(), "0\n1\nt 0 3\n");
  // An idle node leaves its disk alone.
  world.world().run_for(seconds(5));
  const uint64_t operations = disk.operations();
  world.world().run_for(seconds(20));
  EXPECT_EQ(disk.operations(), operations);
}

}  // namespace
}  // namespace moldau::broker
