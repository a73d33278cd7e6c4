// Produce (key 0, versions 3-13, advertised from 0): append one record batch to each of some partitions.
//
//   v3 record batch v2 only, transactional id; v7 zstd allowed; v8 errors by record and messages; v10 the leader and
//   its endpoint with NOT_LEADER_OR_FOLLOWER; v13 topics by id (UNKNOWN_TOPIC_ID). acks      1: answered when written,
//   -1: when every in-sync replica has it (on stable storage, unless the topic is in
//             page-cache mode), 0: never answered, an error closes the connection. Others: INVALID_REQUIRED_ACKS.
//   Needs WRITE on each topic (TOPIC_AUTHORIZATION_FAILED), and on the transactional id where records are transactional
//   (TRANSACTIONAL_ID_AUTHORIZATION_FAILED for the whole request).
//   Transactional records: INVALID_TXN_STATE, for no transaction can be open until transactions exist.
//   Order of the checks: request (transactional id), topic id, authorization, existence, records (log/admission), acks,
//   internal topic, leadership, min.insync.replicas, batch, producer state.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "api/context.h"
#include "api/facts.h"
#include "wire/api/00_produce.h"

namespace moldau::api {

/// One partition of the request, and what became of it.
struct ProducePart {
  uint32_t topic = 0;  ///< its place among the request's topics
  PartitionIndex index = 0;
  TopicPartitionId id;          ///< known when error is none
  std::string_view topic_name;  ///< of the image
  std::span<const std::byte> records;
  wire::ErrorCode error = wire::ErrorCode::none;
  Offset base_offset = no_offset;
  WallMillis log_append_time = no_timestamp;
  Offset log_start = no_offset;
  std::optional<std::string_view> message;  ///< in the arena
  std::vector<wire::ProduceResponse::BatchIndexAndErrorMessage> record_errors;
};

struct ProducePlan {
  int16_t acks = 0;
  int32_t timeout_ms = 0;
  std::vector<ProducePart> parts;  ///< in the order of the request; those without error are to be appended
};

ProducePlan plan_produce(const RequestContext& context, const Facts& facts, const wire::ProduceRequest& request);

/// Names of the answer's topics, kept from the request.
struct ProduceTopicName {
  std::string_view name;
  Uuid id;
};

/// The answer, once every part is decided. `topics` are the request's.
wire::ProduceResponse produce(const RequestContext& context, const Facts& facts,
                              std::span<const ProduceTopicName> topics, std::span<ProducePart> parts);

}  // namespace moldau::api
