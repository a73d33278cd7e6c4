// How much memory this process may have: the machine's, or the limit of its control group if that is less.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::io::posix {

/// Bytes.
uint64_t memory_of_process();

/// The files that may hold a limit of the memory, most specific first, for a process with this `/proc/PID/cgroup`:
/// those of its group and of all above it, of both versions of control groups, below `root`.
std::vector<std::string> memory_limit_files(std::string_view cgroup, const std::string& root);

/// The limit in such a file; UINT64_MAX if it has none or cannot be read.
uint64_t memory_limit_in(const std::string& file);

}  // namespace moldau::io::posix
