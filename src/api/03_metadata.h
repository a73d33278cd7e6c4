// Metadata (key 3, versions 0-13): brokers, topics, partitions and their leaders, as clients on this listener reach
// them.
//
//   v0    no topics named means all; v1+ null means all and an empty list none.
//   v0    an unreachable replica makes the partition REPLICA_NOT_AVAILABLE; later versions name replicas whether they
//   live or not. v0-5  a leader without an endpoint on the client's listener: LEADER_NOT_AVAILABLE; v6+
//   LISTENER_NOT_FOUND. v4+   the client says whether unknown topics may be created (auto.create.topics.enable must
//   allow it too). v8-10 authorized operations of the cluster, v8+ of topics, on request. v10+  topic ids in the
//   answer; v12+ topics may be asked for by id: UNKNOWN_TOPIC_ID. Before v12 an id or a missing name
//         makes every topic of the answer INVALID_REQUEST.
//   Needs DESCRIBE on each topic: unauthorized ones are left out of "all", else TOPIC_AUTHORIZATION_FAILED; creation
//   needs CREATE on the cluster or the topic. A topic that is created for this request is in its answer: the answer
//   waits for the commit, where Kafka answers UNKNOWN_TOPIC_OR_PARTITION and lets the client ask again.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/03_metadata.h"

namespace moldau::api {

/// The named topics that do not exist and are to be created first; names are views into the request.
std::vector<std::string_view> topics_to_create(const RequestContext& context, const Facts& facts,
                                               const wire::MetadataRequest& request);

/// How the creation of one of them went.
struct CreationOutcome {
  std::string_view name;
  wire::ErrorCode error = wire::ErrorCode::none;
};

/// The answer, from an image that has what was created.
wire::MetadataResponse describe_cluster_metadata(const RequestContext& context, const Facts& facts,
                                                 const wire::MetadataRequest& request,
                                                 std::span<const CreationOutcome> creations);

}  // namespace moldau::api
