#include "base/trace.h"

#include <atomic>
#include <cstdio>

namespace moldau {
namespace {

void print_to_stderr(TraceLevel level, std::string_view line) {
  static constexpr const char* names[] = {"error", "warn", "info", "debug"};
  std::fprintf(stderr, "level=%s %.*s\n", names[static_cast<int>(level)], static_cast<int>(line.size()), line.data());
}

TraceSink current_sink = print_to_stderr;
std::atomic<TraceLevel> current_verbosity{TraceLevel::info};

}  // namespace

void set_trace(TraceSink sink, TraceLevel verbosity) {
  current_sink = sink;
  current_verbosity.store(verbosity, std::memory_order_relaxed);
}

void set_trace_verbosity(TraceLevel verbosity) {
  current_verbosity.store(verbosity, std::memory_order_relaxed);
}

TraceLevel trace_verbosity() noexcept {
  return current_verbosity.load(std::memory_order_relaxed);
}

bool trace_enabled(TraceLevel level) noexcept {
  return current_sink != nullptr && level <= trace_verbosity();
}

std::string trace_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out;
}

void trace_line(TraceLevel level, std::string_view line) {
  if (current_sink != nullptr) current_sink(level, line);
}

}  // namespace moldau
