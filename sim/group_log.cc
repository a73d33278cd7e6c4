#include "sim/group_log.h"

#include <fmt/core.h>

#include <string_view>
#include <type_traits>
#include <variant>

#include "group/records.h"
#include "wire/api/01_fetch.h"
#include "wire/batch.h"

namespace moldau::sim {
namespace {

constexpr std::string_view offsets_topic = "__consumer_offsets";

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

GroupLog::GroupLog(GroupContext& groups)
    : groups_(groups),
      node_(groups.run.world.node("group-log")),
      client_(node_.surface(), groups.run.client_options("group-log")),
      prng_(groups.run.world.prng().split()),
      walks_(groups.run.profile.offsets_partitions),
      seen_(groups.run.profile.offsets_partitions) {}

void GroupLog::check_epoch(std::string_view group, Epoch epoch) {
  if (groups_.shadow.begins_anew(std::string(group))) return;
  const auto [entry, fresh] = epochs_.try_emplace(std::string(group), epoch);
  if (fresh) return;
  if (epoch < entry->second) {
    groups_.shadow.violate(
        fmt::format("group {}: the log has generation {} behind generation {}", group, epoch, entry->second));
  }
  entry->second = epoch;
}

void GroupLog::take_record(PartitionIndex partition, Walk& walk, const wire::RecordView& bytes) {
  if (!bytes.key.has_value()) {
    groups_.shadow.violate(fmt::format("{}-{} offset {}: no key", offsets_topic, partition, bytes.offset));
    return;
  }
  const std::string_view value = bytes.value ? text_of(*bytes.value) : std::string_view("-");
  const size_t hash = std::hash<std::string_view>()(text_of(*bytes.key)) * 31 + std::hash<std::string_view>()(value);
  const auto [stood, fresh] = seen_[static_cast<size_t>(partition)].emplace(bytes.offset, hash);
  if (!fresh && stood->second != hash) {
    groups_.shadow.violate(fmt::format("{}-{} offset {} has changed", offsets_topic, partition, bytes.offset));
    return;
  }
  group::Record record;
  std::optional<std::span<const std::byte>> view;
  if (bytes.value.has_value()) view.emplace(*bytes.value);
  int16_t version = 0;
  if (group::decode_record(*bytes.key, view, record, version) != wire::DecodeStatus::ok) {
    groups_.shadow.violate(
        fmt::format("{}-{} offset {}: no record of a group", offsets_topic, partition, bytes.offset));
    return;
  }
  ++records_;
  const bool follows = walk.fold == nullptr;
  std::visit(
      [&]<typename E>(const E& entry) {
        if constexpr (std::is_same_v<E, group::OffsetCommit>) {
          const auto number = groups_.number_of(entry.key.topic, entry.key.partition);
          const std::string group(entry.key.group);
          if (!number.has_value()) {
            groups_.shadow.violate(fmt::format("group {}: an offset of topic {}", group, entry.key.topic));
          } else if (!entry.value.has_value()) {
            if (follows) groups_.shadow.logged(group, *number, std::nullopt, "");
            if (!follows) (*walk.fold)[group].erase(*number);
          } else {
            const std::string metadata(entry.value->metadata);
            if (follows) groups_.shadow.logged(group, *number, entry.value->offset, metadata);
            if (!follows) (*walk.fold)[group][*number] = {entry.value->offset, metadata};
          }
        } else if constexpr (std::is_same_v<E, group::GroupMetadata>) {
          if (follows && entry.value.has_value() && entry.value->protocol_type == "consumer") {
            check_epoch(entry.key.group, entry.value->generation);
          }
        } else if constexpr (std::is_same_v<E, group::ConsumerGroupMetadata>) {
          if (follows && entry.value.has_value()) check_epoch(entry.key.group_id, entry.value->epoch);
        }
      },
      record);
}

void GroupLog::take(PartitionIndex partition, Walk& walk, std::span<const std::byte> records) {
  const wire::BatchWalk batches = wire::for_each_batch(records, [&](const wire::BatchView& batch) {
    if (!batch.crc_valid() || iterator_.start(batch) != wire::RecordFault::none) {
      groups_.shadow.violate(
          fmt::format("{}-{} offset {}: a batch that cannot be read", offsets_topic, partition, batch.base_offset()));
      return false;
    }
    wire::RecordView record;
    while (iterator_.next(record)) {
      if (record.offset >= walk.next) take_record(partition, walk, record);
      if (!groups_.run.shadow.violation().empty()) return false;
    }
    walk.next = std::max(walk.next, batch.next_offset());
    return true;
  });
  if (batches.fault != wire::BatchFault::none && batches.fault != wire::BatchFault::incomplete) {
    groups_.shadow.violate(
        fmt::format("{}-{}: {} in a fetch response", offsets_topic, partition, wire::name_of(batches.fault)));
  }
}

io::Task<bool> GroupLog::fetch(PartitionIndex partition, Walk& walk) {
  wire::FetchRequest request;
  request.max_wait_ms = 0;
  request.max_bytes = static_cast<int32_t>(prng_.between(1'000, 200'000));
  wire::FetchRequest::FetchTopic& topic = request.topics.emplace_back();
  topic.topic = offsets_topic;
  wire::FetchRequest::FetchPartition& part = topic.partitions.emplace_back();
  part.partition = partition;
  part.fetch_offset = walk.next;
  part.partition_max_bytes = request.max_bytes;
  const client::SendOptions options{.version_max = 12};  // by name
  Result<client::Reply<wire::FetchResponse>> reply =
      co_await client_.send<wire::FetchRequest, wire::FetchResponse>(client::any_node, request, options);
  if (!reply.ok() || reply->message.error_code != 0) co_return false;
  if (reply->message.responses.size() != 1 || reply->message.responses[0].partitions.size() != 1) co_return false;
  const auto& found = reply->message.responses[0].partitions[0];
  groups_.run.count_error(found.error_code);
  if (found.error_code != 0) {
    if (static_cast<wire::ErrorCode>(found.error_code) == wire::ErrorCode::offset_out_of_range) {
      groups_.shadow.violate(fmt::format("{}-{} offset {} is out of range", offsets_topic, partition, walk.next));
    }
    co_return false;
  }
  walk.high_watermark = std::max(walk.high_watermark, found.high_watermark);
  if (found.records) take(partition, walk, found.records->view);
  co_return true;
}

io::Task<void> GroupLog::run() {
  while (!groups_.run.stopping) {
    const auto partition = static_cast<PartitionIndex>(prng_.below(walks_.size()));
    co_await fetch(partition, walks_[static_cast<size_t>(partition)]);
    const Instant until = node_.surface().clock.now() + milliseconds(prng_.between(10, 400));
    co_await io::sleep_until(node_.surface().timers, until);
  }
  done_ = true;
}

io::Task<bool> GroupLog::fold(Committed& into) {
  into.clear();
  for (size_t partition = 0; partition < walks_.size(); ++partition) {
    Walk walk{.next = 0, .high_watermark = walks_[partition].high_watermark, .fold = &into};
    int stuck = 0;
    bool read = false;
    while ((!read || walk.next < walk.high_watermark) && stuck < 50) {
      const Offset before = walk.next;
      const bool well = co_await fetch(static_cast<PartitionIndex>(partition), walk);
      if (!groups_.run.shadow.violation().empty()) co_return false;
      read |= well;
      stuck = well && walk.next > before ? 0 : stuck + 1;
    }
    if (walk.next < walk.high_watermark || !read) co_return false;
  }
  for (auto group = into.begin(); group != into.end();) {
    group = group->second.empty() ? into.erase(group) : std::next(group);
  }
  co_return true;
}

}  // namespace moldau::sim
