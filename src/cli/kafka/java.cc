#include "cli/kafka/java.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include <re2/re2.h>

#include <fmt/core.h>

#include "cli/text.h"

namespace moldau::cli::kafka {
namespace {

constexpr size_t file_bytes_max = size_t{64} << 20;
constexpr size_t map_buckets_default = 16;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\f';
}

std::string_view trim_front(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

/// The next line of `rest` with those that it goes on in; comments and blank lines are passed over.
std::optional<std::string> next_logical_line(std::string_view& rest) {
  std::string line;
  bool goes_on = false;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find_first_of("\r\n"), rest.size());
    std::string_view piece = trim_front(rest.substr(0, end));
    rest.remove_prefix(end);
    if (rest.starts_with("\r\n")) rest.remove_prefix(1);
    if (!rest.empty()) rest.remove_prefix(1);
    if (!goes_on && (piece.empty() || piece[0] == '#' || piece[0] == '!')) continue;
    const size_t slashes = piece.size() - std::min(piece.find_last_not_of('\\') + 1, piece.size());
    goes_on = slashes % 2 == 1;
    if (goes_on) piece.remove_suffix(1);
    line += piece;
    if (!goes_on) return line;
  }
  if (goes_on || !line.empty()) return line;
  return std::nullopt;
}

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    uint32_t code = 0;
    if (c == 'u' && i + 4 < text.size() + 0 &&
        std::from_chars(text.data() + i + 1, text.data() + i + 5, code, 16).ptr == text.data() + i + 5) {
      append_utf8(out, code);
      i += 4;
      continue;
    }
    const size_t at = std::string_view("tnrf").find(c);
    out += at == std::string_view::npos ? c : "\t\n\r\f"[at];
  }
  return out;
}

}  // namespace

int32_t java_hash(std::string_view text) {
  uint32_t hash = 0;
  for (const char c : text) hash = hash * 31 + static_cast<unsigned char>(c);
  return static_cast<int32_t>(hash);
}

int32_t java_hash(std::string_view topic, int32_t partition) {
  const uint32_t inner = 31 + static_cast<uint32_t>(partition);
  return static_cast<int32_t>(inner * 31 + static_cast<uint32_t>(java_hash(topic)));
}

size_t java_buckets(size_t count, size_t initial) {
  size_t buckets = map_buckets_default;
  if (initial > 0) {
    buckets = 1;
    while (buckets < initial) buckets *= 2;
  }
  // It doubles when more than three quarters are taken.
  while (count > buckets / 4 * 3 + buckets % 4 * 3 / 4) buckets *= 2;
  return buckets;
}

Properties parse_properties(std::string_view text) {
  Properties properties;
  while (auto line = next_logical_line(text)) {
    size_t end = 0;
    while (end < line->size() && !is_blank((*line)[end]) && (*line)[end] != '=' && (*line)[end] != ':') {
      end += (*line)[end] == '\\' ? 2 : 1;
    }
    end = std::min(end, line->size());
    std::string_view value = trim_front(std::string_view(*line).substr(end));
    if (!value.empty() && (value[0] == '=' || value[0] == ':')) value = trim_front(value.substr(1));
    properties.insert_or_assign(unescaped(std::string_view(*line).substr(0, end)), unescaped(value));
  }
  return properties;
}

Result<std::string> read_file(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    // Java's words: the path, and what is wrong with it, or the path alone.
    const std::string why = errno == ENOENT ? "No such file or directory" : std::strerror(errno);
    return Failure{FailureKind::not_found, fmt::format("{} ({})", path, why), errno};
  }
  std::string text;
  std::array<char, 65536> piece{};
  size_t size = 0;
  while ((size = std::fread(piece.data(), 1, piece.size(), file)) > 0 && text.size() <= file_bytes_max) {
    text.append(piece.data(), size);
  }
  const bool broken = std::ferror(file) != 0;
  std::fclose(file);
  if (broken) return Failure{FailureKind::io, fmt::format("{} ({})", path, std::strerror(errno))};
  if (text.size() > file_bytes_max) return Failure{FailureKind::invalid_argument, fmt::format("{} is too long", path)};
  return text;
}

Result<Properties> load_properties(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, read_file(path));
  return parse_properties(text);
}

Result<TopicFilter> TopicFilter::parse(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (c == ' ' || c == '\t') continue;
    pattern += c == ',' ? '|' : c;
  }
  while (!pattern.empty() && (pattern.front() == '"' || pattern.front() == '\'')) pattern.erase(0, 1);
  while (!pattern.empty() && (pattern.back() == '"' || pattern.back() == '\'')) pattern.pop_back();
  re2::RE2::Options options;
  options.set_log_errors(false);
  TopicFilter filter;
  filter.expression_ = std::make_shared<const re2::RE2>(pattern, options);
  if (!filter.expression_->ok()) {
    return Failure{FailureKind::invalid_argument, fmt::format("{} is an invalid regex.", pattern)};
  }
  return filter;
}

bool TopicFilter::allows(std::string_view topic) const {
  return re2::RE2::FullMatch(re2::StringPiece(topic.data(), topic.size()), *expression_);
}

std::string uuid_text(const Uuid& id) {
  return id.to_string();
}

Result<Uuid> parse_uuid(std::string_view text) {
  if (const auto id = Uuid::parse(text)) return *id;
  // Kafka's words for the cases that a person meets: too long, or another number of bytes.
  if (text.size() > 24) {
    return Failure{
        FailureKind::invalid_argument,
        fmt::format("Input string with prefix `{}` is too long to be decoded as a base64 UUID", text.substr(0, 24))};
  }
  return Failure{FailureKind::invalid_argument,
                 fmt::format("Input string `{}` decoded as {} bytes, which is not equal to the expected 16 bytes of a "
                             "base64-encoded UUID",
                             text, text.size() * 3 / 4)};
}

bool is_internal_topic(std::string_view name) {
  return name == "__consumer_offsets" || name == "__transaction_state" || name == "__share_group_state";
}

std::string java_double(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  std::array<char, 64> digits{};
  const double size = std::fabs(value);
  const bool plain = size >= 1e-3 && size < 1e7;
  const auto form = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, form).ptr;
  std::string text(digits.data(), end);
  if (plain) return text.find('.') == std::string::npos ? text + ".0" : text;
  // 1e+07 is 1.0E7.
  const size_t e = text.find('e');
  std::string mantissa = text.substr(0, e);
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  const int64_t exponent = parse_integer(text.substr(e + 1)).value_or(0);
  return fmt::format("{}E{}", mantissa, exponent);
}

}  // namespace moldau::cli::kafka
