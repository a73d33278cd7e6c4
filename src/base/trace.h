// trace: diagnostics for operators, one logfmt line each, to stderr. Never record data, never secrets. (A "log" in this
// project is the commit log.)
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <type_traits>

namespace moldau {

enum class TraceLevel : unsigned char { error, warn, info, debug };

/// Receives finished lines (without the line feed). The default prints "level=... <line>" to stderr.
using TraceSink = void (*)(TraceLevel level, std::string_view line);

/// Replaces the sink (null silences) and the most verbose level that reaches it. Called by mains and tests before
/// threads start.
void set_trace(TraceSink sink, TraceLevel verbosity);
/// Changes the most verbose level while the process runs; from any thread.
void set_trace_verbosity(TraceLevel verbosity);
TraceLevel trace_verbosity() noexcept;
bool trace_enabled(TraceLevel level) noexcept;
void trace_line(TraceLevel level, std::string_view line);

/// A text as it stands in a line: quotes, backslashes and control characters are escaped, so that a line stays one line
/// and a quoted value ends where it should, whoever chose the text.
std::string trace_text(std::string_view text);

/// What is printed for an argument: texts escaped, the rest as it is.
template <typename T>
decltype(auto) trace_argument(const T& argument) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return trace_text(argument);
  } else {
    return argument;
  }
}

/// trace(TraceLevel::info, "topic={} partitions={}", ...): formats only when the level is on. A value that may hold
/// blanks stands in quotes: why="{}".
template <typename... Arguments>
void trace(TraceLevel level, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (!trace_enabled(level)) return;
  trace_line(level, fmt::format(fmt::runtime(fmt::string_view(format)), trace_argument(arguments)...));
}

}  // namespace moldau
