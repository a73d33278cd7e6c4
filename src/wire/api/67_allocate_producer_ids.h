// AllocateProducerIds: the controller gives a broker a block of producer ids.
#pragma once

#include <cstdint>

#include "wire/field.h"

namespace moldau::wire {

struct AllocateProducerIdsRequest {
  static constexpr MessageKind kind = MessageKind::request;
  static constexpr ApiKey api_key = ApiKey::allocate_producer_ids;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t broker_id = 0;
  int64_t broker_epoch = -1;
};

template <>
inline constexpr auto fields_of<AllocateProducerIdsRequest> = [] {
  using S = AllocateProducerIdsRequest;
  return field_list<S>("AllocateProducerIdsRequest", field<&S::broker_id>({.name = "brokerId"}),
                       field<&S::broker_epoch>({.name = "brokerEpoch"}));
}();

struct AllocateProducerIdsResponse {
  static constexpr MessageKind kind = MessageKind::response;
  static constexpr ApiKey api_key = ApiKey::allocate_producer_ids;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 0;
  static constexpr VersionRange valid_versions = {0, 0};
  static constexpr int16_t flexible_since = 0;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  int64_t producer_id_start = 0;
  int32_t producer_id_len = 0;
};

template <>
inline constexpr auto fields_of<AllocateProducerIdsResponse> = [] {
  using S = AllocateProducerIdsResponse;
  return field_list<S>("AllocateProducerIdsResponse", field<&S::throttle_time_ms>({.name = "throttleTimeMs"}),
                       field<&S::error_code>({.name = "errorCode"}),
                       field<&S::producer_id_start>({.name = "producerIdStart"}),
                       field<&S::producer_id_len>({.name = "producerIdLen"}));
}();

}  // namespace moldau::wire
