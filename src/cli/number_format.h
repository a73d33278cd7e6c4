// The number modifiers of the record formats: %p{hex8}, %K{big32}, ... For writing and for reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace moldau::cli {

enum class NumberFormat : uint8_t {
  ascii,
  hex,
  hex64,
  hex32,
  hex16,
  hex8,
  hex4,
  big64,
  big32,
  big16,
  little64,
  little32,
  little16,
  byte,
  boolean
};

/// The format of that name ("ascii", "number", "hex32", "big8", "bool", ...).
std::optional<NumberFormat> number_format_named(std::string_view name);
/// Appends `value`, cut to what the format holds.
void append_number(std::string& out, NumberFormat format, int64_t value);
/// Bytes that a number of this format takes; 0 if that depends on the number.
size_t number_size(NumberFormat format);
/// The number in `text`, which has number_size() bytes, or is what was read of an ascii or boolean one; nothing if it
/// is none.
std::optional<uint64_t> read_number(NumberFormat format, std::string_view text);

}  // namespace moldau::cli
