// EndTxn: commits or aborts a transaction. v3 is flexible; v5 bumps the producer's epoch and returns it.
#pragma once

#include <cstdint>
#include <string_view>

#include "wire/field.h"

namespace moldau::wire {

struct EndTxnRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::end_txn;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {0, 5};
  static constexpr int16_t flexible_since = 3;

  std::string_view transactional_id;
  int64_t producer_id = 0;
  int16_t producer_epoch = 0;
  bool committed = false;
};

template <>
inline constexpr auto fields_of<EndTxnRequest> = [] {
  using S = EndTxnRequest;
  return field_list<S>("EndTxnRequest", field<&S::transactional_id>({.name = "transactionalId"}),
                       field<&S::producer_id>({.name = "producerId"}),
                       field<&S::producer_epoch>({.name = "producerEpoch"}),
                       field<&S::committed>({.name = "committed"}));
}();

struct EndTxnResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::end_txn;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 5;
  static constexpr VersionRange valid_versions = {0, 5};
  static constexpr int16_t flexible_since = 3;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
};

template <>
inline constexpr auto fields_of<EndTxnResponse> = [] {
  using S = EndTxnResponse;
  return field_list<S>("EndTxnResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::producer_id>({.name = "producerId", .versions = since(5), .ignorable = true}),
                       field<&S::producer_epoch>({.name = "producerEpoch", .versions = since(5), .ignorable = true}));
}();

}  // namespace moldau::wire
