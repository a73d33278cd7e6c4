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
  const size_t count = unsynced_before(mark);
  for (size_t i = 0; i < count; ++i) apply(durable_, operations_[i]);
  drop_operations(count);
}

size_t FileImage::unsynced_before(uint64_t mark) const {
  return mark <= first_ ? 0 : std::min<uint64_t>(mark - first_, operations_.size());
}

void FileImage::evict() {
  content_ = durable_;
  for (const Operation& operation : operations_) apply(content_, operation);
}

void FileImage::sync_without(uint64_t mark, size_t which, bool misdirect, Prng& prng) {
  const size_t count = unsynced_before(mark);
  for (size_t i = 0; i < count; ++i) {
    Operation& operation = operations_[i];
    if (i != which || operation.is_truncate) {
      apply(durable_, operation);
      continue;
    }
    // The size is the file system's: it changes all the same.
    const uint64_t end = operation.offset + operation.bytes.size();
    if (durable_.size() < end) durable_.resize(end);
    if (!misdirect || operation.bytes.size() > durable_.size()) continue;
    const uint64_t places = (durable_.size() - operation.bytes.size()) / sector_bytes + 1;
    const uint64_t place = prng.below(places) * sector_bytes;
    std::memcpy(durable_.data() + place, operation.bytes.data(), operation.bytes.size());
  }
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
  const size_t count = unsynced_before(mark);
  const Survival survival = draw_survival(count, CrashStyle::mixed, prng);
  settle(count, survival, prng);
  drop_operations(count);
}

void FileImage::power_cut(CrashStyle style, Prng& prng) {
  const Survival survival = draw_survival(operations_.size(), style, prng);
  settle(operations_.size(), survival, prng);
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

std::map<uint64_t, uint32_t> FileImage::touches(size_t writes, size_t sizes_kept) const {
  const size_t count = operations_.size();
  const std::vector<uint64_t> bounds = limits(count, sizes_kept);
  std::map<uint64_t, uint32_t> found;
  for (size_t i = 0; i < std::min(writes, count); ++i) {
    const Operation& operation = operations_[i];
    if (operation.is_truncate) continue;
    const uint64_t end = std::min(bounds[i], operation.offset + operation.bytes.size());
    each_sector(operation.offset, end, [&](uint64_t sector, uint64_t, uint64_t) { ++found[sector]; });
  }
  return found;
}

void FileImage::settle_write(const Operation& operation, uint64_t limit, const Survival& survival,
                             std::map<uint64_t, uint32_t>& seen) {
  const uint64_t end = std::min(limit, operation.offset + operation.bytes.size());
  each_sector(operation.offset, end, [&](uint64_t sector, uint64_t begin, uint64_t part_end) {
    const uint32_t touch = seen[sector]++;
    const auto found = survival.sectors.find(sector);
    if (found == survival.sectors.end() || touch > found->second.kept) return;
    const SectorFate& fate = found->second;
    const uint64_t size = touch < fate.kept ? part_end - begin : std::min(part_end - begin, fate.torn);
    if (begin >= durable_.size()) return;
    const uint64_t stored = std::min<uint64_t>(size, durable_.size() - begin);
    if (stored > 0) std::memcpy(durable_.data() + begin, operation.bytes.data() + (begin - operation.offset), stored);
  });
}

/// Chooses what the first `count` operations leave behind.
Survival FileImage::draw_survival(size_t count, CrashStyle style, Prng& prng) const {
  Survival survival;
  if (count == 0 || style == CrashStyle::lose_all) return survival;
  const bool keep_all = style == CrashStyle::keep_all;
  survival.sizes_kept = keep_all || prng.chance(1, 3) ? count : prng.below(count + 1);
  survival.garbage = !keep_all && prng.chance(1, 3);
  const uint64_t odds = keep_all ? 100 : prng.below(101);  // how likely a write of this file reached the device
  for (const auto& [sector, touched] : touches(count, survival.sizes_kept)) {
    SectorFate& fate = survival.sectors[sector];
    if (prng.chance(odds, 100)) {
      fate.kept = touched;
    } else {
      fate.kept = static_cast<uint32_t>(prng.below(touched));
      if (prng.chance(1, 4)) fate.torn = prng.below(sector_bytes);
    }
  }
  return survival;
}

/// Makes durable_ what the first `count` operations leave behind.
void FileImage::settle(size_t count, const Survival& survival, Prng& prng) {
  const std::vector<uint64_t> bounds = limits(count, survival.sizes_kept);
  std::map<uint64_t, uint32_t> seen;
  for (size_t i = 0; i < count; ++i) {
    const Operation& operation = operations_[i];
    const bool sized = i < survival.sizes_kept;
    if (operation.is_truncate) {
      if (sized && operation.offset < durable_.size()) durable_.resize(operation.offset);
      if (sized) extend(durable_, operation.offset, false, prng);
    } else {
      if (sized) extend(durable_, operation.offset + operation.bytes.size(), survival.garbage, prng);
      settle_write(operation, bounds[i], survival, seen);
    }
  }
}

FileImage FileImage::after(const Survival& survival, Prng& prng) const {
  FileImage left;
  left.durable_ = durable_;
  if (!operations_.empty() && (survival.sizes_kept > 0 || !survival.sectors.empty())) {
    left.operations_ = operations_;
    left.settle(operations_.size(), survival, prng);
    left.operations_.clear();
  }
  left.content_ = left.durable_;
  return left;
}

}  // namespace moldau::io::sim
