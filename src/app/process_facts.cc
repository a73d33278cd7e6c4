#include "app/process_facts.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstdio>
#include <string>

namespace moldau::app {
namespace {

double seconds_of(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return -1;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// A short file of /proc; empty if it cannot be read.
std::string read_proc(const char* path) {
  std::array<char, 4096> room{};
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const ssize_t size = ::read(file, room.data(), room.size() - 1);
  ::close(file);
  return size <= 0 ? std::string() : std::string(room.data(), static_cast<size_t>(size));
}

/// Threads, virtual and resident memory, and the start: fields 20, 23, 24 and 22 of stat, counted behind the name,
/// which may hold anything.
void read_stat(broker::ProcessFacts& facts) {
  const std::string text = read_proc("/proc/self/stat");
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return;
  std::array<double, 25> fields{};
  size_t field = 3;
  size_t at = name_end + 1;
  while (field < fields.size() && at < text.size()) {
    const size_t begin = text.find_first_not_of(' ', at);
    if (begin == std::string::npos) return;
    fields[field++] = std::strtod(text.c_str() + begin, nullptr);
    at = std::min(text.find(' ', begin), text.size());
  }
  if (field < fields.size()) return;
  facts.threads = fields[20];
  facts.virtual_bytes = fields[23];
  facts.resident_bytes = fields[24] * static_cast<double>(::sysconf(_SC_PAGESIZE));
  const double since_boot = seconds_of(CLOCK_BOOTTIME);
  const double now = seconds_of(CLOCK_REALTIME);
  facts.start_time_seconds = now - since_boot + fields[22] / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

std::function<void(size_t, broker::Metrics&)> loop_counts_of(io::posix::ShardSet& shards) {
  return [&shards](size_t shard, broker::Metrics& metrics) {
    const io::posix::LoopCounters counters = shards.loop(shard).counters();
    metrics.loop_turns = counters.turns;
    metrics.loop_sleeps = counters.sleeps;
    metrics.loop_spins = counters.spins;
    metrics.loop_busy_seconds = static_cast<double>(counters.busy.nanoseconds) / 1e9;
    metrics.loop_spin_seconds = static_cast<double>(counters.spun.nanoseconds) / 1e9;
  };
}

std::function<broker::ProcessFacts()> process_facts() {
  clockid_t thread_clock{};
  const bool has_clock = ::pthread_getcpuclockid(::pthread_self(), &thread_clock) == 0;
  return [has_clock, thread_clock] {
    broker::ProcessFacts facts;
    facts.cpu_seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    if (has_clock) facts.loop_cpu_seconds = seconds_of(thread_clock);
    read_stat(facts);
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) facts.files_max = static_cast<double>(files.rlim_cur);
    // Since Linux 6.2 the size of the folder is the number of descriptors; before, it is zero, and counting them would
    // take a while where there are many.
    struct stat folder{};
    if (::stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0) {
      facts.open_files = static_cast<double>(folder.st_size);
    }
    return facts;
  };
}

}  // namespace moldau::app
