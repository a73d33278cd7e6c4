// The broker on the real operating system: sockets, files, sendfile, and a restart in between.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>

#include "broker/test_kit.h"
#include "io/posix/shard_set.h"
#include "wire/api/20_delete_topics.h"

namespace moldau::broker {
namespace {

class PosixBroker : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "moldau-broker-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    Result<std::unique_ptr<io::posix::ShardSet>> made = io::posix::ShardSet::make(shard_count_);
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
    metadata::ConfigMap config{{"listeners", "PLAINTEXT://127.0.0.1:0"},
                               {"log.dirs", folder_ + "/data"},
                               {"shards.fill.percent", fill_},
                               {"shards.balance.interval.ms", "20"}};
    const Result<metadata::BrokerSettings> settings = metadata::resolve_broker(config);
    ASSERT_TRUE(settings.ok()) << settings.failure().message;
    BrokerOptions options{.settings = *settings, .static_config = config, .work_per_second = work_per_second_};
    broker_ = std::make_unique<Broker>(shards_->surfaces(), std::move(options));
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
  size_t shard_count_ = test_shards();
  const char* fill_ = "0";
  uint64_t work_per_second_ = 0;
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

/// A node of two shards with threads of their own, which own each half of a topic.
class PosixOwners : public PosixBroker {
 protected:
  static constexpr int32_t partitions = 4;
  int rounds_ = 60;

  PosixOwners() { shard_count_ = 2; }

  /// Sends produces over a connection, some at a time, each to all partitions or to its own.
  struct Producer {
    Producer(io::Surface surface, const io::Address& address) : client(surface, address) {}
    RawClient client;
    int sent = 0;
    int answered = 0;
  };
  /// Reads all partitions with one fetch after the other, waiting at the server.
  struct Consumer {
    Consumer(io::Surface surface, const io::Address& address) : client(surface, address) {}
    RawClient client;
    std::vector<Offset> next = std::vector<Offset>(partitions, 0);
    bool asked = false;
  };

  void create(std::string_view name) {
    wire::CreateTopicsRequest create;
    create.topics = {{.name = name, .num_partitions = partitions, .replication_factor = 1}};
    ASSERT_EQ(call<wire::CreateTopicsResponse>(create, 7).topics.at(0).error_code, 0);
  }
  void drive(Producer& producer, int number, std::string_view topic) {
    while (producer.client.frames() > 0) {
      const auto answer = producer.client.take<wire::ProduceResponse>(9);
      for (const auto& row : answer.responses.at(0).partition_responses) ASSERT_EQ(row.error_code, 0);
      ++producer.answered;
    }
    while (producer.client.connected() && producer.sent < rounds_ && producer.sent - producer.answered < 4) {
      const auto batch = batch_of(1, std::string(200, 'x'));
      wire::ProduceRequest request =
          BrokerWorld::produce_request(topic, number % partitions, batch, producer.sent % 2 == 0 ? -1 : 1);
      if (number >= partitions) {  // these are for all, and their connections stay where they are
        for (int32_t p = 0; p < partitions; ++p) {
          if (p != number % partitions) request.topic_data[0].partition_data.push_back({p, wire::Records{batch}});
        }
      }
      producer.client.send(request, 9);
      ++producer.sent;
    }
  }
  void drive(Consumer& consumer, std::string_view topic) {
    if (consumer.client.frames() > 0) {
      consumer.asked = false;
      const auto answer = consumer.client.take<wire::FetchResponse>(12);
      for (const auto& row : answer.responses.at(0).partitions) {
        ASSERT_EQ(row.error_code, 0);
        Offset& next = consumer.next[static_cast<size_t>(row.partition_index)];
        wire::for_each_batch(row.records->view, [&](const wire::BatchView& batch) {
          EXPECT_TRUE(batch.crc_valid());
          EXPECT_EQ(batch.base_offset(), next);
          next = batch.next_offset();
          return true;
        });
      }
    }
    if (consumer.asked || !consumer.client.connected()) return;
    wire::FetchRequest request = BrokerWorld::fetch_request(topic, 0, 0, 100);
    const auto first = request.topics[0].partitions[0];
    for (int32_t p = 1; p < partitions; ++p) request.topics[0].partitions.push_back(first);
    for (int32_t p = 0; p < partitions; ++p) {
      request.topics[0].partitions[static_cast<size_t>(p)].partition = p;
      request.topics[0].partitions[static_cast<size_t>(p)].fetch_offset = consumer.next[static_cast<size_t>(p)];
    }
    consumer.client.send(request, 12);
    consumer.asked = true;
  }
  /// A topic comes, is written and read, and goes.
  void load(std::string_view topic) {
    create(topic);
    std::vector<std::unique_ptr<Producer>> producers;
    std::vector<std::unique_ptr<Consumer>> consumers;
    for (int i = 0; i < 8; ++i) {
      producers.push_back(std::make_unique<Producer>(loop_->surface(), broker_->address()));
    }
    for (int i = 0; i < 4; ++i) {
      consumers.push_back(std::make_unique<Consumer>(loop_->surface(), broker_->address()));
    }
    const Offset each = rounds_ * (1 + partitions);
    const auto drive_all = [&] {
      bool done = true;
      for (size_t i = 0; i < producers.size(); ++i) {
        drive(*producers[i], static_cast<int>(i), topic);
        done = done && producers[i]->answered == rounds_;
      }
      for (const auto& consumer : consumers) {
        drive(*consumer, topic);
        for (const Offset next : consumer->next) done = done && next == each;
      }
      return done || HasFatalFailure();
    };
    ASSERT_TRUE(loop_->run_until(drive_all, seconds(60)));
    // Some are closed while they wait.
    consumers.pop_back();
    wire::DeleteTopicsRequest remove;
    remove.topic_names = {topic};
    remove.timeout_ms = 1000;
    ASSERT_EQ(call<wire::DeleteTopicsResponse>(remove, 5).responses.at(0).error_code, 0);
  }
};

TEST_F(PosixOwners, LoadOverTwoThreads) {
  start();
  for (const std::string_view topic : {"first", "second"}) load(topic);
  stop();
}

// All begins on one thread. Any load is too much for it.
TEST_F(PosixOwners, PartitionsMoveUnderLoad) {
  fill_ = "50";
  work_per_second_ = 1'000'000;
  rounds_ = 600;
  start();
  load("t");
  EXPECT_GT(broker_->home().metrics().partitions_moved, 0U);
  stop();
}

}  // namespace
}  // namespace moldau::broker
