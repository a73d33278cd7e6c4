#include "cli/json_scan.h"

#include <nlohmann/json.hpp>

namespace moldau::cli {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

size_t JsonScan::take(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    switch (state_) {
      case State::done:
        return i;
      case State::before:
        if (is_space(c)) break;
        depth_ = c == '{' || c == '[' ? 1 : 0;
        state_ = depth_ == 1 ? State::structure : c == '"' ? State::string : State::scalar;
        break;
      case State::structure:
        if (c == '"') state_ = State::string;
        if (c == '{' || c == '[') ++depth_;
        if (c != '}' && c != ']') break;
        if (--depth_ == 0) state_ = State::done;
        break;
      case State::escape:
        state_ = State::string;
        break;
      case State::string:
        if (c == '\\') state_ = State::escape;
        if (c == '"') state_ = depth_ == 0 ? State::done : State::structure;
        break;
      case State::scalar:
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' && c != 'E') {
          state_ = State::done;
          return i;
        }
        break;
    }
  }
  return bytes.size();
}

std::optional<std::string> compact_json(std::string_view text) {
  if (!nlohmann::json::accept(text)) return std::nullopt;
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!in_string && is_space(c)) continue;
    out += c;
    if (c == '"') in_string = !in_string;
    if (c == '\\' && i + 1 < text.size()) out += text[++i];
  }
  return out;
}

}  // namespace moldau::cli
