#include "base/uuid.h"

namespace moldau {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr size_t text_size = 22;

}  // namespace

std::string Uuid::to_string() const {
  std::string text;
  text.reserve(text_size);
  uint32_t bits = 0;
  int held = 0;
  for (const uint8_t byte : bytes) {
    bits = (bits << 8) | byte;
    for (held += 8; held >= 6; held -= 6) text.push_back(alphabet[(bits >> (held - 6)) & 63]);
  }
  text.push_back(alphabet[(bits << (6 - held)) & 63]);
  return text;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != text_size) return std::nullopt;
  Uuid id;
  uint32_t bits = 0;
  int held = 0;
  size_t filled = 0;
  for (const char c : text) {
    const size_t digit = alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      id.bytes[filled++] = static_cast<uint8_t>(bits >> held);
    }
  }
  if ((bits & 15U) != 0) return std::nullopt;  // 22 digits carry 132 bits: the last four must be zero
  return id;
}

}  // namespace moldau
