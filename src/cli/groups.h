// What the group verbs share.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/group_lag.h"
#include "cli/session.h"

namespace moldau::cli {

class Invocation;

/// The verb's arguments; with --regex, the ids of all groups that match one of them as a whole.
Result<std::vector<std::string>> chosen_groups(Session& session, const Invocation& invocation);

/// Starts and ends of the logs of `partitions`.
Result<LogRanges> log_ranges(Session& session, const std::vector<client::GroupPartition>& partitions);

}  // namespace moldau::cli
