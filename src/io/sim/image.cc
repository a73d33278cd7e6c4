#include "io/sim/image.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace moldau::io::sim {
namespace {

/// Grows `image` to `size` by zeros, or by what the device happened to hold.
void extend(std::vector<std::byte>& image, uint64_t size, bool garbage, Prng& prng) {
  if (size <= image.size()) return;
  const size_t old_size = image.size();
  image.resize(size);
  if (!garbage) return;
  for (size_t i = old_size; i < size; ++i) image[i] = static_cast<std::byte>(prng.next());
}

/// Calls visit(sector, begin, end) for each sector that [offset, end) touches, with the touched part.
template <typename Visit>
void each_sector(uint64_t offset, uint64_t end, Visit visit) {
  while (offset < end) {
    const uint64_t sector = offset / sector_bytes;
    const uint64_t part_end = std::min(end, (sector + 1) * sector_bytes);
    visit(sector, offset, part_end);
    offset = part_end;
  }
}

}  // namespace

size_t FileImage::read(uint64_t offset, std::span<std::byte> into) const {
  if (offset >= content_.size()) return 0;
  const size_t count = std::min<uint64_t>(into.size(), content_.size() - offset);
  if (count > 0) std::memcpy(into.data(), content_.data() + offset, count);
  return count;
}

void FileImage::write(uint64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  Operation& operation = operations_.emplace_back(Operation{false, offset, {bytes.begin(), bytes.end()}});
  apply(content_, operation);
  unsynced_bytes_ += bytes.size();
}

void FileImage::truncate(uint64_t size) {
  Operation& operation = operations_.emplace_back(Operation{true, size, {}});
  apply(content_, operation);
}

void FileImage::apply(std::vector<std::byte>& image, const Operation& operation) {
  if (operation.is_truncate) {
    image.resize(operation.offset);
    return;
  }
  const uint64_t end = operation.offset + operation.bytes.size();
  if (image.size() < end) image.resize(end);
  std::memcpy(image.data() + operation.offset, operation.bytes.data(), operation.bytes.size());
}

void FileImage::damage(uint64_t offset, uint64_t size, Prng& prng) {
  for (uint64_t at = offset; at < offset + size; ++at) {
    const auto flip = static_cast<std::byte>(1U << prng.below(8));
    if (at < content_.size()) content_[at] ^= flip;
    if (at < durable_.size()) durable_[at] ^= flip;
    for (Operation& operation : operations_) {
      if (!operation.is_truncate && at >= operation.offset && at - operation.offset < operation.bytes.size()) {
        operation.bytes[at - operation.offset] ^= flip;
      }
    }
  }
}

void FileImage::drop_operations(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    unsynced_bytes_ -= operations_.front().bytes.size();
    operations_.pop_front();
  }
  first_ += count;
}

void FileImage::sync(uint64_t mark) {
  const size_t count = mark <= first_ ? 0 : std::min<uint64_t>(mark - first_, operations_.size());
  for (size_t i = 0; i < count; ++i) apply(durable_, operations_[i]);
  drop_operations(count);
}

void FileImage::write_back_half() {
  const uint64_t target = unsynced_bytes_ / 2;
  uint64_t written = 0;
  size_t count = 0;
  while (count < operations_.size() && written < target) written += operations_[count++].bytes.size();
  sync(first_ + count);
}

void FileImage::lose(uint64_t mark, Prng& prng) {
  const size_t count = mark <= first_ ? 0 : std::min<uint64_t>(mark - first_, operations_.size());
  settle(count, CrashStyle::mixed, prng);
  drop_operations(count);
}

void FileImage::power_cut(CrashStyle style, Prng& prng) {
  settle(operations_.size(), style, prng);
  drop_operations(operations_.size());
  content_ = durable_;
}

/// For each of the first `count` operations, the size below which a write may have reached the device, when the size
/// changes of only the first `sizes_kept` survive: a write after a lost truncation went to blocks that are not in the
/// file.
std::vector<uint64_t> FileImage::limits(size_t count, size_t sizes_kept) const {
  std::vector<uint64_t> result(count, UINT64_MAX);
  uint64_t limit = durable_.size();
  for (size_t i = 0; i < count; ++i) {
    const Operation& operation = operations_[i];
    const uint64_t end = operation.offset + operation.bytes.size();
    if (i < sizes_kept) {
      limit = operation.is_truncate ? operation.offset : std::max(limit, end);
      continue;
    }
    if (operation.is_truncate) limit = std::min(limit, operation.offset);
    result[i] = limit;
  }
  return result;
}

void FileImage::settle_write(const Operation& operation, uint64_t limit, Fates& fates) {
  const uint64_t end = std::min(limit, operation.offset + operation.bytes.size());
  each_sector(operation.offset, end, [&](uint64_t sector, uint64_t begin, uint64_t part_end) {
    Fate& fate = fates[sector];
    const uint32_t touch = fate.seen++;
    if (touch > fate.kept) return;
    const uint64_t size = touch < fate.kept ? part_end - begin : std::min(part_end - begin, fate.torn);
    if (begin >= durable_.size()) return;
    const uint64_t stored = std::min<uint64_t>(size, durable_.size() - begin);
    if (stored > 0) std::memcpy(durable_.data() + begin, operation.bytes.data() + (begin - operation.offset), stored);
  });
}

/// Chooses what the first `count` operations leave behind in durable_.
void FileImage::settle(size_t count, CrashStyle style, Prng& prng) {
  if (count == 0 || style == CrashStyle::lose_all) return;
  const bool keep_all = style == CrashStyle::keep_all;
  const size_t sizes_kept = keep_all || prng.chance(1, 3) ? count : prng.below(count + 1);
  const bool garbage = !keep_all && prng.chance(1, 3);
  const uint64_t odds = keep_all ? 100 : prng.below(101);  // how likely a write of this file reached the device

  const std::vector<uint64_t> bounds = limits(count, sizes_kept);
  Fates fates;
  for (size_t i = 0; i < count; ++i) {
    const Operation& operation = operations_[i];
    if (operation.is_truncate) continue;
    const uint64_t end = std::min(bounds[i], operation.offset + operation.bytes.size());
    each_sector(operation.offset, end, [&](uint64_t sector, uint64_t, uint64_t) { ++fates[sector].touches; });
  }
  for (auto& [sector, fate] : fates) {
    if (prng.chance(odds, 100)) {
      fate.kept = fate.touches;
    } else {
      fate.kept = static_cast<uint32_t>(prng.below(fate.touches));
      if (prng.chance(1, 4)) fate.torn = prng.below(sector_bytes);
    }
  }
  for (size_t i = 0; i < count; ++i) {
    const Operation& operation = operations_[i];
    if (operation.is_truncate) {
      if (i < sizes_kept && operation.offset < durable_.size()) durable_.resize(operation.offset);
      if (i < sizes_kept) extend(durable_, operation.offset, false, prng);
    } else {
      if (i < sizes_kept) extend(durable_, operation.offset + operation.bytes.size(), garbage, prng);
      settle_write(operation, bounds[i], fates);
    }
  }
}

}  // namespace moldau::io::sim
