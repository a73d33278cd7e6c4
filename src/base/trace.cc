#include "base/trace.h"

#include <cstdio>

namespace moldau {
namespace {

void print_to_stderr(TraceLevel level, std::string_view line) {
  static constexpr const char* names[] = {"error", "warn", "info", "debug"};
  std::fprintf(stderr, "level=%s %.*s\n", names[static_cast<int>(level)], static_cast<int>(line.size()), line.data());
}

TraceSink current_sink = print_to_stderr;
TraceLevel current_verbosity = TraceLevel::info;

}  // namespace

void set_trace(TraceSink sink, TraceLevel verbosity) {
  current_sink = sink;
  current_verbosity = verbosity;
}

void set_trace_verbosity(TraceLevel verbosity) {
  current_verbosity = verbosity;
}

TraceLevel trace_verbosity() noexcept {
  return current_verbosity;
}

bool trace_enabled(TraceLevel level) noexcept {
  return current_sink != nullptr && level <= current_verbosity;
}

void trace_line(TraceLevel level, std::string_view line) {
  if (current_sink != nullptr) current_sink(level, line);
}

}  // namespace moldau
