#include "api/01_fetch.h"

#include <algorithm>

namespace moldau::api {
namespace {

using wire::ErrorCode;
using wire::FetchRequest;
using wire::FetchResponse;

constexpr int16_t ids_since = 13;

FetchKey key_of(const RequestContext& context, const Uuid& topic_id, std::string_view topic, PartitionIndex partition) {
  if (context.version >= ids_since) return {topic_id, {}, partition};
  return {{}, std::string(topic), partition};
}

FetchWish wish_of(const FetchRequest::FetchPartition& wanted) {
  return {wanted.partition_max_bytes, wanted.fetch_offset, wanted.current_leader_epoch, wanted.last_fetched_epoch,
          wanted.log_start_offset};
}

/// Finds the session of an incremental request and takes up its changes, or says why not.
FetchSession* open_session(const RequestContext& context, const FetchRequest& request, FetchSessions& sessions,
                           ErrorCode& error) {
  FetchSession* const session = sessions.find(request.session_id);
  if (session == nullptr) {
    error = ErrorCode::fetch_session_id_not_found;
  } else if (session->epoch() != request.session_epoch) {
    error = ErrorCode::invalid_fetch_session_epoch;
  } else if (session->uses_topic_ids() != (context.version >= ids_since)) {
    error = ErrorCode::fetch_session_topic_id_error;
  } else {
    for (const auto& topic : request.topics) {
      for (const auto& wanted : topic.partitions) {
        session->set(key_of(context, topic.topic_id, topic.topic, wanted.partition), wish_of(wanted));
      }
    }
    for (const auto& topic : request.forgotten_topics_data) {
      for (const PartitionIndex partition : topic.partitions) {
        session->forget(key_of(context, topic.topic_id, topic.topic, partition));
      }
    }
    return session;
  }
  return nullptr;
}

/// What stands against reading `item`, before its log is asked; resolves its id.
ErrorCode check_item(const RequestContext& context, const Facts& facts, bool from_follower, bool follower_allowed,
                     FetchItem& item) {
  const bool by_id = context.version >= ids_since;
  const metadata::TopicImage* const topic =
      by_id ? facts.image.topic(item.key.topic_id) : facts.image.topic(item.key.topic);
  if (from_follower && !follower_allowed) return ErrorCode::topic_authorization_failed;
  if (topic == nullptr && by_id) return ErrorCode::unknown_topic_id;
  if (!from_follower && !context.may(Operation::read, ResourceType::topic, by_id ? topic->name : item.key.topic)) {
    return ErrorCode::topic_authorization_failed;
  }
  if (topic == nullptr || topic->partition(item.key.partition) == nullptr) return ErrorCode::unknown_topic_or_partition;
  item.id = {topic->id, item.key.partition};
  return ErrorCode::none;
}

/// What a version can say: before 6 clients do not know KAFKA_STORAGE_ERROR.
ErrorCode error_for(const RequestContext& context, ErrorCode error) {
  return error == ErrorCode::kafka_storage_error && context.version <= 5 ? ErrorCode::not_leader_or_follower : error;
}

void fill_leader(const RequestContext& context, const Facts& facts, const FetchItem& item,
                 FetchResponse::PartitionData& row, FetchResponse& response) {
  const metadata::PartitionImage* const partition = facts.image.partition(item.id.topic_id, item.id.partition);
  if (partition == nullptr) return;
  row.current_leader = {partition->leader, partition->leader_epoch};
  const metadata::EndpointImage* const endpoint = live_endpoint(facts.image, partition->leader, context.listener);
  if (endpoint == nullptr) return;
  const bool named = std::any_of(response.node_endpoints.begin(), response.node_endpoints.end(),
                                 [&](const auto& node) { return node.node_id == partition->leader; });
  if (named) return;
  FetchResponse::NodeEndpoint node{partition->leader, endpoint->host, endpoint->port};
  if (const auto& rack = facts.image.broker(partition->leader)->rack; rack.has_value()) node.rack = *rack;
  response.node_endpoints.push_back(node);
}

void add_row(const RequestContext& context, const Facts& facts, const FetchItem& item, bool read_committed,
             FetchResponse& response) {
  const bool same = !response.responses.empty() &&
                    (context.version >= ids_since ? response.responses.back().topic_id == item.key.topic_id
                                                  : response.responses.back().topic == item.key.topic);
  if (!same) response.responses.push_back({.topic = item.key.topic, .topic_id = item.key.topic_id});
  FetchResponse::PartitionData row;
  row.partition_index = item.key.partition;
  const ErrorCode error = error_for(context, item.error);
  row.error_code = code_of(error);
  row.high_watermark = item.high_watermark;
  row.last_stable_offset = item.last_stable;
  row.log_start_offset = item.log_start;
  row.diverging_epoch = item.diverging;
  // Kafka has a list here for a partition that it never read, and null for one whose read failed.
  if (!item.unread && (!read_committed || item.error != ErrorCode::none)) row.aborted_transactions.reset();
  row.records = wire::Records{};
  if (item.records_bytes > 0) {
    row.records->external_size = static_cast<uint32_t>(item.records_bytes);
    row.records->external_id = item.records_id;
  }
  if (context.version >= 16 &&
      (error == ErrorCode::not_leader_or_follower || error == ErrorCode::fenced_leader_epoch)) {
    fill_leader(context, facts, item, row, response);
  }
  response.responses.back().partitions.push_back(std::move(row));
}

FetchOutcome outcome_of(const FetchItem& item) {
  return {.error = item.error,
          .high_watermark = item.high_watermark,
          .log_start = item.log_start,
          .records_bytes = item.records_bytes,
          .diverging = item.diverging.epoch >= 0 || item.diverging.end_offset >= 0};
}

}  // namespace

FetchPlan plan_fetch(const RequestContext& context, const Facts& facts, const FetchRequest& request,
                     FetchSessions& sessions) {
  FetchPlan plan;
  plan.replica = context.version >= 15 ? request.replica_state.replica_id : request.replica_id;
  plan.replica_epoch = request.replica_state.replica_epoch;
  plan.read_committed = request.isolation_level == 1 && !plan.from_follower();
  plan.max_wait_ms = request.max_wait_ms;
  plan.max_bytes =
      plan.from_follower() ? request.max_bytes : std::min(request.max_bytes, facts.settings.fetch_max_bytes);
  plan.min_bytes = std::min(request.min_bytes, plan.max_bytes);
  const bool sessionless = context.version < 7;
  const bool full =
      sessionless || request.session_epoch == initial_fetch_epoch || request.session_epoch == final_fetch_epoch;
  std::vector<FetchItem> wanted;
  if (full) {
    if (!sessionless && request.session_id != no_fetch_session) sessions.remove(request.session_id);
    plan.use =
        sessionless || request.session_epoch == final_fetch_epoch ? FetchSessionUse::none : FetchSessionUse::create;
    for (const auto& topic : request.topics) {
      for (const auto& partition : topic.partitions) {
        wanted.push_back({key_of(context, topic.topic_id, topic.topic, partition.partition), wish_of(partition)});
      }
    }
  } else {
    FetchSession* const session = open_session(context, request, sessions, plan.error);
    if (session == nullptr) {
      plan.use = FetchSessionUse::failed;
      return plan;
    }
    for (const FetchSession::Partition& cached : session->partitions()) wanted.push_back({cached.key, cached.wish});
    if (session->size() == 0) {
      sessions.remove(session->id());
    } else {
      plan.use = FetchSessionUse::incremental;
      plan.session_id = session->id();
      session->advance_epoch();
      plan.session_epoch = session->epoch();
      sessions.touch(*session, context.now);
    }
  }
  const bool follower_allowed = plan.from_follower() && context.may_on_cluster(Operation::cluster_action);
  std::vector<FetchItem> refused;
  plan.items.reserve(wanted.size());
  for (FetchItem& item : wanted) {
    item.error = check_item(context, facts, plan.from_follower(), follower_allowed, item);
    item.unread = item.error != ErrorCode::none;
    (item.unread ? refused : plan.items).push_back(std::move(item));
  }
  std::move(refused.begin(), refused.end(), std::back_inserter(plan.items));
  return plan;
}

FetchResponse fetch(const RequestContext& context, const Facts& facts, FetchPlan& plan, FetchSessions& sessions,
                    uint64_t random) {
  FetchResponse response;
  response.error_code = code_of(plan.error);
  if (plan.use == FetchSessionUse::failed) {
    response.throttle_time_ms = context.request_throttle_ms();
    return response;
  }
  FetchSession* session = nullptr;
  if (plan.use == FetchSessionUse::create) {
    session =
        sessions.create(plan.from_follower(), context.version >= ids_since, plan.items.size(), context.now, random);
    if (session != nullptr) {
      response.session_id = session->id();
      for (const FetchItem& item : plan.items) {
        session->set(item.key, item.wish);
        session->note(item.key, item.high_watermark, item.log_start);
      }
      sessions.touch(*session, context.now);
    }
  } else if (plan.use == FetchSessionUse::incremental) {
    response.session_id = plan.session_id;
    session = sessions.find(plan.session_id);
    // The session went on (a duplicate request) while this one waited.
    if (session != nullptr && session->epoch() != plan.session_epoch) {
      response.error_code = code_of(ErrorCode::invalid_fetch_session_epoch);
      response.throttle_time_ms = context.request_throttle_ms();
      return response;
    }
  }
  const bool prune = plan.use == FetchSessionUse::incremental && session != nullptr;
  uint64_t bytes = 0;
  for (FetchItem& item : plan.items) {
    if (prune && !session->take_up(item.key, outcome_of(item))) continue;
    bytes += item.records_bytes;
    add_row(context, facts, item, plan.read_committed, response);
  }
  response.throttle_time_ms =
      plan.from_follower()
          ? 0
          : std::max(context.quotas.throttle_ms(context, QuotaKind::fetch, bytes), context.request_throttle_ms());
  return response;
}

}  // namespace moldau::api
