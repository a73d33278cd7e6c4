// StoreImpl, the inventory of a log directory (log/inventory.h): written by a stop in order, read by the next start, so
// that a clean start with thousands of partitions opens no file of theirs. What it says of a folder counts when nobody
// was there since. Without it, a start lists. docs/design/recovery.md
#include <algorithm>
#include <utility>

#include "base/trace.h"
#include "store/store_impl.h"

namespace moldau::store {
namespace {

constexpr std::string_view inventory_name = ".moldau-inventory";
constexpr uint64_t inventory_bytes_max = 256u << 20;

}  // namespace

/// Of all its logs, which are closed. It is no loss: what fails here does not fail the stop.
void StoreImpl::write_inventory(LogDirectory& directory, int64_t broker_epoch) {
  io::Disk& disk = core_.surface.disk;
  if (broker_epoch < 0) return;  // nothing says that it belongs to this stop
  std::vector<log::LogInventory> logs;
  for (const PartitionLog* log : directory.logs()) {
    if (log->is_metadata()) continue;
    auto taken = log->take_inventory();
    if (!taken.ok()) return;
    if (*taken) logs.push_back(*std::move(*taken));
  }
  std::sort(logs.begin(), logs.end(), [](const auto& a, const auto& b) { return a.folder < b.folder; });
  const std::string path = path_in(directory.path(), inventory_name);
  const Status written = io::replace_file(disk, path, as_bytes(log::print_inventory(broker_epoch, logs)));
  if (!written.ok())
    trace(TraceLevel::warn, "file={} state=not_written reason=\"{}\"", path, written.failure().message);
}

StoreImpl::FolderLook::FolderLook(io::Disk& on, const DataFolder& folder)
    : disk(on),
      path(folder.path),
      clean_stop(folder.opened.clean_stop),
      broker_epoch(folder.opened.previous_broker_epoch) {}

void StoreImpl::FolderLook::work() {
  entries = disk.list(path);
  if (!entries.ok()) return;
  as_known.resize(entries->size());
  const auto bytes = clean_stop
                         ? io::read_file(disk, path_in(path, inventory_name), inventory_bytes_max)
                         : Result<std::vector<std::byte>>(Failure{FailureKind::not_found, "not after an unclean stop"});
  if (!bytes.ok()) return;
  text = as_text(*bytes);
  auto inventory = open_inventory();
  for (size_t i = 0; inventory && i < entries->size(); ++i) {
    const io::DirectoryEntry& entry = (*entries)[i];
    const auto known = entry.is_directory ? inventory->find(entry.name) : std::nullopt;
    as_known[i] = known && is_as_known(*known, entry);
  }
}

/// Nothing when there is none that belongs to the last stop.
std::optional<log::Inventory> StoreImpl::FolderLook::open_inventory() const {
  auto inventory = log::Inventory::open(text);
  const bool counts = inventory.ok() && inventory->broker_epoch() == broker_epoch;
  return counts ? std::optional(std::move(inventory).value()) : std::nullopt;
}

/// Whether nobody was there since.
bool StoreImpl::FolderLook::is_as_known(const log::LogInventory& known, const io::DirectoryEntry& entry) const {
  if (known.modified_wall_ms != entry.modified_wall_ms || known.files.segments.empty()) return false;
  const log::SegmentFiles& last = known.files.segments.back();
  const auto now = disk.stat(path_in(path_in(path, entry.name), log::segment_file_name(last.base, log::FileKind::log)));
  return now.ok() && now->size == last.bytes && now->modified_wall_ms == last.modified_wall_ms;
}

/// After a clean stop the pool looks at the folders, while the metadata log is replayed.
void StoreImpl::begin_looks() {
  looks_.resize(folders_.size());
  for (const auto& folder : folders_) {
    if (!folder->opened.clean_stop || folder->offline) continue;
    auto& look = looks_[folder->index];
    look = std::make_shared<FolderLook>(core_.surface.disk, *folder);
    core_.surface.executor.offload([look] { look->run(); }, [] {});
  }
}

/// The folder as it is found now. Its inventory goes: it tells of this one start.
std::shared_ptr<StoreImpl::FolderLook> StoreImpl::look_at(const DataFolder& folder) {
  auto look = looks_.empty() ? nullptr : std::exchange(looks_[folder.index], nullptr);
  if (look == nullptr) look = std::make_shared<FolderLook>(core_.surface.disk, folder);
  look->finish();
  (void)core_.surface.disk.remove(path_in(folder.path, inventory_name));
  return look;
}

}  // namespace moldau::store
