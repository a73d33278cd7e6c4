// AlterReplicaLogDirs: replicas that move between log directories while they are used; what the metadata is told, what
// DescribeLogDirs shows, and where a start finds them.
#include <map>

#include "broker/test_kit.h"
#include "io/sim/disk.h"
#include "log/segment_name.h"
#include "wire/api/00_produce.h"
#include "wire/api/01_fetch.h"
#include "wire/api/20_delete_topics.h"
#include "wire/api/34_alter_replica_log_dirs.h"
#include "wire/api/35_describe_log_dirs.h"
#include "wire/api/44_incremental_alter_configs.h"

namespace moldau::broker {
namespace {

using wire::ErrorCode;

class MovesWorld : public BrokerWorld {
 public:
  explicit MovesWorld(uint64_t seed = 1, metadata::ConfigMap extra = {}) : BrokerWorld(seed, with_dirs(extra)) {}

  static metadata::ConfigMap with_dirs(metadata::ConfigMap extra) {
    extra.try_emplace("log.dirs", "/a,/b,/c");
    return extra;
  }
  ErrorCode move(RawClient& client, std::string_view topic, int32_t partition, std::string_view path) {
    wire::AlterReplicaLogDirsRequest request;
    request.dirs.push_back({.path = path, .topics = {{.name = topic, .partitions = {partition}}}});
    const auto answer = call<wire::AlterReplicaLogDirsResponse>(client, request, 2);
    EXPECT_EQ(answer.results.size(), 1U);
    EXPECT_EQ(answer.results.at(0).topic_name, topic);
    return static_cast<ErrorCode>(answer.results.at(0).partitions.at(0).error_code);
  }
  std::string folder_of(const Uuid& topic, int32_t partition = 0) {
    Partition* const hosted = BrokerWorld::partition({topic, partition});
    return hosted == nullptr ? "" : io::parent_of(hosted->log().folder());
  }
  /// Which directory the metadata names, by its path.
  std::string named(const Uuid& topic, int32_t partition = 0) {
    const metadata::TopicImage* const image = broker().image().topic(topic);
    if (image == nullptr || image->partition(partition) == nullptr) return "gone";
    const Uuid id = image->partition(partition)->directory_of(1);
    for (size_t i = 0; i < broker().folders().size(); ++i) {
      if (broker().folders()[i].identity.directory_id == id) return broker().settings().log_dirs[i];
    }
    return "none";
  }
  bool arrives(const Uuid& topic, std::string_view path, int32_t partition = 0) {
    return until([&] { return folder_of(topic, partition) == path && named(topic, partition) == path; });
  }
  std::string another(const Uuid& topic, int32_t partition = 0) {
    return folder_of(topic, partition) == "/b" ? "/c" : "/b";
  }
  struct Row {
    std::string path;
    int64_t size = 0;
    int64_t lag = 0;
    bool future = false;
  };
  std::vector<Row> described(RawClient& client, std::string_view topic, int32_t partition = 0) {
    wire::DescribeLogDirsRequest request;
    request.topics.emplace();
    request.topics->push_back({.topic = topic, .partitions = {partition}});
    const auto answer = call<wire::DescribeLogDirsResponse>(client, request, 4);
    std::vector<Row> rows;
    for (const auto& dir : answer.results) {
      for (const auto& found : dir.topics) {
        for (const auto& row : found.partitions) {
          rows.push_back({std::string(dir.log_dir), row.partition_size, row.offset_lag, row.is_future_key});
        }
      }
    }
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.future < b.future; });
    return rows;
  }
  void throttle(RawClient& client, std::string_view bytes_per_second) {
    wire::IncrementalAlterConfigsRequest request;
    request.resources.push_back({.resource_type = 4,
                                 .resource_name = "1",
                                 .configs = {{.name = "replica.alter.log.dirs.io.max.bytes.per.second",
                                              .config_operation = 0,
                                              .value = bytes_per_second}}});
    const auto answer = call<wire::IncrementalAlterConfigsResponse>(client, request, 1);
    EXPECT_EQ(answer.responses.at(0).error_code, 0);
  }
  int32_t fetched(RawClient& client, std::string_view topic, Offset from) {
    const auto answer = call<wire::FetchResponse>(client, fetch_request(topic, 0, from), 12);
    return answer.responses.at(0).partitions.at(0).error_code;
  }
};

const std::string kilobyte(1000, 'x');

TEST(LogDirMoves, AReplicaMovesUnderLoad) {
  MovesWorld world(3);
  RawClient& client = world.connect();
  const Uuid topic = world.create_topic(client, "t", 1, {{"segment.bytes", "1048576"}});
  ASSERT_TRUE(world.until([&] { return world.named(topic) == world.folder_of(topic); })) << "told when it was made";
  Offset end = 0;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(world.produce(client, "t", 0, batch_of(20, kilobyte)).base_offset, end);
    end += 20;
  }
  const std::string to = world.another(topic);
  world.throttle(client, "8000000");  // half a second
  ASSERT_EQ(world.move(client, "t", 0, to), ErrorCode::none);
  EXPECT_EQ(world.described(client, "t").size(), 2U);
  int meanwhile = 0;
  while (world.folder_of(topic) != to && meanwhile < 3000) {
    EXPECT_EQ(world.produce(client, "t", 0, batch_of(3, kilobyte)).base_offset, end);
    end += 3;
    EXPECT_EQ(world.fetched(client, "t", 0), 0);
    EXPECT_EQ(world.fetched(client, "t", end - 1), 0);
    ++meanwhile;
  }
  EXPECT_GT(meanwhile, 2);
  EXPECT_TRUE(world.arrives(topic, to));
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(1, "x")).base_offset, end);
  const auto rows = world.described(client, "t");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].path, to);
  EXPECT_FALSE(rows[0].future);
  EXPECT_EQ(rows[0].lag, 0);

  // A stop in order, and a crash.
  for (const bool crash : {false, true}) {
    if (crash) {
      world.crash_and_start();
    } else {
      world.stop();
      world.start();
    }
    EXPECT_EQ(world.folder_of(topic), to);
    EXPECT_EQ(world.named(topic), to);
    RawClient& again = world.connect();
    EXPECT_TRUE(world.until([&] { return world.fetched(again, "t", end) == 0; }));
    EXPECT_EQ(world.partition({topic, 0})->high_watermark(), end + 1);
  }
}

TEST(LogDirMoves, RequestsAreCheckedAsInKafka) {
  MovesWorld world(4);
  RawClient& client = world.connect();
  const Uuid topic = world.create_topic(client, "t", 1);
  for (int i = 0; i < 5; ++i) world.produce(client, "t", 0, batch_of(10, kilobyte));
  EXPECT_EQ(world.move(client, "t", 0, "/nowhere"), ErrorCode::log_dir_not_found);
  EXPECT_EQ(world.move(client, "t", 7, "/a"), ErrorCode::unknown_topic_or_partition);
  EXPECT_EQ(world.move(client, "unknown", 0, "/a"), ErrorCode::unknown_topic_or_partition);
  EXPECT_EQ(world.move(client, std::string(214, 'x'), 0, "/nowhere"), ErrorCode::invalid_topic_exception);
  EXPECT_EQ(world.move(client, "__cluster_metadata", 0, "/b"), ErrorCode::unknown_topic_or_partition);
  const std::string home = world.folder_of(topic);
  EXPECT_EQ(world.move(client, "t", 0, home), ErrorCode::none);
  EXPECT_EQ(world.described(client, "t").size(), 1U);

  world.throttle(client, "1000");
  const std::string to = world.another(topic);
  const std::string third = home == "/a" ? (to == "/b" ? "/c" : "/b") : "/a";
  EXPECT_EQ(world.move(client, "t", 0, to), ErrorCode::none);
  EXPECT_EQ(world.move(client, "t", 0, to), ErrorCode::none);
  world.world().run_for(seconds(10));
  auto rows = world.described(client, "t");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].path, to);
  EXPECT_TRUE(rows[1].future);
  EXPECT_GT(rows[1].size, 5000);
  EXPECT_LT(rows[1].size, rows[0].size);
  EXPECT_LE(rows[1].lag, 50);
  EXPECT_GT(rows[1].lag, 0);
  EXPECT_EQ(world.broker().store().move_counts().begun, 1U);
  EXPECT_EQ(world.move(client, "t", 0, third), ErrorCode::none);
  rows = world.described(client, "t");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].path, third);
  EXPECT_EQ(world.move(client, "t", 0, home), ErrorCode::none);
  EXPECT_EQ(world.described(client, "t").size(), 1U);
  world.throttle(client, "1000000000");
  world.world().run_for(seconds(5));
  EXPECT_EQ(world.folder_of(topic), home);
  EXPECT_EQ(world.named(topic), home);

  // The last one counts.
  wire::AlterReplicaLogDirsRequest request;
  request.dirs.push_back({.path = "/nowhere", .topics = {{.name = "t", .partitions = {0, 0}}}});
  request.dirs.push_back({.path = to, .topics = {{.name = "t", .partitions = {0}}, {.name = "a", .partitions = {3}}}});
  const auto answer = world.call<wire::AlterReplicaLogDirsResponse>(client, request, 1);
  ASSERT_EQ(answer.results.size(), 2U);
  EXPECT_EQ(answer.results[0].topic_name, "a");
  EXPECT_EQ(answer.results[0].partitions.at(0).error_code, code_of(ErrorCode::unknown_topic_or_partition));
  ASSERT_EQ(answer.results[1].partitions.size(), 1U);
  EXPECT_EQ(answer.results[1].partitions[0].error_code, 0);
  EXPECT_TRUE(world.arrives(topic, to));
}

TEST(LogDirMoves, AWishIsRememberedUntilThePartitionIsMade) {
  MovesWorld world(5);
  RawClient& client = world.connect();
  for (int32_t i = 0; i < 6; ++i) {
    EXPECT_EQ(world.move(client, "later", i, "/c"), ErrorCode::unknown_topic_or_partition);
  }
  const Uuid topic = world.create_topic(client, "later", 7);
  for (int32_t i = 0; i < 6; ++i) EXPECT_EQ(world.folder_of(topic, i), "/c") << i;
  EXPECT_NE(world.folder_of(topic, 6), "/c") << "where the fewest are";
  for (int32_t i = 0; i < 7; ++i) {
    EXPECT_TRUE(world.until([&] { return world.named(topic, i) == world.folder_of(topic, i); })) << i;
  }
}

TEST(LogDirMoves, AStopInTheMiddleIsGoneOnWith) {
  for (const bool crash : {false, true}) {
    MovesWorld world(crash ? 6 : 7);
    RawClient& client = world.connect();
    const Uuid topic = world.create_topic(client, "t", 1);
    for (int i = 0; i < 10; ++i) world.produce(client, "t", 0, batch_of(10, kilobyte));
    world.throttle(client, "2000");
    const std::string home = world.folder_of(topic);
    const std::string to = world.another(topic);
    ASSERT_EQ(world.move(client, "t", 0, to), ErrorCode::none);
    world.world().run_for(seconds(5));
    if (crash) {
      world.crash_and_start();
    } else {
      world.stop();
      world.start();
    }
    EXPECT_EQ(world.folder_of(topic), home);
    RawClient& again = world.connect();
    const auto rows = world.described(again, "t");
    ASSERT_EQ(rows.size(), 2U) << "begun anew";
    EXPECT_EQ(rows[1].path, to);
    EXPECT_EQ(world.produce(again, "t", 0, batch_of(1, "x")).base_offset, 100);
    world.throttle(again, "100000000");
    EXPECT_TRUE(world.arrives(topic, to));
    EXPECT_EQ(world.produce(again, "t", 0, batch_of(1, "x")).base_offset, 101);
  }
}

TEST(LogDirMoves, DeletingTheTopicEndsIt) {
  MovesWorld world(8, {{"log.segment.delete.delay.ms", "1000"}});
  RawClient& client = world.connect();
  const Uuid topic = world.create_topic(client, "t", 1, {{"file.delete.delay.ms", "500"}});
  for (int i = 0; i < 10; ++i) world.produce(client, "t", 0, batch_of(10, kilobyte));
  world.throttle(client, "2000");
  ASSERT_EQ(world.move(client, "t", 0, world.another(topic)), ErrorCode::none);
  world.world().run_for(seconds(3));
  wire::DeleteTopicsRequest request;
  request.topics.push_back({.name = "t", .topic_id = {}});
  const auto answer = world.call<wire::DeleteTopicsResponse>(client, request, 6);
  EXPECT_EQ(answer.responses.at(0).error_code, 0);
  world.world().run_for(seconds(10));
  EXPECT_TRUE(world.broker().store().moves().empty());
  for (const std::string dir : {"/a", "/b", "/c"}) {
    const auto entries = world.world().node("broker").disk().list(dir);
    for (const auto& entry : *entries) {
      EXPECT_FALSE(entry.name.starts_with("t-")) << dir << " " << entry.name;
    }
  }
}

TEST(LogDirMoves, AnOfflineDirectoryIsNoPlaceToGo) {
  MovesWorld world(9, {{"log.dirs", "/a,/b,/c"}});
  RawClient& client = world.connect();
  const Uuid topic = world.create_topic(client, "t", 6);
  std::map<std::string, int32_t> in;
  for (int32_t i = 0; i < 6; ++i) in[world.folder_of(topic, i)] = i;
  ASSERT_TRUE(world.until([&] { return world.named(topic, in.at("/b")) == "/b"; }));
  for (int32_t i = 0; i < 6; ++i) world.produce(client, "t", i, batch_of(1, "x"));
  world.world().node("broker").disk().fail_write_in(1);
  EXPECT_EQ(world.produce(client, "t", in.at("/b"), batch_of(1, "x")).error_code,
            code_of(ErrorCode::kafka_storage_error));
  world.world().run_for(seconds(1));
  EXPECT_EQ(world.move(client, "t", in.at("/a"), "/b"), ErrorCode::kafka_storage_error);
  EXPECT_EQ(world.move(client, "t", in.at("/b"), "/a"), ErrorCode::kafka_storage_error);
  EXPECT_EQ(world.move(client, "t", in.at("/a"), "/c"), ErrorCode::kafka_storage_error) << "none while one is offline";
  // The metadata knows where they were: without a leader now.
  const auto& image = *world.broker().image().topic(topic)->partition(in.at("/b"));
  EXPECT_EQ(image.leader, no_node);
  EXPECT_EQ(world.broker().image().topic(topic)->partition(in.at("/a"))->leader, 1);
}

/// As one that Kafka left, or an operator: the metadata names the one, the other is older.
TEST(LogDirMoves, AFolderThatIsThereTwice) {
  MovesWorld world(10);
  RawClient& client = world.connect();
  const Uuid topic = world.create_topic(client, "t", 1);
  world.produce(client, "t", 0, batch_of(4, "x"));
  const std::string first = world.folder_of(topic);
  const std::string second = world.another(topic);
  ASSERT_TRUE(world.until([&] { return world.named(topic) == first; }));
  ASSERT_EQ(world.move(client, "t", 0, second), ErrorCode::none);
  ASSERT_TRUE(world.arrives(topic, second));
  world.produce(client, "t", 0, batch_of(4, "x"));
  world.stop();
  io::Disk& disk = world.world().node("broker").disk();
  const auto entries = disk.list(first);
  for (const auto& entry : *entries) {
    if (!entry.name.ends_with("-delete")) continue;
    ASSERT_TRUE(disk.rename(first + "/" + entry.name, first + "/t-0").ok());
  }
  ASSERT_TRUE(disk.stat(first + "/t-0").ok());
  world.start();
  EXPECT_EQ(world.folder_of(topic), second);
  EXPECT_FALSE(disk.stat(first + "/t-0").ok());
  RawClient& again = world.connect();
  EXPECT_EQ(world.produce(again, "t", 0, batch_of(1, "x")).base_offset, 8);
}

}  // namespace
}  // namespace moldau::broker
