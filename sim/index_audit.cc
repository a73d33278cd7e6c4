#include "sim/index_audit.h"

#include <fmt/core.h>

#include <cstdlib>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/endian.h"
#include "io/sim/disk.h"
#include "wire/batch.h"

namespace moldau::sim {
namespace {

constexpr size_t entry_bytes = 8;
constexpr uint64_t file_bytes_max = 64u << 20;

/// Position and last offset of each batch of a segment.
std::map<int64_t, Offset> batches_of(std::span<const std::byte> log) {
  std::map<int64_t, Offset> batches;
  int64_t position = 0;
  wire::for_each_batch(log, [&](const wire::BatchView& batch) {
    batches[position] = batch.last_offset();
    position += static_cast<int64_t>(batch.size());
    return true;
  });
  return batches;
}

void audit_index(Context& context, io::Disk& disk, const std::string& folder, const std::string& stem) {
  const auto index = io::read_file(disk, folder + "/" + stem + ".index", file_bytes_max);
  const auto log = io::read_file(disk, folder + "/" + stem + ".log", file_bytes_max);
  if (!index.ok() || !log.ok()) return;
  const std::map<int64_t, Offset> batches = batches_of(*log);
  const Offset base = std::strtoll(stem.c_str(), nullptr, 10);
  for (size_t at = 0; at + entry_bytes <= index->size(); at += entry_bytes) {
    const Offset offset = base + load_big_endian<int32_t>(index->data() + at);
    const auto position = load_big_endian<int32_t>(index->data() + at + 4);
    const auto batch = batches.find(position);
    context.count("index entries audited");
    if (batch == batches.end() || batch->second != offset) {
      context.shadow.violate(fmt::format("{}/{}.index: entry {} names offset {} at {}, where no such batch is", folder,
                                         stem, at / entry_bytes, offset, position));
      return;
    }
  }
}

}  // namespace

void audit_indexes(Context& context, BrokerHost& host) {
  io::Disk& disk = host.node().disk();
  const auto folders = disk.list(host.data_folder());
  if (!folders.ok()) return;
  for (const io::DirectoryEntry& folder : *folders) {
    if (!folder.is_directory || folder.name.ends_with("-delete") || folder.name.ends_with("-stray")) continue;
    const std::string path = host.data_folder() + "/" + folder.name;
    const auto entries = disk.list(path);
    if (!entries.ok()) continue;
    for (const io::DirectoryEntry& entry : *entries) {
      if (!entry.name.ends_with(".index")) continue;
      audit_index(context, disk, path, entry.name.substr(0, entry.name.size() - 6));
    }
  }
}

}  // namespace moldau::sim
