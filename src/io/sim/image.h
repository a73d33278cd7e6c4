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

 private:
  struct Operation {
    bool is_truncate;
    uint64_t offset;  ///< of a write; the new size of a truncate
    std::vector<std::byte> bytes;
  };
  /// What happened to one sector: of the writes that touched it, the first `kept` reached the device, and `torn` bytes
  /// of the part that the next one had in this sector.
  struct Fate {
    uint32_t touches = 0;
    uint32_t seen = 0;
    uint32_t kept = 0;
    uint64_t torn = 0;
  };
  using Fates = std::map<uint64_t, Fate>;

  static void apply(std::vector<std::byte>& image, const Operation& operation);
  std::vector<uint64_t> limits(size_t count, size_t sizes_kept) const;
  void settle(size_t count, CrashStyle style, Prng& prng);
  void settle_write(const Operation& operation, uint64_t limit, Fates& fates);
  void drop_operations(size_t count);

  std::vector<std::byte> content_;
  std::vector<std::byte> durable_;
  std::deque<Operation> operations_;
  uint64_t first_ = 0;
  uint64_t unsynced_bytes_ = 0;
};

}  // namespace moldau::io::sim
