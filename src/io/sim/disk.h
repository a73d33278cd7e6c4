// SimDisk: the disk of a simulated node, and all the ways in which disks fail.
//
// The fault model:
// - A file is what programs see (the page cache) and what would survive a power cut, which is the last synced bytes and
//   size, and below them the list of unsynced writes and truncations. Only a sync makes a write durable; writes made
//   while a sync runs are not covered by it. The kernel may write back on its own, silently (writeback_bytes).
// - Names are durable only after sync_dir of their folder: creation, rename, removal, also of folders. Renames are
//   atomic.
// - A power cut chooses for each 512-byte sector one of the contents it had since it was last durable, possibly torn
//   between two of them; the size of the file falls back to that after some prefix of the unsynced operations; where a
//   file grew but a sector did not survive, it holds zeros or garbage. Per folder some prefix of the unsynced name
//   operations survives; an operation on two folders survives in both or in neither. See CrashStyle for the odds.
// - A killed process loses nothing but its handles.
// - A crash can come at any operation that changes something: before it, in its midst (part of a write, a sync, a
//   remove_tree) or after it.
// - Syncs may be slow, never end, fail (EIO: the pages are then clean, some of them lost; programs still read the new
//   bytes), or lie: about all that they cover, or about one write, which is lost or lands in another sector of the
//   file. Writes may fail midway or run out of room at a random byte; reads may fail, come short, or return a flipped
//   bit, a sector of garbage or another sector; the page cache may have forgotten what it held. Bytes at rest are
//   damaged by damage() (flipped bits) and overwrite_at_rest().
// - Not modelled: reordering between files that a real journal would forbid is allowed here (it is stricter); hard and
//   symbolic links; permissions.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "io/disk.h"
#include "io/sim/faults.h"

namespace moldau::io::sim {

class Node;
class SimFile;
struct Inode;
class Tree;

class SimDisk final : public Disk {
 public:
  explicit SimDisk(Node& node);
  ~SimDisk() override;

  /// The knobs of this disk.
  DiskFaults& faults() { return faults_; }

  /// The n-th changing operation from now (1: the next) kills the node: before, during or after it, by the seed. 0
  /// disarms. Changing operations: a file's creation, write, truncate, allocate, rename, remove (each entry of
  /// remove_tree), make_dir, and each sync. A crash disarms this and the next three.
  void crash_after_operations(uint64_t n) { crash_in_ = n; }
  /// Changing operations so far.
  uint64_t operations() const { return operations_; }
  /// The n-th sync, write or read from now (1: the next) fails with EIO, once. 0 disarms.
  void fail_sync_in(uint64_t n) { fail_sync_in_ = n; }
  void fail_write_in(uint64_t n) { fail_write_in_ = n; }
  void fail_read_in(uint64_t n) { fail_read_in_ = n; }
  /// The n-th sync from now (1: the next) takes this long, once; or never ends. 0 disarms.
  void delay_sync_in(uint64_t n, Duration delay) {
    slow_sync_in_ = n;
    slow_sync_delay_ = delay;
  }
  void hang_sync_in(uint64_t n) { hang_sync_in_ = n; }
  /// The n-th write that is synced from now (1: the first of the next sync): the device says that it is done, and it is
  /// not there, or it lies elsewhere in the file. 0 disarms.
  void lose_write_in(uint64_t n) { lose_write_in_ = n; }
  void misdirect_write_in(uint64_t n) { misdirect_write_in_ = n; }
  /// Flips one random bit in each byte of [offset, offset + size) of a file, in memory and at rest.
  Status damage(const std::string& path, uint64_t offset, uint64_t size);
  /// Puts bytes in the place of those of a file, in memory and at rest, as a device does that writes astray.
  Status overwrite_at_rest(const std::string& path, uint64_t offset, std::span<const std::byte> bytes);
  /// Reads that touch [offset, offset + size) of a file fail with EIO from now on, as those of a bad block, which is in
  /// no page cache; until something is written there (a device then takes another block). One range at a time; size 0:
  /// none.
  void make_unreadable(const std::string& path, uint64_t offset, uint64_t size);
  /// What would be left of a file by a power cut that loses all that is unsynced.
  Result<std::vector<std::byte>> durable_content(const std::string& path);
  /// How often the machine lost what was in memory alone.
  uint64_t power_cuts() const { return power_cuts_; }
  /// Bytes in use, as capacity_bytes counts them.
  uint64_t used_bytes() const { return used_; }
  /// Drops the page cache's knowledge of everything: the next reads are cold, and find what the device has.
  void drop_caches();
  /// All that is on the disk, as a copy; and a disk made of such. REQUIRES of the latter: no file is open.
  std::unique_ptr<Tree> copy_tree() const;
  const Tree& tree() const { return *tree_; }
  void put_tree(std::unique_ptr<Tree> tree);
  /// Called before each changing operation: what a crash can leave between this operation and the one before it is
  /// what copy_tree() gives now. Null: nobody.
  void before_operation(std::function<void()> callback) { before_operation_ = std::move(callback); }

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

  // For the parts of the simulator.

  /// As read, for a part of a file that is being sent: no delay, the same faults.
  Result<size_t> read_to_send(File& file, uint64_t offset, std::span<std::byte> into);
  /// The node died: what of the tree survives. The handles of the incarnation are dead from now on.
  void power_cut();
  void process_killed();

 private:
  enum class Trip : unsigned char { none, before, during, after };
  enum class SyncFate : unsigned char { honest, lying, failing, hanging };
  struct SyncPlan {
    SyncFate fate;
    Duration delay;
  };
  /// What a sync covers: files with the number of their last operation, and the name operations of a folder.
  struct SyncScope {
    std::vector<std::pair<std::shared_ptr<Inode>, uint64_t>> files;
    std::shared_ptr<Inode> folder;
    bool all_names = false;
    uint64_t names_end = 0;
  };

  bool dead() const;
  SimFile* live(File& file) const;
  static Failure crashed_failure(std::string_view what);
  Trip count_operation(std::string_view kind, uint64_t a = 0, uint64_t b = 0);
  Failure trip_crash(std::string_view what);
  bool draw(uint32_t ppm);
  Instant now() const;
  static bool countdown(uint64_t& counter);
  Duration draw_duration(Duration low, Duration high);

  SyncPlan plan_sync();
  void apply_sync(const SyncScope& scope);
  void apply_sync(Inode& inode, uint64_t mark);
  void lose_sync(const SyncScope& scope);
  Status settle_sync(const SyncScope& scope, SyncFate fate);
  void start_sync(SyncScope scope, std::string_view what, Completion<Status> done);
  Status sync_at_once(const SyncScope& scope, std::string_view what);
  SyncScope everything() const;

  Result<size_t> read_with_faults(SimFile& file, uint64_t offset, std::span<std::byte> into);
  bool cold(Inode& inode, uint64_t offset, uint64_t size);
  void warm(Inode& inode, uint64_t offset, uint64_t size);
  Status store(Inode& inode, uint64_t offset, std::span<const std::byte> bytes);
  Status remove_entries(const std::shared_ptr<Inode>& folder, const std::string& path);
  void touch(Inode& inode);
  void release(Inode& inode);
  Status unlink_checked(const std::shared_ptr<Inode>& folder, const std::string& name, const std::string& path);

  Node& node_;
  DiskFaults faults_;
  std::unique_ptr<Tree> tree_;
  std::map<std::string, uint64_t> locks_;
  uint64_t lock_sequence_ = 0;
  uint64_t operations_ = 0;
  uint64_t crash_in_ = 0;
  uint64_t fail_sync_in_ = 0;
  uint64_t fail_write_in_ = 0;
  uint64_t fail_read_in_ = 0;
  uint64_t slow_sync_in_ = 0;
  Duration slow_sync_delay_;
  uint64_t hang_sync_in_ = 0;
  uint64_t lose_write_in_ = 0;
  uint64_t misdirect_write_in_ = 0;
  struct BadBlock {
    std::weak_ptr<Inode> file;
    uint64_t offset = 0;
    uint64_t size = 0;
  };
  bool is_bad(const Inode& inode, uint64_t offset, uint64_t size) const;
  BadBlock bad_block_;
  std::function<void()> before_operation_;
  uint64_t used_ = 0;
  uint64_t power_cuts_ = 0;
  std::vector<std::byte> scratch_;

  friend class SimLock;
};

}  // namespace moldau::io::sim
