// StoreImpl, moves between log directories: beginning and ending them, and what a start makes of what is left of one
// that a stop cut short. docs/design/moves.md
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/trace.h"
#include "store/store_impl.h"

namespace moldau::store {
namespace {

constexpr uint64_t identity_bytes_max = 64 << 10;

}  // namespace

std::optional<size_t> StoreImpl::directory_of(const TopicPartitionId& id) const {
  const auto found = logs_.find(id);
  if (found == logs_.end()) return std::nullopt;
  const size_t index = found->second->data_folder().index;
  return index < log_directory_count_ ? std::optional(index) : std::nullopt;
}

bool StoreImpl::stays_home(const TopicPartitionId& id) const {
  return id.topic_id == metadata_topic_id || mover_.destination(id) != nullptr ||
         std::any_of(unfinished_.begin(), unfinished_.end(), [&](const Unfinished& one) { return one.id == id; });
}

Status StoreImpl::move(const TopicPartitionId& id, size_t directory) {
  const auto found = logs_.find(id);
  if (found == logs_.end() || found->second->is_metadata()) {
    return Failure{FailureKind::not_found, "there is no such log"};
  }
  if (directory >= log_directory_count_) {
    return Failure{FailureKind::invalid_argument, fmt::format("there is no log directory {}", directory)};
  }
  const std::shared_ptr<PartitionLog> log = found->second;
  if (!log->here(core_) || log->leaving()) {
    return Failure{FailureKind::invalid_argument, "another shard has " + log->topic()};
  }
  LogDirectory& to = *core_.directories[directory];
  const LogDirectory* const under_way = mover_.destination(id);
  if (under_way == &to) return {};
  if (under_way != nullptr) mover_.drop(id);
  if (&log->directory() == &to) return {};
  if (to.offline() || log->offline()) return Failure{FailureKind::unavailable, "the log directory is offline"};
  RETURN_IF_FAILED(mark_running(to));
  return mover_.begin(log, to);
}

void StoreImpl::configure_mover(const MoverOptions& options) {
  core_.options.mover = options;
  mover_.configure(options);
}

void StoreImpl::moved_away(LogDirectory& from, const PartitionLog& log, const std::string& deleted_folder,
                           bool durable) {
  from.folder().stale_names.insert(log::partition_folder_name(log.topic(), log.partition()));
  if (durable) core_.remove_later(deleted_folder, log.config().file_delete_delay_ms, true);
  if (from.offline()) return;
  auto outcome = std::make_shared<Status>();
  core_.surface.executor.offload(
      [jobs = checkpoints_now(from), outcome, gate = core_.gate, &disk = core_.surface.disk] {
        gate->run([&] {
          for (const CheckpointJob& write : jobs) {
            *outcome = write(disk);
            if (!outcome->ok()) return;
          }
        });
      },
      [outcome, &from, alive = std::weak_ptr(core_.alive)] {
        if (!alive.expired()) StoreShardImpl::offline_or_fail(from, *outcome);
      });
}

// --- at start

std::optional<Uuid> StoreImpl::named_directory(const TopicPartitionId& id) const {
  return core_.options.directory_of ? core_.options.directory_of(id) : std::nullopt;
}

bool StoreImpl::is_named(const LogDirectory& directory, const TopicPartitionId& id) const {
  return named_directory(id) == directory.folder().opened.identity.directory_id;
}

/// Two folders of one partition: the one that goes further is served.
Status StoreImpl::choose_copy(std::shared_ptr<PartitionLog> second) {
  const TopicPartitionId id = second->id();
  std::shared_ptr<PartitionLog>& first = logs_.at(id);
  const auto facts = [&](const PartitionLog& log, const LogDirectory& directory) {
    return log::LogCopy{log.latest_epoch(), log.next_offset(), is_named(directory, id)};
  };
  const bool take_second = log::second_is_newer(facts(*first, first->directory()), facts(*second, second->directory()));
  if (take_second) first.swap(second);
  LogDirectory& directory = second->directory();
  const log::FolderName name{second->topic(), id.partition, log::FolderKind::partition};
  const std::string folder = second->folder();
  second->retire();
  trace(TraceLevel::warn, "log={} end={} other={} other_end={} state=there_twice", first->folder(),
        first->next_offset(), folder, second->next_offset());
  // One that the metadata names, and that is older all the same, is not a move's remainder for certain.
  const Status put_away = is_named(directory, id) && !is_named(first->directory(), id)
                              ? set_aside(directory, name, folder)
                              : remove_folder(directory, name.topic, name.partition, folder);
  if (!put_away.ok()) directory.fail(put_away.failure());
  return {};
}

Status StoreImpl::set_aside(LogDirectory& directory, const log::FolderName& name, const std::string& folder) {
  const std::string stray =
      path_in(directory.path(), log::stray_folder_name(name.topic, name.partition, core_.surface.entropy.uuid()));
  trace(TraceLevel::error, "folder={} state=stray renamed_to={}", folder, stray);
  RETURN_IF_FAILED(core_.surface.disk.rename(folder, stray));
  return directory.sync_folder(directory.path());
}

Status StoreImpl::note_leftover(size_t index, const log::FolderName& name, const std::string& folder) {
  const auto text =
      io::read_file(core_.surface.disk, path_in(folder, log::partition_metadata_name), identity_bytes_max);
  if (!text.ok() && text.failure().kind != FailureKind::not_found && text.failure().kind != FailureKind::corrupt) {
    return text.failure();
  }
  const auto topic_id = text.ok() ? log::parse_partition_metadata(as_text(*text)) : text.failure();
  if (!topic_id.ok()) return discard_or_set_aside(*core_.directories[index], name, folder);
  leftovers_.push_back({index, name, folder, {*topic_id, name.partition}});
  return {};
}

/// When all directories are loaded: only then it is known whether a copy's log is there.
Status StoreImpl::settle_leftovers() {
  for (const Leftover& leftover : std::exchange(leftovers_, {})) {
    LogDirectory& directory = *core_.directories[leftover.directory];
    if (directory.offline()) continue;
    const Status settled = settle_leftover(leftover);
    if (settled.ok()) continue;
    const FailureKind kind = settled.failure().kind;
    if (kind == FailureKind::foreign || kind == FailureKind::corrupt || kind == FailureKind::unsupported) {
      return settled;
    }
    directory.fail(settled.failure());
  }
  return {};
}

Status StoreImpl::settle_leftover(const Leftover& leftover) {
  LogDirectory& directory = *core_.directories[leftover.directory];
  const auto log = logs_.find(leftover.id);
  if (log != logs_.end()) {
    RETURN_IF_FAILED(remove_folder(directory, leftover.name.topic, leftover.name.partition, leftover.folder));
    if (&log->second->directory() != &directory) unfinished_.push_back({leftover.id, leftover.directory});
    return {};
  }
  if (core_.options.directory_of && !named_directory(leftover.id)) {
    return set_aside(directory, leftover.name, leftover.folder);
  }
  const bool all_online =
      std::none_of(core_.directories.begin(), core_.directories.end(), [](const auto& one) { return one->offline(); });
  if (!all_online || !is_named(directory, leftover.id)) {
    trace(TraceLevel::warn, "folder={} state=left_alone", leftover.folder);
    return {};
  }
  // The only copy there is, in the place where it should be.
  const std::string folder =
      path_in(directory.path(), log::partition_folder_name(leftover.name.topic, leftover.name.partition));
  trace(TraceLevel::warn, "folder={} state=taken_for_the_log renamed_to={}", leftover.folder, folder);
  RETURN_IF_FAILED(core_.surface.disk.rename(leftover.folder, folder));
  RETURN_IF_FAILED(directory.sync_folder(directory.path()));
  return load_partition(leftover.directory, leftover.name, folder, true);
}

void StoreImpl::resume_moves() {
  for (const Unfinished& unfinished : std::exchange(unfinished_, {})) {
    const Status begun = move(unfinished.id, unfinished.directory);
    if (begun.ok() || begun.failure().kind == FailureKind::not_found) continue;
    trace(TraceLevel::warn, "topic_id={} partition={} move=not_resumed reason=\"{}\"",
          unfinished.id.topic_id.to_string(), unfinished.id.partition, begun.failure().message);
  }
}

}  // namespace moldau::store
