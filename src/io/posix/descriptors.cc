#include "io/posix/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "io/posix/core.h"

namespace moldau::io::posix {

static constexpr size_t descriptors_min = 8;
static constexpr size_t search_max = 64;  // how far back the search for one to close goes

std::string plain_path(const std::string& path) {
  std::string plain = path.starts_with('/') ? "/" : "";
  size_t begin = 0;
  while (begin < path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = std::string_view(path).substr(begin, end - begin);
    if (!name.empty() && name != ".") {
      if (!plain.empty() && plain.back() != '/') plain += '/';
      plain += name;
    }
    begin = end + 1;
  }
  return plain;
}

PosixFile::~PosixFile() { descriptors_->forget(*this); }

static size_t bound_for(size_t max) {
  if (max == 0) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    max = static_cast<size_t>(limit.rlim_cur) / 5 * 2;
  }
  return std::max(max, descriptors_min);
}

Descriptors::Descriptors(size_t max) : max_(bound_for(max)) {}

size_t Descriptors::open_count() const {
  const std::lock_guard lock(mutex_);
  return used_.size();
}

/// Opens, closing others if the process has run out.
int Descriptors::open_descriptor(const std::string& path, int flags) {
  for (;;) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (descriptor >= 0) return descriptor;
    if (errno == EINTR) continue;
    if ((errno != EMFILE && errno != ENFILE) || !close_one(true)) return -1;
  }
}

Result<std::shared_ptr<PosixFile>> Descriptors::open(const std::string& path, OpenMode mode) {
  int flags = mode == OpenMode::read ? O_RDONLY : O_RDWR;
  if (mode == OpenMode::create) flags |= O_CREAT;
  if (mode == OpenMode::create_new) flags |= O_CREAT | O_EXCL;
  auto file = std::make_shared<PosixFile>(shared_from_this(), path, mode != OpenMode::read);
  const std::unique_lock lock(mutex_);
  make_room();
  // O_NONBLOCK: a FIFO in the folder must not hang the broker; it has no effect on files.
  const int descriptor = open_descriptor(path, flags | O_NONBLOCK);
  if (descriptor < 0) return os_failure(errno, "open " + path);
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(descriptor);
    return os_failure(S_ISDIR(status.st_mode) ? EISDIR : EINVAL, "open " + path);
  }
  file->current_path_ = plain_path(path);
  file->descriptor_ = descriptor;
  file->device_ = status.st_dev;
  file->inode_ = status.st_ino;
  used_.push_front(file.get());
  file->use_ = used_.begin();
  names_.emplace(file->current_path_, file.get());
  return file;
}

Result<Pin> Descriptors::pin(PosixFile& file) {
  const std::lock_guard lock(mutex_);
  if (file.descriptor_ < 0) {
    make_room();
    RETURN_IF_FAILED(reopen(file));
  } else if (file.use_ != used_.begin()) {
    used_.splice(used_.begin(), used_, file.use_);
  }
  file.pins_.fetch_add(1, std::memory_order_relaxed);
  return Pin(file, file.descriptor_);
}

Status Descriptors::reopen(PosixFile& file) {
  const int descriptor = open_descriptor(file.current_path_, (file.writable_ ? O_RDWR : O_RDONLY) | O_NONBLOCK);
  if (descriptor < 0) return os_failure(errno, "open again " + file.current_path_);
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || status.st_dev != file.device_ || status.st_ino != file.inode_) {
    close(descriptor);
    return Failure{FailureKind::io, file.current_path_ + ": replaced behind our back"};
  }
  file.descriptor_ = descriptor;
  used_.push_front(&file);
  file.use_ = used_.begin();
  reopened_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

/// Closes the descriptor used longest ago that may be; false when none may.
bool Descriptors::close_one(bool dirty_too) {
  size_t searched = 0;
  for (auto entry = used_.rbegin(); entry != used_.rend() && searched < search_max; ++entry, ++searched) {
    PosixFile& file = **entry;
    if (file.unlinked_ || file.pins_.load(std::memory_order_acquire) != 0) continue;
    if (!dirty_too && file.dirty_.load(std::memory_order_relaxed)) continue;
    close(file.descriptor_);
    file.descriptor_ = -1;
    used_.erase(file.use_);
    return true;
  }
  return false;
}

void Descriptors::make_room() {
  while (used_.size() >= max_) {
    if (!close_one(false) && !close_one(true)) return;  // all in use: the bound gives way
  }
}

void Descriptors::forget(PosixFile& file) {
  int descriptor = -1;
  {
    const std::lock_guard lock(mutex_);
    if (file.current_path_.empty()) return;  // never opened
    auto [entry, end] = names_.equal_range(file.current_path_);
    while (entry != end && entry->second != &file) ++entry;
    if (entry != end) names_.erase(entry);
    descriptor = file.descriptor_;
    if (descriptor >= 0) used_.erase(file.use_);
  }
  if (descriptor >= 0) close(descriptor);
}

template <typename Visit>
void Descriptors::each_at(const std::string& path, Visit visit) {
  for (auto entry = names_.lower_bound(path); entry != names_.end() && entry->first == path;) visit(entry++);
  const std::string below = path + "/";
  for (auto entry = names_.lower_bound(below); entry != names_.end() && entry->first.starts_with(below);) {
    visit(entry++);
  }
}

/// The names at and below `path` are about to go: their Files keep their descriptors from now on.
void Descriptors::keep_unlinked(const std::string& path) {
  each_at(path, [&](const Names::iterator& entry) {
    PosixFile& file = *entry->second;
    if (file.descriptor_ < 0) {
      const Status opened = reopen(file);  // if this fails, so will the next use
      if (!opened.ok()) return;
    }
    file.unlinked_ = true;
  });
}

void Descriptors::before_removal(const std::string& path) {
  const std::lock_guard lock(mutex_);
  keep_unlinked(plain_path(path));
}

Status Descriptors::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);  // held through the call: nobody opens by the old name in between
  const std::string source = plain_path(from);
  const std::string target = plain_path(to);
  if (source != target) keep_unlinked(target);
  if (::rename(from.c_str(), to.c_str()) != 0) return os_failure(errno, "rename " + from + " to " + to);
  if (source == target) return {};
  each_at(source, [&](const Names::iterator& entry) {
    PosixFile* file = entry->second;
    file->current_path_ = target + file->current_path_.substr(source.size());
    names_.erase(entry);
    names_.emplace(file->current_path_, file);
  });
  return {};
}

}  // namespace moldau::io::posix
