#include "store/reserve.h"

#include "base/trace.h"
#include "store/flag_guard.h"

namespace moldau::store {

void Reserve::take(io::Disk& disk) {
  if (!wanted()) return;
  const FlagGuard held(guard_);
  // Not by trying: until it fails, others would find no room.
  const auto space = disk.space(io::parent_of(path_));
  if (!space.ok() || space->usable_bytes < bytes_) return;
  const auto taken = [&]() -> Status {
    ASSIGN_OR_RETURN(const io::FileRef file, disk.open(path_, io::OpenMode::create));
    return disk.allocate(*file, 0, bytes_);
  };
  if (const Status outcome = taken(); !outcome.ok()) {
    (void)disk.remove(path_);  // a part of the room may have been found
    return;
  }
  if (lent()) trace(TraceLevel::info, "file={} bytes={} state=taken_back", path_, bytes_);
  state_ = State::held;
}

bool Reserve::lend(io::Disk& disk) {
  if (bytes_ == 0) return false;
  const FlagGuard held(guard_);
  const bool there = disk.remove(path_).ok();
  // Another thread may have lent it since the write that found no room.
  const bool before = lent();
  if (!before) {
    trace(TraceLevel::warn, "file={} bytes={} state=lent reason=\"the disk is full\"", path_, there ? bytes_ : 0);
  }
  state_ = State::lent;
  return there || before;
}

}  // namespace moldau::store
