// trace: diagnostics for operators, one logfmt line each, to stderr. Never record data, never secrets. (A "log" in this
// project is the commit log.)
#pragma once

#include <fmt/core.h>

#include <string_view>

namespace moldau {

enum class TraceLevel : unsigned char { error, warn, info, debug };

/// Receives finished lines (without the line feed). The default prints "level=... <line>" to stderr.
using TraceSink = void (*)(TraceLevel level, std::string_view line);

/// Replaces the sink (null silences) and the most verbose level that reaches it. Called by mains and tests before
/// threads start.
void set_trace(TraceSink sink, TraceLevel verbosity);
/// Changes the most verbose level while the process runs; call it from the thread that traces.
void set_trace_verbosity(TraceLevel verbosity);
TraceLevel trace_verbosity() noexcept;
bool trace_enabled(TraceLevel level) noexcept;
void trace_line(TraceLevel level, std::string_view line);

/// trace(TraceLevel::info, "topic={} partitions={}", ...): formats only when the level is on.
template <typename... Arguments>
void trace(TraceLevel level, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (trace_enabled(level)) trace_line(level, fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace moldau
