#include "io/posix/memory_limit.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

namespace moldau::io::posix {
namespace {

std::string content_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

void add_group_and_those_above(std::vector<std::string>& files, const std::string& mount, std::string_view group,
                               std::string_view name) {
  while (true) {
    files.push_back(mount + std::string(group) + (group.ends_with('/') ? "" : "/") + std::string(name));
    if (group.empty() || group == "/") return;
    group = group.substr(0, group.rfind('/'));
  }
}

}  // namespace

// A line is `number:controllers:group`; version 2 has number 0 and no controllers.
std::vector<std::string> memory_limit_files(std::string_view cgroup, const std::string& root) {
  std::vector<std::string> files;
  while (!cgroup.empty()) {
    const std::string_view line = cgroup.substr(0, cgroup.find('\n'));
    cgroup.remove_prefix(std::min(line.size() + 1, cgroup.size()));
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view group = line.substr(second + 1);
    if (!group.starts_with('/')) continue;
    if (controllers.empty()) add_group_and_those_above(files, root, group, "memory.max");
    if (controllers == "memory") add_group_and_those_above(files, root + "/memory", group, "memory.limit_in_bytes");
  }
  return files;
}

uint64_t memory_limit_in(const std::string& file) {
  const std::string content = content_of(file);
  uint64_t limit = 0;
  const auto [end, error] = std::from_chars(content.data(), content.data() + content.size(), limit);
  return error == std::errc() && end != content.data() ? limit : UINT64_MAX;  // "max" in version 2
}

uint64_t memory_of_process() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGE_SIZE);
  uint64_t bytes = 4ULL << 30;
  if (pages > 0 && page_bytes > 0) bytes = static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes);
  for (const std::string& file : memory_limit_files(content_of("/proc/self/cgroup"), "/sys/fs/cgroup")) {
    bytes = std::min(bytes, memory_limit_in(file));
  }
  return bytes;
}

}  // namespace moldau::io::posix
