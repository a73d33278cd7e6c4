// How many processors this process may use, and how much of the machine's lay idle.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace moldau::io::posix {

/// Those that its threads may run on, or the quota of its control group, rounded up, if that is less; at least 1.
size_t processors_of_process();

/// The quota in a file of a control group, in processors, rounded up; nothing if there is none. Version 2: `content` is
/// "quota period" of cpu.max; version 1: cpu.cfs_quota_us, with `period` as the content of cpu.cfs_period_us.
std::optional<size_t> processor_quota(std::string_view content, std::string_view period = {});

/// For how long the machine's processors lay idle since it started, summed; nothing if that is not known. Reads a file
/// of /proc: some 10 us, and 1 us for each processor.
std::optional<Duration> idle_time_of_machine();
/// The same in the text of /proc/stat.
std::optional<Duration> idle_time_in(std::string_view stat, long ticks_per_second);

}  // namespace moldau::io::posix
