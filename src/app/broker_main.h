// The `broker` verb: one node on the real operating system.
#pragma once

namespace moldau::app {

/// Runs a broker until it is told to stop. argv[0] is the verb, options follow. Returns the exit code: 0 after a clean
/// stop (SIGTERM, SIGINT), 1 for bad arguments or configuration, 2 for a data folder that is locked, another node's or
/// not readable as one, 3 for a storage failure.
int run_broker(int argc, char** argv);

}  // namespace moldau::app
