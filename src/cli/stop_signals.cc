#include "cli/stop_signals.h"

#include <csignal>

#include <unistd.h>

namespace moldau::cli {
namespace {

volatile std::sig_atomic_t stop_signal = 0;

}  // namespace

void catch_stop_signals() {
  // The second one does not wait for the group.
  const auto stop = [](int number) {
    if (stop_signal != 0) _exit(128 + number);
    stop_signal = 1;
  };
  std::signal(SIGINT, stop);
  std::signal(SIGTERM, stop);
}

bool stop_asked() {
  return stop_signal != 0;
}

}  // namespace moldau::cli
