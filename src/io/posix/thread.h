// Threads of a loop: the pool's, and those of further shards.
#pragma once

#include <pthread.h>

namespace moldau::io::posix {

/// Starts a thread that hears no signals: those are for the home loop. Its stack is 1 MiB: below the size at which the
/// kernel would make it a huge page. False when there can be no more threads.
bool start_thread(pthread_t& thread, void* (*main)(void*), void* argument);

}  // namespace moldau::io::posix
