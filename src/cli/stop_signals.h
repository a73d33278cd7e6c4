// Signals that ask a consumer to stop.
#pragma once

namespace moldau::cli {

/// From SIGINT or SIGTERM on, stop_asked() is true, instead of an end at once: consumers leave their groups in order.
/// The second signal ends the process.
void catch_stop_signals();
bool stop_asked();

}  // namespace moldau::cli
