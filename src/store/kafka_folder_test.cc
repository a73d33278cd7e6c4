// Folders of a real Kafka, and folders for its tools. Both are at hand only where somebody provides them:
//   MOLDAU_KAFKA_FOLDER=DIR   a log directory that Kafka wrote: it opens, and ends where Kafka says it ends
//   MOLDAU_LEAVE_FOLDER=DIR   leaves a log directory there, for kafka-dump-log (see test/interop)
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "log/checkpoint.h"
#include "log/identity.h"
#include "store/audit.h"
#include "store/test_kit.h"

namespace moldau::store {
namespace {

using namespace testing;  // NOLINT: the kit of this folder

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Copies a real folder into the simulated disk.
void import_folder(Rig& rig, const std::filesystem::path& from, const std::string& to) {
  ASSERT_TRUE(rig.disk().make_dir(to).ok());
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    const std::string name = to + "/" + entry.path().filename().string();
    if (entry.is_directory()) {
      import_folder(rig, entry.path(), name);
    } else {
      const std::string bytes = slurp(entry.path());
      ASSERT_TRUE(io::replace_file(rig.disk(), name, as_bytes(bytes)).ok()) << name;
    }
  }
}

void export_folder(Rig& rig, const std::string& from, const std::filesystem::path& to) {
  std::filesystem::create_directories(to);
  const auto entries = rig.disk().list(from);
  ASSERT_TRUE(entries.ok());
  for (const auto& entry : *entries) {
    if (entry.is_directory) {
      export_folder(rig, from + "/" + entry.name, to / entry.name);
      continue;
    }
    const auto bytes = io::read_file(rig.disk(), from + "/" + entry.name, 1u << 30);
    ASSERT_TRUE(bytes.ok());
    std::ofstream(to / entry.name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes->data()), static_cast<std::streamsize>(bytes->size()));
  }
}

TEST(kafka_folder, opens_and_ends_where_kafka_ended) {
  const char* given = std::getenv("MOLDAU_KAFKA_FOLDER");
  if (given == nullptr) GTEST_SKIP() << "no MOLDAU_KAFKA_FOLDER";
  StoreOptions options = small_options();
  options.config_of = [](const std::string&) { return LogConfig(); };
  Rig rig(1, options);
  import_folder(rig, given, "/data");
  const auto meta = log::parse_meta_properties(slurp(std::filesystem::path(given) / "meta.properties"));
  ASSERT_TRUE(meta.ok());
  auto opened = Store::open(rig.node.surface(), options, *meta->cluster_id, *meta->node_id);
  ASSERT_TRUE(opened.ok()) << opened.failure().message;
  rig.store = std::move(opened).value();
  const bool clean = rig.store->folders()[0].clean_stop;
  ASSERT_TRUE(rig.store->load_logs().ok());
  for (Log* log : rig.store->logs()) {
    const std::string bytes = read_all(rig, *log, log->log_start(), log->stable_end());
    const auto batches = batches_of(bytes);
    fmt::print("{} clean={} start={} end={} bytes={} batches={} producers={} epoch={} transactional={}\n",
               log->folder(), clean, log->log_start(), log->stable_end(), bytes.size(), batches.size(),
               log->producers().size(), log->latest_epoch(), log->holds_transactional_data());
    if (!batches.empty()) {
      EXPECT_EQ(batches.back().second + 1, log->stable_end());
    }
    EXPECT_TRUE(log->damaged().empty());
  }
  LogConfig metadata;
  auto metadata_log = rig.store->open_metadata_log(metadata);
  ASSERT_TRUE(metadata_log.ok()) << metadata_log.failure().message;
  fmt::print("metadata log: start={} end={}\n", (*metadata_log)->log_start(), (*metadata_log)->stable_end());
  if (clean) {
    EXPECT_EQ(audit_directory(rig.disk(), "/data", true), "");
  }
}

TEST(kafka_folder, is_left_for_kafkas_tools) {
  const char* given = std::getenv("MOLDAU_LEAVE_FOLDER");
  if (given == nullptr) GTEST_SKIP() << "no MOLDAU_LEAVE_FOLDER";
  StoreOptions options = small_options();
  options.config_of = [](const std::string&) {
    LogConfig config;
    config.segment_bytes = 40'000;
    config.index_interval_bytes = 1000;
    return config;
  };
  Rig rig(1, options);
  rig.open();
  Prng prng(1);
  for (PartitionIndex partition = 0; partition < 3; ++partition) {
    Log* log = rig.log(partition);
    int32_t sequence = 0;
    for (int i = 0; i < 300; ++i) {
      BatchSpec spec;
      spec.records = static_cast<int>(1 + prng.below(20));
      spec.value_bytes = 20 + prng.below(100);
      spec.timestamp = test_time + static_cast<WallMillis>(prng.below(100'000));
      spec.codec = static_cast<compress::Codec>(prng.below(5));
      if (partition == 1) {
        spec.producer_id = 77;
        spec.sequence = sequence;
        sequence += spec.records;
      }
      ASSERT_TRUE(rig.append(*log, spec, i / 100).ok());
    }
    rig.settle();
  }
  rig.run([&] { EXPECT_TRUE(rig.log(2)->truncate_to(1000).ok()); });
  rig.settle();
  // One partition after a crash, all after a stop in order.
  rig.crash(io::sim::CrashKind::process);
  rig.open();
  for (PartitionIndex partition = 0; partition < 3; ++partition) {
    ASSERT_TRUE(rig.append(*rig.log(partition), {.records = 5, .timestamp = test_time + 200'000}, 4).ok());
  }
  rig.settle();
  Status closed;
  rig.run([&] { closed = rig.store->close(9); });
  ASSERT_TRUE(closed.ok());
  EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
  export_folder(rig, "/data", given);
}

}  // namespace
}  // namespace moldau::store
