// Fetch (key 1, versions 4-18): records of some partitions from given offsets on; waits until there are enough.
//
//   v4 isolation level; v5 log start offsets; v7 sessions (fetch_session.h); v9 leader epochs; v10 zstd; v11 rack; v12
//   last fetched epoch and diverging epochs (KIP-595); v13 topics by id; v15 replica state; v16 the leader's endpoint
//   with NOT_LEADER_OR_FOLLOWER and FENCED_LEADER_EPOCH; v17 directory ids; v18 the fetcher's high watermark. Limits
//   The first partition with records gives at least one whole batch, whatever the limits say. Then max_bytes bounds
//            the answer (capped by fetch.max.bytes) and partition_max_bytes each partition; a batch may be cut there.
//   Waiting  Until min_bytes are there, at most max_wait_ms; any partition's error or diverging epoch ends it at once.
//   read_committed ends at the last stable offset; a partition that holds transactional data answers
//   UNSUPPORTED_VERSION
//            until transactions exist, for serving aborted data would be silently wrong.
//   Needs READ on each topic (TOPIC_AUTHORIZATION_FAILED), from a follower CLUSTER_ACTION on the cluster.
//   Errors of the session are the answer's own, with no partition in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "api/fetch_session.h"
#include "wire/api/01_fetch.h"

namespace moldau::api {

/// One partition to be answered for.
struct FetchItem {
  FetchKey key;
  FetchWish wish;
  TopicPartitionId id;  ///< known when error is none
  bool unread = false;  ///< refused before any log was asked: `error` stands
  wire::ErrorCode error = wire::ErrorCode::none;
  // What reading found; filled in by the shell.
  Offset high_watermark = no_offset;
  Offset last_stable = no_offset;
  Offset log_start = no_offset;
  wire::FetchResponse::EpochEndOffset diverging;
  uint64_t records_bytes = 0;
  uint32_t records_id = 0;  ///< the shell's name for the records
};

/// How the answer goes back into sessions.
enum class FetchSessionUse : uint8_t { none, create, incremental, failed };

struct FetchPlan {
  wire::ErrorCode error = wire::ErrorCode::none;  ///< of the session
  FetchSessionUse use = FetchSessionUse::none;
  int32_t session_id = no_fetch_session;
  int32_t session_epoch = initial_fetch_epoch;  ///< that the session must have when the answer is made
  NodeId replica = no_node;                     ///< the follower; negative for consumers
  int64_t replica_epoch = -1;
  bool read_committed = false;
  int32_t max_wait_ms = 0;
  int32_t min_bytes = 0;
  int32_t max_bytes = 0;
  std::vector<FetchItem> items;  ///< to be read in this order; those with an error come last and are not read

  bool from_follower() const noexcept { return replica >= 0; }
};

/// Decides what to read. Changes the session that the request names.
FetchPlan plan_fetch(const RequestContext& context, const Facts& facts, const wire::FetchRequest& request,
                     FetchSessions& sessions);

/// The answer: what was read, less what the session's fetcher knows already. Records are external, named by records_id.
/// `random` is for a new session's id. Names in it are views into the plan.
wire::FetchResponse fetch(const RequestContext& context, const Facts& facts, FetchPlan& plan, FetchSessions& sessions,
                          uint64_t random);

}  // namespace moldau::api
