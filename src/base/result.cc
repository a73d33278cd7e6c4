#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace moldau {

const char* name_of(FailureKind kind) noexcept {
  switch (kind) {
    case FailureKind::invalid_argument:
      return "invalid argument";
    case FailureKind::corrupt:
      return "corrupt";
    case FailureKind::not_found:
      return "not found";
    case FailureKind::already_exists:
      return "already exists";
    case FailureKind::no_space:
      return "no space";
    case FailureKind::permission:
      return "permission";
    case FailureKind::io:
      return "io";
    case FailureKind::locked:
      return "locked";
    case FailureKind::foreign:
      return "foreign";
    case FailureKind::closed:
      return "closed";
    case FailureKind::timed_out:
      return "timed out";
    case FailureKind::unavailable:
      return "unavailable";
    case FailureKind::unsupported:
      return "unsupported";
  }
  return "unknown";
}

static FailureKind kind_of_errno(int os_errno) noexcept {
  switch (os_errno) {
    case ENOSPC:
    case EDQUOT:
      return FailureKind::no_space;
    case EACCES:
    case EPERM:
    case EROFS:
      return FailureKind::permission;
    case ENOENT:
      return FailureKind::not_found;
    case EEXIST:
    case ENOTEMPTY:
      return FailureKind::already_exists;
    case EINVAL:
    case ENAMETOOLONG:
    case ENOTDIR:
      return FailureKind::invalid_argument;
    case ECONNRESET:
    case EPIPE:
      return FailureKind::closed;
    case ETIMEDOUT:
      return FailureKind::timed_out;
    case ECONNREFUSED:
    case EADDRINUSE:
    case EADDRNOTAVAIL:
    case EMFILE:
    case ENFILE:
      return FailureKind::unavailable;
    default:
      return FailureKind::io;
  }
}

Failure failure_from_errno(int os_errno, const std::string& what) {
  return Failure{kind_of_errno(os_errno), what + ": " + std::strerror(os_errno), os_errno};
}

}  // namespace moldau
