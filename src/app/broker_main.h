// The verbs `broker` and `recover`: one node on the real operating system.
#pragma once

namespace moldau::app {

/// Runs a broker until it is told to stop. argv[0] is the verb, options follow. Returns the exit code: 0 after a clean
/// stop (SIGTERM, SIGINT), 1 for bad arguments or configuration, 2 for a data folder that is locked, another node's or
/// not readable as one, 3 for a storage failure.
int run_broker(int argc, char** argv);

/// Brings the data folders of a node that was killed to what a clean stop leaves: what its journal holds is in its logs
/// afterwards. argv[0] is the verb. Exit codes as above.
int run_recover(int argc, char** argv);

}  // namespace moldau::app
