// What the broker's tests share: a broker on a simulated node, and a raw client that speaks in wire messages or in
// bytes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/endian.h"
#include "broker/broker.h"
#include "io/sim/world.h"
#include "metadata/broker_settings.h"
#include "wire/api/03_metadata.h"
#include "wire/api/18_api_versions.h"
#include "wire/api/19_create_topics.h"
#include "wire/batch_builder.h"
#include "wire/codec.h"
#include "wire/header.h"

namespace moldau::broker {

/// One connection that sends frames and collects those that come back.
class RawClient final : public io::StreamHandler {
 public:
  RawClient(io::Surface surface, const io::Address& address) {
    surface.network.connect(address, seconds(10),
                            [this, alive = std::weak_ptr<int>(alive_)](Result<std::unique_ptr<io::Stream>> made) {
                              if (alive.expired()) return;
                              if (!made.ok()) {
                                broken_ = true;
                                return;
                              }
                              stream_ = std::move(made).value();
                              stream_->set_handler(this);
                              if (!unsent_.empty()) stream_->write(Bytes::copy_of(std::exchange(unsent_, {})));
                              if (finish_) stream_->finish();
                            });
  }

  void send_bytes(std::span<const std::byte> bytes) {
    if (stream_ != nullptr) {
      stream_->write(Bytes::copy_of(bytes));
    } else {
      unsent_.insert(unsent_.end(), bytes.begin(), bytes.end());
    }
  }
  template <typename M>
  int32_t send(const M& message, int16_t version, std::string_view client_id = "test") {
    const std::vector<std::byte> bytes = frame(message, version, ++correlation_, client_id);
    send_bytes(bytes);
    return correlation_;
  }
  template <typename M>
  static std::vector<std::byte> frame(const M& message, int16_t version, int32_t correlation,
                                      std::string_view client_id) {
    wire::Encoder encoder;
    const wire::FrameStart start = wire::begin_frame(encoder);
    wire::RequestHeader header;
    header.request_api_key = static_cast<int16_t>(M::api_key);
    header.request_api_version = version;
    header.correlation_id = correlation;
    header.client_id = client_id;
    wire::encode_request_header(encoder, header);
    wire::encode(encoder, version, message);
    wire::finish_frame(encoder, start);
    EXPECT_TRUE(encoder.ok()) << wire::name_of(encoder.status());
    return {encoder.view().begin(), encoder.view().end()};
  }

  /// Takes nothing that comes from now on. REQUIRES: connected.
  void stop_reading() { stream_->pause_reading(true); }

  size_t frames() const { return frames_.size(); }
  bool broken() const { return broken_; }
  bool connected() const { return stream_ != nullptr; }
  /// Takes the oldest frame; its bytes stay until the client dies.
  std::span<const std::byte> take_frame() {
    kept_.push_back(std::move(frames_.front()));
    frames_.pop_front();
    return kept_.back();
  }
  /// Takes the oldest frame as the answer to a request of that key and version.
  template <typename M>
  M take(int16_t version, int32_t* correlation = nullptr, int16_t body_version = -1) {
    const std::span<const std::byte> bytes = take_frame();
    wire::Decoder decoder(bytes);
    wire::ResponseHeader header;
    EXPECT_EQ(wire::decode_response_header(decoder, M::api_key, version, header), wire::DecodeStatus::ok);
    if (correlation != nullptr) *correlation = header.correlation_id;
    M message;
    EXPECT_EQ(wire::decode(decoder, body_version >= 0 ? body_version : version, message), wire::DecodeStatus::ok);
    EXPECT_EQ(decoder.remaining(), 0U);
    return message;
  }
  void finish() {
    finish_ = true;
    if (stream_ != nullptr) stream_->finish();
  }
  void pause(bool on) { stream_->pause_reading(on); }

 private:
  void on_readable() override {
    std::array<std::byte, 4096> room;
    for (;;) {
      const io::ReadOutcome outcome = stream_->read(room);
      received_.insert(received_.end(), room.begin(), room.begin() + static_cast<ptrdiff_t>(outcome.size));
      if (outcome.end) broken_ = true;
      if (outcome.size == 0 || outcome.end) break;
    }
    while (received_.size() >= 4) {
      const auto size = static_cast<size_t>(load_big_endian<int32_t>(received_.data()));
      if (received_.size() < 4 + size) break;
      frames_.emplace_back(received_.begin() + 4, received_.begin() + static_cast<ptrdiff_t>(4 + size));
      received_.erase(received_.begin(), received_.begin() + static_cast<ptrdiff_t>(4 + size));
    }
  }
  void on_drained() override {}
  void on_broken(const Failure&) override { broken_ = true; }

  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::unique_ptr<io::Stream> stream_;
  std::vector<std::byte> unsent_;
  std::vector<std::byte> received_;
  std::deque<std::vector<std::byte>> frames_;
  std::deque<std::vector<std::byte>> kept_;
  int32_t correlation_ = 0;
  bool broken_ = false;
  bool finish_ = false;
};

/// One batch of `count` records with the given value, as a producer sends it.
inline std::vector<std::byte> batch_of(int count, std::string_view value, const wire::BatchOptions& options = {}) {
  wire::BatchBuilder builder(options);
  for (int i = 0; i < count; ++i) builder.add(1000 + i, "key", value);
  const Result<std::span<std::byte>> batch = builder.finish();
  EXPECT_TRUE(batch.ok());
  return {batch->begin(), batch->end()};
}

/// How many shards brokers of tests have: MOLDAU_SHARDS of the environment. The program runs with several.
inline size_t test_shards() {
  const char* const text = std::getenv("MOLDAU_SHARDS");
  return text == nullptr ? 1 : std::clamp<size_t>(std::strtoul(text, nullptr, 10), 1, Broker::shards_max);
}

/// The surfaces of the shards of a simulated machine.
inline std::vector<io::Surface> surfaces_of(io::sim::Node& machine, size_t shards = test_shards()) {
  std::vector<io::Surface> surfaces;
  for (size_t i = 0; i < shards; ++i) surfaces.push_back(machine.shard(i).surface());
  return surfaces;
}

/// A simulated world with one broker.
class BrokerWorld {
 public:
  explicit BrokerWorld(uint64_t seed = 1, metadata::ConfigMap extra = {}, uint64_t buffer_bytes_max = 1ULL << 30,
                       size_t shards = test_shards(), uint64_t work_per_second = 0)
      : world_(seed), buffer_bytes_max_(buffer_bytes_max), shards_(shards), work_per_second_(work_per_second) {
    config_ = std::move(extra);
    config_.try_emplace("listeners", "PLAINTEXT://broker:9092");
    config_.try_emplace("log.dirs", "/data");
    config_.try_emplace("shards.fill.percent", "0");  // or all would be on the home shard
    start();
  }
  ~BrokerWorld() {
    clients_.clear();
    broker_.reset();
  }

  void start() {
    Result<metadata::BrokerSettings> settings = metadata::resolve_broker(config_);
    ASSERT_TRUE(settings.ok()) << settings.failure().message;
    BrokerOptions options{.settings = *settings,
                          .static_config = metadata::with_identity(config_, *settings),
                          .buffer_bytes_max = buffer_bytes_max_,
                          .work_per_second = work_per_second_};
    broker_ = std::make_unique<Broker>(surfaces_of(world_.node("broker"), shards_), std::move(options));
    std::optional<Status> ready;
    const Status started = broker_->start([&](const Status& status) { ready = status; });
    ASSERT_TRUE(started.ok()) << started.failure().message;
    ASSERT_TRUE(world_.run_until([&] { return ready.has_value(); }, seconds(30)));
    ASSERT_TRUE(ready->ok()) << ready->failure().message;
    if (wait_for_logs) wait_until_recovered();
  }
  void wait_until_recovered() {
    ASSERT_TRUE(world_.run_until([&] { return !broker_->recovering(); }, seconds(30)));
    if (shards_ > 1) world_.run_for(milliseconds(1));  // the other shards hear of it
  }
  void stop() {
    std::optional<Status> stopped;
    broker_->stop([&](const Status& status) { stopped = status; });
    ASSERT_TRUE(world_.run_until([&] { return stopped.has_value(); }, seconds(30)));
    EXPECT_TRUE(stopped->ok()) << stopped->failure().message;
    broker_.reset();
  }

  /// Kills the node and starts it on what its disk kept.
  void crash_and_start(io::sim::CrashKind kind = io::sim::CrashKind::process) {
    clients_.clear();
    world_.node("broker").crash(kind);
    broker_.reset();
    world_.node("broker").restart();
    start();
  }

  /// Whether a start is over when all logs are recovered, and not as soon as the broker serves.
  bool wait_for_logs = true;

  io::sim::World& world() { return world_; }
  Broker& broker() { return *broker_; }
  /// A partition, whichever shard owns it; null if none does.
  Partition* partition(const TopicPartitionId& id) {
    for (size_t i = 0; i < broker_->shards(); ++i) {
      if (Partition* const found = broker_->shard(i).partition(id)) return found;
    }
    return nullptr;
  }
  /// A number that shards count, summed over them.
  uint64_t count(uint64_t Metrics::* number) {
    uint64_t sum = 0;
    for (size_t i = 0; i < broker_->shards(); ++i) sum += broker_->shard(i).collect_metrics().*number;
    return sum;
  }
  RawClient& connect() {
    clients_.push_back(std::make_unique<RawClient>(world_.node("client").surface(), io::Address{"broker", 9092}));
    RawClient& client = *clients_.back();
    EXPECT_TRUE(world_.run_until([&] { return client.connected() || client.broken(); }, seconds(10)));
    return client;
  }
  bool until(const std::function<bool()>& done, Duration limit = seconds(20)) { return world_.run_until(done, limit); }

  /// Sends, waits for the answer, decodes it.
  template <typename Answer, typename M>
  Answer call(RawClient& client, const M& message, int16_t version, std::string_view client_id = "test") {
    client.send(message, version, client_id);
    EXPECT_TRUE(until([&] { return client.frames() > 0 || client.broken(); }));
    if (client.frames() == 0) {
      ADD_FAILURE() << "no answer";
      return {};
    }
    return client.take<Answer>(version);
  }
  Uuid create_topic(RawClient& client, std::string_view name, int32_t partitions = 1,
                    std::vector<std::pair<std::string_view, std::string_view>> configs = {}) {
    wire::CreateTopicsRequest request;
    wire::CreateTopicsRequest::CreatableTopic topic{
        .name = name, .num_partitions = partitions, .replication_factor = 1};
    for (const auto& [key, value] : configs) topic.configs.push_back({key, value});
    request.topics.push_back(topic);
    const auto answer = call<wire::CreateTopicsResponse>(client, request, 7);
    EXPECT_EQ(answer.topics.size(), 1U);
    if (answer.topics.empty()) return {};
    EXPECT_EQ(answer.topics[0].error_code, 0) << answer.topics[0].error_message.value_or("");
    return answer.topics[0].topic_id;
  }
  static wire::ProduceRequest produce_request(std::string_view topic, int32_t partition,
                                              std::span<const std::byte> records, int16_t acks = -1) {
    wire::ProduceRequest request;
    request.acks = acks;
    request.timeout_ms = 30'000;
    request.topic_data.push_back({.name = topic, .partition_data = {{partition, wire::Records{records}}}});
    return request;
  }
  wire::ProduceResponse::PartitionProduceResponse produce(RawClient& client, std::string_view topic, int32_t partition,
                                                          std::span<const std::byte> records, int16_t acks = -1,
                                                          int16_t version = 9) {
    const auto answer = call<wire::ProduceResponse>(client, produce_request(topic, partition, records, acks), version);
    EXPECT_EQ(answer.responses.size(), 1U);
    return answer.responses.at(0).partition_responses.at(0);
  }
  static wire::FetchRequest fetch_request(std::string_view topic, int32_t partition, Offset offset,
                                          int32_t max_wait_ms = 0) {
    wire::FetchRequest request;
    request.max_wait_ms = max_wait_ms;
    request.min_bytes = 1;
    request.max_bytes = 50 << 20;
    wire::FetchRequest::FetchPartition wanted;
    wanted.partition = partition;
    wanted.fetch_offset = offset;
    wanted.partition_max_bytes = 1 << 20;
    request.topics.push_back({.topic = topic, .partitions = {wanted}});
    return request;
  }

 private:
  io::sim::World world_;
  uint64_t buffer_bytes_max_;
  size_t shards_;
  uint64_t work_per_second_;
  metadata::ConfigMap config_;
  std::unique_ptr<Broker> broker_;
  std::vector<std::unique_ptr<RawClient>> clients_;
};

}  // namespace moldau::broker
