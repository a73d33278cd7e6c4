#include "io/sim/disk.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "io/sim/tree.h"
#include "io/sim/world.h"

namespace moldau::io::sim {

/// An open file of one incarnation of a node.
class SimFile final : public File {
 public:
  SimFile(std::string path, InodeRef of_inode, uint64_t of_incarnation, bool may_write)
      : inode(std::move(of_inode)), incarnation(of_incarnation), writable(may_write), path_(std::move(path)) {}
  const std::string& path() const override { return path_; }

  const InodeRef inode;
  const uint64_t incarnation;
  const bool writable;

 private:
  const std::string path_;
};

class SimLock final : public FolderLock {
 public:
  SimLock(SimDisk& disk, std::string path, uint64_t token) : disk_(disk), path_(std::move(path)), token_(token) {}
  ~SimLock() override {
    const auto held = disk_.locks_.find(path_);
    if (held != disk_.locks_.end() && held->second == token_) disk_.locks_.erase(held);
  }

 private:
  SimDisk& disk_;
  const std::string path_;
  const uint64_t token_;
};

static constexpr size_t warm_ranges_max = 16;
/// What never ends is over after this; no test waits for so long.
static constexpr Duration hang_time = seconds(86'400);
/// Files are held in memory, holes too: larger ones do not fit on a simulated disk.
static constexpr uint64_t file_bytes_max = uint64_t{1} << 32;

static bool in_range(uint64_t offset, uint64_t size) {
  return offset <= INT64_MAX && size <= static_cast<uint64_t>(INT64_MAX) - offset;
}
static Failure out_of_range(const File& file) {
  return Failure{FailureKind::invalid_argument, file.path() + ": offset beyond what a file can have", EINVAL};
}

static uint64_t charge_of(const Inode& inode) {
  return std::max(inode.image.size(), inode.allocated_bytes);
}

SimDisk::SimDisk(Node& node) : node_(node), tree_(std::make_unique<Tree>()) {}
SimDisk::~SimDisk() = default;

// --- what the operations share

bool SimDisk::dead() const {
  return node_.crashed();
}
Instant SimDisk::now() const {
  return node_.world().now();
}
Failure SimDisk::crashed_failure(std::string_view what) {
  return Failure{FailureKind::io, std::string(what) + ": crashed", EIO};
}

SimFile* SimDisk::live(File& file) const {
  auto& ours = static_cast<SimFile&>(file);
  return dead() || ours.incarnation != node_.incarnation() ? nullptr : &ours;
}

bool SimDisk::draw(uint32_t ppm) {
  return ppm != 0 && node_.disk_prng().chance(ppm, one_million);
}

bool SimDisk::countdown(uint64_t& counter) {
  return counter != 0 && --counter == 0;
}

Duration SimDisk::draw_duration(Duration low, Duration high) {
  return nanoseconds(high <= low ? low.nanoseconds : node_.disk_prng().between(low.nanoseconds, high.nanoseconds));
}

SimDisk::Trip SimDisk::count_operation(std::string_view kind, uint64_t a, uint64_t b) {
  if (before_operation_) before_operation_();
  ++operations_;
  node_.world().trace(node_.name(), kind, a, b);
  if (!countdown(crash_in_)) return Trip::none;
  return static_cast<Trip>(1 + node_.disk_prng().below(3));
}

Failure SimDisk::trip_crash(std::string_view what) {
  node_.world().count("disk.crash.in_operation");
  node_.crash(CrashKind::power);
  return crashed_failure(what);
}

void SimDisk::touch(Inode& inode) {
  inode.modified_wall_ms = node_.surface().clock.wall();
}

/// The file has lost its last name: its room is free.
void SimDisk::release(Inode& inode) {
  if (inode.is_directory || !inode.linked) return;
  inode.linked = false;
  used_ -= charge_of(inode);
}

void SimDisk::power_cut() {
  ++power_cuts_;
  CrashStyle style = faults_.crash_style;
  if (style == CrashStyle::by_seed) style = static_cast<CrashStyle>(1 + node_.disk_prng().below(3));
  tree_->power_cut(style, node_.disk_prng());
  const bool cold = faults_.uncached_ppm != 0;
  used_ = 0;
  tree_->each([&](const InodeRef& inode) {
    inode->cold = inode->cold && cold;
    if (!inode->is_directory) used_ += charge_of(*inode);
  });
  process_killed();
}

void SimDisk::process_killed() {
  locks_.clear();
  crash_in_ = fail_sync_in_ = fail_write_in_ = fail_read_in_ = 0;
  slow_sync_in_ = hang_sync_in_ = lose_write_in_ = misdirect_write_in_ = 0;
}

// --- what the harness does

Status SimDisk::damage(const std::string& path, uint64_t offset, uint64_t size) {
  ASSIGN_OR_RETURN(const InodeRef inode, tree_->find(path));
  if (inode->is_directory) return Failure{FailureKind::invalid_argument, path + ": is a directory"};
  inode->image.damage(offset, size, node_.disk_prng());
  node_.world().count("disk.damage");
  node_.world().trace(node_.name(), "disk.damage", offset, size);
  return {};
}

Status SimDisk::overwrite_at_rest(const std::string& path, uint64_t offset, std::span<const std::byte> bytes) {
  ASSIGN_OR_RETURN(const InodeRef inode, tree_->find(path));
  if (inode->is_directory) return Failure{FailureKind::invalid_argument, path + ": is a directory"};
  inode->image.write(offset, bytes);
  inode->image.sync(inode->image.mark());
  node_.world().count("disk.overwritten");
  node_.world().trace(node_.name(), "disk.overwritten", offset, bytes.size());
  return {};
}

void SimDisk::make_unreadable(const std::string& path, uint64_t offset, uint64_t size) {
  const Result<InodeRef> inode = tree_->find(path);
  ASSERT(inode.ok());
  bad_block_ = {*inode, offset, size};
}

bool SimDisk::is_bad(const Inode& inode, uint64_t offset, uint64_t size) const {
  return bad_block_.size > 0 && offset < bad_block_.offset + bad_block_.size && bad_block_.offset < offset + size &&
         bad_block_.file.lock().get() == &inode;
}

std::unique_ptr<Tree> SimDisk::copy_tree() const {
  return tree_->copy();
}

void SimDisk::put_tree(std::unique_ptr<Tree> tree) {
  tree_ = std::move(tree);
  used_ = 0;
  tree_->each([&](const InodeRef& inode) {
    if (!inode->is_directory) used_ += charge_of(*inode);
  });
}

Result<std::vector<std::byte>> SimDisk::durable_content(const std::string& path) {
  InodeRef inode = tree_->root();
  for (const std::string& name : Tree::split(path)) {
    const auto entry = inode->durable_entries.find(name);
    if (entry == inode->durable_entries.end()) return Failure{FailureKind::not_found, path + ": not durable"};
    inode = entry->second;
  }
  return inode->image.durable();
}

void SimDisk::drop_caches() {
  tree_->each([](const InodeRef& inode) {
    inode->cold = true;
    inode->warm_ranges.clear();
    inode->image.evict();
  });
}

// --- open, read

Result<FileRef> SimDisk::open(const std::string& path, OpenMode mode) {
  if (dead()) return crashed_failure(path);
  const bool may_create = mode == OpenMode::create || mode == OpenMode::create_new;
  Result<InodeRef> found = tree_->find(path);
  if (found.ok()) {
    if (mode == OpenMode::create_new) return Failure{FailureKind::already_exists, path + ": exists", EEXIST};
    if ((*found)->is_directory) return Failure{FailureKind::invalid_argument, path + ": is a directory", EISDIR};
  } else {
    if (found.failure().kind != FailureKind::not_found || !may_create) return std::move(found).failure();
    ASSIGN_OR_RETURN(const auto place, tree_->find_parent(path));
    const Trip trip = count_operation("disk.create");
    if (trip == Trip::before) return trip_crash(path);
    found = tree_->create(place.first, place.second, false);
    touch(**found);
    touch(*place.first);
    if (trip != Trip::none) return trip_crash(path);
  }
  return FileRef(std::make_shared<SimFile>(path, *found, node_.incarnation(), mode != OpenMode::read));
}

Result<uint64_t> SimDisk::size(File& file) {
  const SimFile* ours = live(file);
  if (ours == nullptr) return crashed_failure(file.path());
  return ours->inode->image.size();
}

Result<size_t> SimDisk::read_with_faults(SimFile& file, uint64_t offset, std::span<std::byte> into) {
  World& world = node_.world();
  if (is_bad(*file.inode, offset, into.size()) || countdown(fail_read_in_) || draw(faults_.failing_read_ppm)) {
    world.count("disk.read.failed");
    world.trace(node_.name(), "disk.read.failed", file.inode->id, offset);
    return Failure{FailureKind::io, "read " + file.path() + ": injected error", EIO};
  }
  size_t size = file.inode->image.read(offset, into);
  if (size > 0 && draw(faults_.short_read_ppm)) {
    world.count("disk.read.short");
    size = node_.disk_prng().below(size);
  }
  if (size > 0 && draw(faults_.flipped_read_ppm)) {
    world.count("disk.read.flipped");
    into[node_.disk_prng().below(size)] ^= static_cast<std::byte>(1U << node_.disk_prng().below(8));
  }
  if (size > 0 && draw(faults_.garbage_read_ppm)) {
    world.count("disk.read.garbage");
    const uint64_t sector = (offset + node_.disk_prng().below(size)) / sector_bytes;
    const uint64_t begin = std::max(sector * sector_bytes, offset);
    const uint64_t end = std::min((sector + 1) * sector_bytes, offset + size);
    for (uint64_t at = begin; at < end; ++at) into[at - offset] = static_cast<std::byte>(node_.disk_prng().next());
  }
  if (size > 0 && draw(faults_.misdirected_read_ppm)) {
    world.count("disk.read.misdirected");
    const uint64_t sector = (offset + node_.disk_prng().below(size)) / sector_bytes;
    const uint64_t begin = std::max(sector * sector_bytes, offset);
    const uint64_t end = std::min((sector + 1) * sector_bytes, offset + size);
    const uint64_t other = node_.disk_prng().below(file.inode->image.size() / sector_bytes + 1) * sector_bytes;
    (void)file.inode->image.read(other + begin % sector_bytes, into.subspan(begin - offset, end - begin));
  }
  world.trace(node_.name(), "disk.read", file.inode->id, size);
  return size;
}

Result<size_t> SimDisk::read(File& file, uint64_t offset, std::span<std::byte> into) {
  SimFile* ours = live(file);
  if (ours == nullptr) return crashed_failure(file.path());
  if (cold(*ours->inode, offset, into.size()))
    node_.block(draw_duration(faults_.read_delay_min, faults_.read_delay_max));
  warm(*ours->inode, offset, into.size());
  return read_with_faults(*ours, offset, into);
}

Result<size_t> SimDisk::read_cached(File& file, uint64_t offset, std::span<std::byte> into) {
  SimFile* ours = live(file);
  if (ours == nullptr) return crashed_failure(file.path());
  if (!into.empty() && cold(*ours->inode, offset, into.size())) {
    node_.world().count("disk.uncached");
    into = into.first(node_.disk_prng().below(into.size()));
    if (node_.disk_prng().chance(1, 2)) into = into.first(0);
  }
  if (into.empty()) return size_t{0};
  return read_with_faults(*ours, offset, into);
}

bool SimDisk::is_cached(File& file, uint64_t offset, uint64_t size) {
  SimFile* ours = live(file);
  if (ours == nullptr) return true;  // the send will fail; no use in waiting for it
  if (!cold(*ours->inode, offset, size)) return true;
  node_.world().count("disk.uncached");
  return false;
}

bool SimDisk::cold(Inode& inode, uint64_t offset, uint64_t size) {
  if (is_bad(inode, offset, size)) return true;
  for (const auto& [begin, end] : inode.warm_ranges) {
    if (begin <= offset && offset + size <= end) return false;
  }
  return inode.cold || draw(faults_.uncached_ppm);
}

void SimDisk::warm(Inode& inode, uint64_t offset, uint64_t size) {
  if (!inode.cold && faults_.uncached_ppm == 0) return;
  if (!inode.warm_ranges.empty() && inode.warm_ranges.back().second == offset) {
    inode.warm_ranges.back().second += size;
    return;
  }
  inode.warm_ranges.emplace_back(offset, offset + size);
  if (inode.warm_ranges.size() > warm_ranges_max) inode.warm_ranges.pop_front();
}

void SimDisk::read_async(FileRef file, uint64_t offset, std::span<std::byte> into, Completion<Result<size_t>> done) {
  const Instant when = now() + draw_duration(faults_.read_delay_min, faults_.read_delay_max);
  node_.at(when, [this, file = std::move(file), offset, into, done = std::move(done)]() mutable -> Callback {
    SimFile* ours = live(*file);
    if (ours != nullptr) warm(*ours->inode, offset, into.size());
    Result<size_t> result =
        ours == nullptr ? Result<size_t>(crashed_failure(file->path())) : read_with_faults(*ours, offset, into);
    return [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); };
  });
}

void SimDisk::prefetch(FileRef file, uint64_t offset, uint64_t size, Completion<Status> done) {
  const Instant when = now() + draw_duration(faults_.read_delay_min, faults_.read_delay_max);
  node_.at(when, [this, file = std::move(file), offset, size, done = std::move(done)]() mutable -> Callback {
    Status status;
    SimFile* ours = live(*file);
    if (ours == nullptr) {
      status = crashed_failure(file->path());
    } else if (is_bad(*ours->inode, offset, size) || countdown(fail_read_in_) || draw(faults_.failing_read_ppm)) {
      node_.world().count("disk.read.failed");
      status = Failure{FailureKind::io, "read " + file->path() + ": injected error", EIO};
    } else {
      warm(*ours->inode, offset, size);
    }
    return [done = std::move(done), status = std::move(status)]() mutable { done(std::move(status)); };
  });
}

Result<size_t> SimDisk::read_to_send(File& file, uint64_t offset, std::span<std::byte> into) {
  SimFile* ours = live(file);
  if (ours == nullptr) return crashed_failure(file.path());
  return read_with_faults(*ours, offset, into);
}

// --- write

Status SimDisk::write(File& file, uint64_t offset, std::span<const std::span<const std::byte>> pieces) {
  SimFile* ours = live(file);
  if (ours == nullptr) return crashed_failure(file.path());
  if (!ours->writable) return Failure{FailureKind::invalid_argument, file.path() + ": opened for reading", EBADF};
  scratch_.clear();
  for (const auto& piece : pieces) scratch_.insert(scratch_.end(), piece.begin(), piece.end());
  std::span<const std::byte> bytes = scratch_;
  if (!in_range(offset, bytes.size())) return out_of_range(file);
  const Trip trip = count_operation("disk.write", offset, bytes.size());
  if (trip == Trip::before) return trip_crash(file.path());
  if (trip == Trip::during) bytes = bytes.first(node_.disk_prng().below(bytes.size() + 1));
  Inode& inode = *ours->inode;
  if (trip == Trip::none && (countdown(fail_write_in_) || draw(faults_.failing_write_ppm))) {
    node_.world().count("disk.write.failed");
    const Status stored = store(inode, offset, bytes.first(node_.disk_prng().below(bytes.size() + 1)));
    return Failure{FailureKind::io, "write " + file.path() + ": injected error", EIO};
  }
  Status status = store(inode, offset, bytes);
  if (trip != Trip::none) return trip_crash(file.path());
  if (!status.ok()) return Failure{FailureKind::no_space, "write " + file.path() + ": no space left", ENOSPC};
  return status;
}

Status SimDisk::store(Inode& inode, uint64_t offset, std::span<const std::byte> bytes) {
  touch(inode);
  const uint64_t before = charge_of(inode);
  const uint64_t grows = offset + bytes.size() > before && !bytes.empty() ? offset + bytes.size() - before : 0;
  const uint64_t room = faults_.capacity_bytes > used_ ? faults_.capacity_bytes - used_ : 0;
  const bool fits = (!inode.linked || grows <= room) && offset + bytes.size() <= file_bytes_max;
  if (!fits) {
    node_.world().count("disk.no_space");
    const uint64_t excess = grows > room ? grows - room : bytes.size();
    const uint64_t possible = excess < bytes.size() ? bytes.size() - excess : 0;
    bytes = bytes.first(node_.disk_prng().below(possible + 1));
  }
  inode.image.write(offset, bytes);
  if (is_bad(inode, offset, bytes.size())) bad_block_ = {};
  if (inode.linked) used_ += charge_of(inode) - before;
  if (inode.image.unsynced_bytes() > faults_.writeback_bytes) {
    inode.image.write_back_half();
    node_.world().count("disk.written_back");
  }
  if (!fits) return Failure{FailureKind::no_space, "no space left", ENOSPC};
  return {};
}

Status SimDisk::truncate(File& file, uint64_t size) {
  SimFile* ours = live(file);
  if (ours == nullptr) return crashed_failure(file.path());
  if (!ours->writable) return Failure{FailureKind::invalid_argument, file.path() + ": opened for reading", EBADF};
  if (!in_range(size, 0)) return out_of_range(file);
  if (size > file_bytes_max) return Failure{FailureKind::no_space, "truncate " + file.path() + ": too large", EFBIG};
  const Trip trip = count_operation("disk.truncate", ours->inode->id, size);
  if (trip == Trip::before) return trip_crash(file.path());
  Inode& inode = *ours->inode;
  const uint64_t before = charge_of(inode);
  inode.image.truncate(size);
  inode.allocated_bytes = std::min(inode.allocated_bytes, size);
  if (inode.linked) used_ += charge_of(inode) - before;  // unsigned: shrinking wraps back
  touch(inode);
  if (trip != Trip::none) return trip_crash(file.path());
  return {};
}

Status SimDisk::allocate(File& file, uint64_t offset, uint64_t size) {
  SimFile* ours = live(file);
  if (ours == nullptr) return crashed_failure(file.path());
  if (!ours->writable) return Failure{FailureKind::invalid_argument, file.path() + ": opened for reading", EBADF};
  if (size == 0 || !in_range(offset, size)) return out_of_range(file);
  const Trip trip = count_operation("disk.allocate", offset, size);
  if (trip == Trip::before) return trip_crash(file.path());
  Inode& inode = *ours->inode;
  const uint64_t before = charge_of(inode);
  const uint64_t end = offset + size;
  const uint64_t grows = end > before ? end - before : 0;
  if (inode.linked && used_ + grows > faults_.capacity_bytes) {
    node_.world().count("disk.no_space");
    if (trip != Trip::none) return trip_crash(file.path());
    return Failure{FailureKind::no_space, "allocate " + file.path() + ": no space left", ENOSPC};
  }
  inode.allocated_bytes = std::max(inode.allocated_bytes, end);
  if (inode.linked) used_ += charge_of(inode) - before;
  if (trip != Trip::none) return trip_crash(file.path());
  return {};
}

// --- syncs

SimDisk::SyncPlan SimDisk::plan_sync() {
  SyncPlan plan{SyncFate::honest, draw_duration(faults_.sync_delay_min, faults_.sync_delay_max)};
  if (draw(faults_.slow_sync_ppm)) {
    node_.world().count("disk.sync.slow");
    plan.delay = draw_duration(faults_.sync_delay_max, faults_.slow_sync_max);
  }
  if (countdown(slow_sync_in_)) {
    node_.world().count("disk.sync.slow");
    plan.delay = slow_sync_delay_;
  }
  if (countdown(hang_sync_in_) || draw(faults_.hanging_sync_ppm)) {
    node_.world().count("disk.sync.hung");
    plan = {SyncFate::hanging, hang_time};
  } else if (countdown(fail_sync_in_) || draw(faults_.failing_sync_ppm)) {
    node_.world().count("disk.sync.failed");
    plan.fate = SyncFate::failing;
  } else if (draw(faults_.lying_sync_ppm)) {
    node_.world().count("disk.sync.lied");
    plan.fate = SyncFate::lying;
  }
  return plan;
}

/// The writes of one file reach the device; perhaps one of them does not, or lands elsewhere.
void SimDisk::apply_sync(Inode& inode, uint64_t mark) {
  const size_t writes = inode.image.unsynced_before(mark);
  for (size_t i = 0; i < writes; ++i) {
    const bool lost = countdown(lose_write_in_) || draw(faults_.lost_write_ppm);
    const bool astray = !lost && (countdown(misdirect_write_in_) || draw(faults_.misdirected_write_ppm));
    if (!lost && !astray) continue;
    node_.world().count(lost ? "disk.write.lost" : "disk.write.misdirected");
    node_.world().trace(node_.name(), lost ? "disk.write.lost" : "disk.write.misdirected", inode.id, i);
    inode.image.sync_without(mark, i, astray, node_.disk_prng());
    return;
  }
  inode.image.sync(mark);
}

void SimDisk::apply_sync(const SyncScope& scope) {
  for (const auto& [inode, mark] : scope.files) apply_sync(*inode, mark);
  if (scope.folder != nullptr || scope.all_names) tree_->sync(scope.folder.get(), scope.names_end);
}

void SimDisk::lose_sync(const SyncScope& scope) {
  for (const auto& [inode, mark] : scope.files) inode->image.lose(mark, node_.disk_prng());
  if (scope.folder != nullptr || scope.all_names) {
    tree_->lose(scope.folder.get(), scope.names_end, node_.disk_prng());
  }
}

Status SimDisk::settle_sync(const SyncScope& scope, SyncFate fate) {
  if (fate == SyncFate::honest) apply_sync(scope);
  if (fate == SyncFate::hanging) return Failure{FailureKind::io, "sync: no answer", EIO};
  if (fate != SyncFate::failing) return {};
  lose_sync(scope);
  return Failure{FailureKind::io, "sync: injected error", EIO};
}

void SimDisk::start_sync(SyncScope scope, std::string_view what, Completion<Status> done) {
  const Trip trip = dead() ? Trip::none : count_operation(what, scope.files.size(), scope.names_end);
  if (trip == Trip::during) lose_sync(scope);
  if (trip == Trip::after) apply_sync(scope);
  if (trip != Trip::none) trip_crash(what);
  // On a dead node this buries the completion.
  const SyncPlan plan = dead() ? SyncPlan{SyncFate::lying, Duration{}} : plan_sync();
  node_.at(now() + plan.delay, [this, scope = std::move(scope), fate = plan.fate, done = std::move(done)]() mutable {
    Status status = settle_sync(scope, fate);
    return Callback([done = std::move(done), status = std::move(status)]() mutable { done(std::move(status)); });
  });
}

Status SimDisk::sync_at_once(const SyncScope& scope, std::string_view what) {
  const Trip trip = count_operation(what, scope.files.size(), scope.names_end);
  if (trip == Trip::during) lose_sync(scope);
  if (trip == Trip::after) apply_sync(scope);
  if (trip != Trip::none) return trip_crash(what);
  const SyncPlan plan = plan_sync();
  node_.block(plan.delay);
  return settle_sync(scope, plan.fate);
}

void SimDisk::sync(FileRef file, Completion<Status> done) {
  SyncScope scope;
  SimFile* ours = live(*file);
  if (ours == nullptr && !dead()) {  // a handle of an older incarnation
    node_.soon([done = std::move(done), file = std::move(file)]() mutable { done(crashed_failure(file->path())); });
    return;
  }
  if (ours != nullptr) scope.files.emplace_back(ours->inode, ours->inode->image.mark());
  start_sync(std::move(scope), "disk.sync", std::move(done));
}

Status SimDisk::sync_now(File& file) {
  SimFile* ours = live(file);
  if (ours == nullptr) return crashed_failure(file.path());
  SyncScope scope;
  scope.files.emplace_back(ours->inode, ours->inode->image.mark());
  return sync_at_once(scope, "disk.sync_now");
}

Status SimDisk::sync_dir(const std::string& path) {
  if (dead()) return crashed_failure(path);
  SyncScope scope;
  ASSIGN_OR_RETURN(scope.folder, tree_->find(path));
  if (!scope.folder->is_directory) return Failure{FailureKind::invalid_argument, path + ": not a directory", ENOTDIR};
  scope.names_end = tree_->mark();
  return sync_at_once(scope, "disk.sync_dir");
}

SimDisk::SyncScope SimDisk::everything() const {
  SyncScope scope;
  tree_->each([&](const InodeRef& inode) {
    if (inode->image.dirty()) scope.files.emplace_back(inode, inode->image.mark());
  });
  scope.all_names = true;
  scope.names_end = tree_->mark();
  return scope;
}

void SimDisk::sync_all(const std::string& path, Completion<Status> done) {
  SyncScope scope;
  if (!dead()) {
    Result<InodeRef> found = tree_->find(path);
    if (!found.ok()) {
      node_.soon(
          [done = std::move(done), status = Status(std::move(found).failure())]() mutable { done(std::move(status)); });
      return;
    }
    scope = everything();
  }
  start_sync(std::move(scope), "disk.sync_all", std::move(done));
}

// --- names

Status SimDisk::unlink_checked(const InodeRef& folder, const std::string& name, const std::string& path) {
  const InodeRef inode = folder->entries.at(name);
  const Trip trip = count_operation("disk.remove", inode->id);
  if (trip == Trip::before) return trip_crash(path);
  tree_->unlink(folder, name);
  touch(*folder);
  release(*inode);
  if (trip != Trip::none) return trip_crash(path);
  return {};
}

Status SimDisk::rename(const std::string& from, const std::string& to) {
  if (dead()) return crashed_failure(from);
  const std::string what = "rename " + from + " to " + to;
  ASSIGN_OR_RETURN(const InodeRef inode, tree_->find(from));
  ASSIGN_OR_RETURN(const auto source, tree_->find_parent(from));
  ASSIGN_OR_RETURN(const auto target, tree_->find_parent(to));
  const std::string source_path = Tree::canonical(from);
  const std::string target_path = Tree::canonical(to);
  if (source_path == target_path) return {};
  if (target_path.starts_with(source_path + "/")) {
    return Failure{FailureKind::invalid_argument, what + ": into itself", EINVAL};
  }
  const auto replaced = target.first->entries.find(target.second);
  if (replaced != target.first->entries.end()) {
    const Inode& old = *replaced->second;
    if (old.is_directory != inode->is_directory) {
      const int error = old.is_directory ? EISDIR : ENOTDIR;
      return Failure{FailureKind::invalid_argument, what + ": a file and a folder", error};
    }
    if (!old.entries.empty()) return Failure{FailureKind::already_exists, what + ": not empty", ENOTEMPTY};
  }
  const Trip trip = count_operation("disk.rename", inode->id);
  if (trip == Trip::before || (trip == Trip::during && node_.disk_prng().chance(1, 2))) return trip_crash(what);
  if (replaced != target.first->entries.end()) release(*replaced->second);
  tree_->rename(source.first, source.second, target.first, target.second);
  touch(*source.first);
  touch(*target.first);
  if (trip != Trip::none) return trip_crash(what);
  return {};
}

Status SimDisk::remove(const std::string& path) {
  if (dead()) return crashed_failure(path);
  ASSIGN_OR_RETURN(const InodeRef inode, tree_->find(path));
  ASSIGN_OR_RETURN(const auto place, tree_->find_parent(path));
  if (!inode->entries.empty()) return Failure{FailureKind::already_exists, path + ": not empty", ENOTEMPTY};
  return unlink_checked(place.first, place.second, path);
}

Status SimDisk::remove_entries(const InodeRef& folder, const std::string& path) {
  while (!folder->entries.empty()) {
    const std::string name = folder->entries.begin()->first;
    const InodeRef inode = folder->entries.begin()->second;
    if (inode->is_directory) RETURN_IF_FAILED(remove_entries(inode, path));
    RETURN_IF_FAILED(unlink_checked(folder, name, path));
  }
  return {};
}

Status SimDisk::remove_tree(const std::string& path) {
  if (dead()) return crashed_failure(path);
  Result<InodeRef> found = tree_->find(path);
  if (!found.ok()) {
    if (found.failure().kind == FailureKind::not_found) return {};
    return std::move(found).failure();
  }
  ASSIGN_OR_RETURN(const auto place, tree_->find_parent(path));
  if ((*found)->is_directory) RETURN_IF_FAILED(remove_entries(*found, path));
  return unlink_checked(place.first, place.second, path);
}

Status SimDisk::make_dir(const std::string& path) {
  if (dead()) return crashed_failure(path);
  const Result<InodeRef> found = tree_->find(path);
  if (found.ok()) {
    if (found.value()->is_directory) return {};
    return Failure{FailureKind::already_exists, path + ": is a file", EEXIST};
  }
  if (found.failure().kind != FailureKind::not_found) return found.failure();
  ASSIGN_OR_RETURN(const auto place, tree_->find_parent(path));
  const Trip trip = count_operation("disk.make_dir");
  if (trip == Trip::before) return trip_crash(path);
  touch(*tree_->create(place.first, place.second, true));
  touch(*place.first);
  if (trip != Trip::none) return trip_crash(path);
  return {};
}

Result<std::vector<DirectoryEntry>> SimDisk::list(const std::string& path) {
  if (dead()) return crashed_failure(path);
  ASSIGN_OR_RETURN(const InodeRef folder, tree_->find(path));
  if (!folder->is_directory) return Failure{FailureKind::invalid_argument, path + ": not a directory", ENOTDIR};
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, inode] : folder->entries) {
    entries.push_back({name, inode->is_directory, inode->image.size(), inode->modified_wall_ms, inode->id});
  }
  return entries;
}

Result<std::vector<DirectoryEntry>> SimDisk::list_files(const std::string& path) {
  auto entries = list(path);
  if (entries.ok()) std::erase_if(*entries, [](const DirectoryEntry& entry) { return entry.is_directory; });
  return entries;
}

Result<DirectoryEntry> SimDisk::stat(const std::string& path) {
  if (dead()) return crashed_failure(path);
  ASSIGN_OR_RETURN(const InodeRef inode, tree_->find(path));
  const std::vector<std::string> names = Tree::split(path);
  return DirectoryEntry{names.empty() ? "/" : names.back(), inode->is_directory, inode->image.size(),
                        inode->modified_wall_ms, inode->id};
}

Result<Space> SimDisk::space(const std::string& path) {
  if (dead()) return crashed_failure(path);
  ASSIGN_OR_RETURN(const InodeRef inode, tree_->find(path));
  const uint64_t total = faults_.capacity_bytes;
  return Space{total, total > used_ ? total - used_ : 0};
}

Result<std::unique_ptr<FolderLock>> SimDisk::lock(const std::string& path) {
  if (dead()) return crashed_failure(path);
  ASSIGN_OR_RETURN(const FileRef file, open(path, OpenMode::create));
  const std::string name = Tree::canonical(path);
  if (locks_.contains(name)) return Failure{FailureKind::locked, path + ": held by another process", EWOULDBLOCK};
  locks_[name] = ++lock_sequence_;
  return std::unique_ptr<FolderLock>(std::make_unique<SimLock>(*this, name, lock_sequence_));
}

}  // namespace moldau::io::sim
