// The metadata log on a simulated disk: formatting, restarts, crashes, snapshots, a full disk, and folders of
// Kafka 4.3.1.
#include "broker/metadata_loop.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "raft/quorum_state.h"

namespace moldau::broker {
namespace {

using metadata::Image;
using wire::ErrorCode;

std::vector<std::byte> hex_file(const std::string& name) {
  std::ifstream in(std::string(MOLDAU_SOURCE_DIR) + "/test/metadata/" + name);
  EXPECT_TRUE(in.good()) << name;
  std::vector<std::byte> bytes;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    for (size_t i = 0; i + 1 < line.size(); i += 2) {
      bytes.push_back(static_cast<std::byte>(std::stoi(line.substr(i, 2), nullptr, 16)));
    }
  }
  return bytes;
}

/// A node with a store and a metadata loop on it.
class Rig {
 public:
  explicit Rig(uint64_t seed, metadata::ConfigMap given = {}) : world(seed), config(std::move(given)) {
    config.try_emplace("log.dirs", "/data");
    config.try_emplace("node.id", "1");
    config.try_emplace("log.segment.bytes", "1048576");
  }
  ~Rig() { close(); }

  Status try_open(std::string cluster_id = "test-cluster") {
    close();
    const auto settings = metadata::resolve_broker(config);
    EXPECT_TRUE(settings.ok());
    store::StoreOptions options;
    options.log_directories = {"/data"};
    options.config_of = [](const std::string&) { return store::LogConfig(); };
    auto opened = store::Store::open(node.surface(), options, cluster_id, 1);
    if (!opened.ok()) return std::move(opened).failure();
    store = std::move(opened).value();
    loop = std::make_unique<MetadataLoop>(
        node.surface(), *store,
        MetadataLoopOptions{.settings = settings.value(),
                            .static_config = metadata::with_identity(config, settings.value())});
    loop->on_fatal([this](const Failure& why) { fatal = why.message; });
    loop->on_image([this](const metadata::ImageRef& image, const metadata::ImageDelta& delta) {
      published = image;
      created += delta.created_topics.size();
    });
    return loop->start();
  }
  void open() {
    const Status opened = try_open();
    ASSERT_TRUE(opened.ok()) << opened.failure().message;
    settle();
  }
  void close() {
    loop.reset();
    store.reset();
  }
  void settle(Duration time = milliseconds(50)) { world.run_for(time); }

  /// Asks in a turn of the node and runs until it is answered.
  MetadataLoop::Outcome ask(metadata::ControllerRequest request) {
    std::optional<MetadataLoop::Outcome> outcome;
    node.surface().executor.defer([&] {
      loop->submit(std::move(request), [&](const MetadataLoop::Outcome& o) { outcome = o; });
      EXPECT_FALSE(outcome.has_value()) << "answered inside the call";
    });
    world.run_until([&] { return outcome.has_value() || node.crashed(); }, seconds(30));
    return outcome.value_or(MetadataLoop::Outcome{.error = ErrorCode::network_exception});
  }
  int64_t add_broker() {
    const store::OpenedFolder& folder = store->folders().front();
    metadata::RegisterBroker request{.broker = 1,
                                     .cluster_id = folder.identity.cluster_id,
                                     .incarnation = node.surface().entropy.uuid(),
                                     .listeners = {{"PLAINTEXT", "localhost", 9092, 0}},
                                     .features = metadata::registered_features(),
                                     .directories = {folder.identity.directory_id},
                                     .previous_broker_epoch = folder.clean_stop ? folder.previous_broker_epoch : -1};
    const auto outcome = ask(request);
    EXPECT_EQ(outcome.error, ErrorCode::none);
    const auto& result = std::get<metadata::RegisterBrokerResult>(outcome.response);
    EXPECT_EQ(result.error, ErrorCode::none) << result.message;
    heartbeat(result.broker_epoch, false);
    EXPECT_TRUE(image().broker(1)->active());
    return result.broker_epoch;
  }
  metadata::BrokerHeartbeatResult heartbeat(int64_t epoch, bool shutdown) {
    const auto outcome = ask(metadata::BrokerHeartbeat{
        .broker = 1, .broker_epoch = epoch, .metadata_offset = image().applied().offset, .want_shutdown = shutdown});
    EXPECT_EQ(outcome.error, ErrorCode::none);
    return std::get<metadata::BrokerHeartbeatResult>(outcome.response);
  }
  ErrorCode create(const std::string& name, int32_t partitions = 1) {
    const auto outcome = ask(metadata::CreateTopics{.topics = {{.name = name, .partitions = partitions}}});
    if (outcome.error != ErrorCode::none) return outcome.error;
    return std::get<metadata::CreateTopicsResult>(outcome.response).topics.at(0).error;
  }
  const Image& image() { return *loop->image(); }

  void put(const std::string& path, std::span<const std::byte> bytes) {
    const Status made = node.disk().make_dir(io::parent_of(path));
    ASSERT_TRUE(made.ok()) << made.failure().message;
    ASSERT_TRUE(io::replace_file(node.disk(), path, bytes).ok());
  }
  std::string get(const std::string& path) {
    const auto bytes = io::read_file(node.disk(), path, 1 << 24);
    return bytes.ok() ? std::string(as_text(bytes.value())) : "<" + bytes.failure().message + ">";
  }
  std::vector<std::string> names(const std::string& folder, std::string_view ending) {
    std::vector<std::string> found;
    const Result<std::vector<io::DirectoryEntry>> entries = node.disk().list(folder);
    for (const io::DirectoryEntry& entry : entries.value()) {
      if (entry.name.ends_with(ending)) found.push_back(entry.name);
    }
    return found;
  }

  io::sim::World world;
  io::sim::Node& node = world.node("n");
  metadata::ConfigMap config;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<MetadataLoop> loop;
  metadata::ImageRef published;
  size_t created = 0;
  std::string fatal;
};

constexpr const char* metadata_folder = "/data/__cluster_metadata-0";

/// quorum-state of a leader with its voters in the log, as Kafka writes it.
std::string state(Epoch epoch) {
  return fmt::format(
      R"({{"leaderId":1,"leaderEpoch":{},"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}})",
      epoch);
}
/// The same with static voters.
std::string static_state(Epoch epoch) {
  return fmt::format(R"({{"clusterId":"","leaderId":1,"leaderEpoch":{},"votedId":-1,"appliedOffset":0,)", epoch) +
         R"("currentVoters":[{"voterId":1}],"data_version":0})";
}

TEST(MetadataLoop, FormatsAFreshFolderAsKafkaDoes) {
  Rig rig(1);
  rig.open();
  EXPECT_EQ(rig.get(std::string(metadata_folder) + "/quorum-state"), state(1));
  EXPECT_EQ(rig.get(std::string(metadata_folder) + "/leader-epoch-checkpoint"), "0\n1\n1 0\n");
  EXPECT_EQ(rig.names(metadata_folder, ".checkpoint"),
            std::vector<std::string>{"00000000000000000000-0000000000.checkpoint"});
  const auto first = metadata::read_snapshot(
      io::read_file(rig.node.disk(), std::string(metadata_folder) + "/00000000000000000000-0000000000.checkpoint",
                    1 << 20)
          .value());
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first.value().quorum.kraft_version, 1);
  EXPECT_EQ(first.value().quorum.voters->find(1)->key.directory, rig.store->folders()[0].identity.directory_id);
  const auto bootstrap =
      metadata::read_snapshot(io::read_file(rig.node.disk(), "/data/bootstrap.checkpoint", 1 << 20).value());
  ASSERT_TRUE(bootstrap.ok());
  EXPECT_EQ(bootstrap.value().records, metadata::default_bootstrap_records());

  // The log: leadership, version and voters in one batch; the bootstrap records in one transaction; the controller.
  EXPECT_EQ(rig.image().metadata_version(), 30);
  EXPECT_EQ(rig.image().features().size(), 2U);
  EXPECT_EQ(rig.loop->log_end(), 3 + 4 + 1);
  EXPECT_EQ(rig.loop->high_watermark(), 8);
  EXPECT_EQ(rig.image().applied().offset, 7);
  EXPECT_EQ(rig.published, rig.loop->image());
  const std::string log = rig.get(std::string(metadata_folder) + "/00000000000000000000.log");
  std::vector<std::tuple<Offset, Offset, bool, Epoch>> batches;
  wire::for_each_batch(as_bytes(log), [&](const wire::BatchView& batch) {
    EXPECT_TRUE(batch.crc_valid());
    EXPECT_EQ(batch.producer_id(), -1);
    EXPECT_EQ(batch.base_sequence(), -1);
    batches.emplace_back(batch.base_offset(), batch.last_offset(), batch.is_control(), batch.leader_epoch());
    return true;
  });
  EXPECT_EQ(batches, (std::vector<std::tuple<Offset, Offset, bool, Epoch>>{
                         {0, 2, true, 1}, {3, 6, false, 1}, {7, 7, false, 1}}));
  EXPECT_EQ(rig.add_broker(), 8);
}

TEST(MetadataLoop, KeepsAnswersUntilTheyAreCommittedAndPublished) {
  Rig rig(2);
  rig.open();
  rig.add_broker();
  bool answered = false;
  rig.node.surface().executor.defer([&] {
    rig.loop->submit(metadata::CreateTopics{.topics = {{.name = "t"}}}, [&](const MetadataLoop::Outcome& outcome) {
      answered = true;
      EXPECT_EQ(outcome.error, ErrorCode::none);
      EXPECT_NE(rig.image().topic("t"), nullptr) << "answered before it was published";
      EXPECT_EQ(rig.loop->high_watermark(), rig.loop->log_end());
    });
    // A question behind it sees the topic, and waits for it.
    rig.loop->submit(metadata::CreateTopics{.topics = {{.name = "t"}}}, [&](const MetadataLoop::Outcome& outcome) {
      EXPECT_TRUE(answered);
      EXPECT_EQ(std::get<metadata::CreateTopicsResult>(outcome.response).topics[0].error,
                ErrorCode::topic_already_exists);
    });
    EXPECT_EQ(rig.image().topic("t"), nullptr);
    EXPECT_FALSE(answered);
  });
  rig.settle();
  EXPECT_TRUE(answered);
  EXPECT_EQ(rig.created, 1U);
}

TEST(MetadataLoop, ARestartLeadsANewEpochOverTheSameContents) {
  Rig rig(3);
  rig.open();
  const int64_t broker_epoch = rig.add_broker();
  ASSERT_EQ(rig.create("t", 5), ErrorCode::none);
  EXPECT_FALSE(rig.heartbeat(broker_epoch, true).should_shut_down);
  EXPECT_TRUE(rig.heartbeat(broker_epoch, true).should_shut_down);
  const metadata::ImageRef before = rig.loop->image();
  rig.loop->stop();
  ASSERT_TRUE(rig.store->close(broker_epoch).ok());
  rig.open();
  EXPECT_EQ(rig.loop->node().epoch(), 2);
  EXPECT_EQ(rig.image().partition_count(), 5U);
  EXPECT_EQ(rig.image().topic("t")->id, before->topic("t")->id);
  rig.add_broker();
  EXPECT_EQ(rig.image().topic("t")->partition(0)->leader, 1);
  EXPECT_EQ(rig.image().topic("t")->partition(0)->leader_epoch, 2);
  EXPECT_EQ(rig.image().applied().epoch, 2);
}

TEST(MetadataLoop, WhatWasAnsweredOutlivesPowerCuts) {
  size_t kept = 0;
  size_t unanswered = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Rig rig(seed);
    std::set<std::string> answered;
    std::set<std::string> asked;
    Epoch epoch = 0;
    for (int life = 0; life < 4; ++life) {
      const Status opened = rig.try_open();
      if (!opened.ok() && rig.node.crashed()) {
        rig.close();
        rig.node.restart();
        continue;
      }
      ASSERT_TRUE(opened.ok()) << "seed " << seed << ": " << opened.failure().message;
      EXPECT_GT(rig.loop->node().epoch(), epoch) << "seed " << seed;
      epoch = rig.loop->node().epoch();
      for (const std::string& name : answered) {
        EXPECT_NE(rig.image().topic(name), nullptr) << "seed " << seed << " lost " << name;
      }
      rig.image().for_each_topic([&](const metadata::TopicImage& topic) {
        EXPECT_TRUE(asked.contains(topic.name));
        EXPECT_EQ(topic.partitions.size(), 3U) << "half a topic";
      });
      rig.settle();
      if (!rig.node.crashed()) rig.add_broker();
      rig.node.disk().crash_after_operations(1 + (seed * 7 + static_cast<uint64_t>(life) * 13) % 40);
      for (int i = 0; i < 30 && !rig.node.crashed(); ++i) {
        const std::string name = fmt::format("t{}-{}", life, i);
        asked.insert(name);
        if (rig.create(name, 3) == ErrorCode::none) answered.insert(name);
      }
      if (!rig.node.crashed()) rig.node.crash();
      rig.close();
      rig.node.restart();
    }
    kept += answered.size();
    unanswered += asked.size() - answered.size();
  }
  EXPECT_GT(kept, 300U);  // both outcomes really happened
  EXPECT_GT(unanswered, 100U);
}

TEST(MetadataLoop, SnapshotsReplaceTheLog) {
  Rig rig(5, {{"metadata.log.max.record.bytes.between.snapshots", "3000"},
              {"metadata.max.retention.bytes", "0"},
              {"internal.metadata.log.segment.bytes", "2048"}});
  rig.open();
  rig.add_broker();
  for (int i = 0; i < 60; ++i) ASSERT_EQ(rig.create("topic-" + std::to_string(i), 2), ErrorCode::none);
  rig.settle(seconds(1));
  const std::vector<std::string> files = rig.names(metadata_folder, ".checkpoint");
  ASSERT_EQ(files.size(), 1U) << "old ones are removed";
  const auto id = raft::parse_snapshot_file_name(files[0]);
  ASSERT_TRUE(id.has_value());
  EXPECT_GT(id->end, 100);
  EXPECT_EQ(id->epoch, 1);
  EXPECT_TRUE(rig.names(metadata_folder, ".part").empty());
  const auto contents = metadata::read_snapshot(
      io::read_file(rig.node.disk(), std::string(metadata_folder) + "/" + files[0], 1 << 20).value());
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents.value().quorum.kraft_version, 1);

  const metadata::ImageRef before = rig.loop->image();
  rig.node.crash();
  rig.close();
  rig.node.restart();
  rig.open();
  EXPECT_EQ(rig.image().topic_count(), 60U);
  EXPECT_EQ(rig.image().partition_count(), 120U);
  EXPECT_EQ(rig.image().topic("topic-7")->id, before->topic("topic-7")->id);
  EXPECT_EQ(rig.loop->node().epoch(), 2);
  rig.add_broker();
  EXPECT_EQ(rig.create("one-more"), ErrorCode::none);
}

TEST(MetadataLoop, AStopWritesASnapshotIfTheLogIsLong) {
  Rig rig(6);
  rig.open();
  rig.add_broker();
  ASSERT_EQ(rig.create("small", 20), ErrorCode::none);
  rig.loop->close();
  EXPECT_EQ(rig.names(metadata_folder, ".checkpoint").size(), 1U) << "that of the format; too little for another";
  for (int i = 0; i < 4; ++i) ASSERT_EQ(rig.create("wide-" + std::to_string(i), 2'500), ErrorCode::none);
  rig.settle();
  const metadata::ImageRef before = rig.loop->image();
  rig.loop->close();
  rig.loop->close();  // nothing was written since
  const std::vector<std::string> files = rig.names(metadata_folder, ".checkpoint");
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(raft::parse_snapshot_file_name(files[1])->end, before->applied().offset + 1);
  EXPECT_TRUE(rig.names(metadata_folder, ".part").empty());
  rig.close();
  rig.open();
  EXPECT_EQ(rig.image().partition_count(), 10'020U);
  EXPECT_EQ(rig.image().topic("wide-3")->id, before->topic("wide-3")->id);
  EXPECT_EQ(*rig.image().topic("wide-3")->partition(2'499), *before->topic("wide-3")->partition(2'499));
  rig.add_broker();
  EXPECT_EQ(rig.create("one-more"), ErrorCode::none);
}

/// Base offsets of the log's segments, and ends of the snapshots, as the folder shows them.
std::vector<Offset> bases(Rig& rig, std::string_view ending = ".log") {
  std::vector<Offset> found;
  for (const std::string& name : rig.names(metadata_folder, ending)) found.push_back(std::stoll(name.substr(0, 20)));
  std::sort(found.begin(), found.end());
  return found;
}
std::vector<Offset> snapshot_ends(Rig& rig) {
  return bases(rig, ".checkpoint");
}

/// What holds at any time: the log reaches back to the newest snapshot, and no snapshot lies before the log.
void check_folder(Rig& rig, const std::string& when) {
  const std::vector<Offset> segments = bases(rig);
  const std::vector<Offset> snapshots = snapshot_ends(rig);
  ASSERT_FALSE(segments.empty()) << when;
  ASSERT_FALSE(snapshots.empty()) << when;
  EXPECT_LE(segments.front(), snapshots.back()) << when;
  EXPECT_GE(snapshots.front(), segments.front()) << when;
}

TEST(MetadataLoop, SegmentsBelowTheOldestSnapshotGo) {
  Rig rig(21, {{"metadata.log.max.record.bytes.between.snapshots", "3000"},
               {"metadata.max.retention.bytes", "70000"},
               {"internal.metadata.log.segment.bytes", "1024"}});
  rig.open();
  rig.add_broker();
  Offset start_before = 0;
  for (int i = 0; i < 120; ++i) {
    ASSERT_EQ(rig.create(fmt::format("topic-{}", i), 2), ErrorCode::none);
    const store::Log* log = rig.store->find({metadata_topic_id, 0});
    EXPECT_GE(log->log_start(), start_before);
    start_before = log->log_start();
    EXPECT_LE(log->log_start(), snapshot_ends(rig).back());
  }
  rig.settle(seconds(1));
  check_folder(rig, "after writing");
  const std::vector<Offset> segments = bases(rig);
  const std::vector<Offset> snapshots = snapshot_ends(rig);
  EXPECT_GT(segments.front(), 0);
  EXPECT_GT(snapshots.size(), 1U) << "what fits stays";
  ASSERT_GT(segments.size(), 1U);
  EXPECT_GT(segments[1], snapshots.front()) << "a whole segment below the oldest snapshot stayed";
  // The files wait for their delay, then they are gone.
  EXPECT_FALSE(rig.names(metadata_folder, ".log.deleted").empty());
  EXPECT_FALSE(rig.names(metadata_folder, ".checkpoint.deleted").empty());
  rig.settle(seconds(62));
  EXPECT_TRUE(rig.names(metadata_folder, ".deleted").empty());
  EXPECT_EQ(bases(rig).front(), segments.front());

  // A restart begins where the files begin, and everything is there.
  const metadata::ImageRef before = rig.loop->image();
  rig.loop->stop();
  ASSERT_TRUE(rig.store->close(1).ok());
  rig.open();
  EXPECT_EQ(rig.store->find({metadata_topic_id, 0})->log_start(), segments.front());
  EXPECT_EQ(rig.image().topic_count(), 120U);
  EXPECT_EQ(rig.image().topic("topic-0")->id, before->topic("topic-0")->id);
}

TEST(MetadataLoop, WhatIsDeletedGoesWithTheNextStartToo) {
  Rig rig(22, {{"metadata.log.max.record.bytes.between.snapshots", "3000"},
               {"metadata.max.retention.bytes", "0"},
               {"internal.metadata.log.segment.bytes", "1024"}});
  rig.open();
  rig.add_broker();
  for (int i = 0; i < 60; ++i) ASSERT_EQ(rig.create(fmt::format("topic-{}", i), 2), ErrorCode::none);
  rig.settle(seconds(1));
  ASSERT_FALSE(rig.names(metadata_folder, ".checkpoint.deleted").empty());
  const Offset first = snapshot_ends(rig).front();
  // A snapshot that a crash brought back.
  ASSERT_GT(bases(rig).front(), 50);
  rig.loop->stop();
  ASSERT_TRUE(rig.store->close(1).ok());
  rig.close();
  const std::string stale = fmt::format("{}/{:020}-0000000001.checkpoint", metadata_folder, 50);
  rig.put(stale, as_bytes("whatever"));
  rig.config["metadata.log.max.record.bytes.between.snapshots"] = "1000000";  // no further one
  rig.open();
  EXPECT_TRUE(rig.names(metadata_folder, ".deleted").empty());
  EXPECT_EQ(snapshot_ends(rig), std::vector<Offset>{first});
  EXPECT_EQ(rig.image().topic_count(), 60U);
}

TEST(MetadataLoop, SnapshotsGoByAgeToo) {
  Rig rig(23, {{"metadata.log.max.snapshot.interval.ms", "600000"},  // 10 minutes
               {"metadata.max.retention.ms", "3600000"},             // an hour
               {"internal.metadata.log.segment.bytes", "1024"}});
  rig.open();
  rig.add_broker();
  for (int i = 0; i < 24; ++i) {  // four hours
    ASSERT_EQ(rig.create(fmt::format("topic-{}", i), 2), ErrorCode::none);
    rig.settle(seconds(601));
  }
  const size_t kept = snapshot_ends(rig).size();
  EXPECT_GE(kept, 5U);
  EXPECT_LE(kept, 8U);
  EXPECT_GT(bases(rig).front(), 0);
  check_folder(rig, "by age");
  // Nothing new comes, so time alone has to do it; also over a restart, which reads the times from the files.
  rig.loop->stop();
  ASSERT_TRUE(rig.store->close(1).ok());
  rig.open();
  EXPECT_EQ(snapshot_ends(rig).size(), kept);
  rig.settle(seconds(3600 + 700));
  EXPECT_LE(snapshot_ends(rig).size(), 2U);
  EXPECT_EQ(rig.image().topic_count(), 24U);
}

TEST(MetadataLoop, ALogThatEndsBelowItsSnapshotGoesOnAtItsEnd) {
  Rig rig(24, {{"metadata.log.max.record.bytes.between.snapshots", "3000"}});
  rig.open();
  rig.add_broker();
  for (int i = 0; i < 30; ++i) ASSERT_EQ(rig.create(fmt::format("topic-{}", i), 2), ErrorCode::none);
  rig.settle(seconds(1));
  const Offset end = snapshot_ends(rig).back();
  ASSERT_GT(end, 20);
  const size_t known = [&] {
    rig.loop->stop();
    EXPECT_TRUE(rig.store->close(1).ok());
    rig.close();
    const std::string newest =
        fmt::format("{}/{}", metadata_folder, raft::snapshot_file_name({.end = end, .epoch = 1}));
    const auto contents = metadata::read_snapshot(io::read_file(rig.node.disk(), newest, 1 << 24).value());
    metadata::ImageBuilder builder;
    for (const metadata::EncodedRecord& record : contents.value().records) EXPECT_TRUE(builder.apply(record, 0).ok());
    return builder.build()->topic_count();
  }();
  for (const std::string& name : rig.names(metadata_folder, ".log")) {
    ASSERT_TRUE(rig.node.disk().remove(fmt::format("{}/{}", metadata_folder, name)).ok());
  }
  rig.open();
  EXPECT_EQ(rig.image().topic_count(), known);
  EXPECT_GT(rig.loop->log_end(), end);
  rig.add_broker();
  ASSERT_EQ(rig.create("after"), ErrorCode::none);
  rig.loop->stop();
  ASSERT_TRUE(rig.store->close(1).ok());
  rig.open();
  EXPECT_NE(rig.image().topic("after"), nullptr);
  EXPECT_EQ(rig.image().topic_count(), known + 1);
}

TEST(MetadataLoop, CleaningOutlivesPowerCuts) {
  size_t kept = 0;
  size_t cleaned = 0;
  size_t crashes = 0;
  for (uint64_t seed = 1; seed <= 80; ++seed) {
    Rig rig(seed, {{"metadata.log.max.record.bytes.between.snapshots", "1500"},
                   {"metadata.max.retention.bytes", seed % 3 == 0 ? "0" : "6000"},
                   {"internal.metadata.delete.delay.millis", seed % 2 == 0 ? "20" : "60000"},
                   {"internal.metadata.log.segment.bytes", "700"}});
    std::set<std::string> answered;
    for (int life = 0; life < 6; ++life) {
      const Status opened = rig.try_open();
      if (!opened.ok() && rig.node.crashed()) {
        rig.close();
        rig.node.restart();
        continue;
      }
      const std::string when = fmt::format("seed {} life {}", seed, life);
      ASSERT_TRUE(opened.ok()) << when << ": " << opened.failure().message;
      for (const std::string& name : answered) ASSERT_NE(rig.image().topic(name), nullptr) << when << " lost " << name;
      check_folder(rig, when);
      if (bases(rig).front() > 0) ++cleaned;
      rig.settle();
      if (!rig.node.crashed()) rig.add_broker();
      rig.node.disk().crash_after_operations(20 + (seed * 37 + static_cast<uint64_t>(life) * 101) % 400);
      for (int i = 0; i < 60 && !rig.node.crashed(); ++i) {
        const std::string name = fmt::format("t{}-{}", life, i);
        if (rig.create(name, 3) == ErrorCode::none) answered.insert(name);
        if (i % 8 == 7 && !rig.node.crashed()) rig.settle(milliseconds(30));  // snapshots and removals have their time
      }
      if (rig.node.crashed()) {
        ++crashes;
      } else {
        check_folder(rig, when + " before its end");
        rig.node.crash();
      }
      rig.close();
      rig.node.restart();
    }
    kept += answered.size();
  }
  EXPECT_GT(kept, 3000U);
  EXPECT_GT(crashes, 200U);
  EXPECT_GT(cleaned, 20U);
}

TEST(MetadataLoop, SnapshotsComeByTimeToo) {
  Rig rig(6, {{"metadata.log.max.snapshot.interval.ms", "60000"}});
  rig.open();
  rig.add_broker();
  rig.settle(seconds(59));
  EXPECT_EQ(rig.names(metadata_folder, ".checkpoint").size(), 1U);
  rig.settle(seconds(3));
  EXPECT_EQ(rig.names(metadata_folder, ".checkpoint").size(), 2U);
  rig.settle(seconds(300));
  EXPECT_EQ(rig.names(metadata_folder, ".checkpoint").size(), 2U) << "nothing new, no new snapshot";
}

TEST(MetadataLoop, OpensAFolderThatKafkaFormattedAndFilled) {
  Rig rig(7);
  rig.put("/data/meta.properties",
          as_bytes("#\n#Sun Nov 22 17:58:02 UTC 2026\nnode.id=1\ndirectory.id=2MLtsXsQTfOo4FS_J5pkiQ\nversion=1\n"
                   "cluster.id=1yRN20dGlFcuhg9b7us_Fg\n"));
  const std::string folder = metadata_folder;
  rig.put(folder + "/00000000000000000000.log", hex_file("standalone_log.hex"));
  rig.put(folder + "/quorum-state", as_bytes(state(3)));
  const Status opened = rig.try_open("1yRN20dGlFcuhg9b7us_Fg");
  ASSERT_TRUE(opened.ok()) << opened.failure().message;
  rig.settle();
  EXPECT_GE(rig.loop->node().epoch(), 4);
  EXPECT_EQ(rig.image().topic_count(), 6U);
  EXPECT_EQ(rig.image().feature_level("transaction.version"), 2);
  const metadata::ImageRef before = rig.loop->image();
  rig.add_broker();
  rig.image().for_each_topic([&](const metadata::TopicImage& topic) {
    EXPECT_EQ(topic.id, before->topic(topic.name)->id);
    topic.partitions.for_each([&](PartitionIndex, const metadata::PartitionRef& partition) {
      EXPECT_EQ(partition->leader, 1) << topic.name;
    });
  });
  EXPECT_EQ(rig.create("new"), ErrorCode::none);
}

TEST(MetadataLoop, OpensAFolderWithStaticVoters) {
  for (const bool configured : {true, false}) {
    Rig rig(
        8, configured ? metadata::ConfigMap{{"controller.quorum.voters", "1@127.0.0.1:54415"}} : metadata::ConfigMap{});
    rig.put("/data/meta.properties",
            as_bytes("node.id=1\ndirectory.id=Yx4BpcTfAyt2hkMBClgqGw\nversion=1\ncluster.id=c\n"));
    const std::string folder = metadata_folder;
    rig.put(folder + "/00000000000000000000.log", hex_file("static_log.hex"));
    rig.put(folder + "/00000000000000000060-0000000001.checkpoint", hex_file("static_snapshot.hex"));
    rig.put(folder + "/quorum-state", as_bytes(static_state(1)));
    const Status opened = rig.try_open("c");
    ASSERT_TRUE(opened.ok()) << opened.failure().message;
    rig.settle();
    EXPECT_EQ(rig.loop->node().epoch(), 2);
    EXPECT_EQ(rig.image().partition_count(), 40U);
    EXPECT_EQ(rig.get(folder + "/quorum-state"), static_state(2));
    rig.add_broker();
    EXPECT_EQ(rig.create("new"), ErrorCode::none);
  }
}

TEST(MetadataLoop, AFreshFolderWithStaticVotersHasNoFirstSnapshot) {
  Rig rig(9, {{"controller.quorum.voters", "1@127.0.0.1:9093"}});
  rig.open();
  EXPECT_TRUE(rig.names(metadata_folder, ".checkpoint").empty());
  EXPECT_EQ(rig.loop->log_end(), 1 + 4 + 1);
  EXPECT_NE(rig.get(std::string(metadata_folder) + "/quorum-state").find("\"data_version\":0"), std::string::npos);
}

TEST(MetadataLoop, RefusesDamagedAndForeignFolders) {
  const std::string folder = metadata_folder;
  const auto failure_of = [&](const std::function<void(Rig&)>& spoil, metadata::ConfigMap config = {}) {
    Rig rig(10, std::move(config));
    rig.open();
    rig.add_broker();
    EXPECT_EQ(rig.create("t"), ErrorCode::none);
    rig.loop->stop();
    EXPECT_TRUE(rig.store->close(1).ok());
    rig.close();
    spoil(rig);
    const Status opened = rig.try_open();
    EXPECT_FALSE(opened.ok());
    return opened.ok() ? FailureKind::closed : opened.failure().kind;
  };
  EXPECT_EQ(failure_of([&](Rig& rig) { rig.put(folder + "/quorum-state", as_bytes("{\"leaderId\":")); }),
            FailureKind::corrupt);
  EXPECT_EQ(failure_of([&](Rig& rig) {
              rig.put(folder + "/00000000000000000005-0000000001.checkpoint", as_bytes("not a snapshot"));
            }),
            FailureKind::corrupt);
  EXPECT_EQ(failure_of([&](Rig& rig) {
              // The newest snapshot ends behind a gap.
              for (const std::string& name : rig.names(folder, ".log"))
                ASSERT_TRUE(rig.node.disk().remove(folder + "/" + name).ok());
              rig.put(folder + "/00000000000000000100.log", {});
            }),
            FailureKind::corrupt);
  EXPECT_EQ(failure_of([&](Rig& rig) {
              rig.put("/data/meta.properties",
                      as_bytes("node.id=1\ndirectory.id=Yx4BpcTfAyt2hkMBClgqGw\nversion=1\ncluster.id=test-cluster\n"));
            }),
            FailureKind::foreign);
  EXPECT_EQ(failure_of([&](Rig& rig) { rig.config["controller.quorum.voters"] = "1@a:1,2@b:2"; },
                       {{"controller.quorum.voters", "1@a:1"}}),
            FailureKind::unsupported);
}

TEST(MetadataLoop, AFullDiskRefusesAndRecovers) {
  Rig rig(11);
  rig.open();
  rig.add_broker();
  ASSERT_EQ(rig.create("before"), ErrorCode::none);
  const uint64_t capacity = rig.node.disk().faults().capacity_bytes;
  rig.node.disk().faults().capacity_bytes = rig.node.disk().used_bytes() + 100;
  EXPECT_EQ(rig.create("during", 40), ErrorCode::kafka_storage_error);
  EXPECT_EQ(rig.image().topic("during"), nullptr);
  EXPECT_EQ(rig.fatal, "");
  rig.node.disk().faults().capacity_bytes = capacity;
  ErrorCode error = ErrorCode::kafka_storage_error;
  for (int i = 0; i < 20 && error != ErrorCode::none; ++i) {
    rig.settle(seconds(1));
    error = rig.create("during", 40);
  }
  EXPECT_EQ(error, ErrorCode::none) << "it takes appends again when room returns";
  EXPECT_EQ(rig.image().topic("during")->partitions.size(), 40U);
}

TEST(MetadataLoop, AFailedSyncIsFatal) {
  Rig rig(12);
  rig.open();
  rig.add_broker();
  rig.node.disk().fail_sync_in(1);
  EXPECT_EQ(rig.create("t"), ErrorCode::kafka_storage_error);
  EXPECT_NE(rig.fatal, "");
  EXPECT_EQ(rig.create("u"), ErrorCode::kafka_storage_error);
}

}  // namespace
}  // namespace moldau::broker
