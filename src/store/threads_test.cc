// A store with two shards on two threads, on the machine's own disk: what the thread sanitizer looks at.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <memory>

#include "base/trace.h"
#include "io/posix/shard_set.h"
#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/test_kit.h"

namespace moldau::store {
namespace {

using namespace testing;  // NOLINT: the kit of this folder

/// Appends to one log, on its shard's thread: the next batch whenever one is stable.
class Appender final : public LogListener {
 public:
  explicit Appender(Offset until) : until_(until) {}

  void begin(Log& log) {
    log_ = &log;
    log.set_listener(this);
    append();
  }
  void go_on_until(Offset until) {
    until_ = until;
    if (log_->next_offset() == log_->stable_end()) append();
  }
  void on_appended(Offset) override {}
  void on_stable(Offset end) override {
    stable = end;
    if (end == log_->next_offset()) append();
  }
  void on_refused(Offset, const Failure&) override { ++refused; }
  void on_offline(const Failure&) override { ++offline; }
  void on_log_start(Offset) override {}
  bool reached(Offset end) const { return stable >= end; }

  std::atomic<Offset> stable{0};
  std::atomic<int> refused{0};
  std::atomic<int> offline{0};

 private:
  void append() {
    if (log_->next_offset() >= until_) return;
    std::vector<BatchToAppend> batches;
    batches.push_back(
        make_batch({.records = 2, .value_bytes = 200, .tag = static_cast<uint64_t>(log_->next_offset())}));
    EXPECT_TRUE(log_->append(std::move(batches), 0).ok());
  }

  Log* log_ = nullptr;
  Offset until_;
};

class StoreThreads : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    set_trace(nullptr, TraceLevel::error);
    std::string pattern = (std::filesystem::temp_directory_path() / "moldau-store-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    shards_ = std::move(io::posix::ShardSet::make(2)).value();
    StoreOptions options = small_options();
    options.log_directories = {root_ + "/a", root_ + "/b"};
    options.tail_bytes_max = 1 << 20;
    options.checkpoint_interval_ms = 3;
    options.high_watermark_checkpoint_interval_ms = 2;
    options.log_start_checkpoint_interval_ms = 5;
    options.retention_check_interval_ms = 7;
    options.config_of = [](const std::string&) {
      LogConfig config;
      config.segment_bytes = 4096;
      config.retention_ms = -1;
      config.retention_bytes = 64 << 10;
      return config;
    };
    if (GetParam()) options.journal = small_journal();
    options_ = options;
    store_ = open(shards_->surfaces());
  }
  void TearDown() override {
    if (shards_) shards_->stop();
    store_.reset();
    shards_.reset();
    std::filesystem::remove_all(root_);
  }
  std::unique_ptr<Store> open(const std::vector<io::Surface>& surfaces) const {
    auto opened = Store::open(surfaces, options_, "test-cluster", 1);
    EXPECT_TRUE(opened.ok()) << opened.failure().message;
    EXPECT_TRUE((*opened)->load_logs().ok());
    return std::move(opened).value();
  }
  static TopicPartitionId id(PartitionIndex partition) { return {test_topic_id, partition}; }
  /// Runs `call` on the other thread and waits for it here, where the home loop runs.
  void there(std::function<void()> call) {
    std::atomic<bool> done{false};
    shards_->loop(1).surface().executor.mailbox().post([&] {
      call();
      done = true;
    });
    wait([&] { return done.load(); });
  }
  void wait(const std::function<bool()>& done) { ASSERT_TRUE(shards_->home().run_until(done, seconds(30))); }
  StoreShard& home() { return store_->shard(0); }
  StoreShard& other() { return store_->shard(1); }

  std::string root_;
  StoreOptions options_;
  std::unique_ptr<io::posix::ShardSet> shards_;
  std::unique_ptr<Store> store_;
};

/// Four logs, two in each directory, of which one each is the other shard's; all are appended to at once.
class FourLogs : public StoreThreads {
 protected:
  void begin() {
    store_->start_background();
    for (PartitionIndex i = 0; i < 4; ++i) {
      appenders.push_back(std::make_unique<Appender>(100));
      const auto created = store_->create(id(i), "orders", i / 2);
      ASSERT_TRUE(created.ok());
      logs.push_back(*created);
    }
    std::vector<LogRef> given;
    for (const size_t i : {1U, 3U}) {
      Result<LogRef> left = home().leave_at_once(*logs[i]);
      ASSERT_TRUE(left.ok()) << left.failure().message;
      given.push_back(std::move(left).value());
    }
    ASSERT_TRUE(shards_->start().ok());
    there([&] {
      for (LogRef& log : given) other().join(std::move(log));
      appenders[1]->begin(*logs[1]);
      appenders[3]->begin(*logs[3]);
    });
    appenders[0]->begin(*logs[0]);
    appenders[2]->begin(*logs[2]);
    wait_for({0, 1, 2, 3}, 100);
  }
  void wait_for(const std::vector<size_t>& which, Offset end) {
    wait([&] { return std::all_of(which.begin(), which.end(), [&](size_t i) { return appenders[i]->reached(end); }); });
  }
  /// The second one comes home, while others go on.
  void bring_home() {
    std::optional<LogRef> came;
    there([&] {
      appenders[3]->go_on_until(160);
      other().leave(*logs[1], [&](Result<LogRef> left) {
        ASSERT_TRUE(left.ok()) << left.failure().message;
        shards_->home().surface().executor.mailbox().post([&, log = std::move(left).value()] { came = log; });
      });
    });
    appenders[0]->go_on_until(160);
    wait([&] { return came.has_value(); });
    home().join(std::exchange(came, std::nullopt).value());
    EXPECT_EQ(store_->find(id(1)), logs[1]);
    EXPECT_EQ(logs[1]->stable_end(), 100);
    appenders[1]->begin(*logs[1]);
    appenders[1]->go_on_until(160);
    wait_for({0, 1, 3}, 160);
  }

  std::vector<std::unique_ptr<Appender>> appenders;
  std::vector<Log*> logs;
};

TEST_P(FourLogs, are_appended_to_at_once_and_one_goes_to_another_thread) {
  begin();
  EXPECT_EQ(store_->find(id(1)), nullptr);
  EXPECT_TRUE(store_->holds(id(1)));
  EXPECT_EQ(store_->directory_of(id(1)), 0U);
  EXPECT_EQ(store_->directory_of(id(3)), 1U);
  bring_home();
  there([&] { other().stop(); });
  EXPECT_TRUE(store_->close(1).ok());
}

TEST_P(FourLogs, of_a_directory_that_one_shard_saw_fail_are_offline_on_both) {
  begin();
  there([&] {
    std::filesystem::rename(logs[3]->folder(), root_ + "/gone");
    EXPECT_FALSE(logs[3]->roll().ok());
    EXPECT_TRUE(logs[3]->offline());
  });
  wait([&] { return appenders[2]->offline == 1 && appenders[3]->offline == 1; });
  EXPECT_TRUE(store_->directory_offline(1));
  EXPECT_FALSE(store_->directory_offline(0));
  EXPECT_EQ(appenders[0]->offline, 0);
  appenders[0]->go_on_until(200);
  wait_for({0}, 200);
  there([&] { other().stop(); });
  EXPECT_FALSE(store_->close(1).ok());  // one directory is offline
  shards_->stop();
  store_.reset();
  shards_ = std::move(io::posix::ShardSet::make(1)).value();
  std::filesystem::remove_all(root_ + "/b");
  options_.log_directories.pop_back();
  store_ = open(shards_->surfaces());
  EXPECT_TRUE(store_->folders()[0].clean_stop);
  EXPECT_EQ(store_->find(id(0))->next_offset(), 200);
  EXPECT_EQ(store_->find(id(1))->next_offset(), 100);
}

INSTANTIATE_TEST_SUITE_P(all, FourLogs, ::testing::Bool(),
                         [](const auto& given) { return given.param ? "journal" : "segments"; });

TEST_P(StoreThreads, a_log_goes_back_and_forth_under_appends_and_a_stop_finds_it_anywhere) {
  store_->start_background();
  Log* const log = *store_->create(id(0), "orders", 0);
  Appender appender(20);
  ASSERT_TRUE(shards_->start().ok());
  appender.begin(*log);
  Offset end = 20;
  wait([&] { return appender.reached(end); });
  for (int round = 0; round < 10; ++round) {
    std::optional<LogRef> left;
    const auto take = [&](Result<LogRef> given) {
      EXPECT_TRUE(given.ok()) << given.failure().message;
      if (given.ok()) left = std::move(given).value();
    };
    home().leave(*log, take);
    wait([&] { return left.has_value(); });
    end += 20;
    there([&] {
      other().join(std::exchange(left, std::nullopt).value());
      appender.begin(*log);
      appender.go_on_until(end);
    });
    wait([&] { return appender.reached(end); });
    std::optional<LogRef> back;
    there([&] {
      other().leave(*log, [&](Result<LogRef> given) {
        ASSERT_TRUE(given.ok()) << given.failure().message;
        shards_->home().surface().executor.mailbox().post([&, came = std::move(given).value()] { back = came; });
      });
    });
    wait([&] { return back.has_value(); });
    home().join(std::exchange(back, std::nullopt).value());
    end += 20;
    appender.begin(*log);
    appender.go_on_until(end);
    wait([&] { return appender.reached(end); });
  }
  // On its way, when everything stops.
  std::optional<LogRef> left;
  home().leave(*log, [&](Result<LogRef> given) { left = std::move(given).value(); });
  wait([&] { return left.has_value(); });
  there([&] { other().stop(); });
  left.reset();
  EXPECT_TRUE(store_->close(1).ok());
  shards_->stop();
  store_.reset();
  store_ = open(shards_->surfaces());
  EXPECT_TRUE(store_->folders()[0].clean_stop);
  EXPECT_EQ(store_->find(id(0))->next_offset(), end);
}

TEST_P(StoreThreads, LogsThatWereNeverWrittenToHoldNoFiles) {
  const auto open_files = [] {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
      if (target.find("/orders-") != std::string::npos) ++count;
    }
    return count;
  };
  for (PartitionIndex partition = 0; partition < 50; ++partition) {
    ASSERT_TRUE(store_->create(id(partition), "orders", -1).ok());
  }
  EXPECT_EQ(open_files(), 0U);
  Appender written(10);
  written.begin(*store_->find(id(7)));
  wait([&] { return written.reached(10); });
  EXPECT_GT(open_files(), 0U);
  EXPECT_LE(open_files(), 3U);
  EXPECT_EQ(written.offline, 0);
}

INSTANTIATE_TEST_SUITE_P(all, StoreThreads, ::testing::Bool(),
                         [](const auto& given) { return given.param ? "journal" : "segments"; });

}  // namespace
}  // namespace moldau::store
