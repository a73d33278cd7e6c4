#include "wire/header.h"

#include "wire/api_facts.h"
#include "wire/instantiate.h"

MOLDAU_WIRE_INSTANTIATE(moldau::wire::RequestHeader);
MOLDAU_WIRE_INSTANTIATE(moldau::wire::ResponseHeader);

namespace moldau::wire {
namespace {

bool is_flexible(ApiKey key, int16_t version) {
  const ApiFacts* facts = facts_of(key);
  return facts != nullptr && version >= facts->flexible_since;
}

}  // namespace

int16_t request_header_version(ApiKey key, int16_t version) {
  return is_flexible(key, version) ? 2 : 1;
}

int16_t response_header_version(ApiKey key, int16_t version) {
  return key != ApiKey::api_versions && is_flexible(key, version) ? 1 : 0;
}

DecodeStatus decode_request_header(Decoder& decoder, RequestHeader& into) {
  Decoder ahead = decoder;
  const auto key = static_cast<ApiKey>(ahead.read_int16());
  const int16_t version = ahead.read_int16();
  return decode(decoder, request_header_version(key, version), into);
}

EncodeStatus encode_request_header(Encoder& encoder, const RequestHeader& header) {
  return encode(encoder, request_header_version(header.api_key(), header.request_api_version), header);
}

DecodeStatus decode_response_header(Decoder& decoder, ApiKey key, int16_t version, ResponseHeader& into) {
  return decode(decoder, response_header_version(key, version), into);
}

EncodeStatus encode_response_header(Encoder& encoder, ApiKey key, int16_t version, int32_t correlation_id) {
  return encode(encoder, response_header_version(key, version), ResponseHeader{.correlation_id = correlation_id});
}

FrameStart begin_frame(Encoder& encoder) {
  const FrameStart start{encoder.position(), encoder.external_bytes()};
  encoder.put_int32(0);
  return start;
}

EncodeStatus finish_frame(Encoder& encoder, const FrameStart& start) {
  const size_t size =
      encoder.position() - start.position - frame_prefix_bytes + encoder.external_bytes() - start.external_bytes;
  if (size > INT32_MAX) {
    encoder.fail(EncodeStatus::too_long);
  } else {
    encoder.patch_int32(start.position, static_cast<int32_t>(size));
  }
  return encoder.status();
}

}  // namespace moldau::wire
