#include "cli/number_format.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace moldau::cli {
namespace {

struct Named {
  std::string_view name;
  NumberFormat format;
};

constexpr Named names[] = {
    {"ascii", NumberFormat::ascii},       {"number", NumberFormat::ascii},      {"hex", NumberFormat::hex},
    {"hex64", NumberFormat::hex64},       {"hex32", NumberFormat::hex32},       {"hex16", NumberFormat::hex16},
    {"hex8", NumberFormat::hex8},         {"hex4", NumberFormat::hex4},         {"big64", NumberFormat::big64},
    {"big32", NumberFormat::big32},       {"big16", NumberFormat::big16},       {"big8", NumberFormat::byte},
    {"little64", NumberFormat::little64}, {"little32", NumberFormat::little32}, {"little16", NumberFormat::little16},
    {"little8", NumberFormat::byte},      {"byte", NumberFormat::byte},         {"bool", NumberFormat::boolean},
};

bool is_hex(NumberFormat format) {
  return format >= NumberFormat::hex64 && format <= NumberFormat::hex4;
}
bool is_little(NumberFormat format) {
  return format >= NumberFormat::little64 && format <= NumberFormat::little16;
}

}  // namespace

std::optional<NumberFormat> number_format_named(std::string_view name) {
  const auto* found = std::ranges::find(names, name, &Named::name);
  if (found == std::end(names)) return std::nullopt;
  return found->format;
}

size_t number_size(NumberFormat format) {
  switch (format) {
    case NumberFormat::ascii:
    case NumberFormat::hex:
    case NumberFormat::boolean:
      return 0;
    case NumberFormat::hex64:
      return 16;
    case NumberFormat::hex32:
    case NumberFormat::big64:
    case NumberFormat::little64:
      return 8;
    case NumberFormat::hex16:
    case NumberFormat::big32:
    case NumberFormat::little32:
      return 4;
    case NumberFormat::hex8:
    case NumberFormat::big16:
    case NumberFormat::little16:
      return 2;
    case NumberFormat::hex4:
    case NumberFormat::byte:
      return 1;
  }
  return 0;
}

void append_number(std::string& out, NumberFormat format, int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  char digits[24];
  switch (format) {
    case NumberFormat::ascii: {
      const auto [end, error] = std::to_chars(digits, std::end(digits), value);
      out.append(digits, end);
      return;
    }
    case NumberFormat::hex: {
      const auto [end, error] = std::to_chars(digits, std::end(digits), bits, 16);
      out.append(digits, end);
      return;
    }
    case NumberFormat::boolean:
      out += value != 0 ? "true" : "false";
      return;
    default:
      break;
  }
  const size_t size = number_size(format);
  for (size_t i = 0; i < size; ++i) {
    if (is_hex(format)) {
      out += "0123456789abcdef"[bits >> (4 * (size - 1 - i)) & 15];
    } else {
      out += static_cast<char>(bits >> (8 * (is_little(format) ? i : size - 1 - i)) & 0xFF);
    }
  }
}

std::optional<uint64_t> read_number(NumberFormat format, std::string_view text) {
  if (format == NumberFormat::boolean) {
    if (text == "true") return 1;
    if (text == "false") return 0;
    return std::nullopt;
  }
  uint64_t value = 0;
  if (format == NumberFormat::ascii || format == NumberFormat::hex || is_hex(format)) {
    const int base = format == NumberFormat::ascii ? 10 : 16;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  }
  const size_t size = number_size(format);
  if (text.size() != size) return std::nullopt;
  for (size_t i = 0; i < size; ++i) {
    value = value << 8 | static_cast<unsigned char>(text[is_little(format) ? size - 1 - i : i]);
  }
  return value;
}

}  // namespace moldau::cli
