#include "group/records.h"

#include <utility>

#include "base/assert.h"

namespace moldau::group {
namespace {

using wire::Decoder;
using wire::DecodeStatus;

/// Decodes the record into `into` if `type` is E's (keeping an E that it holds, for its memory).
template <typename E>
bool decode_if(Decoder& key, std::optional<std::span<const std::byte>> value, int16_t type, Record& into,
               int16_t& version, DecodeStatus& status) {
  if (type != E::Key::message_id) return false;
  E* entry = std::get_if<E>(&into);
  if (entry == nullptr) entry = &into.emplace<E>();
  status = wire::decode(key, 0, entry->key);
  version = 0;
  if (!value.has_value()) {
    entry->value.reset();
    return true;
  }
  if (status != DecodeStatus::ok) return true;
  Decoder decoder(*value);
  version = decoder.read_int16();
  if (!entry->value.has_value()) entry->value.emplace(typename E::Value{});
  status = decoder.ok() ? wire::decode(decoder, version, *entry->value) : decoder.status();
  return true;
}

template <size_t... Index>
bool decode_any(Decoder& key, std::optional<std::span<const std::byte>> value, int16_t type, Record& into,
                int16_t& version, DecodeStatus& status, std::index_sequence<Index...>) {
  return (decode_if<std::variant_alternative_t<Index, Record>>(key, value, type, into, version, status) || ...);
}

}  // namespace

std::optional<int16_t> record_type_of(std::span<const std::byte> key) {
  Decoder decoder(key);
  const int16_t type = decoder.read_int16();
  if (!decoder.ok()) return std::nullopt;
  return type;
}

DecodeStatus decode_record(std::span<const std::byte> key, std::optional<std::span<const std::byte>> value,
                           Record& into, int16_t& value_version) {
  Decoder decoder(key);
  const int16_t type = decoder.read_int16();
  if (!decoder.ok()) return decoder.status();
  DecodeStatus status = DecodeStatus::ok;
  constexpr auto all = std::make_index_sequence<std::variant_size_v<Record>>{};
  if (!decode_any(decoder, value, type, into, value_version, status, all)) return DecodeStatus::unknown_type;
  return status;
}

int16_t type_of(const Record& record) {
  return std::visit([]<typename E>(const E&) { return E::Key::message_id; }, record);
}

const char* name_of(const Record& record) {
  return std::visit(
      []<typename E>(const E& entry) {
        return entry.value.has_value() ? wire::fields_of<typename E::Value>.name
                                       : wire::fields_of<typename E::Key>.name;
      },
      record);
}

std::string_view group_of(const Record& record) {
  return std::visit(
      [](const auto& entry) {
        if constexpr (requires { entry.key.group; }) {
          return entry.key.group;
        } else {
          return entry.key.group_id;
        }
      },
      record);
}

std::vector<std::byte> encoded_bytes(const wire::Encoder& encoder) {
  ASSERT(encoder.ok());
  const std::span<const std::byte> bytes = encoder.view();
  return {bytes.begin(), bytes.end()};
}

}  // namespace moldau::group
