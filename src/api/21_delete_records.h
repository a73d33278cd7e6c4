// DeleteRecords (key 21, versions 0-2): the records of a partition below an offset go (KIP-107); -1 means all that are
// committed.
//
//   An offset that is negative or beyond the high watermark: OFFSET_OUT_OF_RANGE. An internal topic:
//   INVALID_TOPIC_EXCEPTION. A topic without the cleanup policy `delete`: POLICY_VIOLATION. The answer's low watermark
//   is the log's start, and survives a crash when it comes. Needs DELETE on the topic (TOPIC_AUTHORIZATION_FAILED).
#pragma once

#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/21_delete_records.h"

namespace moldau::api {

struct DeleteRecordsPlan {
  struct Query {
    TopicPartitionId id;
    Offset offset = 0;  ///< as asked for
    size_t topic = 0;
    size_t partition = 0;
  };
  std::vector<Query> queries;
  wire::DeleteRecordsResponse response;  ///< with all rows; those of `queries` still to be filled in
};

inline constexpr Offset to_the_high_watermark = -1;

DeleteRecordsPlan plan_delete_records(const RequestContext& context, const Facts& facts,
                                      const wire::DeleteRecordsRequest& request);

}  // namespace moldau::api
