// The broker on the real operating system: sockets, files, sendfile, and a restart in between.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>

#include "broker/test_kit.h"
#include "io/posix/shard_set.h"

namespace moldau::broker {
namespace {

class PosixBroker : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "moldau-broker-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    Result<std::unique_ptr<io::posix::ShardSet>> made = io::posix::ShardSet::make(test_shards());
    ASSERT_TRUE(made.ok());
    shards_ = std::move(made).value();
    loop_ = &shards_->home();
  }
  void TearDown() override {
    client_.reset();
    shards_->stop();
    broker_.reset();
    shards_.reset();
    std::filesystem::remove_all(folder_);
  }
  void start() {
    metadata::ConfigMap config{{"listeners", "PLAINTEXT://127.0.0.1:0"}, {"log.dirs", folder_ + "/data"}};
    const Result<metadata::BrokerSettings> settings = metadata::resolve_broker(config);
    ASSERT_TRUE(settings.ok()) << settings.failure().message;
    broker_ =
        std::make_unique<Broker>(shards_->surfaces(), BrokerOptions{.settings = *settings, .static_config = config});
    std::optional<Status> ready;
    const Status started = broker_->start([&](const Status& status) { ready = status; });
    ASSERT_TRUE(started.ok()) << started.failure().message;
    ASSERT_TRUE(shards_->start().ok());
    ASSERT_TRUE(loop_->run_until([&] { return ready.has_value(); }, seconds(30)));
    ASSERT_TRUE(ready->ok()) << ready->failure().message;
    client_ = std::make_unique<RawClient>(loop_->surface(), broker_->address());
  }
  void stop() {
    client_.reset();
    std::optional<Status> stopped;
    broker_->stop([&](const Status& status) { stopped = status; });
    ASSERT_TRUE(loop_->run_until([&] { return stopped.has_value(); }, seconds(30)));
    EXPECT_TRUE(stopped->ok());
    shards_->stop();
    broker_.reset();
  }
  template <typename Answer, typename M>
  Answer call(const M& message, int16_t version) {
    client_->send(message, version);
    EXPECT_TRUE(loop_->run_until([&] { return client_->frames() > 0 || client_->broken(); }, seconds(30)));
    return client_->frames() > 0 ? client_->take<Answer>(version) : Answer{};
  }

  std::string folder_;
  std::unique_ptr<io::posix::ShardSet> shards_;
  io::posix::Loop* loop_ = nullptr;
  std::unique_ptr<Broker> broker_;
  std::unique_ptr<RawClient> client_;
};

TEST_F(PosixBroker, ProducesAndFetchesAcrossARestart) {
  start();
  wire::CreateTopicsRequest create;
  create.topics = {{.name = "t", .num_partitions = 1, .replication_factor = 1}};
  ASSERT_EQ(call<wire::CreateTopicsResponse>(create, 7).topics.at(0).error_code, 0);
  // Small batches are served from memory, large ones by sendfile after the restart.
  Offset next = 0;
  for (int i = 0; i < 20; ++i) {
    const std::vector<std::byte> batch =
        batch_of(3, std::string(static_cast<size_t>(i) * 5000, static_cast<char>('a' + i)));
    const auto row = call<wire::ProduceResponse>(BrokerWorld::produce_request("t", 0, batch), 9)
                         .responses.at(0)
                         .partition_responses.at(0);
    ASSERT_EQ(row.error_code, 0);
    ASSERT_EQ(row.base_offset, next);
    next += 3;
  }
  for (int life = 0; life < 2; ++life) {
    Offset offset = 0;
    while (offset < next) {
      const auto answer = call<wire::FetchResponse>(BrokerWorld::fetch_request("t", 0, offset), 12);
      ASSERT_EQ(answer.responses.at(0).partitions.at(0).error_code, 0);
      const Offset before = offset;
      wire::for_each_batch(answer.responses[0].partitions[0].records->view, [&](const wire::BatchView& batch) {
        EXPECT_TRUE(batch.crc_valid());
        EXPECT_EQ(batch.base_offset(), offset);
        offset = batch.next_offset();
        return true;
      });
      ASSERT_GT(offset, before);
    }
    if (life == 0) {
      stop();
      start();
      EXPECT_TRUE(broker_->folders().front().clean_stop);
    }
  }
  stop();
}

TEST_F(PosixBroker, ASecondBrokerFindsTheFolderLocked) {
  start();
  metadata::ConfigMap config{{"listeners", "PLAINTEXT://127.0.0.1:0"}, {"log.dirs", folder_ + "/data"}};
  const Result<metadata::BrokerSettings> settings = metadata::resolve_broker(config);
  Broker second(loop_->surface(), BrokerOptions{.settings = *settings, .static_config = config});
  const Status started = second.start([](const Status&) {});
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.failure().kind, FailureKind::locked);
  stop();
}

}  // namespace
}  // namespace moldau::broker
