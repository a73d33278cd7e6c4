// The files in which control groups limit what a process may have. Used by memory_limit.h and processors.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace moldau::io::posix {

/// A limit, by the names that both versions of control groups give it.
struct GroupLimit {
  std::string_view controller;
  std::string_view name_in_1;
  std::string_view name_in_2;
};

/// The files that may hold a limit, most specific first, for a process with this `/proc/PID/cgroup`: those of its group
/// and of all above it, of both versions of control groups, below `root`.
std::vector<std::string> control_group_files(std::string_view cgroup, const std::string& root, const GroupLimit& limit);

/// All of a small file; empty if it cannot be read.
std::string file_content(const std::string& file);

}  // namespace moldau::io::posix
