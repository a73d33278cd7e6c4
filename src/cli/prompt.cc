#include "cli/prompt.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/core.h>

namespace moldau::cli {
namespace {

constexpr std::string_view colors[] = {"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"};
constexpr std::pair<std::string_view, int> modifiers[] = {{"bold", 1}, {"faint", 2}, {"underline", 4}, {"invert", 7}};

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == ',';
}

/// The number of an SGR escape for "red", "hi-red", "bg-red", "bg-hi-red", "bold"; nothing for another word.
std::optional<int> attribute_of(std::string_view word) {
  for (const auto& [name, number] : modifiers) {
    if (name == word) return number;
  }
  int base = 30;
  if (word.starts_with("bg-")) {
    word.remove_prefix(3);
    base = 40;
  }
  if (word.starts_with("hi-")) {
    word.remove_prefix(3);
    base += 60;
  }
  const auto* found = std::ranges::find(colors, word);
  if (found == std::end(colors)) return std::nullopt;
  return base + static_cast<int>(found - std::begin(colors));
}

struct Part {
  std::vector<int> attributes;
  bool raw = false;
  std::optional<std::string> text;
};

/// Reads a quoted text off `rest`, which begins with its mark. A backslash stands before any character.
Result<std::string> take_text(std::string_view& rest) {
  std::string text;
  for (size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return text;
    }
    if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
    text += rest[i];
  }
  return invalid("a text is not closed: \" is missing");
}

/// Reads one part off `rest`, up to its end, or up to and with the closing parenthesis.
Result<Part> take_part(std::string_view& rest, bool parenthesized) {
  Part part;
  while (!rest.empty()) {
    if (is_blank(rest[0])) {
      rest.remove_prefix(1);
    } else if (rest[0] == '"') {
      if (part.text) return invalid("two texts in one part: put each in parentheses");
      ASSIGN_OR_RETURN(part.text, take_text(rest));
    } else if (rest[0] == ')' && parenthesized) {
      rest.remove_prefix(1);
      return part;
    } else {
      size_t end = 0;
      while (end < rest.size() && !is_blank(rest[end]) && rest[end] != '"' && rest[end] != ')') ++end;
      const std::string_view word = rest.substr(0, std::max<size_t>(end, 1));
      const auto attribute = attribute_of(word);
      if (word != "raw" && !attribute) return invalid(fmt::format("'{}' is neither a color nor a modifier", word));
      if (attribute) part.attributes.push_back(*attribute);
      part.raw |= word == "raw";
      rest.remove_prefix(word.size());
    }
  }
  if (parenthesized) return invalid("a part is not closed: ) is missing");
  return part;
}

Result<std::string> expand(std::string_view text, std::string_view name) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const char variable = i + 1 < text.size() ? text[++i] : '\0';
    if (variable == 'p' || variable == 'n')
      out += name;
    else if (variable == '%')
      out += '%';
    else
      return invalid("behind % may stand p or n, the profile's name, or another %");
  }
  return out;
}

Result<std::string> rendered(const Part& part, std::string_view name) {
  ASSIGN_OR_RETURN(const std::string text, expand(part.text.value_or("%n"), name));
  if (part.raw || part.attributes.empty()) return text;
  std::string numbers;
  for (const int attribute : part.attributes) numbers += (numbers.empty() ? "" : ";") + std::to_string(attribute);
  return fmt::format("\x1b[{}m{}\x1b[0m", numbers, text);
}

}  // namespace

Result<std::string> render_prompt(std::string_view prompt, std::string_view name) {
  std::string_view rest = prompt;
  while (!rest.empty() && is_blank(rest[0])) rest.remove_prefix(1);
  std::string out;
  if (rest.empty()) return out;
  if (rest[0] != '(') {
    ASSIGN_OR_RETURN(const Part part, take_part(rest, false));
    return rendered(part, name);
  }
  while (!rest.empty()) {
    if (is_blank(rest[0])) {
      rest.remove_prefix(1);
      continue;
    }
    if (rest[0] != '(') return invalid(fmt::format("'{}' stands between parts: expected (", rest[0]));
    rest.remove_prefix(1);
    ASSIGN_OR_RETURN(const Part part, take_part(rest, true));
    ASSIGN_OR_RETURN(const std::string text, rendered(part, name));
    out += text;
  }
  return out;
}

}  // namespace moldau::cli
