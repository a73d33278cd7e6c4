// AddPartitionsToTxn: adds partitions to a transaction; from clients until v3, between brokers from v4, which carries
// several transactions and can only verify. v3 is flexible.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct AddPartitionsToTxnRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::add_partitions_to_txn;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {0, 5};
  static constexpr int16_t flexible_since = 3;

  struct AddPartitionsToTxnTopic {
    std::string_view name;
    std::vector<int32_t> partitions;
  };

  struct AddPartitionsToTxnTransaction {
    std::string_view transactional_id;
    int64_t producer_id = 0;
    int16_t producer_epoch = 0;
    bool verify_only = false;
    std::vector<AddPartitionsToTxnTopic> topics;
  };

  std::vector<AddPartitionsToTxnTransaction> transactions;
  std::string_view v3_and_below_transactional_id;
  int64_t v3_and_below_producer_id = 0;
  int16_t v3_and_below_producer_epoch = 0;
  std::vector<AddPartitionsToTxnTopic> v3_and_below_topics;
};

template <>
inline constexpr auto fields_of<AddPartitionsToTxnRequest::AddPartitionsToTxnTopic> = [] {
  using S = AddPartitionsToTxnRequest::AddPartitionsToTxnTopic;
  return field_list<S>("AddPartitionsToTxnTopic", field<&S::name>({.name = "name"}),
                       field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<AddPartitionsToTxnRequest::AddPartitionsToTxnTransaction> = [] {
  using S = AddPartitionsToTxnRequest::AddPartitionsToTxnTransaction;
  return field_list<S>("AddPartitionsToTxnTransaction",
                       field<&S::transactional_id>({.name = "transactionalId", .versions = since(4)}),
                       field<&S::producer_id>({.name = "producerId", .versions = since(4)}),
                       field<&S::producer_epoch>({.name = "producerEpoch", .versions = since(4)}),
                       field<&S::verify_only>({.name = "verifyOnly", .versions = since(4)}),
                       field<&S::topics>({.name = "topics", .versions = since(4)}));
}();

template <>
inline constexpr auto fields_of<AddPartitionsToTxnRequest> = [] {
  using S = AddPartitionsToTxnRequest;
  return field_list<S>(
      "AddPartitionsToTxnRequest", field<&S::transactions>({.name = "transactions", .versions = since(4)}),
      field<&S::v3_and_below_transactional_id>({.name = "v3AndBelowTransactionalId", .versions = {0, 3}}),
      field<&S::v3_and_below_producer_id>({.name = "v3AndBelowProducerId", .versions = {0, 3}}),
      field<&S::v3_and_below_producer_epoch>({.name = "v3AndBelowProducerEpoch", .versions = {0, 3}}),
      field<&S::v3_and_below_topics>({.name = "v3AndBelowTopics", .versions = {0, 3}}));
}();

struct AddPartitionsToTxnResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::add_partitions_to_txn;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {0, 5};
  static constexpr int16_t flexible_since = 3;

  struct AddPartitionsToTxnPartitionResult {
    int32_t partition_index = 0;
    int16_t partition_error_code = 0;
  };

  struct AddPartitionsToTxnTopicResult {
    std::string_view name;
    std::vector<AddPartitionsToTxnPartitionResult> results_by_partition;
  };

  struct AddPartitionsToTxnResult {
    std::string_view transactional_id;
    std::vector<AddPartitionsToTxnTopicResult> topic_results;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::vector<AddPartitionsToTxnResult> results_by_transaction;
  std::vector<AddPartitionsToTxnTopicResult> results_by_topic_v3_and_below;
};

template <>
inline constexpr auto fields_of<AddPartitionsToTxnResponse::AddPartitionsToTxnPartitionResult> = [] {
  using S = AddPartitionsToTxnResponse::AddPartitionsToTxnPartitionResult;
  return field_list<S>("AddPartitionsToTxnPartitionResult", field<&S::partition_index>({.name = "partitionIndex"}),
                       field<&S::partition_error_code>({.name = "partitionErrorCode"}));
}();

template <>
inline constexpr auto fields_of<AddPartitionsToTxnResponse::AddPartitionsToTxnTopicResult> = [] {
  using S = AddPartitionsToTxnResponse::AddPartitionsToTxnTopicResult;
  return field_list<S>("AddPartitionsToTxnTopicResult", field<&S::name>({.name = "name"}),
                       field<&S::results_by_partition>({.name = "resultsByPartition"}));
}();

template <>
inline constexpr auto fields_of<AddPartitionsToTxnResponse::AddPartitionsToTxnResult> = [] {
  using S = AddPartitionsToTxnResponse::AddPartitionsToTxnResult;
  return field_list<S>("AddPartitionsToTxnResult",
                       field<&S::transactional_id>({.name = "transactionalId", .versions = since(4)}),
                       field<&S::topic_results>({.name = "topicResults", .versions = since(4)}));
}();

template <>
inline constexpr auto fields_of<AddPartitionsToTxnResponse> = [] {
  using S = AddPartitionsToTxnResponse;
  return field_list<S>(
      "AddPartitionsToTxnResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
      field<&S::error_code>({.name = "errorCode", .versions = since(4), .ignorable = true}),
      field<&S::results_by_transaction>({.name = "resultsByTransaction", .versions = since(4)}),
      field<&S::results_by_topic_v3_and_below>({.name = "resultsByTopicV3AndBelow", .versions = {0, 3}}));
}();

}  // namespace moldau::wire
