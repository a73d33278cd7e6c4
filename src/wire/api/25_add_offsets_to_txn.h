// AddOffsetsToTxn: adds a group's offsets partition to a transaction. v3 is flexible.
#pragma once

#include <cstdint>
#include <string_view>

#include "wire/field.h"

namespace moldau::wire {

struct AddOffsetsToTxnRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::add_offsets_to_txn;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 4;
  static constexpr VersionRange valid_versions = {0, 4};
  static constexpr int16_t flexible_since = 3;

  std::string_view transactional_id;
  int64_t producer_id = 0;
  int16_t producer_epoch = 0;
  std::string_view group_id;
};

template <>
inline constexpr auto fields_of<AddOffsetsToTxnRequest> = [] {
  using S = AddOffsetsToTxnRequest;
  return field_list<S>("AddOffsetsToTxnRequest", field<&S::transactional_id>({.name = "transactionalId"}),
                       field<&S::producer_id>({.name = "producerId"}),
                       field<&S::producer_epoch>({.name = "producerEpoch"}), field<&S::group_id>({.name = "groupId"}));
}();

struct AddOffsetsToTxnResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::add_offsets_to_txn;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 4;
  static constexpr VersionRange valid_versions = {0, 4};
  static constexpr int16_t flexible_since = 3;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
};

template <>
inline constexpr auto fields_of<AddOffsetsToTxnResponse> = [] {
  using S = AddOffsetsToTxnResponse;
  return field_list<S>("AddOffsetsToTxnResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}));
}();

}  // namespace moldau::wire
