// Headers and frames: what stands before the body of every request and response. A frame is a 32-bit size and that many
// bytes: a header, then a body. Which header version belongs to a request follows from its key and version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "wire/codec.h"

namespace moldau::wire {

/// v1 has the client id, v2 tagged fields behind it. The client id keeps its 16-bit length in v2. (v0, without client
/// id, went with ControlledShutdown v0.)
struct RequestHeader {
  static constexpr MessageKind kind = MessageKind::header;
  static constexpr int16_t message_id = 0;
  static constexpr int16_t min_version = 1;
  static constexpr int16_t max_version = 2;
  static constexpr VersionRange valid_versions = {1, 2};
  static constexpr int16_t flexible_since = 2;

  int16_t request_api_key = 0;
  int16_t request_api_version = 0;
  int32_t correlation_id = 0;
  std::optional<std::string_view> client_id{std::in_place};

  ApiKey api_key() const { return static_cast<ApiKey>(request_api_key); }
};

template <>
inline constexpr auto fields_of<RequestHeader> = [] {
  using S = RequestHeader;
  return field_list<S>(
      "RequestHeader", field<&S::request_api_key>({.name = "requestApiKey"}),
      field<&S::request_api_version>({.name = "requestApiVersion"}),
      field<&S::correlation_id>({.name = "correlationId"}),
      field<&S::client_id>({.name = "clientId", .versions = since(1), .nullable = since(1), .never_flexible = true}));
}();

/// v1 has tagged fields. ApiVersions is always answered with v0, since the client does not know the version yet.
struct ResponseHeader {
  static constexpr MessageKind kind = MessageKind::header;
  static constexpr int16_t message_id = 1;
  static constexpr int16_t min_version = 0;
  static constexpr int16_t max_version = 1;
  static constexpr VersionRange valid_versions = {0, 1};
  static constexpr int16_t flexible_since = 1;

  int32_t correlation_id = 0;
};

template <>
inline constexpr auto fields_of<ResponseHeader> = [] {
  using S = ResponseHeader;
  return field_list<S>("ResponseHeader", field<&S::correlation_id>({.name = "correlationId"}));
}();

/// Version of the header before a request of `key` and `version`. Keys without messages get 1; versions above those
/// known are taken for flexible if the highest known one is.
int16_t request_header_version(ApiKey key, int16_t version);
/// Version of the header before the response to it.
int16_t response_header_version(ApiKey key, int16_t version);

/// Reads the header of a request from the start of a frame. Accepts every key and version: whether they are served is
/// for the caller to decide.
DecodeStatus decode_request_header(Decoder& decoder, RequestHeader& into);
/// Writes the header of a request; its version follows from the header's own key and version.
EncodeStatus encode_request_header(Encoder& encoder, const RequestHeader& header);

/// Reads the header of the response to a request of `key` and `version`.
DecodeStatus decode_response_header(Decoder& decoder, ApiKey key, int16_t version, ResponseHeader& into);
/// Writes the header of the response to a request of `key` and `version`.
EncodeStatus encode_response_header(Encoder& encoder, ApiKey key, int16_t version, int32_t correlation_id);

/// Bytes of the size before a frame.
inline constexpr size_t frame_prefix_bytes = 4;

/// Where a frame began in an encoder.
struct FrameStart {
  size_t position = 0;
  size_t external_bytes = 0;
};

/// Leaves room for the frame's size.
FrameStart begin_frame(Encoder& encoder);
/// Writes the size of all that was encoded since begin_frame(), external bytes included. Fails with too_long beyond
/// 2^31 - 1.
EncodeStatus finish_frame(Encoder& encoder, const FrameStart& start);

}  // namespace moldau::wire
