#include "cli/yaml.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/text.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Levels of maps and lists in each other.
constexpr int depth_max = 32;

struct Line {
  size_t number = 0;
  size_t indent = 0;
  std::string_view content;
};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// Where the comment behind a value begins, and nothing else but blanks: what may follow a closing mark.
bool only_comment(std::string_view rest) {
  const size_t at = rest.find_first_not_of(' ');
  return at == std::string_view::npos || rest[at] == '#';
}

/// The end of the quoted text that `text` begins with: behind its closing mark. npos if it does not close.
size_t quoted_end(std::string_view text) {
  const char mark = text.front();
  for (size_t i = 1; i < text.size(); ++i) {
    if (mark == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == mark) {
      const bool doubled = mark == '\'' && i + 1 < text.size() && text[i + 1] == mark;
      if (!doubled) return i + 1;
      ++i;
    }
  }
  return std::string_view::npos;
}

std::optional<std::string> unquoted(std::string_view text) {
  if (text.front() == '"') {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_string()) return std::nullopt;
    return json.get<std::string>();
  }
  std::string value(text.substr(1, text.size() - 2));
  for (size_t at = value.find("''"); at != std::string::npos; at = value.find("''", at + 1)) value.erase(at, 1);
  return value;
}

Json plain_value(std::string_view text) {
  if (text.empty() || text == "~" || text == "null") return nullptr;
  return std::string(text);
}

/// "[a, b]" of plain words; what has quotes or brackets inside is JSON, or nothing.
std::optional<Json> bracketed(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_discarded()) return json;
  if (!text.starts_with('[') || text.find_first_of("[]{}\"'", 1) != text.size() - 1) return std::nullopt;
  Json list = Json::array();
  for (const std::string_view part : split(text.substr(1, text.size() - 2), ',')) {
    list.push_back(plain_value(trimmed(part)));
  }
  return list;
}

bool begins_quoted(std::string_view text) {
  return text.find_first_of("\"'") == 0;
}

/// A value that begins and ends on its line.
std::optional<Json> value_of(std::string_view text) {
  if (begins_quoted(text)) {
    const size_t end = quoted_end(text);
    if (end == std::string_view::npos || !only_comment(text.substr(end))) return std::nullopt;
    const auto inside = unquoted(text.substr(0, end));
    if (!inside) return std::nullopt;
    return Json(*inside);
  }
  if (const size_t comment = text.find(" #"); comment != std::string_view::npos) text = text.substr(0, comment);
  text = trimmed(text);
  if (text.starts_with("[") || text.starts_with("{")) return bracketed(text);
  if (!text.empty() && std::string_view("&*!|>%@`]}").find(text[0]) != std::string_view::npos) return std::nullopt;
  return plain_value(text);
}

struct KeyAndRest {
  std::string key;
  std::string_view rest;
};

/// "key: rest" or "key:", the key plain or quoted; nothing if it is neither.
std::optional<KeyAndRest> key_of(std::string_view content) {
  KeyAndRest parts;
  if (begins_quoted(content)) {
    const size_t end = quoted_end(content);
    if (end == std::string_view::npos || !content.substr(end).starts_with(':')) return std::nullopt;
    const auto key = unquoted(content.substr(0, end));
    if (!key) return std::nullopt;
    parts.key = *key;
    parts.rest = content.substr(end + 1);
  } else {
    size_t colon = content.find(": ");
    if (colon == std::string_view::npos && content.ends_with(':')) colon = content.size() - 1;
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    if (std::string_view("[{&*!|>%@`#").find(content[0]) != std::string_view::npos) return std::nullopt;
    parts.key = trimmed(content.substr(0, colon));
    parts.rest = content.substr(colon + 1);
  }
  if (!parts.rest.empty() && parts.rest[0] != ' ') return std::nullopt;
  parts.rest = trimmed(parts.rest);
  if (parts.rest.starts_with('#')) parts.rest = {};
  return parts;
}

bool is_item(std::string_view content) {
  return content == "-" || content.starts_with("- ");
}

class Reader {
 public:
  Reader(std::vector<Line> lines, std::string_view name) : lines_(std::move(lines)), name_(name) {}

  Result<Json> document() {
    if (lines_.empty()) return Json(nullptr);
    ASSIGN_OR_RETURN(Json value, block(0));
    if (at_ < lines_.size()) return wrong(lines_[at_], "indented unlike the lines above");
    return value;
  }

 private:
  Failure wrong(const Line& line, std::string_view why) const {
    return {FailureKind::invalid_argument, fmt::format("{}, line {}: {}", name_, line.number, why)};
  }

  /// The map or list that begins at the current line.
  Result<Json> block(int depth) {
    if (depth >= depth_max) return wrong(lines_[at_], "too deep");
    return is_item(lines_[at_].content) ? list(depth) : map(depth);
  }

  /// What stands below a key or a dash that has no value on its line.
  Result<Json> below(size_t indent, bool list_may_stand_level, int depth) {
    if (at_ == lines_.size()) return Json(nullptr);
    const Line& next = lines_[at_];
    const bool level_list = list_may_stand_level && next.indent == indent && is_item(next.content);
    if (next.indent <= indent && !level_list) return Json(nullptr);
    return block(depth + 1);
  }

  Result<Json> list(int depth) {
    Json values = Json::array();
    const size_t indent = lines_[at_].indent;
    while (at_ < lines_.size() && lines_[at_].indent == indent && is_item(lines_[at_].content)) {
      Line& line = lines_[at_];
      const size_t inner = line.content.find_first_not_of(' ', 1);
      const std::string_view rest = inner == std::string_view::npos ? std::string_view() : line.content.substr(inner);
      if (rest.empty() || rest.starts_with('#')) {
        ++at_;
        ASSIGN_OR_RETURN(Json value, below(indent, false, depth));
        values.push_back(std::move(value));
      } else if (is_item(rest) || key_of(rest)) {
        // A block that begins behind the dash: its first line is indented as far as it stands there.
        line.indent += inner;
        line.content = rest;
        ASSIGN_OR_RETURN(Json value, block(depth + 1));
        values.push_back(std::move(value));
      } else {
        const auto value = value_of(rest);
        if (!value) return wrong(line, "expected a plain or quoted value");
        values.push_back(*value);
        ++at_;
      }
    }
    return values;
  }

  Result<Json> map(int depth) {
    Json values = Json::object();
    const size_t indent = lines_[at_].indent;
    while (at_ < lines_.size() && lines_[at_].indent >= indent) {
      const Line line = lines_[at_];
      if (line.indent > indent) return wrong(line, "indented unlike the lines above");
      const auto parts = is_item(line.content) ? std::nullopt : key_of(line.content);
      if (!parts) return wrong(line, "expected 'key: value'");
      if (values.contains(parts->key)) return wrong(line, fmt::format("{} stands twice", parts->key));
      ++at_;
      if (parts->rest.empty()) {
        ASSIGN_OR_RETURN(Json value, below(indent, true, depth));
        values[parts->key] = std::move(value);
        continue;
      }
      const auto value = value_of(parts->rest);
      if (!value) return wrong(line, "expected a plain or quoted value");
      values[parts->key] = *value;
    }
    return values;
  }

  std::vector<Line> lines_;
  std::string_view name_;
  size_t at_ = 0;
};

Status flatten(const Json& value, const std::string& path, std::string_view name,
               std::map<std::string, std::string>& values) {
  for (const auto& [key, member] : value.items()) {
    if (member.is_object() && !member.empty()) {
      RETURN_IF_FAILED(flatten(member, path + key + "/", name, values));
      continue;
    }
    ASSIGN_OR_RETURN(values[path + key], member.is_object()
                                             ? Result<std::string>(std::string())
                                             : scalar_text(member, fmt::format("{}: {}{}", name, path, key)));
  }
  return {};
}

}  // namespace

Result<Json> parse_yaml(std::string_view text, std::string_view name) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '{' || text[first] == '[')) {
    Json json = Json::parse(text, nullptr, false);
    if (!json.is_discarded()) return json;
  }
  std::vector<Line> lines;
  size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const size_t indent = line.find_first_not_of(' ');
    if (indent == std::string_view::npos || line[indent] == '#' || line == "---") continue;
    if (line[indent] == '\t') {
      return Failure{FailureKind::invalid_argument, fmt::format("{}, line {}: indent with spaces", name, number)};
    }
    lines.push_back({number, indent, line.substr(indent)});
  }
  return Reader(std::move(lines), name).document();
}

Result<std::string> scalar_text(const Json& value, std::string_view what) {
  if (value.is_null()) return std::string();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number()) return value.dump();
  return Failure{FailureKind::invalid_argument, fmt::format("{}: expected one value", what)};
}

Result<std::map<std::string, std::string>> parse_flat_yaml(std::string_view text, std::string_view name) {
  ASSIGN_OR_RETURN(const Json value, parse_yaml(text, name));
  std::map<std::string, std::string> values;
  if (value.is_null()) return values;
  if (!value.is_object()) {
    return Failure{FailureKind::invalid_argument, fmt::format("{}, line 1: expected 'key: value'", name)};
  }
  RETURN_IF_FAILED(flatten(value, "", name, values));
  return values;
}

}  // namespace moldau::cli
