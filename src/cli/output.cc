#include "cli/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/invocation.h"
#include "cli/text.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string to_json(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

/// Whether `text` means itself in YAML without quotes.
bool plain_in_yaml(const std::string& text) {
  if (text.empty() || parse_bool(text) || text == "null" || text == "~" || text == "yes" || text == "no") return false;
  if (text.front() == '-' || text.front() == ' ' || text.back() == ' ' || (text[0] >= '0' && text[0] <= '9'))
    return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/ ") ==
         std::string::npos;
}

std::string yaml_scalar(const Json& value) {
  if (!value.is_string()) return value.empty() && value.is_object() ? "{}" : to_json(value);
  const auto& text = value.get_ref<const std::string&>();
  if (plain_in_yaml(text)) return text;
  std::string quoted;
  append_json_string(quoted, text);
  return quoted;
}

bool is_block(const Json& value) {
  return (value.is_array() || value.is_object()) && !value.empty();
}

void append_yaml(std::string& out, const Json& value, size_t indent) {
  bool first = true;
  const auto begin_line = [&]() {
    if (!first) out.append(indent, ' ');
    first = false;
  };
  if (value.is_array()) {
    for (const Json& element : value) {
      begin_line();
      out += "- ";
      if (is_block(element)) {
        append_yaml(out, element, indent + 2);
      } else {
        out += yaml_scalar(element) + "\n";
      }
    }
    return;
  }
  for (const auto& [name, member] : value.items()) {
    begin_line();
    out += name + ":";
    if (!is_block(member)) {
      out += " " + yaml_scalar(member) + "\n";
      continue;
    }
    out += '\n';
    const size_t inner = member.is_array() ? indent : indent + 2;
    out.append(inner, ' ');
    append_yaml(out, member, inner);
  }
}

}  // namespace

void print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      if (errno != EPIPE) std::fprintf(stderr, "moldau: cannot write to standard output\n");
      std::_Exit(errno == EPIPE ? 0 : 1);
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
}

int fail(std::string_view message) {
  std::fprintf(stderr, "moldau: %.*s\n", static_cast<int>(message.size()), message.data());
  return 1;
}

int fail(const Failure& failure) {
  return fail(failure.message);
}

std::string to_yaml(const Json& value) {
  std::string out;
  if (is_block(value))
    append_yaml(out, value, 0);
  else
    out = yaml_scalar(value) + "\n";
  return out;
}

bool print_formatted(const Invocation& invocation, const Json& value) {
  const std::string_view format = invocation.text("format");
  if (format == "json")
    print(to_json(value) + "\n");
  else if (format == "yaml")
    print(to_yaml(value));
  else
    return false;
  return true;
}

bool print_format_help(const Invocation& invocation, const Json& example) {
  if (invocation.text("format") != "help") return false;
  print("json and yaml print a value of this shape:\n" + to_json(example) + "\n");
  return true;
}

}  // namespace moldau::cli
