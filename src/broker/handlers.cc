// The dispatch table and the handlers that need no path of their own: decode, ask api/, answer. Those that change
// metadata answer when the change is committed and applied here.
#include <algorithm>
#include <memory>
#include <utility>

#include "api/02_list_offsets.h"
#include "api/03_metadata.h"
#include "api/18_api_versions.h"
#include "api/19_create_topics.h"
#include "api/20_delete_topics.h"
#include "api/22_init_producer_id.h"
#include "api/32_describe_configs.h"
#include "api/60_describe_cluster.h"
#include "api/75_describe_topic_partitions.h"
#include "broker/broker.h"
#include "broker/owners.h"

namespace moldau::broker {
namespace {

using wire::ErrorCode;

/// A handler whose answer follows from the request and the image alone.
template <typename Message, auto function>
void answer_at_once(Shard& shard, Request request) {
  Message message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  shard.answer(request, function(context, shard.facts(), message));
}

void handle_metadata(Shard& shard, Request request) {
  wire::MetadataRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  const std::vector<std::string_view> missing = api::topics_to_create(context, shard.facts(), message);
  if (missing.empty()) {
    shard.answer(request, api::describe_cluster_metadata(context, shard.facts(), message, {}));
    return;
  }
  if (!shard.home()) {
    shard.send_home(std::move(request));
    return;
  }
  metadata::CreateTopics create;
  for (const std::string_view name : missing) create.topics.push_back({.name = std::string(name)});
  shard.submit(std::move(create), [&shard, request = std::move(request),
                                   message = std::move(message)](const MetadataOutcome& outcome) mutable {
    std::vector<api::CreationOutcome> creations;
    const auto* const result = std::get_if<metadata::CreateTopicsResult>(&outcome.response);
    if (outcome.error == ErrorCode::none && result != nullptr) {
      for (const metadata::CreatedTopic& topic : result->topics) creations.push_back({topic.name, topic.error});
    }
    Arena later;
    const api::RequestContext again = shard.context(request, later);
    shard.answer(request, api::describe_cluster_metadata(again, shard.facts(), message, creations));
  });
}

void handle_create_topics(Shard& shard, Request request) {
  wire::CreateTopicsRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  api::CreateTopicsPlan plan = api::plan_create_topics(shard.context(request, arena), message);
  if (plan.request.topics.empty()) {
    shard.answer(request, api::create_topics(shard.context(request, arena), plan, {}));
    return;
  }
  metadata::CreateTopics create = plan.request;
  shard.submit(std::move(create), [&shard, request = std::move(request),
                                   plan = std::move(plan)](const MetadataOutcome& outcome) mutable {
    metadata::CreateTopicsResult result;
    const auto* const decided = std::get_if<metadata::CreateTopicsResult>(&outcome.response);
    if (outcome.error == ErrorCode::none && decided != nullptr) {
      result = *decided;
    } else {
      for (const metadata::NewTopic& topic : plan.request.topics) {
        result.topics.push_back({.name = topic.name, .error = outcome.error, .message = message_of(outcome.error)});
      }
    }
    Arena later;
    shard.answer(request, api::create_topics(shard.context(request, later), plan, result));
  });
}

void handle_delete_topics(Shard& shard, Request request) {
  wire::DeleteTopicsRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  api::DeleteTopicsPlan plan = api::plan_delete_topics(shard.context(request, arena), shard.facts(), message);
  if (plan.request.topics.empty()) {
    shard.answer(request, api::delete_topics(shard.context(request, arena), plan, {}));
    return;
  }
  metadata::DeleteTopics remove = plan.request;
  shard.submit(std::move(remove),
               [&shard, request = std::move(request), plan = std::move(plan)](const MetadataOutcome& outcome) mutable {
                 metadata::DeleteTopicsResult result;
                 const auto* const decided = std::get_if<metadata::DeleteTopicsResult>(&outcome.response);
                 if (outcome.error == ErrorCode::none && decided != nullptr) {
                   result = *decided;
                 } else {
                   for (const metadata::TopicToDelete& topic : plan.request.topics) {
                     result.topics.push_back({topic.name, topic.id, outcome.error, message_of(outcome.error)});
                   }
                 }
                 Arena later;
                 shard.answer(request, api::delete_topics(shard.context(request, later), plan, result));
               });
}

void handle_init_producer_id(Shard& shard, Request request) {
  wire::InitProducerIdRequest message;
  if (!shard.decode_body(request, message)) return;
  Arena arena;
  const ErrorCode refused = api::check_init_producer_id(shard.context(request, arena), message);
  if (refused != ErrorCode::none) {
    shard.answer(request, api::init_producer_id(shard.context(request, arena), refused, no_producer_id));
    return;
  }
  shard.node().next_producer_id([&shard, request = std::move(request)](ErrorCode error, ProducerId id) {
    Arena later;
    shard.answer(request, api::init_producer_id(shard.context(request, later), error, id));
  });
}

/// A query whose answer is not in memory after so many rounds of bringing in what it asked for waits for the disk.
constexpr int cold_rounds_max = 64;

struct OffsetFacts {
  bool read_committed = false;
  bool from_client = true;
  bool only_leader = true;
  int16_t version = 0;
};
using OffsetQuestion = Asked<OffsetFacts, api::OffsetQuery, wire::ListOffsetsResponse::ListOffsetsPartitionResponse>;

/// Fills in the answer to one query; not yet if it puts something into `cold`: to be asked again with that in memory.
ErrorCode find_offset(Partition& partition, const OffsetFacts& facts, const api::OffsetQuery& query,
                      wire::ListOffsetsResponse::ListOffsetsPartitionResponse& row, std::vector<io::FileSlice>* cold) {
  if (const ErrorCode error = partition.may_read(query.current_leader_epoch, facts.only_leader);
      error != ErrorCode::none) {
    return error;
  }
  store::Log& log = partition.log();
  const Offset up_to = !facts.from_client     ? log.appended_end()
                       : facts.read_committed ? partition.last_stable_offset()
                                              : partition.high_watermark();
  const bool lagging = facts.from_client && partition.leader() != nullptr &&
                       partition.leader()->epoch_start() > partition.high_watermark();
  const ErrorCode lag_error = facts.version >= 5 ? ErrorCode::offset_not_available : ErrorCode::leader_not_available;
  store::TimestampOffset found;
  switch (query.timestamp) {
    case api::latest_timestamp:
      if (lagging) return lag_error;
      found = {up_to, no_timestamp, partition.leader_epoch()};
      break;
    case api::earliest_timestamp:
    case api::earliest_local_timestamp:
      found = {log.log_start(), no_timestamp, log.epoch_of(log.log_start())};
      break;
    case api::latest_tiered_timestamp:
    case api::earliest_pending_upload_timestamp:
      return ErrorCode::none;
    default: {
      const Result<store::TimestampOffset> result = query.timestamp == api::max_timestamp
                                                        ? log.find_max_timestamp(up_to, cold)
                                                        : log.find_by_timestamp(query.timestamp, up_to, cold);
      if (!result.ok()) return ErrorCode::kafka_storage_error;
      if (cold != nullptr && !cold->empty()) return ErrorCode::none;
      if (lagging && (result->offset == no_offset || result->offset >= up_to)) return lag_error;
      if (result->offset == no_offset || result->offset >= up_to) return ErrorCode::none;
      found = *result;
    }
  }
  row.offset = found.offset;
  row.timestamp = found.timestamp;
  if (facts.version >= 4) row.leader_epoch = found.leader_epoch;
  return ErrorCode::none;
}

/// A ListOffsets under way: lookups by time may have to wait for parts of logs to come into memory.
struct OffsetLookup {
  OffsetQuestion question;
  io::Completion<OffsetQuestion> done;
  size_t next = 0;   ///< query
  int rounds = 0;    ///< of it
  size_t reads = 0;  ///< under way
};

void look_up_offsets(Shard& shard, const std::shared_ptr<OffsetLookup>& lookup) {
  OffsetQuestion& question = lookup->question;
  std::vector<io::FileSlice> cold;
  for (; lookup->next < question.queries.size(); ++lookup->next, lookup->rounds = 0) {
    const api::OffsetQuery& query = question.queries[lookup->next];
    auto& row = question.rows[lookup->next];
    Partition* const partition = shard.partition(query.id);
    std::vector<io::FileSlice>* const patience = lookup->rounds < cold_rounds_max ? &cold : nullptr;
    row.error_code = code_of(partition == nullptr ? ErrorCode::not_leader_or_follower
                                                  : find_offset(*partition, question.facts, query, row, patience));
    if (!cold.empty()) break;
  }
  if (cold.empty()) {
    lookup->done(std::move(question));
    return;
  }
  ++lookup->rounds;
  lookup->reads = cold.size();
  shard.metrics().cold_reads += cold.size();
  for (io::FileSlice& slice : cold) {
    shard.surface().disk.prefetch(std::move(slice.file), slice.offset, slice.size,
                                  shard.guarded<Status>([&shard, lookup](const Status&) {
                                    if (--lookup->reads == 0) look_up_offsets(shard, lookup);
                                  }));
  }
}

void handle_list_offsets(Shard& shard, Request request) {
  wire::ListOffsetsRequest message;
  if (!shard.decode_body(request, message)) return;
  auto arena = std::make_shared<Arena>();
  api::ListOffsetsPlan plan = api::plan_list_offsets(shard.context(request, *arena), shard.facts(), message);
  OffsetQuestion question{
      .facts = {plan.read_committed, plan.from_client, plan.only_leader, request.version}, .queries = {}, .rows = {}};
  for (const api::OffsetQuery& query : plan.queries) {
    question.rows.push_back(plan.response.topics[query.topic].partitions[query.partition]);
  }
  question.queries = std::move(plan.queries);
  const auto look = [](Shard& owner, OffsetQuestion part, io::Completion<OffsetQuestion> done) {
    auto lookup = std::make_shared<OffsetLookup>();
    lookup->question = std::move(part);
    lookup->done = std::move(done);
    look_up_offsets(owner, lookup);
  };
  ask_owners<OffsetQuestion>(shard, std::move(question), look,
                             [&shard, arena, image = shard.image_ref(), request = std::move(request),
                              response = std::move(plan.response)](OffsetQuestion answered) mutable {
                               for (size_t i = 0; i < answered.queries.size(); ++i) {
                                 const api::OffsetQuery& query = answered.queries[i];
                                 response.topics[query.topic].partitions[query.partition] = answered.rows[i];
                               }
                               shard.answer(request, response);
                             });
}

constexpr Route table[] = {
    {wire::ApiKey::produce, [](Shard& shard, Request request) { shard.produce_path().handle(std::move(request)); },
     Place::owners},
    {wire::ApiKey::fetch, [](Shard& shard, Request request) { shard.fetch_path().handle(std::move(request)); },
     Place::owners},
    {wire::ApiKey::list_offsets, handle_list_offsets, Place::owners},
    {wire::ApiKey::metadata, handle_metadata, Place::here},
    {wire::ApiKey::api_versions, answer_at_once<wire::ApiVersionsRequest, api::api_versions>, Place::here},
    {wire::ApiKey::create_topics, handle_create_topics},
    {wire::ApiKey::delete_topics, handle_delete_topics},
    {wire::ApiKey::init_producer_id, handle_init_producer_id},
    {wire::ApiKey::describe_configs, answer_at_once<wire::DescribeConfigsRequest, api::describe_configs>, Place::here},
    {wire::ApiKey::describe_cluster, answer_at_once<wire::DescribeClusterRequest, api::describe_cluster>, Place::here},
    {wire::ApiKey::describe_topic_partitions,
     answer_at_once<wire::DescribeTopicPartitionsRequest, api::describe_topic_partitions>, Place::here},
};

}  // namespace

std::span<const Route> routes() {
  static const std::vector<Route> all = [] {
    std::vector<Route> rows(std::begin(table), std::end(table));
    const std::span<const Route> admin = admin_routes();
    rows.insert(rows.end(), admin.begin(), admin.end());
    const std::span<const Route> groups = group_routes();
    rows.insert(rows.end(), groups.begin(), groups.end());
    return rows;
  }();
  return all;
}

Handler handler_of(wire::ApiKey key) {
  const std::span<const Route> all = routes();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Route& route) { return route.key == key; });
  return found == all.end() ? nullptr : found->handler;
}

}  // namespace moldau::broker
