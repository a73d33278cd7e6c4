// PosixDisk: files and folders of the machine. Blocking calls block their caller; sync, read_async, prefetch and
// sync_all run in the loop's pool. Files get mode 0600, folders 0700.
#pragma once

#include <memory>

#include "io/disk.h"
#include "io/posix/core.h"
#include "io/posix/descriptors.h"

namespace moldau::io::posix {

class PosixDisk final : public Disk {
 public:
  /// `descriptors`: those of the node, which all its shards share.
  PosixDisk(Core& core, std::shared_ptr<Descriptors> descriptors)
      : core_(core), descriptors_(std::move(descriptors)) {}

  const Descriptors& descriptors() const { return *descriptors_; }
  const std::shared_ptr<Descriptors>& shared_descriptors() const { return descriptors_; }

  Result<FileRef> open(const std::string& path, OpenMode mode) override;
  Result<uint64_t> size(File& file) override;
  Result<size_t> read(File& file, uint64_t offset, std::span<std::byte> into) override;
  Result<size_t> read_cached(File& file, uint64_t offset, std::span<std::byte> into) override;
  bool is_cached(File& file, uint64_t offset, uint64_t size) override;
  void read_async(FileRef file, uint64_t offset, std::span<std::byte> into, Completion<Result<size_t>> done) override;
  void prefetch(FileRef file, uint64_t offset, uint64_t size, Completion<Status> done) override;
  Status write(File& file, uint64_t offset, std::span<const std::span<const std::byte>> pieces) override;
  void sync(FileRef file, Completion<Status> done) override;
  Status sync_now(File& file) override;
  Status truncate(File& file, uint64_t size) override;
  Status allocate(File& file, uint64_t offset, uint64_t size) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status remove_tree(const std::string& path) override;
  Status make_dir(const std::string& path) override;
  Status sync_dir(const std::string& path) override;
  void sync_all(const std::string& path, Completion<Status> done) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list_files(const std::string& path) override;
  Result<DirectoryEntry> stat(const std::string& path) override;
  Result<Space> space(const std::string& path) override;
  Result<std::unique_ptr<FolderLock>> lock(const std::string& path) override;

  /// Sends up to `size` bytes of `file` to a socket: bytes sent (0: the file ends before), or the failure; EAGAIN is a
  /// Failure with that errno. One syscall (sendfile).
  Result<size_t> send(int socket, File& file, uint64_t offset, uint64_t size);

 private:
  Result<Pin> pin(File& file) { return descriptors_->pin(static_cast<PosixFile&>(file)); }
  Status check_writable(File& file) const;
  Status load(File& file, uint64_t offset, uint64_t size);

  Core& core_;
  const std::shared_ptr<Descriptors> descriptors_;
};

}  // namespace moldau::io::posix
