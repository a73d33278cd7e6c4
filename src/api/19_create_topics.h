// CreateTopics (key 19, versions 2-7): new topics, with partitions, replicas and settings, checked and placed by the
// controller machine.
//
//   v4 partitions and replication factor of -1 mean the broker's defaults; v5 settings in the answer; v7 topic ids.
//   A name given twice: one INVALID_REQUEST for it. __cluster_metadata: INVALID_REQUEST.
//   Needs CREATE on the cluster or the topic (TOPIC_AUTHORIZATION_FAILED); settings are shown with DESCRIBE_CONFIGS on
//   the topic. The answer waits until the topics' logs exist here, so that a produce right after it succeeds.
#pragma once

#include <string>
#include <vector>

#include "api/context.h"
#include "metadata/controller.h"
#include "wire/api/19_create_topics.h"

namespace moldau::api {

struct CreateTopicsPlan {
  metadata::CreateTopics request;               ///< what the controller is to decide on
  std::vector<metadata::CreatedTopic> refused;  ///< answered without it
};

CreateTopicsPlan plan_create_topics(const RequestContext& context, const wire::CreateTopicsRequest& request);
/// Texts in the answer are views into `result` and the plan.
wire::CreateTopicsResponse create_topics(const RequestContext& context, const CreateTopicsPlan& plan,
                                         const metadata::CreateTopicsResult& result);

}  // namespace moldau::api
