#include "sim/reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "wire/api/01_fetch.h"
#include "wire/api/02_list_offsets.h"
#include "wire/batch.h"

namespace moldau::sim {
namespace {

constexpr int64_t latest = -1;
constexpr int64_t earliest = -2;

bool may_pass(int16_t code) {
  using enum wire::ErrorCode;
  const auto error = static_cast<wire::ErrorCode>(code);
  return wire::is_retriable(error) || error == kafka_storage_error || error == unknown_server_error ||
         error == fetch_session_id_not_found || error == invalid_fetch_session_epoch;
}

}  // namespace

Reader::Reader(Context& context, uint32_t number)
    : context_(context),
      node_(context.world.node(fmt::format("reader-{}", number))),
      client_(node_.surface(), context.client_options(node_.name())),
      prng_(context.world.prng().split()) {}

Reader::Reader(Context& context, io::sim::Node& node)
    : context_(context),
      node_(node),
      client_(node_.surface(), context.client_options(node_.name())),
      prng_(context.world.prng().split()) {}

io::Task<Offset> Reader::consume(uint32_t partition, Offset from) {
  Walk walk{.partition = partition, .next = from};
  walk.version_max = static_cast<int16_t>(prng_.between(4, 18));
  const bool well = co_await fetch(walk, nullptr);
  if (well) {
    ++context_.operations;
    context_.count("answered fetches");
  }
  co_return walk.next;
}

void Reader::take_records(Walk& walk, std::span<const std::byte> records, Found* found) {
  Shadow& shadow = context_.shadow;
  const wire::BatchWalk batches = wire::for_each_batch(records, [&](const wire::BatchView& batch) {
    if (!batch.crc_valid() && !context_.profile.durable()) {
      // Stored bytes go out unread: what a lie left below the recovery point, its checksum tells the client.
      context_.count("damage after lies that its checksum tells");
      return false;
    }
    if (!batch.crc_valid()) {
      shadow.violate(
          fmt::format("partition {} offset {}: a batch with a wrong checksum", walk.partition, batch.base_offset()));
      return false;
    }
    if (iterator_.start(batch) != wire::RecordFault::none) {
      shadow.violate(
          fmt::format("partition {} offset {}: records that cannot be read", walk.partition, batch.base_offset()));
      return false;
    }
    wire::RecordView record;
    while (iterator_.next(record)) {
      if (record.offset < walk.next) continue;  // the batch's front, before what was asked
      if (record.offset > walk.next && !context_.profile.durable()) {
        context_.count("gaps after lies");  // a disk that lied about what lies below the recovery point
        walk.next = record.offset;
      }
      if (record.offset != walk.next) {
        shadow.violate(fmt::format("partition {}: offset {} follows {}", walk.partition, record.offset, walk.next - 1));
        return false;
      }
      if (!record.value) {
        shadow.violate(fmt::format("partition {} offset {}: no value", walk.partition, record.offset));
        return false;
      }
      shadow.read(walk.partition, record.offset, *record.value);
      if (found != nullptr) {
        if (const auto name = name_of_value(*record.value)) found->emplace_back(record.offset, *name);
      }
      walk.next = record.offset + 1;
    }
    return shadow.violation().empty();
  });
  if (batches.fault != wire::BatchFault::none && batches.fault != wire::BatchFault::incomplete &&
      context_.profile.durable()) {
    shadow.violate(fmt::format("partition {}: {} in a fetch response", walk.partition, wire::name_of(batches.fault)));
  }
}

bool Reader::take(Walk& walk, const wire::FetchResponse& response, Found* found) {
  context_.count_error(response.error_code);
  if (response.error_code != 0) {
    if (!may_pass(response.error_code)) {
      context_.shadow.violate(
          fmt::format("a fetch was answered {}", wire::name_of(static_cast<wire::ErrorCode>(response.error_code))));
    }
    return false;
  }
  walk.session_id = response.session_id;
  if (walk.session_id != 0) walk.session_epoch = std::max(1, walk.session_epoch + 1);
  for (const auto& topic : response.responses) {
    for (const auto& part : topic.partitions) {
      context_.count_error(part.error_code);
      const auto error = static_cast<wire::ErrorCode>(part.error_code);
      if (error == wire::ErrorCode::offset_out_of_range) {
        if (walk.known_end > walk.next && context_.profile.durable()) {
          context_.shadow.violate(
              fmt::format("partition {}: offset {} is out of range, though it is known", walk.partition, walk.next));
        }
        return false;
      }
      if (error != wire::ErrorCode::none) {
        if (!may_pass(part.error_code)) {
          context_.shadow.violate(
              fmt::format("partition {}: a fetch was answered {}", walk.partition, wire::name_of(error)));
        }
        return false;
      }
      context_.shadow.high_watermark(walk.partition, part.high_watermark);
      const Offset before = walk.next;
      if (part.records) take_records(walk, part.records->view, found);
      if (walk.next > before && walk.next > part.high_watermark) {
        context_.shadow.violate(fmt::format("partition {}: records up to {} above the high watermark {}",
                                            walk.partition, walk.next - 1, part.high_watermark));
      }
    }
  }
  return true;
}

io::Task<bool> Reader::fetch(Walk& walk, Found* found) {
  const PartitionName& name = context_.partitions[walk.partition];
  wire::FetchRequest request;
  request.max_wait_ms = static_cast<int32_t>(prng_.below(200));
  request.min_bytes = static_cast<int32_t>(prng_.below(2));
  request.max_bytes = static_cast<int32_t>(prng_.between(1, 200'000));
  request.session_id = walk.session_id;
  request.session_epoch = walk.session_epoch;
  wire::FetchRequest::FetchTopic& topic = request.topics.emplace_back();
  topic.topic = name.topic;
  topic.topic_id = name.topic_id;
  wire::FetchRequest::FetchPartition& part = topic.partitions.emplace_back();
  part.partition = name.index;
  part.fetch_offset = walk.next;
  part.partition_max_bytes = static_cast<int32_t>(prng_.between(1, 100'000));
  walk.known_end = context_.shadow.known_end(walk.partition);
  client::SendOptions options{.extra_time = milliseconds(request.max_wait_ms), .version_max = walk.version_max};
  if (walk.session_epoch != -1) options.version_min = 7;
  Result<client::Reply<wire::FetchResponse>> reply =
      co_await client_.send<wire::FetchRequest, wire::FetchResponse>(client::any_node, request, options);
  if (!reply.ok()) co_return false;
  const bool well = take(walk, reply->message, found);
  co_return well;
}

io::Task<std::optional<Offset>> Reader::list_offset(uint32_t partition, int64_t timestamp) {
  const PartitionName& name = context_.partitions[partition];
  wire::ListOffsetsRequest request;
  request.replica_id = -1;
  wire::ListOffsetsRequest::ListOffsetsTopic& topic = request.topics.emplace_back();
  topic.name = name.topic;
  topic.partitions.push_back({.partition_index = name.index, .timestamp = timestamp});
  const client::SendOptions options{.version_max = static_cast<int16_t>(prng_.between(1, 11))};
  Result<client::Reply<wire::ListOffsetsResponse>> reply =
      co_await client_.send<wire::ListOffsetsRequest, wire::ListOffsetsResponse>(client::any_node, request, options);
  if (!reply.ok() || reply->message.topics.size() != 1 || reply->message.topics[0].partitions.size() != 1) {
    co_return std::nullopt;
  }
  const auto& part = reply->message.topics[0].partitions[0];
  context_.count_error(part.error_code);
  if (part.error_code != 0) co_return std::nullopt;
  co_return part.offset;
}

io::Task<void> Reader::read_some() {
  Walk walk;
  walk.partition = static_cast<uint32_t>(prng_.below(context_.partitions.size()));
  walk.version_max = static_cast<int16_t>(prng_.between(4, 18));
  if (walk.version_max >= 7 && prng_.chance(1, 2)) walk.session_epoch = 0;
  const Offset end = context_.shadow.known_end(walk.partition);
  walk.next = static_cast<Offset>(prng_.below(static_cast<uint64_t>(end) + 1));
  if (prng_.chance(1, 40)) walk.next = end + 1'000'000;
  if (prng_.chance(1, 10)) {
    const Offset before = context_.shadow.largest_high_watermark(walk.partition);
    const std::optional<Offset> listed = co_await list_offset(walk.partition, latest);
    if (listed && *listed < before && context_.profile.durable()) {
      context_.shadow.violate(
          fmt::format("partition {}: the end is {}, it was {} before", walk.partition, *listed, before));
    }
  }
  for (int64_t turns = prng_.between(1, 6); turns > 0 && !context_.stopping; --turns) {
    const bool well = co_await fetch(walk, nullptr);
    if (!well) co_return;
    ++context_.operations;
    context_.count("answered fetches");
  }
}

io::Task<void> Reader::run() {
  while (!context_.stopping) {
    co_await read_some();
    const Duration longest = context_.profile.pause_max;
    const Duration more = longest > Duration{} ? microseconds(prng_.between(0, longest.microseconds())) : Duration{};
    const Instant until = node_.surface().clock.now() + microseconds(prng_.between(10, 30'000)) + more;
    co_await io::sleep_until(node_.surface().timers, until);
  }
  done_ = true;
}

io::Task<bool> Reader::audit_partition(uint32_t partition) {
  const std::optional<Offset> start = co_await list_offset(partition, earliest);
  const std::optional<Offset> end = co_await list_offset(partition, latest);
  if (!start || !end) co_return false;
  Found found;
  Walk walk{.partition = partition, .next = *start};
  int stuck = 0;
  while (walk.next < *end) {
    const Offset before = walk.next;
    co_await fetch(walk, &found);
    if (!context_.shadow.violation().empty()) co_return true;
    stuck = walk.next > before ? 0 : stuck + 1;
    if (stuck > 50) co_return false;
  }
  context_.shadow.audit(partition, *start, found);
  context_.count("partitions audited");
  co_return true;
}

io::Task<void> Reader::audit() {
  done_ = false;
  for (uint32_t partition = 0; partition < context_.partitions.size(); ++partition) {
    bool read = false;
    for (int attempt = 0; attempt < 20 && !read; ++attempt) {
      read = co_await audit_partition(partition);
    }
    if (!read && context_.profile.durable()) {
      context_.shadow.violate(fmt::format("partition {} cannot be read at the end", partition));
    }
    if (!read) context_.count("partitions unreadable after lies");
    if (!context_.shadow.violation().empty()) break;
  }
  client_.close();
  done_ = true;
}

}  // namespace moldau::sim
