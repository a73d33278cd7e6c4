#include "cli/flat_yaml.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "cli/text.h"

namespace moldau::cli {
namespace {

struct Level {
  size_t indent = 0;
  std::string path;  // of the map that the lines of this indent belong to
};

/// A scalar behind the colon: plain up to a comment, or quoted. Nothing if it is anything else.
std::optional<std::string> scalar_of(std::string_view text) {
  if (text.starts_with('"')) {
    const size_t end = text.rfind('"');
    const auto json = nlohmann::json::parse(text.substr(0, end + 1), nullptr, false);
    const size_t rest = text.find_first_not_of(' ', end + 1);
    if (!json.is_string() || (rest != std::string_view::npos && text[rest] != '#')) return std::nullopt;
    return json.get<std::string>();
  }
  if (text.starts_with('\'')) {
    const size_t end = text.rfind('\'');
    if (end == 0 || text.find_first_not_of(' ', end + 1) != std::string_view::npos) return std::nullopt;
    std::string value(text.substr(1, end - 1));
    for (size_t at = value.find("''"); at != std::string::npos; at = value.find("''", at + 1)) value.erase(at, 1);
    return value;
  }
  if (const size_t comment = text.find(" #"); comment != std::string_view::npos) text = text.substr(0, comment);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text == "{}" || text == "~" || text == "null") return std::string();
  if (!text.empty() && std::string_view("[{&*!|>%@`").find(text[0]) != std::string_view::npos) return std::nullopt;
  return std::string(text);
}

}  // namespace

Result<std::map<std::string, std::string>> parse_flat_yaml(std::string_view text, std::string_view name) {
  std::map<std::string, std::string> values;
  std::vector<Level> levels{{0, ""}};
  std::string opened;  // a key without a value: a map may follow
  bool may_open = false;
  size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const size_t indent = line.find_first_not_of(' ');
    if (indent == std::string_view::npos || line[indent] == '#' || line == "---") continue;
    const auto wrong = [&](std::string_view why) {
      return Failure{FailureKind::invalid_argument, fmt::format("{}, line {}: {}", name, number, why)};
    };
    if (indent > levels.back().indent) {
      if (!may_open) return wrong("indented too far");
      levels.push_back({indent, opened + "/"});
    }
    while (indent < levels.back().indent) levels.pop_back();
    if (indent != levels.back().indent) return wrong("indented unlike the lines above");
    const std::string_view content = line.substr(indent);
    const size_t colon = content.find(": ") != std::string_view::npos ? content.find(": ")
                         : content.ends_with(':')                     ? content.size() - 1
                                                                      : std::string_view::npos;
    if (colon == std::string_view::npos || content.starts_with("- ")) return wrong("expected 'key: value'");
    const std::string key = levels.back().path + std::string(content.substr(0, colon));
    std::string_view rest = content.substr(colon + 1);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    const auto value = scalar_of(rest);
    if (!value) return wrong("expected a plain or quoted value");
    may_open = rest.empty();
    opened = key;
    if (!values.emplace(key, *value).second) return wrong(fmt::format("{} stands twice", key));
  }
  return values;
}

std::string yaml_text(const std::string& text) {
  std::string out = to_yaml(nlohmann::ordered_json(text));
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace moldau::cli
