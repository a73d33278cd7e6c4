// Result<T>: a value, or a failure of the world (a disk, a network, a malformed file). Protocol outcomes are not
// failures: they are ErrorCode values inside responses.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/assert.h"

namespace moldau {

/// What kind of failure: callers branch on this, people read the message.
enum class FailureKind : unsigned char {
  invalid_argument,  ///< the caller's or user's input is wrong
  corrupt,           ///< bytes on disk or from a peer contradict their format
  not_found,         ///< a file, name or id does not exist
  already_exists,    ///< a file or name exists and must not
  no_space,          ///< ENOSPC, EDQUOT or a short write: not damage, may pass
  permission,        ///< EACCES, EPERM, EROFS
  io,                ///< any other error of a device: its log directory goes offline
  locked,            ///< another process holds the folder
  foreign,           ///< the folder belongs to another cluster, node or format
  closed,            ///< the peer or the owner closed it
  timed_out,         ///< a deadline passed
  unavailable,       ///< not now: refused, cut off, shutting down
  unsupported,       ///< a version or feature that is not served
};

/// Returns the short lower-case name of `kind`, for diagnostics.
const char* name_of(FailureKind kind) noexcept;

/// A failure: its kind, a one-line message for people, and the errno it came from (0 if none).
struct Failure {
  FailureKind kind;
  std::string message;
  int os_errno = 0;
};

/// Makes a Failure from an errno value; `what` says what was tried and on which file, e.g. "write /data/x.log".
Failure failure_from_errno(int os_errno, const std::string& what);

/// A T or a Failure. [[nodiscard]]: a failure cannot be dropped silently. libstdc++ 12 lacks the monadic members of
/// std::expected, and this needs none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}                             // NOLINT: implicit by design
  Result(Failure failure) : content_(std::unexpected(std::move(failure))) {}  // NOLINT: implicit by design

  bool ok() const noexcept { return content_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }

  /// REQUIRES: ok().
  T& value() & {
    ASSERT(ok());
    return *content_;
  }
  const T& value() const& {
    ASSERT(ok());
    return *content_;
  }
  T&& value() && {
    ASSERT(ok());
    return *std::move(content_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T value_or(T fallback) const& { return ok() ? *content_ : std::move(fallback); }

  /// REQUIRES: !ok().
  const Failure& failure() const& {
    ASSERT(!ok());
    return content_.error();
  }
  Failure failure() && {
    ASSERT(!ok());
    return std::move(content_.error());
  }

 private:
  std::expected<T, Failure> content_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Failure failure) : failure_(std::unexpected(std::move(failure))) {}  // NOLINT: implicit by design

  bool ok() const noexcept { return failure_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  const Failure& failure() const& {
    ASSERT(!ok());
    return failure_.error();
  }
  Failure failure() && {
    ASSERT(!ok());
    return std::move(failure_.error());
  }

 private:
  std::expected<void, Failure> failure_;
};

using Status = Result<void>;

}  // namespace moldau

#define MOLDAU_CONCAT_2(a, b) a##b
#define MOLDAU_CONCAT(a, b) MOLDAU_CONCAT_2(a, b)

/// Returns the failure of `expression` (a Result) from the enclosing function, which returns a Result too.
#define RETURN_IF_FAILED(expression)                                                \
  do {                                                                              \
    if (auto return_if_failed_result = (expression); !return_if_failed_result.ok()) \
      return std::move(return_if_failed_result).failure();                          \
  } while (false)

/// Declares `declaration` with the value of `expression` (a Result), or returns its failure. Not for coroutines.
#define ASSIGN_OR_RETURN(declaration, expression)                                                                 \
  auto MOLDAU_CONCAT(result_at_, __LINE__) = (expression);                                                        \
  if (!MOLDAU_CONCAT(result_at_, __LINE__).ok()) return std::move(MOLDAU_CONCAT(result_at_, __LINE__)).failure(); \
  declaration = std::move(MOLDAU_CONCAT(result_at_, __LINE__)).value()
