#include "sim/producer.h"

#include <fmt/core.h>

#include <utility>

#include "wire/api/00_produce.h"
#include "wire/api/22_init_producer_id.h"
#include "wire/codec.h"

namespace moldau::sim {
namespace {

constexpr size_t in_flight_max = 5;
constexpr int32_t produce_timeout_ms = 2'000;

/// Errors after which a real producer sends the same again.
bool may_pass(wire::ErrorCode error) {
  using enum wire::ErrorCode;
  return wire::is_retriable(error) || error == kafka_storage_error || error == unknown_server_error;
}

}  // namespace

Producer::Producer(Context& context, uint32_t number, std::vector<uint32_t> partitions)
    : context_(context),
      number_(number),
      node_(context.world.node(fmt::format("producer-{}", number))),
      client_(node_.surface(), context.client_options(node_.name())),
      options_(context.client_options(node_.name())),
      prng_(context.world.prng().split()) {
  for (const uint32_t partition : partitions) lines_.push_back({.partition = partition});
}

io::Task<bool> Producer::get_identity() {
  wire::InitProducerIdRequest request;
  request.transactional_id.reset();
  request.transaction_timeout_ms = 60'000;
  Result<client::Reply<wire::InitProducerIdResponse>> reply =
      co_await client_.send<wire::InitProducerIdRequest, wire::InitProducerIdResponse>(client::any_node, request);
  if (!reply.ok()) co_return false;
  context_.count_error(reply->message.error_code);
  if (reply->message.error_code != 0) co_return false;
  producer_id_ = reply->message.producer_id;
  producer_epoch_ = reply->message.producer_epoch;
  co_return true;
}

void Producer::make_batch() {
  Line& line = lines_[prng_.below(lines_.size())];
  const auto count = static_cast<uint32_t>(prng_.between(1, context_.profile.records_per_batch_max));
  const auto codec = prng_.chance(1, 2) ? compress::Codec::none : static_cast<compress::Codec>(prng_.below(5));
  batches_.push_back({line.partition, line.made, count, codec});
  line.made += count;
  context_.shadow.made(number_, line.partition, line.made);
}

Bytes Producer::encode(const Batch& batch) {
  const bool zstd_too_early = batch.codec == compress::Codec::zstd && version_max_ < 7;
  builder_.reset({.codec = zstd_too_early ? compress::Codec::lz4 : batch.codec,
                  .producer_id = producer_id_,
                  .producer_epoch = producer_epoch_,
                  .base_sequence = static_cast<int32_t>(batch.first & INT32_MAX)});
  const WallMillis now = node_.surface().clock.wall();
  for (uint32_t i = 0; i < batch.count; ++i) {
    const std::vector<std::byte> value = value_of({number_, batch.partition, batch.first + i});
    builder_.add(wire::NewRecord{.timestamp = now, .key = std::nullopt, .value = std::span(value), .headers = {}});
  }
  Result<std::span<std::byte>> bytes = builder_.finish();
  ASSERT(bytes.ok());
  return Bytes::copy_of(bytes.value());
}

void Producer::send(const Batch& batch, const std::shared_ptr<Answer>& answer) {
  const PartitionName& name = context_.partitions[batch.partition];
  const Bytes bytes = encode(batch);
  wire::ProduceRequest request;
  request.acks = context_.profile.acks;
  request.timeout_ms = produce_timeout_ms;
  wire::ProduceRequest::TopicProduceData& topic = request.topic_data.emplace_back();
  topic.name = name.topic;
  topic.topic_id = name.topic_id;
  topic.partition_data.push_back({.index = name.index, .records = wire::Records{.view = bytes.view()}});
  const client::TypedBody<wire::ProduceRequest> body(request);
  const client::SendOptions options{.extra_time = milliseconds(produce_timeout_ms), .version_max = version_max_};
  connection_->send(body, options, [this, answer](Result<client::RawReply> reply) {
    answer->arrived = true;
    if (!reply.ok() && reply.failure().kind == FailureKind::corrupt) {
      // X3: answers come in the order of the requests, each with its request's correlation id.
      context_.shadow.violate("X3: " + reply.failure().message);
    }
    if (reply.ok()) {
      answer->reply = std::move(reply).value();
    } else {
      answer->failed = true;
    }
    answered_.notify();
  });
}

bool Producer::take(const Batch& batch, const client::RawReply& reply) {
  wire::ProduceResponse response;
  wire::Decoder decoder(reply.body.view());
  if (wire::decode(decoder, reply.version, response) != wire::DecodeStatus::ok || response.responses.size() != 1 ||
      response.responses[0].partition_responses.size() != 1) {
    context_.shadow.violate("a produce response that cannot be read");
    return false;
  }
  const auto& part = response.responses[0].partition_responses[0];
  const auto error = static_cast<wire::ErrorCode>(part.error_code);
  context_.count_error(part.error_code);
  const bool known_duplicate = error == wire::ErrorCode::duplicate_sequence_number;
  if (error == wire::ErrorCode::none || known_duplicate) {
    // The answer to a duplicate that is older than the broker remembers has no offset: it is there, wherever it is.
    context_.shadow.acknowledged({number_, batch.partition, batch.first}, batch.count,
                                 known_duplicate ? no_offset : part.base_offset);
    ++context_.operations;
    context_.count("acknowledged produces");
    return true;
  }
  if (!context_.profile.durable() && error == wire::ErrorCode::out_of_order_sequence_number) {
    abandon(batch.partition);
  } else if (!may_pass(error)) {
    context_.shadow.violate(fmt::format("producer {} partition {}: batch from number {} refused with {}", number_,
                                        batch.partition, batch.first, wire::name_of(error)));
  }
  return false;
}

/// A disk that lied has lost what this producer built on: it writes there no more.
void Producer::abandon(uint32_t partition) {
  context_.count("partitions abandoned after lies");
  std::erase_if(batches_, [partition](const Batch& batch) { return batch.partition == partition; });
  std::erase_if(lines_, [partition](const Line& line) { return line.partition == partition; });
}

io::Task<bool> Producer::session() {
  struct Sent {
    Batch batch;
    std::shared_ptr<Answer> answer;
  };
  connection_ = std::make_unique<client::Connection>(node_.surface(), options_, options_.bootstrap[0]);
  io::OneShot<Status> ready;
  connection_->when_ready(ready.completion());
  const Status connected = co_await ready;
  if (!connected.ok()) co_return false;
  version_max_ = static_cast<int16_t>(prng_.between(3, 13));
  std::deque<Sent> sent;
  size_t next = 0;  // of batches_, to be sent
  bool failed = false;
  while (!failed || !sent.empty()) {
    while (!failed && sent.size() < in_flight_max) {
      if (next == batches_.size()) {
        if (context_.stopping || lines_.empty()) break;
        make_batch();
      }
      Sent entry{batches_[next++], std::make_shared<Answer>()};
      send(entry.batch, entry.answer);
      sent.push_back(std::move(entry));
    }
    if (sent.empty()) break;
    if (!sent.front().answer->arrived) {
      co_await answered_.wait();
      continue;
    }
    const Sent first = std::move(sent.front());
    sent.pop_front();
    if (failed) continue;  // answers behind a failure say nothing: the same is sent again
    if (first.answer->failed || !take(first.batch, first.answer->reply)) {
      failed = true;
      connection_->close();
      continue;
    }
    batches_.pop_front();
    --next;
    if (const Duration longest = context_.profile.pause_max; longest > Duration{}) {
      const Instant until = node_.surface().clock.now() + microseconds(prng_.between(0, longest.microseconds()));
      co_await io::sleep_until(node_.surface().timers, until);
    } else if (prng_.chance(1, 4)) {
      const Instant until = node_.surface().clock.now() + microseconds(prng_.between(10, 20'000));
      co_await io::sleep_until(node_.surface().timers, until);
    }
  }
  co_return !failed;
}

io::Task<void> Producer::run() {
  while (!context_.stopping || !batches_.empty()) {
    if (producer_id_ == no_producer_id) {
      const bool got = co_await get_identity();
      if (!got) {
        const Instant until = node_.surface().clock.now() + milliseconds(prng_.between(1, 50));
        co_await io::sleep_until(node_.surface().timers, until);
        continue;
      }
    }
    const bool well = co_await session();
    if (!well || lines_.empty()) {
      context_.count("producer sessions broken");
      const Instant until = node_.surface().clock.now() + milliseconds(prng_.between(1, 100));
      co_await io::sleep_until(node_.surface().timers, until);
    }
  }
  client_.close();
  done_ = true;
}

}  // namespace moldau::sim
