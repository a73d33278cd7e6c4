#include "io/posix/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>

namespace moldau::io::posix {
namespace {

constexpr size_t pieces_max = 128;        // iovecs per pwritev
constexpr size_t load_bytes = 256 << 10;  // a prefetch reads in steps of this
constexpr size_t probe_step = 64 << 10;   // without cachestat: one probe per this many bytes
constexpr size_t probes_max = 64;
constexpr int64_t off_max = INT64_MAX;

/// A descriptor closed at the end of its scope.
class Owned {
 public:
  explicit Owned(int descriptor) : descriptor_(descriptor) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

class PosixLock final : public FolderLock {
 public:
  explicit PosixLock(int descriptor) : descriptor_(descriptor) {}

 private:
  Owned descriptor_;  // closing it gives the lock up
};

bool in_range(uint64_t offset, uint64_t size) {
  return offset <= static_cast<uint64_t>(off_max) && size <= static_cast<uint64_t>(off_max) - offset;
}

Failure out_of_range(const File& file) {
  return Failure{FailureKind::invalid_argument, file.path() + ": offset beyond what a file can have", EINVAL};
}

/// pread until `into` is full or the file ends. One syscall, and one more at the end of the file.
Result<size_t> read_fully(int descriptor, const File& file, uint64_t offset, std::span<std::byte> into) {
  size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = pread(descriptor, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os_failure(errno, "read " + file.path());
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

struct CacheRange {
  uint64_t offset;
  uint64_t length;
};
struct CacheCounts {
  uint64_t cached, dirty, writeback, evicted, recently_evicted;
};
constexpr long cachestat_number = 451;  // Linux 6.5; not in this libc's headers

/// Whether the pages of a range are in memory, if the kernel can tell (cachestat). One syscall, no copy.
std::optional<bool> ask_cachestat(int descriptor, uint64_t offset, uint64_t size) {
  CacheRange range{offset, size};
  CacheCounts counts{};
  if (syscall(cachestat_number, descriptor, &range, &counts, 0) != 0) return std::nullopt;
  static const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t pages = (offset + size - 1) / page - offset / page + 1;
  return counts.cached >= pages;
}

/// One byte at `offset` is in memory: preadv2(RWF_NOWAIT). Nothing if the file system cannot tell.
std::optional<bool> probe(int descriptor, uint64_t offset) {
  std::byte byte{};
  const iovec piece{&byte, 1};
  const ssize_t got = preadv2(descriptor, &piece, 1, static_cast<off_t>(offset), RWF_NOWAIT);
  if (got < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) return std::nullopt;
  return got >= 0;
}

}  // namespace

Status PosixDisk::check_writable(File& file) const {
  if (static_cast<PosixFile&>(file).writable()) return {};
  return Failure{FailureKind::invalid_argument, file.path() + ": opened for reading", EBADF};
}

Result<FileRef> PosixDisk::open(const std::string& path, OpenMode mode) {
  ASSIGN_OR_RETURN(FileRef file, descriptors_->open(path, mode));
  return file;
}

Result<uint64_t> PosixDisk::size(File& file) {
  ASSIGN_OR_RETURN(const Pin pinned, pin(file));
  struct stat status{};
  if (fstat(pinned.descriptor(), &status) != 0) return os_failure(errno, "stat " + file.path());
  return static_cast<uint64_t>(status.st_size);
}

// --- reads

Result<size_t> PosixDisk::read(File& file, uint64_t offset, std::span<std::byte> into) {
  if (!in_range(offset, into.size())) return out_of_range(file);
  ASSIGN_OR_RETURN(const Pin pinned, pin(file));
  return read_fully(pinned.descriptor(), file, offset, into);
}

/// One syscall; where RWF_NOWAIT is not served, two.
Result<size_t> PosixDisk::read_cached(File& file, uint64_t offset, std::span<std::byte> into) {
  if (!in_range(offset, into.size())) return out_of_range(file);
  if (into.empty()) return size_t{0};
  ASSIGN_OR_RETURN(const Pin pinned, pin(file));
  const iovec piece{into.data(), into.size()};
  for (;;) {
    const ssize_t got = preadv2(pinned.descriptor(), &piece, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return size_t{0};
    if (errno != EOPNOTSUPP && errno != ENOSYS) return os_failure(errno, "read " + file.path());
    // A file system without RWF_NOWAIT: read if the kernel says that all is there, else say that nothing is.
    if (!ask_cachestat(pinned.descriptor(), offset, into.size()).value_or(false)) return size_t{0};
    return read_fully(pinned.descriptor(), file, offset, into);
  }
}

/// One syscall (cachestat); on kernels before 6.5 one per 64 KiB, 64 at most.
bool PosixDisk::is_cached(File& file, uint64_t offset, uint64_t size) {
  if (size == 0 || !in_range(offset, size)) return true;
  const Result<Pin> pinned = pin(file);
  if (!pinned.ok()) return true;  // the send will find out
  const int descriptor = pinned.value().descriptor();
  if (const std::optional<bool> known = ask_cachestat(descriptor, offset, size)) return *known;
  const uint64_t step = std::max<uint64_t>(probe_step, size / probes_max + 1);
  for (uint64_t at = 0; at < size; at += step) {
    if (!probe(descriptor, offset + at).value_or(true)) return false;
  }
  return probe(descriptor, offset + size - 1).value_or(true);
}

void PosixDisk::read_async(FileRef file, uint64_t offset, std::span<std::byte> into, Completion<Result<size_t>> done) {
  core_.in_pool<Result<size_t>>(
      WorkKind::read, [this, file = std::move(file), offset, into]() { return read(*file, offset, into); },
      std::move(done));
}

/// Reads a range to have it in memory. The readahead call starts all of it; the reads wait for it, piece by piece.
Status PosixDisk::load(File& file, uint64_t offset, uint64_t size) {
  if (!in_range(offset, size)) return out_of_range(file);
  ASSIGN_OR_RETURN(const Pin pinned, pin(file));
  [[maybe_unused]] const auto started = readahead(pinned.descriptor(), static_cast<off_t>(offset), size);
  const auto scratch = std::make_unique_for_overwrite<std::byte[]>(std::min<uint64_t>(size, load_bytes));
  while (size > 0) {
    const std::span<std::byte> into(scratch.get(), std::min<uint64_t>(size, load_bytes));
    ASSIGN_OR_RETURN(const size_t got, read_fully(pinned.descriptor(), file, offset, into));
    if (got == 0) break;
    offset += got;
    size -= got;
  }
  return {};
}

void PosixDisk::prefetch(FileRef file, uint64_t offset, uint64_t size, Completion<Status> done) {
  core_.in_pool<Status>(
      WorkKind::read, [this, file = std::move(file), offset, size]() { return load(*file, offset, size); },
      std::move(done));
}

/// One syscall (sendfile); EINTR asks again.
Result<size_t> PosixDisk::send(int socket, File& file, uint64_t offset, uint64_t size) {
  if (!in_range(offset, size)) return out_of_range(file);
  ASSIGN_OR_RETURN(const Pin pinned, pin(file));
  off_t from = static_cast<off_t>(offset);
  for (;;) {
    const ssize_t sent = sendfile(socket, pinned.descriptor(), &from, size);
    if (sent >= 0) return static_cast<size_t>(sent);
    if (errno != EINTR) return os_failure(errno, "send " + file.path());
  }
}

// --- writes

/// One syscall per 128 pieces (pwritev; 0.8 us for 100 bytes, 5.5 us for 16 KiB) when there is room.
Status PosixDisk::write(File& file, uint64_t offset, std::span<const std::span<const std::byte>> pieces) {
  RETURN_IF_FAILED(check_writable(file));
  ASSIGN_OR_RETURN(const Pin pinned, pin(file));
  static_cast<PosixFile&>(file).set_dirty(true);
  std::array<iovec, pieces_max> vectors;
  size_t next = 0;     // the first piece not written whole
  size_t written = 0;  // bytes of it that are
  while (next < pieces.size()) {
    size_t count = 0;
    uint64_t total = 0;
    for (size_t i = next; i < pieces.size() && count < pieces_max; ++i) {
      const std::span<const std::byte> rest = pieces[i].subspan(i == next ? written : 0);
      vectors[count++] = {const_cast<std::byte*>(rest.data()), rest.size()};
      total += rest.size();
    }
    if (!in_range(offset, total)) return out_of_range(file);
    const ssize_t done =
        total == 0 ? 0
                   : pwritev(pinned.descriptor(), vectors.data(), static_cast<int>(count), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return os_failure(errno, "write " + file.path());
    // A short write means that the room ran out; asking for the rest says so, or finds that some came back.
    if (done == 0 && total > 0) return os_failure(ENOSPC, "write " + file.path());
    offset += static_cast<uint64_t>(done);
    auto left = static_cast<size_t>(done);
    while (next < pieces.size() && left >= pieces[next].size() - written) {
      left -= pieces[next].size() - written;
      written = 0;
      ++next;
    }
    written += left;
  }
  return {};
}

Status PosixDisk::sync_now(File& file) {
  ASSIGN_OR_RETURN(const Pin pinned, pin(file));
  static_cast<PosixFile&>(file).set_dirty(false);  // before: a write made meanwhile sets it again
  if (fdatasync(pinned.descriptor()) != 0) return os_failure(errno, "sync " + file.path());
  return {};
}

/// One hand-over to the pool, one syscall there (fdatasync, 0.15-0.3 ms), one message back.
void PosixDisk::sync(FileRef file, Completion<Status> done) {
  core_.in_pool<Status>(WorkKind::sync, [this, file = std::move(file)]() { return sync_now(*file); }, std::move(done));
}

Status PosixDisk::truncate(File& file, uint64_t size) {
  RETURN_IF_FAILED(check_writable(file));
  if (!in_range(size, 0)) return out_of_range(file);
  ASSIGN_OR_RETURN(const Pin pinned, pin(file));
  static_cast<PosixFile&>(file).set_dirty(true);
  while (ftruncate(pinned.descriptor(), static_cast<off_t>(size)) != 0) {
    if (errno != EINTR) return os_failure(errno, "truncate " + file.path());
  }
  return {};
}

Status PosixDisk::allocate(File& file, uint64_t offset, uint64_t size) {
  RETURN_IF_FAILED(check_writable(file));
  if (!in_range(offset, size)) return out_of_range(file);
  ASSIGN_OR_RETURN(const Pin pinned, pin(file));
  while (fallocate(pinned.descriptor(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(size)) !=
         0) {
    if (errno == EOPNOTSUPP || errno == ENOSYS) return {};  // room ahead is a help, not a promise
    if (errno != EINTR) return os_failure(errno, "allocate " + file.path());
  }
  return {};
}

// --- names

Status PosixDisk::rename(const std::string& from, const std::string& to) {
  return descriptors_->rename(from, to);
}

Status PosixDisk::remove(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return os_failure(errno, "remove " + path);
  const bool is_directory = S_ISDIR(status.st_mode);
  if (!is_directory) descriptors_->before_removal(path);
  if ((is_directory ? rmdir(path.c_str()) : unlink(path.c_str())) != 0) return os_failure(errno, "remove " + path);
  return {};
}

/// Removes what `name` in the open folder `parent` is, with all below it; symbolic links are removed, not followed.
static Status remove_below(int parent, const std::string& name, const std::string& path) {
  if (unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return os_failure(errno, "remove " + path);
  Owned folder(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.get() < 0) return os_failure(errno, "remove " + path);
  DIR* directory = fdopendir(folder.get());
  if (directory == nullptr) return os_failure(errno, "remove " + path);
  const int descriptor = folder.release();
  const std::unique_ptr<DIR, int (*)(DIR*)> closing(directory, closedir);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(directory)) names.emplace_back(entry->d_name);
  for (const std::string& child : names) {
    if (child == "." || child == "..") continue;
    RETURN_IF_FAILED(remove_below(descriptor, child, path + "/" + child));
  }
  if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return os_failure(errno, "remove " + path);
  return {};
}

Status PosixDisk::remove_tree(const std::string& path) {
  descriptors_->before_removal(path);
  return remove_below(AT_FDCWD, plain_path(path), path);
}

Status PosixDisk::make_dir(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0) return {};
  const int error = errno;
  struct stat status{};
  if (error == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
  return os_failure(error, "make folder " + path);
}

Status PosixDisk::sync_dir(const std::string& path) {
  const Owned folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || fsync(folder.get()) != 0) return os_failure(errno, "sync folder " + path);
  return {};
}

void PosixDisk::sync_all(const std::string& path, Completion<Status> done) {
  core_.in_pool<Status>(
      WorkKind::sync,
      [path]() -> Status {
        const Owned any(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (any.get() < 0 || syncfs(any.get()) != 0) return os_failure(errno, "sync " + path);
        return {};
      },
      std::move(done));
}

static DirectoryEntry entry_of(std::string name, const struct stat& status) {
  const bool is_directory = S_ISDIR(status.st_mode);
  return {std::move(name), is_directory, is_directory ? 0 : static_cast<uint64_t>(status.st_size),
          int64_t{status.st_mtim.tv_sec} * 1000 + status.st_mtim.tv_nsec / 1'000'000, status.st_ino};
}

static Result<std::vector<DirectoryEntry>> entries_in(const std::string& path, bool with_folders) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
  if (directory == nullptr) return os_failure(errno, "list " + path);
  std::vector<DirectoryEntry> entries;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(directory.get());
    if (entry == nullptr && errno != 0) return os_failure(errno, "list " + path);
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name == "." || name == ".." || (!with_folders && entry->d_type == DT_DIR)) continue;
    struct stat status{};
    if (fstatat(dirfd(directory.get()), name.c_str(), &status, 0) != 0) {
      if (errno == ENOENT) continue;  // gone since, or a link to nowhere
      return os_failure(errno, "list " + path);
    }
    if (with_folders || !S_ISDIR(status.st_mode)) entries.push_back(entry_of(std::move(name), status));
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

Result<std::vector<DirectoryEntry>> PosixDisk::list(const std::string& path) {
  return entries_in(path, true);
}

Result<std::vector<DirectoryEntry>> PosixDisk::list_files(const std::string& path) {
  return entries_in(path, false);
}

Result<DirectoryEntry> PosixDisk::stat(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return os_failure(errno, "stat " + path);
  const std::string plain = plain_path(path);
  const std::string name = plain == "/" ? plain : plain.substr(plain.rfind('/') + 1);
  return entry_of(name, status);
}

Result<Space> PosixDisk::space(const std::string& path) {
  struct statvfs status{};
  if (statvfs(path.c_str(), &status) != 0) return os_failure(errno, "space of " + path);
  return Space{status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize};
}

Result<std::unique_ptr<FolderLock>> PosixDisk::lock(const std::string& path) {
  Owned file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.get() < 0) return os_failure(errno, "lock " + path);
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Failure{FailureKind::locked, path + ": held by another process", EWOULDBLOCK};
    return os_failure(errno, "lock " + path);
  }
  return std::unique_ptr<FolderLock>(std::make_unique<PosixLock>(file.release()));
}

}  // namespace moldau::io::posix
