#include "io/posix/memory_limit.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "io/posix/control_group.h"

namespace moldau::io::posix {

std::vector<std::string> memory_limit_files(std::string_view cgroup, const std::string& root) {
  return control_group_files(cgroup, root, {"memory", "memory.limit_in_bytes", "memory.max"});
}

uint64_t memory_limit_in(const std::string& file) {
  const std::string content = file_content(file);
  uint64_t limit = 0;
  const auto [end, error] = std::from_chars(content.data(), content.data() + content.size(), limit);
  return error == std::errc() && end != content.data() ? limit : UINT64_MAX;  // "max" in version 2
}

uint64_t memory_of_process() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGE_SIZE);
  uint64_t bytes = 4ULL << 30;
  if (pages > 0 && page_bytes > 0) bytes = static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes);
  for (const std::string& file : memory_limit_files(file_content("/proc/self/cgroup"), "/sys/fs/cgroup")) {
    bytes = std::min(bytes, memory_limit_in(file));
  }
  return bytes;
}

}  // namespace moldau::io::posix
