// topic consume -g: as a member of a group.
#pragma once

#include <string>
#include <vector>

#include "cli/consume_plan.h"
#include "cli/record_printer.h"

namespace moldau::cli {

/// Consumes `topics` (or, with --regex, those that match whenever the group looks) as a member of --group, until what
/// the flags say, or SIGINT or SIGTERM. `plan` says where to begin where nothing is committed, and where `range` ends.
/// What was printed is committed every few seconds and at the end. The exit code.
int consume_in_group(Session& session, const Invocation& invocation, const std::vector<std::string>& topics,
                     const OffsetRange& range, const std::vector<PlannedPartition>& plan,
                     const client::FetchOptions& fetch, PrintOptions options);

}  // namespace moldau::cli
