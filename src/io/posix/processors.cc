#include "io/posix/processors.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "io/posix/control_group.h"

namespace moldau::io::posix {
namespace {

/// Takes a number and the blanks before it off `text`; nothing if there is none.
std::optional<uint64_t> take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

std::optional<size_t> affinity() {
  // More processors than fit in one cpu_set_t make the call fail; then the set is made larger.
  for (int most = CPU_SETSIZE; most <= 64 * CPU_SETSIZE; most *= 2) {
    cpu_set_t* const set = CPU_ALLOC(static_cast<size_t>(most));
    const size_t bytes = CPU_ALLOC_SIZE(static_cast<size_t>(most));
    const bool known = ::sched_getaffinity(0, bytes, set) == 0;
    const int count = known ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (known && count > 0) return static_cast<size_t>(count);
  }
  return std::nullopt;
}

}  // namespace

std::optional<size_t> processor_quota(std::string_view content, std::string_view period) {
  const std::optional<uint64_t> quota = take_number(content);  // "max" and -1 are none
  const std::optional<uint64_t> of = take_number(period.empty() ? content : period);
  if (!quota.has_value() || *quota == 0 || !of.has_value() || *of == 0) return std::nullopt;
  return static_cast<size_t>(*quota / *of + (*quota % *of == 0 ? 0 : 1));
}

size_t processors_of_process() {
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  size_t count = affinity().value_or(online > 0 ? static_cast<size_t>(online) : 1);
  const std::string cgroup = file_content("/proc/self/cgroup");
  for (const std::string& file :
       control_group_files(cgroup, "/sys/fs/cgroup", {"cpu", "cpu.cfs_quota_us", "cpu.max"})) {
    std::string period;
    if (file.ends_with("cpu.cfs_quota_us")) {
      period = file_content(file.substr(0, file.size() - std::string_view("quota_us").size()) + "period_us");
    }
    count = std::min(count, processor_quota(file_content(file), period).value_or(count));
  }
  return std::max<size_t>(count, 1);
}

// The first line: `cpu  user nice system idle iowait ...` in ticks.
std::optional<Duration> idle_time_in(std::string_view stat, long ticks_per_second) {
  if (!stat.starts_with("cpu ") || ticks_per_second <= 0) return std::nullopt;
  stat = stat.substr(4, stat.find('\n') - 4);
  uint64_t ticks = 0;
  for (int field = 0; field < 5; ++field) {
    const std::optional<uint64_t> value = take_number(stat);
    if (!value.has_value()) return std::nullopt;
    if (field >= 3) ticks += *value;
  }
  return milliseconds(static_cast<int64_t>(ticks) * 1000 / ticks_per_second);
}

std::optional<Duration> idle_time_of_machine() {
  return idle_time_in(file_content("/proc/stat"), ::sysconf(_SC_CLK_TCK));
}

}  // namespace moldau::io::posix
