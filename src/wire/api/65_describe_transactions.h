// DescribeTransactions: state of transactions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct DescribeTransactionsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::describe_transactions;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  std::vector<std::string_view> transactional_ids;
};

template <>
inline constexpr auto fields_of<DescribeTransactionsRequest> = [] {
  using S = DescribeTransactionsRequest;
  return field_list<S>("DescribeTransactionsRequest", field<&S::transactional_ids>({.name = "transactionalIds"}));
}();

struct DescribeTransactionsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::describe_transactions;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  struct TopicData {
    std::string_view topic;
    std::vector<int32_t> partitions;
  };

  struct TransactionState {
    int16_t error_code = 0;
    std::string_view transactional_id;
    std::string_view transaction_state;
    int32_t transaction_timeout_ms = 0;
    int64_t transaction_start_time_ms = 0;
    int64_t producer_id = 0;
    int16_t producer_epoch = 0;
    std::vector<TopicData> topics;
  };

  int32_t throttle_time_ms = 0;
  std::vector<TransactionState> transaction_states;
};

template <>
inline constexpr auto fields_of<DescribeTransactionsResponse::TopicData> = [] {
  using S = DescribeTransactionsResponse::TopicData;
  return field_list<S>("TopicData", field<&S::topic>({.name = "topic"}), field<&S::partitions>({.name = "partitions"}));
}();

template <>
inline constexpr auto fields_of<DescribeTransactionsResponse::TransactionState> = [] {
  using S = DescribeTransactionsResponse::TransactionState;
  return field_list<S>("TransactionState", field<&S::error_code>({.name = "errorCode"}),
                       field<&S::transactional_id>({.name = "transactionalId"}),
                       field<&S::transaction_state>({.name = "transactionState"}),
                       field<&S::transaction_timeout_ms>({.name = "transactionTimeoutMs"}),
                       field<&S::transaction_start_time_ms>({.name = "transactionStartTimeMs"}),
                       field<&S::producer_id>({.name = "producerId"}),
                       field<&S::producer_epoch>({.name = "producerEpoch"}), field<&S::topics>({.name = "topics"}));
}();

template <>
inline constexpr auto fields_of<DescribeTransactionsResponse> = [] {
  using S = DescribeTransactionsResponse;
  return field_list<S>("DescribeTransactionsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::transaction_states>({.name = "transactionStates"}));
}();

}  // namespace moldau::wire
