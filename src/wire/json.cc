#include "wire/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>

namespace moldau::wire {
namespace {

void put_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
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
        if (static_cast<unsigned char>(c) < 0x20) {
          fmt::format_to(std::back_inserter(out), "\\u{:04X}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void put_base64(std::string& out, std::span<const std::byte> bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out += '"';
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = (group << 8) | (j < count ? static_cast<uint32_t>(bytes[i + j]) : 0);
    for (size_t j = 0; j < 4; ++j) out += j <= count ? digits[(group >> (18 - 6 * j)) & 63] : '=';
  }
  out += '"';
}

// As Java prints it: shortest digits that round-trip; plain between 10^-3 and 10^7, otherwise d.dddE[-]d.
void put_float64(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
    return;
  }
  std::array<char, 512> digits;
  const double size = std::fabs(value);
  const bool plain = size == 0 || (size >= 1e-3 && size < 1e7);
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string_view text(digits.data(), static_cast<size_t>(end.ptr - digits.data()));
  const size_t exponent = text.find('e');
  const std::string_view mantissa = text.substr(0, exponent);
  out += mantissa;
  if (mantissa.find('.') == std::string_view::npos) out += ".0";
  if (exponent == std::string_view::npos) return;
  text.remove_prefix(exponent + 1);
  out += 'E';
  if (text.front() == '-') out += '-';
  text.remove_prefix(1);
  while (text.size() > 1 && text.front() == '0') text.remove_prefix(1);
  out += text;
}

template <typename T>
const T& as(const void* value) {
  return *static_cast<const T*>(value);
}

class Writer {
 public:
  Writer(int16_t version, RecordsAs records) : version_(version), records_(records) {}

  void put_struct(const StructDescriptor& structure, const void* object) {
    out_ += '{';
    bool first = true;
    for (const FieldDescriptor& field : structure.fields) {
      if (!field.facts->versions.contains(version_)) continue;
      const void* value = field.get(object);
      if (field.facts->tagged.contains(version_) && equal(field, value, field.get(structure.defaults))) continue;
      if (!first) out_ += ',';
      first = false;
      put_field(field, value);
    }
    out_ += '}';
  }
  std::string take() { return std::move(out_); }

 private:
  void put_field(const FieldDescriptor& field, const void* value) {
    put_text(out_, field.facts->name);
    out_ += ':';
    if (field.optional != nullptr) value = field.optional->get(value);
    if (value == nullptr) {
      out_ += "null";
      return;
    }
    if (field.array == nullptr) return put_value(field, value);
    out_ += '[';
    const size_t size = field.array->size(value);
    for (size_t i = 0; i < size; ++i) {
      if (i > 0) out_ += ',';
      put_value(field, field.array->at(value, i));
    }
    out_ += ']';
  }

  template <typename T>
  void put_number(T number) {
    fmt::format_to(std::back_inserter(out_), "{}", number);
  }

  void put_value(const FieldDescriptor& field, const void* value) {
    switch (field.type) {
      case FieldType::boolean:
        out_ += as<bool>(value) ? "true" : "false";
        return;
      case FieldType::int8:
        return put_number(int{as<int8_t>(value)});
      case FieldType::int16:
        return put_number(as<int16_t>(value));
      case FieldType::uint16:
        return put_number(as<uint16_t>(value));
      case FieldType::int32:
        return put_number(as<int32_t>(value));
      case FieldType::uint32:
        return put_number(as<uint32_t>(value));
      case FieldType::int64:
        return put_number(as<int64_t>(value));
      case FieldType::float64:
        return put_float64(out_, as<double>(value));
      case FieldType::uuid:
        return put_text(out_, as<Uuid>(value).to_string());
      case FieldType::string:
        return put_text(out_, as<std::string_view>(value));
      case FieldType::bytes:
        return put_base64(out_, as<std::span<const std::byte>>(value));
      case FieldType::records:
        return put_base64(out_, records_ == RecordsAs::base64 ? as<Records>(value).view : std::span<const std::byte>{});
      case FieldType::structure:
        return put_struct(*field.structure, value);
    }
  }

  int16_t version_;
  RecordsAs records_;
  std::string out_;
};

}  // namespace

std::string to_json(const MessageDescriptor& descriptor, const void* message, int16_t version, RecordsAs records) {
  Writer writer(version, records);
  writer.put_struct(*descriptor.root, message);
  return writer.take();
}

}  // namespace moldau::wire
