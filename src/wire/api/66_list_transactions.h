// ListTransactions: the transactions of a broker. v1 filters by duration; v2 by a pattern of transactional ids.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/field.h"

namespace moldau::wire {

struct ListTransactionsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::list_transactions;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  std::vector<std::string_view> state_filters;
  std::vector<int64_t> producer_id_filters;
  int64_t duration_filter = -1;
  std::optional<std::string_view> transactional_id_pattern;
};

template <>
inline constexpr auto fields_of<ListTransactionsRequest> = [] {
  using S = ListTransactionsRequest;
  return field_list<S>("ListTransactionsRequest", field<&S::state_filters>({.name = "stateFilters"}),
                       field<&S::producer_id_filters>({.name = "producerIdFilters"}),
                       field<&S::duration_filter>({.name = "durationFilter", .versions = since(1)}),
                       field<&S::transactional_id_pattern>(
                           {.name = "transactionalIdPattern", .versions = since(2), .nullable = since(2)}));
}();

struct ListTransactionsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::list_transactions;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {0, 2};
  static constexpr int16_t flexible_since = 0;

  struct TransactionState {
    std::string_view transactional_id;
    int64_t producer_id = 0;
    std::string_view transaction_state;
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::vector<std::string_view> unknown_state_filters;
  std::vector<TransactionState> transaction_states;
};

template <>
inline constexpr auto fields_of<ListTransactionsResponse::TransactionState> = [] {
  using S = ListTransactionsResponse::TransactionState;
  return field_list<S>("TransactionState", field<&S::transactional_id>({.name = "transactionalId"}),
                       field<&S::producer_id>({.name = "producerId"}),
                       field<&S::transaction_state>({.name = "transactionState"}));
}();

template <>
inline constexpr auto fields_of<ListTransactionsResponse> = [] {
  using S = ListTransactionsResponse;
  return field_list<S>("ListTransactionsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::unknown_state_filters>({.name = "unknownStateFilters"}),
                       field<&S::transaction_states>({.name = "transactionStates"}));
}();

}  // namespace moldau::wire
