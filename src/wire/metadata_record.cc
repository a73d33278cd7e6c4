#include "wire/metadata_record.h"

#include <utility>

namespace moldau::wire {
namespace {

/// Makes `into` hold an R (keeping the one it has, for its memory) and decodes it if `key` is R's.
template <typename R>
bool decode_if(Decoder& decoder, int16_t key, int16_t version, MetadataRecord& into) {
  if (key != R::message_id) return false;
  R* record = std::get_if<R>(&into);
  if (record == nullptr) record = &into.emplace<R>();
  decode(decoder, version, *record);
  return true;
}

template <size_t... Index>
bool decode_any(Decoder& decoder, int16_t key, int16_t version, MetadataRecord& into, std::index_sequence<Index...>) {
  return (decode_if<std::variant_alternative_t<Index, MetadataRecord>>(decoder, key, version, into) || ...);
}

}  // namespace

DecodeStatus decode_metadata_record(std::span<const std::byte> value, MetadataRecord& into, int16_t& version) {
  Decoder decoder(value);
  const uint32_t frame_version = decoder.read_varint();
  const uint32_t key = decoder.read_varint();
  const uint32_t record_version = decoder.read_varint();
  if (!decoder.ok()) return decoder.status();
  if (frame_version != metadata_frame_version || key > INT16_MAX) return DecodeStatus::unknown_type;
  if (record_version > INT16_MAX) return DecodeStatus::unsupported_version;
  version = static_cast<int16_t>(record_version);
  constexpr auto all = std::make_index_sequence<std::variant_size_v<MetadataRecord>>{};
  if (!decode_any(decoder, static_cast<int16_t>(key), version, into, all)) return DecodeStatus::unknown_type;
  if (decoder.ok() && decoder.remaining() > 0) decoder.fail(DecodeStatus::bad_length);
  return decoder.status();
}

void encode_metadata_frame(Encoder& encoder, int16_t key, int16_t version) {
  encoder.put_varint(metadata_frame_version);
  encoder.put_varint(static_cast<uint32_t>(key));
  encoder.put_varint(static_cast<uint32_t>(version));
}

EncodeStatus encode_metadata_record(Encoder& encoder, const MetadataRecord& record, int16_t version) {
  return std::visit([&](const auto& held) { return encode_metadata_record(encoder, held, version); }, record);
}

int16_t key_of(const MetadataRecord& record) {
  return std::visit([]<typename R>(const R&) { return R::message_id; }, record);
}

const char* name_of(const MetadataRecord& record) {
  return std::visit([]<typename R>(const R&) { return fields_of<R>.name; }, record);
}

}  // namespace moldau::wire
