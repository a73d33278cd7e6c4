// ListOffsets (key 2, versions 1-11): an offset of a partition by name (earliest, latest, ...) or by time.
//
//   timestamp  -2 earliest, -1 latest; v7+ -3 the record with the largest timestamp; v8+ -4 earliest local; v9+ -5
//   latest
//              tiered; v11+ -6 earliest pending upload; >= 0 the first record at or after that time. A negative number
//              that the version does not know: UNSUPPORTED_VERSION.
//   v2+        isolation: read_committed ends at the last stable offset, else at the high watermark. Followers see the
//   log's end. v4+        leader epochs: FENCED_, UNKNOWN_LEADER_EPOCH; the answer names the record's epoch. v5+
//   OFFSET_NOT_AVAILABLE while a new leader's high watermark lags behind its epoch (before: LEADER_NOT_AVAILABLE).
//   Nothing found is no error: timestamp -1, offset -1. A partition named twice: INVALID_REQUEST.
//   Without tiered storage -4 is the log's start, -5 and -6 find nothing (offset -1).
//   Needs DESCRIBE on the topic: TOPIC_AUTHORIZATION_FAILED.
#pragma once

#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/02_list_offsets.h"

namespace moldau::api {

inline constexpr int64_t earliest_timestamp = -2;
inline constexpr int64_t latest_timestamp = -1;
inline constexpr int64_t max_timestamp = -3;
inline constexpr int64_t earliest_local_timestamp = -4;
inline constexpr int64_t latest_tiered_timestamp = -5;
inline constexpr int64_t earliest_pending_upload_timestamp = -6;

/// One partition to be asked.
struct OffsetQuery {
  size_t topic = 0;  ///< where the answer goes: response.topics[topic].partitions[partition]
  size_t partition = 0;
  TopicPartitionId id;
  Epoch current_leader_epoch = no_epoch;
  int64_t timestamp = 0;
};

struct ListOffsetsPlan {
  wire::ListOffsetsResponse response;  ///< errors are in it; the rest is filled in by the shell
  std::vector<OffsetQuery> queries;
  bool read_committed = false;
  bool from_client = true;  ///< false: a replica, which sees up to the log's end
  bool only_leader = true;  ///< false for the debugging replica id
};

ListOffsetsPlan plan_list_offsets(const RequestContext& context, const Facts& facts,
                                  const wire::ListOffsetsRequest& request);

}  // namespace moldau::api
