#include "io/posix/control_group.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace moldau::io::posix {
namespace {

void add_group_and_those_above(std::vector<std::string>& files, const std::string& mount, std::string_view group,
                               std::string_view name) {
  while (true) {
    files.push_back(mount + std::string(group) + (group.ends_with('/') ? "" : "/") + std::string(name));
    if (group.empty() || group == "/") return;
    group = group.substr(0, group.rfind('/'));
  }
}

/// Whether a list of names, separated by commas, has this one.
bool lists(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const std::string_view first = names.substr(0, names.find(','));
    if (first == name) return true;
    names.remove_prefix(std::min(first.size() + 1, names.size()));
  }
  return false;
}

}  // namespace

// A line is `number:controllers:group`; version 2 has number 0 and no controllers.
std::vector<std::string> control_group_files(std::string_view cgroup, const std::string& root,
                                             const GroupLimit& limit) {
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
    if (controllers.empty()) add_group_and_those_above(files, root, group, limit.name_in_2);
    if (lists(controllers, limit.controller)) {
      add_group_and_those_above(files, root + "/" + std::string(limit.controller), group, limit.name_in_1);
    }
  }
  return files;
}

std::string file_content(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace moldau::io::posix
