#include "sim/hostile.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "wire/api/00_produce.h"
#include "wire/api/01_fetch.h"
#include "wire/api/19_create_topics.h"
#include "wire/api/20_delete_topics.h"
#include "wire/api/22_init_producer_id.h"

namespace moldau::sim {
namespace {

using enum wire::ErrorCode;

constexpr Duration hour = seconds(3600);
constexpr Uuid no_id;

// What each misdeed may be answered with.
constexpr std::initializer_list<wire::ErrorCode> for_a_flipped_bit = {
    corrupt_message, transactional_id_authorization_failed, unsupported_compression_type};
constexpr std::initializer_list<wire::ErrorCode> for_a_lying_count = {invalid_record, corrupt_message};
constexpr std::initializer_list<wire::ErrorCode> for_a_timestamp = {invalid_timestamp};
constexpr std::initializer_list<wire::ErrorCode> for_magic_1 = {unsupported_for_message_format, corrupt_message,
                                                                invalid_record};
constexpr std::initializer_list<wire::ErrorCode> for_acks = {invalid_required_acks};
constexpr std::initializer_list<wire::ErrorCode> for_a_partition = {unknown_topic_or_partition};
constexpr std::initializer_list<wire::ErrorCode> for_a_topic = {unknown_topic_or_partition, unknown_topic_id};
constexpr std::initializer_list<wire::ErrorCode> success = {none};
constexpr std::initializer_list<wire::ErrorCode> for_an_old_duplicate = {duplicate_sequence_number,
                                                                         out_of_order_sequence_number};
constexpr std::initializer_list<wire::ErrorCode> for_a_gap = {out_of_order_sequence_number};
constexpr std::initializer_list<wire::ErrorCode> for_an_epoch = {invalid_producer_epoch};

/// Swallows what a broken or garbage connection does.
struct Ignore final : io::StreamHandler {
  void on_readable() override {}
  void on_drained() override {}
  void on_broken(const Failure&) override { broken = true; }
  bool broken = false;
};

}  // namespace

Hostile::Hostile(Context& context)
    : context_(context),
      node_(context.world.node("hostile")),
      client_(node_.surface(), context.client_options("hostile")),
      prng_(context.world.prng().split()) {}

io::Task<void> Hostile::pause(Duration duration) {
  const Instant until = node_.surface().clock.now() + duration;
  co_await io::sleep_until(node_.surface().timers, until);
}

void Hostile::expect(int16_t code, std::initializer_list<wire::ErrorCode> expected, const char* what) {
  const auto error = static_cast<wire::ErrorCode>(code);
  context_.count_error(code);
  if (std::find(expected.begin(), expected.end(), error) != expected.end()) {
    context_.count(std::string("refused: ") + what);
    return;
  }
  if (wire::is_retriable(error) || error == kafka_storage_error) return;
  context_.shadow.violate(fmt::format("{} was answered {}", what, wire::name_of(error)));
}

Bytes Hostile::sound_batch(WallMillis timestamp, ProducerId producer_id, int16_t epoch, int32_t sequence) {
  builder_.reset({.producer_id = producer_id, .producer_epoch = epoch, .base_sequence = sequence});
  builder_.add(timestamp, "key", "a value that belongs nowhere");
  Result<std::span<std::byte>> bytes = builder_.finish();
  ASSERT(bytes.ok());
  return Bytes::copy_of(bytes.value());
}

io::Task<bool> Hostile::produce(std::string topic, Uuid id, PartitionIndex partition, Bytes records, int16_t acks,
                                int16_t version, const char* what, std::initializer_list<wire::ErrorCode> expected) {
  wire::ProduceRequest request;
  request.acks = acks;
  request.timeout_ms = 1'000;
  wire::ProduceRequest::TopicProduceData& data = request.topic_data.emplace_back();
  data.name = topic;
  data.topic_id = id;
  data.partition_data.push_back({.index = partition, .records = wire::Records{.view = records.view()}});
  const std::vector<wire::ErrorCode> codes(expected);
  const client::SendOptions options{.extra_time = seconds(1), .version_max = version};
  Result<client::Reply<wire::ProduceResponse>> reply =
      co_await client_.send<wire::ProduceRequest, wire::ProduceResponse>(client::any_node, request, options);
  if (!reply.ok()) co_return false;
  const int16_t code = reply->message.responses.at(0).partition_responses.at(0).error_code;
  const auto error = static_cast<wire::ErrorCode>(code);
  context_.count_error(code);
  if (std::find(codes.begin(), codes.end(), error) != codes.end()) {
    context_.count(std::string("refused: ") + what);
    co_return true;
  }
  if (!wire::is_retriable(error) && error != kafka_storage_error && context_.profile.durable()) {
    context_.shadow.violate(
        fmt::format("{} was answered {} (Produce v{})", what, wire::name_of(error), reply->version));
  }
  co_return false;
}

io::Task<void> Hostile::bad_batch() {
  const PartitionName& place = any_partition();
  const WallMillis now = node_.surface().clock.wall();
  const auto version = static_cast<int16_t>(prng_.between(3, 13));
  Bytes batch = sound_batch(now);
  switch (prng_.below(5)) {
    case 0: {  // one flipped bit in what the checksum covers
      const uint64_t bit = prng_.below((batch.size() - 21) * 8);
      batch.data()[21 + bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      co_await produce(place.topic, place.topic_id, place.index, batch, -1, version, "a flipped bit",
                       for_a_flipped_bit);
      break;
    }
    case 1: {  // the count says one record more than there are
      store_big_endian<int32_t>(batch.data() + 57, 2);
      store_big_endian<int32_t>(batch.data() + 23, 1);
      store_big_endian<uint32_t>(batch.data() + 17, wire::BatchView::parse(batch.view())->computed_crc());
      co_await produce(place.topic, place.topic_id, place.index, batch, -1, version, "a lying record count",
                       for_a_lying_count);
      break;
    }
    case 2: {
      batch = sound_batch(now + 2 * hour.milliseconds());
      co_await produce(place.topic, place.topic_id, place.index, batch, -1, version, "a timestamp of tomorrow",
                       for_a_timestamp);
      break;
    }
    case 3: {
      batch.data()[16] = std::byte{1};
      co_await produce(place.topic, place.topic_id, place.index, batch, -1, version, "a batch of magic 1", for_magic_1);
      break;
    }
    default: {
      co_await produce(place.topic, place.topic_id, place.index, batch, 2, version, "acks of 2", for_acks);
      break;
    }
  }
}

io::Task<void> Hostile::bad_place() {
  const PartitionName& place = any_partition();
  const Bytes batch = sound_batch(node_.surface().clock.wall());
  const auto version = static_cast<int16_t>(prng_.between(3, 13));
  if (prng_.chance(1, 2)) {
    co_await produce(place.topic, place.topic_id, 9'999, batch, -1, version, "an unknown partition", for_a_partition);
  } else {
    const Uuid id = Uuid::random(prng_.next(), prng_.next());
    co_await produce("no-such-topic", id, 0, batch, -1, version, "an unknown topic", for_a_topic);
  }
}

io::Task<ProducerId> Hostile::fresh_producer_id() {
  wire::InitProducerIdRequest request;
  request.transactional_id.reset();
  request.transaction_timeout_ms = 60'000;
  Result<client::Reply<wire::InitProducerIdResponse>> reply =
      co_await client_.send<wire::InitProducerIdRequest, wire::InitProducerIdResponse>(client::any_node, request);
  if (!reply.ok() || reply->message.error_code != 0) co_return no_producer_id;
  co_return reply->message.producer_id;
}

io::Task<void> Hostile::bad_sequences() {
  const ProducerId producer = co_await fresh_producer_id();
  if (producer == no_producer_id) co_return;
  const WallMillis now = node_.surface().clock.wall();
  const std::string topic = "side";
  for (int32_t sequence = 0; sequence < 7; ++sequence) {
    const Bytes batch = sound_batch(now, producer, 1, sequence);
    const bool well = co_await produce(topic, no_id, 0, batch, -1, 12, "a sound batch", success);
    if (!well) co_return;
  }
  const Bytes again = sound_batch(now, producer, 1, 5);
  co_await produce(topic, no_id, 0, again, -1, 12, "a duplicate", success);
  const Bytes old = sound_batch(now, producer, 1, 0);
  co_await produce(topic, no_id, 0, old, -1, 12, "an old duplicate", for_an_old_duplicate);
  const Bytes gap = sound_batch(now, producer, 1, 100);
  co_await produce(topic, no_id, 0, gap, -1, 12, "a gap in the sequence", for_a_gap);
  const Bytes stale = sound_batch(now, producer, 0, 0);
  co_await produce(topic, no_id, 0, stale, -1, 12, "a stale epoch", for_an_epoch);
}

io::Task<void> Hostile::bad_fetch() {
  const PartitionName& place = any_partition();
  wire::FetchRequest request;
  request.max_wait_ms = 0;
  request.max_bytes = 1'000;
  wire::FetchRequest::FetchTopic& topic = request.topics.emplace_back();
  topic.topic = place.topic;
  topic.topic_id = place.topic_id;
  wire::FetchRequest::FetchPartition& part = topic.partitions.emplace_back();
  part.partition = place.index;
  part.partition_max_bytes = 1'000;
  const uint64_t kind = prng_.below(3);
  if (kind == 0) part.current_leader_epoch = 1'000'000;
  if (kind == 1) request.session_id = 77, request.session_epoch = 3;
  if (kind == 2) part.fetch_offset = INT64_MAX / 2;
  const client::SendOptions options{.version_max = static_cast<int16_t>(prng_.between(9, 18)), .version_min = 9};
  Result<client::Reply<wire::FetchResponse>> reply =
      co_await client_.send<wire::FetchRequest, wire::FetchResponse>(client::any_node, request, options);
  if (!reply.ok()) co_return;
  if (kind == 1) {
    expect(reply->message.error_code, {fetch_session_id_not_found}, "an unknown fetch session");
  } else if (!reply->message.responses.empty()) {
    const int16_t code = reply->message.responses[0].partitions.at(0).error_code;
    if (kind == 0) {
      expect(code, {unknown_leader_epoch}, "a leader epoch of tomorrow");
    } else {
      expect(code, {offset_out_of_range}, "an offset beyond the end");
    }
  }
}

io::Task<void> Hostile::bad_topics() {
  wire::CreateTopicsRequest request;
  request.timeout_ms = 2'000;
  wire::CreateTopicsRequest::CreatableTopic& topic = request.topics.emplace_back();
  const std::string fresh = fmt::format("extra-{}", topics_made_);
  topic.name = fresh;
  topic.num_partitions = 2;
  topic.replication_factor = 1;
  wire::ErrorCode expected = none;
  switch (prng_.below(7)) {
    case 0:
      topic.name = "side", expected = topic_already_exists;
      break;
    case 1:
      topic.name = "not/a/name", expected = invalid_topic_exception;
      break;
    case 2:
      topic.num_partitions = 0, expected = invalid_partitions;
      break;
    case 3:
      topic.replication_factor = 3, expected = invalid_replication_factor;
      break;
    case 4:
      topic.configs.push_back({.name = "retention.ms", .value = "soon"}), expected = invalid_config;
      break;
    default:
      break;
  }
  const client::SendOptions options{.extra_time = seconds(2), .version_max = static_cast<int16_t>(prng_.between(2, 7))};
  Result<client::Reply<wire::CreateTopicsResponse>> reply =
      co_await client_.send<wire::CreateTopicsRequest, wire::CreateTopicsResponse>(client::any_node, request, options);
  if (!reply.ok() || reply->message.topics.size() != 1) {
    if (expected == none) ++topics_made_;  // it may exist now
    co_return;
  }
  expect(reply->message.topics[0].error_code, {expected}, expected == none ? "a new topic" : "a bad topic");
  if (expected != none) co_return;
  ++topics_made_;  // also after an error: it may exist then
  if (reply->message.topics[0].error_code != 0) co_return;
  co_await bad_first_sequence(fresh);
  if (prng_.chance(1, 2)) co_return;
  wire::DeleteTopicsRequest deletion;
  deletion.timeout_ms = 2'000;
  deletion.topic_names.push_back(fresh);
  const client::SendOptions by_name{.extra_time = seconds(2), .version_max = 5};
  Result<client::Reply<wire::DeleteTopicsResponse>> deleted =
      co_await client_.send<wire::DeleteTopicsRequest, wire::DeleteTopicsResponse>(client::any_node, deletion, by_name);
  if (deleted.ok() && deleted->message.responses.size() == 1) {
    expect(deleted->message.responses[0].error_code, {none}, "a deletion");
  }
}

/// P2: in a log that never held a record, a producer begins at 0. Then it does.
io::Task<void> Hostile::bad_first_sequence(std::string topic) {
  const ProducerId producer = co_await fresh_producer_id();
  if (producer == no_producer_id) co_return;
  const WallMillis now = node_.surface().clock.wall();
  const Bytes late = sound_batch(now, producer, 0, 5);
  co_await produce(topic, no_id, 0, late, -1, 12, "a first sequence above 0", for_a_gap);
  const Bytes first = sound_batch(now, producer, 0, 0);
  co_await produce(topic, no_id, 0, first, -1, 12, "a sound batch", success);
}

io::Task<void> Hostile::garbage() {
  const io::Address address{broker_name, broker_port};
  Result<std::unique_ptr<io::Stream>> stream = co_await io::connect(node_.surface().network, address, seconds(1));
  if (!stream.ok()) co_return;
  Ignore ignore;
  (*stream)->set_handler(&ignore);
  std::vector<std::byte> bytes(prng_.below(200));
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(prng_.next());
  if (bytes.size() >= 8 && prng_.chance(1, 2)) {  // a believable size and API key before the noise
    store_big_endian<int32_t>(bytes.data(), static_cast<int32_t>(bytes.size() - 4));
    store_big_endian<int16_t>(bytes.data() + 4, static_cast<int16_t>(prng_.below(76)));
    store_big_endian<int16_t>(bytes.data() + 6, static_cast<int16_t>(prng_.below(14)));
  }
  (*stream)->write(Bytes::copy_of(bytes));
  context_.count("garbage connections");
  co_await pause(milliseconds(50));
  stream->reset();
}

io::Task<void> Hostile::misdeed(uint64_t number) {
  switch (number) {
    case 0:
      return bad_batch();
    case 1:
      return bad_place();
    case 2:
      return bad_sequences();
    case 3:
      return bad_fetch();
    case 4:
      return bad_topics();
    default:
      return garbage();
  }
}

io::Task<void> Hostile::run() {
  while (!context_.stopping) {
    io::Task<void> next = misdeed(prng_.below(6));
    co_await next;
    const Duration rest = microseconds(prng_.between(100, 40'000));
    co_await pause(rest);
  }
  client_.close();
  done_ = true;
}

}  // namespace moldau::sim
