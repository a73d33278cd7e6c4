// FileImage: the bytes of one simulated file, as programs see them and as a power cut would leave them. The arithmetic
// of the fault model in sim/disk.h; no names, no delays.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <vector>

#include "base/prng.h"
#include "io/sim/faults.h"

namespace moldau::io::sim {

inline constexpr uint64_t sector_bytes = 512;

/// What reached the device of the writes that touched one sector: the first `kept` of them, and `torn` bytes of the
/// part that the next one had in this sector.
struct SectorFate {
  uint32_t kept = 0;
  uint64_t torn = 0;
};

/// What a power cut leaves of a file's unsynced operations: one of the legal choices. Of a sector that is not named
/// nothing reached the device.
struct Survival {
  size_t sizes_kept = 0;  ///< the size changes of the first so many operations
  bool garbage = false;   ///< where the file grew and no write survived: what the device happened to hold, not zeros
  std::map<uint64_t, SectorFate> sectors;
};

class FileImage {
 public:
  uint64_t size() const { return content_.size(); }
  /// Copies what is there from `offset`; returns how much.
  size_t read(uint64_t offset, std::span<std::byte> into) const;
  /// Bytes beyond the end are extended by zeros first.
  void write(uint64_t offset, std::span<const std::byte> bytes);
  void truncate(uint64_t size);
  /// Flips one bit of each byte of the range, in all that is kept of it.
  void damage(uint64_t offset, uint64_t size, Prng& prng);

  /// The number of the operation to come: a sync started now covers all before it.
  uint64_t mark() const { return first_ + operations_.size(); }
  bool dirty() const { return !operations_.empty(); }
  /// Makes the operations before `mark` durable.
  void sync(uint64_t mark);
  /// A failed sync: of the operations before `mark`, each sector becomes durable or not; none of them will be tried
  /// again.
  void lose(uint64_t mark, Prng& prng);
  /// A power cut: what is read from now on is one of the contents that may have survived.
  void power_cut(CrashStyle style, Prng& prng);
  /// Bytes written and not yet durable.
  uint64_t unsynced_bytes() const { return unsynced_bytes_; }
  /// Makes about the older half durable, as the kernel does on its own.
  void write_back_half();
  const std::vector<std::byte>& durable() const { return durable_; }
  const std::vector<std::byte>& content() const { return content_; }
  /// The page cache forgets what is clean: programs read what the device has.
  void evict();
  /// As sync(), by a device that loses (or puts elsewhere) the `which`-th write of those before `mark`, if there are so
  /// many, and says nothing.
  void sync_without(uint64_t mark, size_t which, bool misdirect, Prng& prng);

  // For enumerating what a power cut may leave (sim/crash_images.h).

  size_t unsynced() const { return operations_.size(); }
  /// Those before `mark`.
  size_t unsynced_before(uint64_t mark) const;
  /// How many of the first `writes` unsynced operations wrote to each sector, when the size changes of only
  /// `sizes_kept` survive.
  std::map<uint64_t, uint32_t> touches(size_t writes, size_t sizes_kept) const;
  /// The file after a power cut with that outcome.
  FileImage after(const Survival& survival, Prng& prng) const;

 private:
  struct Operation {
    bool is_truncate;
    uint64_t offset;  ///< of a write; the new size of a truncate
    std::vector<std::byte> bytes;
  };
  static void apply(std::vector<std::byte>& image, const Operation& operation);
  std::vector<uint64_t> limits(size_t count, size_t sizes_kept) const;
  Survival draw_survival(size_t count, CrashStyle style, Prng& prng) const;
  void settle(size_t count, const Survival& survival, Prng& prng);
  void settle_write(const Operation& operation, uint64_t limit, const Survival& survival,
                    std::map<uint64_t, uint32_t>& seen);
  void drop_operations(size_t count);

  std::vector<std::byte> content_;
  std::vector<std::byte> durable_;
  std::deque<Operation> operations_;
  uint64_t first_ = 0;
  uint64_t unsynced_bytes_ = 0;
};

}  // namespace moldau::io::sim
