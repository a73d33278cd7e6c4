// DeleteTopics (key 20, versions 1-6): topics by name, from v6 on also by id.
//
//   delete.topic.enable=false: TOPIC_DELETION_DISABLED (INVALID_REQUEST before v3) for all. Neither name nor id, both,
//   or one given twice: INVALID_REQUEST with a message. Unknown: UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID. Needs
//   DELETE on each topic: TOPIC_AUTHORIZATION_FAILED, with the name only for those who may DESCRIBE it.
#pragma once

#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "metadata/controller.h"
#include "wire/api/20_delete_topics.h"

namespace moldau::api {

struct DeleteTopicsPlan {
  metadata::DeleteTopics request;
  std::vector<metadata::DeletedTopic> refused;
};

DeleteTopicsPlan plan_delete_topics(const RequestContext& context, const Facts& facts,
                                    const wire::DeleteTopicsRequest& request);
/// Texts in the answer are views into `result` and the plan.
wire::DeleteTopicsResponse delete_topics(const RequestContext& context, const DeleteTopicsPlan& plan,
                                         const metadata::DeleteTopicsResult& result);

}  // namespace moldau::api
