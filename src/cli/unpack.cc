#include "cli/unpack.h"

#include <cstdint>
#include <iterator>

#include <fmt/core.h>
#include <fmt/format.h>

namespace moldau::cli {
namespace {

/// Bytes of the number that `letter` stands for; 0 if it is none.
size_t size_of(char letter) {
  switch (letter) {
    case 'b':
    case 'B':
      return 1;
    case 'h':
    case 'H':
      return 2;
    case 'i':
    case 'I':
      return 4;
    case 'q':
    case 'Q':
      return 8;
    default:
      return 0;
  }
}

void append_integer(std::string& out, char letter, bool little, std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[little ? bytes.size() - 1 - i : i]);
  }
  const bool is_signed = letter >= 'a';
  const unsigned unused = 64 - 8 * static_cast<unsigned>(bytes.size());
  if (is_signed)
    fmt::format_to(std::back_inserter(out), "{}", static_cast<int64_t>(value << unused) >> unused);
  else
    fmt::format_to(std::back_inserter(out), "{}", value);
}

}  // namespace

Status check_unpack(std::string_view layout) {
  for (size_t i = 0; i < layout.size(); ++i) {
    const char letter = layout[i];
    const bool last = i + 1 == layout.size();
    if ((letter == 's' || letter == '$') && !last && !(letter == 's' && layout.substr(i) == "s$")) {
      return Failure{FailureKind::invalid_argument, fmt::format("in unpack: nothing may follow '{}'", letter)};
    }
    if (size_of(letter) == 0 && std::string_view("x<>c.s$").find(letter) == std::string_view::npos) {
      return Failure{FailureKind::invalid_argument, fmt::format("in unpack: unknown character '{}'", letter)};
    }
  }
  return {};
}

void append_unpacked(std::string& out, std::string_view layout, std::string_view bytes) {
  bool little = true;
  for (const char letter : layout) {
    if (letter == '<' || letter == '>') {
      little = letter == '<';
    } else if (letter == 'c' || letter == '.') {
      if (bytes.empty()) {
        out += "%!c(no byte left)";
        continue;
      }
      out += bytes[0];
      bytes.remove_prefix(1);
    } else if (letter == 's') {
      out += bytes;
      bytes = {};
    } else if (letter == '$') {
      if (!bytes.empty()) fmt::format_to(std::back_inserter(out), "%!$({} bytes left)", bytes.size());
    } else if (const size_t size = size_of(letter); size > 0) {
      if (bytes.size() < size) {
        fmt::format_to(std::back_inserter(out), "%!{}({} of {} bytes)", letter, bytes.size(), size);
        bytes = {};
        continue;
      }
      append_integer(out, letter, little, bytes.substr(0, size));
      bytes.remove_prefix(size);
    }
  }
}

}  // namespace moldau::cli
