// The command line's entry.
#pragma once

namespace moldau::cli {

/// Runs the verb that the arguments name (all but `broker`, which app/main dispatches itself) and returns the exit
/// code: 0, 1 for an error, 10 for an unhealthy cluster.
int run(int argc, char** argv);

}  // namespace moldau::cli
