// Audits for tests and the simulator: the files of a data folder against one another, as Kafka's tools look at them.
#pragma once

#include <string>

#include "io/disk.h"

namespace moldau::store::testing {

/// Checks every partition folder of a log directory: batches whole and ascending, every index entry right, the time
/// index of inactive segments complete, snapshots and checkpoints readable. Returns the first problem, empty if there
/// is none. `active_too`: the last segment of each log must end in a whole batch as well.
std::string audit_directory(io::Disk& disk, const std::string& path, bool active_too = true);

}  // namespace moldau::store::testing
