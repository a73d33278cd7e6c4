#include "io/posix/thread.h"

#include <csignal>
#include <cstddef>

namespace moldau::io::posix {
namespace {

constexpr size_t stack_bytes = 1 << 20;

}  // namespace

bool start_thread(pthread_t& thread, void* (*main)(void*), void* argument) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, stack_bytes);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = pthread_create(&thread, &attributes, main, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return error == 0;
}

}  // namespace moldau::io::posix
