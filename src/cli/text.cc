#include "cli/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace moldau::cli {
namespace {

struct Unit {
  std::string_view name;
  int64_t nanoseconds;
};
// Longer names before those that they begin with.
constexpr Unit units[] = {{"ns", 1},
                          {"us", 1'000},
                          {"µs", 1'000},
                          {"ms", 1'000'000},
                          {"hr", 3'600'000'000'000},
                          {"h", 3'600'000'000'000},
                          {"m", 60'000'000'000},
                          {"s", 1'000'000'000},
                          {"d", 86'400'000'000'000}};

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view hex_digits = "0123456789abcdef";

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/// Bytes of the UTF-8 sequence at the front of `text`; 0 if it is none.
size_t utf8_size(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool beyond = first == 0xF4 && byte(1) > 0x8F;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Duration{};
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
    if (digits == 0 || error != std::errc() || end != text.data() + digits) return std::nullopt;
    text.remove_prefix(digits);
    const auto* unit =
        std::ranges::find_if(units, [&](const Unit& candidate) { return text.starts_with(candidate.name); });
    if (unit == std::end(units)) return std::nullopt;
    text.remove_prefix(unit->name.size());
    total += number * static_cast<double>(unit->nanoseconds);
  }
  if (total > 9.2e18) return std::nullopt;
  const auto count = static_cast<int64_t>(std::llround(total));
  return Duration{negative ? -count : count};
}

std::optional<int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_bool(std::string_view text) {
  for (const std::string_view yes : {"true", "True", "TRUE", "1", "t", "T"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "False", "FALSE", "0", "f", "F"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> two_above(b.size() + 1);
  std::vector<size_t> above(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
    std::swap(two_above, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view best;
  size_t best_distance = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    size_t distance = edit_distance(name, candidate);
    if (name.size() >= 3 && candidate.starts_with(name)) distance = 1;
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& letter : result) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return result;
}

std::optional<std::string_view> take_wrapped(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const char open = rest[0];
  const size_t count = std::min(rest.find_first_not_of(open), rest.size());
  const char close = open == '{' ? '}' : open == '[' ? ']' : open == '(' ? ')' : open;
  const size_t end = rest.find(std::string(count, close), count);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view inside = rest.substr(count, end - count);
  rest.remove_prefix(end + count);
  return inside;
}

std::optional<char> take_escape(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const char escape = rest[0];
  rest.remove_prefix(1);
  switch (escape) {
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case '\\':
      return '\\';
    case 'x': {
      if (rest.size() < 2 || hex_value(rest[0]) < 0 || hex_value(rest[1]) < 0) return std::nullopt;
      const int value = hex_value(rest[0]) * 16 + hex_value(rest[1]);
      rest.remove_prefix(2);
      return static_cast<char>(value);
    }
    default:
      return std::nullopt;
  }
}

std::optional<std::string_view> take_braced(std::string_view& rest) {
  size_t depth = 1;
  for (size_t i = 0; i < rest.size(); ++i) {
    const bool escaped = i > 0 && rest[i - 1] == '%';
    if (rest[i] == '{' && !escaped) ++depth;
    if (rest[i] == '}' && !escaped && --depth == 0) {
      const std::string_view inside = rest.substr(0, i);
      rest.remove_prefix(i + 1);
      return inside;
    }
  }
  return std::nullopt;
}

std::string base64(std::string_view bytes, bool padded) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (size_t j = 0; j < 4; ++j) {
      if (j <= count)
        out += base64_digits[(group >> (18 - 6 * j)) & 63];
      else if (padded)
        out += '=';
    }
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (size_t i = 0; i < text.size(); i += 4) {
    uint32_t group = 0;
    size_t padding = 0;
    for (size_t j = 0; j < 4; ++j) {
      const char digit = text[i + j];
      const size_t value = base64_digits.find(digit);
      const bool last = i + 4 == text.size();
      if (digit == '=' && last && j >= 2)
        ++padding;
      else if (value == std::string_view::npos || padding > 0)
        return std::nullopt;
      group = group << 6 | (digit == '=' ? 0U : static_cast<uint32_t>(value));
    }
    for (size_t j = 0; j < 3 - padding; ++j) out += static_cast<char>(group >> (16 - 8 * j) & 0xFF);
  }
  return out;
}

std::string hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    out += hex_digits[static_cast<unsigned char>(byte) >> 4];
    out += hex_digits[static_cast<unsigned char>(byte) & 15];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    // Most text needs no change: append runs of it at once.
    const auto plain = std::ranges::find_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || (c & 0x80) != 0; });
    const auto run = static_cast<size_t>(plain - text.begin());
    out.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) break;
    const char c = text[0];
    size_t taken = 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if ((c & 0x80) != 0) {
          const size_t size = utf8_size(text);
          if (size == 0) {
            out += "\\ufffd";
          } else {
            out.append(text.substr(0, size));
            taken = size;
          }
        } else {
          out += "\\u00";
          out += hex_digits[static_cast<unsigned char>(c) >> 4];
          out += hex_digits[static_cast<unsigned char>(c) & 15];
        }
    }
    text.remove_prefix(taken);
  }
  out += '"';
}

}  // namespace moldau::cli
