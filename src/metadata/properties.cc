#include "metadata/properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace moldau::metadata {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\f';
}
bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

/// Walks the logical lines of a properties text: comments and blank lines left out, continuation lines joined.
class LogicalLines {
 public:
  explicit LogicalLines(std::string_view text) : rest_(text) {}

  bool next(std::string& line) {
    while (!rest_.empty()) {
      skip_blanks();
      if (rest_.empty()) return false;
      if (is_line_end(rest_.front())) {
        rest_.remove_prefix(1);
        continue;
      }
      if (rest_.front() == '#' || rest_.front() == '!') {
        take_natural_line();
        continue;
      }
      line.clear();
      join_lines(line);
      return true;
    }
    return false;
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  std::string_view take_natural_line() {
    const size_t size = std::min(rest_.find_first_of("\r\n"), rest_.size());
    const std::string_view line = rest_.substr(0, size);
    rest_.remove_prefix(size);
    if (rest_.starts_with("\r\n")) {
      rest_.remove_prefix(2);
    } else if (!rest_.empty()) {
      rest_.remove_prefix(1);
    }
    return line;
  }
  void join_lines(std::string& line) {
    for (;;) {
      const std::string_view piece = take_natural_line();
      const size_t text_end = piece.find_last_not_of('\\');
      const size_t slashes = piece.size() - (text_end == std::string_view::npos ? 0 : text_end + 1);
      if (slashes % 2 == 0) {
        line += piece;
        return;
      }
      line += piece.substr(0, piece.size() - 1);
      if (rest_.empty()) return;
      skip_blanks();
    }
  }

  std::string_view rest_;
};

void append_utf8(uint32_t code, std::string& into) {
  if (code < 0x80) {
    into += static_cast<char>(code);
  } else if (code < 0x800) {
    into += static_cast<char>(0xC0 | (code >> 6));
    into += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    into += static_cast<char>(0xE0 | (code >> 12));
    into += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    into += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    into += static_cast<char>(0xF0 | (code >> 18));
    into += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    into += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    into += static_cast<char>(0x80 | (code & 0x3F));
  }
}

/// Four hexadecimal digits at the front of `text`; -1 if they are not there.
int32_t hex4(std::string_view text) {
  if (text.size() < 4) return -1;
  int32_t code = 0;
  for (const char c : text.substr(0, 4)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    code = code * 16 + digit;
  }
  return code;
}

/// Reads the \u escape whose digits `text` begins with; a high surrogate takes the low one that follows. A lone
/// surrogate becomes U+FFFD. Returns the bytes taken, 0 for a broken escape.
size_t unescape_unicode(std::string_view text, std::string& into) {
  const int32_t first = hex4(text);
  if (first < 0) return 0;
  if (first >= 0xD800 && first < 0xDC00 && text.substr(4, 2) == "\\u") {
    const int32_t second = hex4(text.substr(6));
    if (second >= 0xDC00 && second < 0xE000) {
      append_utf8(0x10000 + ((static_cast<uint32_t>(first) - 0xD800) << 10) + (static_cast<uint32_t>(second) - 0xDC00),
                  into);
      return 10;
    }
  }
  append_utf8(first >= 0xD800 && first < 0xE000 ? 0xFFFD : static_cast<uint32_t>(first), into);
  return 4;
}

Result<std::string> unescape(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      if (text[i] != '\\') plain += text[i];
      continue;
    }
    const char c = text[++i];
    if (c == 'u') {
      const size_t taken = unescape_unicode(text.substr(i + 1), plain);
      if (taken == 0) {
        return Failure{FailureKind::invalid_argument,
                       fmt::format("broken \\u escape in '{}': four hexadecimal digits must follow", text)};
      }
      i += taken;
      continue;
    }
    plain += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'f' ? '\f' : c;
  }
  return plain;
}

/// Splits a logical line into its raw key and value.
std::pair<std::string_view, std::string_view> split_line(std::string_view line) {
  size_t key_end = 0;
  bool escaped = false;
  while (key_end < line.size()) {
    const char c = line[key_end];
    if (!escaped && (c == '=' || c == ':' || is_blank(c))) break;
    escaped = c == '\\' && !escaped;
    ++key_end;
  }
  size_t value = key_end;
  while (value < line.size() && is_blank(line[value])) ++value;
  if (value < line.size() && (line[value] == '=' || line[value] == ':')) {
    ++value;
    while (value < line.size() && is_blank(line[value])) ++value;
  }
  return {line.substr(0, key_end), line.substr(value)};
}

// Variables of Kafka's start scripts and container images, which are no settings.
constexpr std::string_view script_variables[] = {
    "KAFKA_VERSION",
    "KAFKA_HEAP_OPTS",
    "KAFKA_LOG4J_OPTS",
    "KAFKA_OPTS",
    "KAFKA_JMX_OPTS",
    "KAFKA_JMX_PORT",
    "KAFKA_JMX_HOSTNAME",
    "KAFKA_JVM_PERFORMANCE_OPTS",
    "KAFKA_GC_LOG_OPTS",
    "KAFKA_DEBUG",
    "KAFKA_LOG4J_ROOT_LOGLEVEL",
    "KAFKA_LOG4J_LOGGERS",
    "KAFKA_TOOLS_LOG4J_LOGLEVEL",
    "KAFKA_HOME",
    "KAFKA_CLASSPATH",
};

}  // namespace

Result<ConfigMap> parse_properties(std::string_view text) {
  if (text.size() > properties_bytes_max) {
    return Failure{FailureKind::invalid_argument,
                   fmt::format("a properties file of {} bytes is longer than {}", text.size(), properties_bytes_max)};
  }
  ConfigMap settings;
  LogicalLines lines(text);
  std::string line;
  while (lines.next(line)) {
    const auto [raw_key, raw_value] = split_line(line);
    ASSIGN_OR_RETURN(std::string key, unescape(raw_key));
    ASSIGN_OR_RETURN(std::string value, unescape(raw_value));
    settings.insert_or_assign(std::move(key), std::move(value));
  }
  return settings;
}

/// What the command line and the scripts read from MOLDAU_*; none of them is a broker's setting.
bool is_command_line_variable(std::string_view rest) {
  static constexpr std::string_view names[] = {"BROKERS", "USER", "PASS", "SASL_MECHANISM", "JOBS", "BINARY"};
  return rest.starts_with("GLOBALS_") || rest.starts_with("TLS_") ||
         std::find(std::begin(names), std::end(names), rest) != std::end(names);
}

std::optional<std::string> setting_of_environment_name(std::string_view variable) {
  std::string_view rest = variable;
  if (rest.starts_with("MOLDAU_")) {
    rest.remove_prefix(7);
    if (is_command_line_variable(rest)) return std::nullopt;
  } else if (rest.starts_with("KAFKA_")) {
    if (std::find(std::begin(script_variables), std::end(script_variables), variable) != std::end(script_variables)) {
      return std::nullopt;
    }
    rest.remove_prefix(6);
  } else {
    return std::nullopt;
  }
  if (rest.empty()) return std::nullopt;
  std::string name;
  while (!rest.empty()) {
    if (rest.starts_with("___")) {
      name += '-';
      rest.remove_prefix(3);
    } else if (rest.starts_with("__")) {
      name += '_';
      rest.remove_prefix(2);
    } else {
      const char c = rest.front();
      name += c == '_' ? '.' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      rest.remove_prefix(1);
    }
  }
  return name;
}

ConfigMap settings_of_environment(std::span<const std::pair<std::string, std::string>> environment) {
  ConfigMap settings;
  for (const bool ours : {false, true}) {
    for (const auto& [variable, value] : environment) {
      if (variable.starts_with("MOLDAU_") != ours) continue;
      if (std::optional<std::string> name = setting_of_environment_name(variable)) {
        settings.insert_or_assign(std::move(*name), value);
      }
    }
  }
  return settings;
}

ConfigMap merge_settings(const ConfigMap& file, const ConfigMap& environment, const ConfigMap& command_line) {
  ConfigMap merged = file;
  for (const ConfigMap* stronger : {&environment, &command_line}) {
    for (const auto& [name, value] : *stronger) merged.insert_or_assign(name, value);
  }
  return merged;
}

}  // namespace moldau::metadata
