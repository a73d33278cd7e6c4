// InitProducerId: a producer id and epoch, for idempotent producers (null transactional id) and transactional ones. v2
// is flexible; v3 lets a producer go on with its id under a new epoch; v6 (two-phase commit) is unstable and not
// served.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "wire/field.h"

namespace moldau::wire {

struct InitProducerIdRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::init_producer_id;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {0, 6};
  static constexpr int16_t flexible_since = 2;

  std::optional<std::string_view> transactional_id{std::in_place};
  int32_t transaction_timeout_ms = 0;
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
  bool enable2_pc = false;
  bool keep_prepared_txn = false;
};

template <>
inline constexpr auto fields_of<InitProducerIdRequest> = [] {
  using S = InitProducerIdRequest;
  return field_list<S>("InitProducerIdRequest",
                       field<&S::transactional_id>({.name = "transactionalId", .nullable = since(0)}),
                       field<&S::transaction_timeout_ms>({.name = "transactionTimeoutMs"}),
                       field<&S::producer_id>({.name = "producerId", .versions = since(3)}),
                       field<&S::producer_epoch>({.name = "producerEpoch", .versions = since(3)}),
                       field<&S::enable2_pc>({.name = "enable2Pc", .versions = since(6)}),
                       field<&S::keep_prepared_txn>({.name = "keepPreparedTxn", .versions = since(6)}));
}();

struct InitProducerIdResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::init_producer_id;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 6;
  static constexpr VersionRange valid_versions = {0, 6};
  static constexpr int16_t flexible_since = 2;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  int64_t producer_id = -1;
  int16_t producer_epoch = 0;
  int64_t ongoing_txn_producer_id = -1;
  int16_t ongoing_txn_producer_epoch = -1;
};

template <>
inline constexpr auto fields_of<InitProducerIdResponse> = [] {
  using S = InitProducerIdResponse;
  return field_list<S>(
      "InitProducerIdResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs", .ignorable = true}),
      field<&S::error_code>({.name = "errorCode"}), field<&S::producer_id>({.name = "producerId"}),
      field<&S::producer_epoch>({.name = "producerEpoch"}),
      field<&S::ongoing_txn_producer_id>({.name = "ongoingTxnProducerId", .versions = since(6)}),
      field<&S::ongoing_txn_producer_epoch>({.name = "ongoingTxnProducerEpoch", .versions = since(6)}));
}();

}  // namespace moldau::wire
