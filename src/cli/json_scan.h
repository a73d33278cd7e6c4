// Finds where a JSON value ends in a stream of bytes, and writes it without white space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace moldau::cli {

/// Follows one JSON value through its bytes, with no regard to its grammar but strings and nesting: validity is checked
/// afterwards.
class JsonScan {
 public:
  enum class State : uint8_t { before, structure, string, escape, scalar, done };
  /// Takes bytes in; returns how many belong to the value (with white space before it). `done` is reached at the
  /// value's end, which a number or a word shows only by what follows it.
  size_t take(std::string_view bytes);
  State state() const { return state_; }
  /// Whether the value may end here, at the end of the input.
  bool may_end() const { return state_ == State::scalar || state_ == State::done; }

 private:
  State state_ = State::before;
  size_t depth_ = 0;
};

/// `text` without white space outside of its strings; nothing if it is no JSON value.
std::optional<std::string> compact_json(std::string_view text);

}  // namespace moldau::cli
