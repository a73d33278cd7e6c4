// StoreImpl, whose a partition folder is. partition.metadata says it; where that is damaged or gone, the metadata may
// know by the folder's name. A folder of a topic that is no more is set aside. docs/design/recovery.md
#include "base/trace.h"
#include "store/names_anew.h"
#include "store/store_impl.h"

namespace moldau::store {
namespace {

constexpr uint64_t identity_bytes_max = 64 << 10;

}  // namespace

/// The topic was removed, and the machine stopped before the folder's last name was durable: as in Kafka it is set
/// aside, so that its name is free. An id that is unknown under a name that is known may be damaged: that one is left
/// alone.
bool StoreImpl::is_stray(const TopicPartitionId& id, const log::FolderName& name) const {
  const StoreOptions& options = core_.options;
  if (!options.directory_of || !options.known_partition) return false;
  return !options.directory_of(id) && !options.known_partition(name.topic, name.partition);
}

/// The topic's id that a partition folder says; nothing where it cannot be read.
Result<std::optional<Uuid>> StoreImpl::identity_in(const std::string& folder) {
  const std::string identity = path_in(folder, log::partition_metadata_name);
  auto text = io::read_file(core_.surface.disk, identity, identity_bytes_max);
  if (!text.ok() && text.failure().kind == FailureKind::not_found) {
    ASSIGN_OR_RETURN(const bool found, found_on_the_way(core_.surface.disk, identity));
    if (found) text = io::read_file(core_.surface.disk, identity, identity_bytes_max);
  }
  if (!text.ok() && text.failure().kind != FailureKind::not_found && !to_be_made_again(text.failure())) {
    return text.failure();
  }
  const auto topic_id = text.ok() ? log::parse_partition_metadata(as_text(*text)) : text.failure();
  return topic_id.ok() ? std::optional(*topic_id) : std::nullopt;
}

/// A partition folder without a readable partition.metadata: it is what the metadata knows by its name, unless another
/// folder may be that one.
Status StoreImpl::load_unidentified(size_t index, const log::FolderName& name, const std::string& folder,
                                    bool doubtful) {
  LogDirectory& directory = *core_.directories[index];
  const auto known = core_.options.known_partition ? core_.options.known_partition(name.topic, name.partition)
                                                   : std::optional<KnownPartition>();
  if (!known || logs_.contains({known->topic_id, name.partition})) {
    return discard_or_set_aside(directory, name, folder);
  }
  const std::string own_name = log::partition_folder_name(name.topic, name.partition);
  for (const auto& other : core_.directories) {
    if (other.get() == &directory || !core_.surface.disk.stat(path_in(other->path(), own_name)).ok()) continue;
    return discard_or_set_aside(directory, name, folder);
  }
  return load_as(index, name, folder, known->topic_id, doubtful, &*known);
}

/// Gives a recovered log its partition.metadata again, unless it holds batches of leaders that the partition never had:
/// then it is another partition's, and is left as it was found.
Result<bool> StoreImpl::identify(PartitionLog& log, const KnownPartition& remembered) {
  if (log.latest_epoch() > remembered.leader_epoch) {
    trace(TraceLevel::error, "folder={} state=not_identified epoch={} leader_epoch={}", log.folder(),
          log.latest_epoch(), remembered.leader_epoch);
    log.retire();
    return false;
  }
  trace(TraceLevel::warn, "folder={} state=identified topic_id={} reason=\"partition.metadata cannot be read\"",
        log.folder(), remembered.topic_id.to_string());
  RETURN_IF_FAILED(io::replace_file(core_.surface.disk, path_in(log.folder(), log::partition_metadata_name),
                                    as_bytes(log::print_partition_metadata(remembered.topic_id))));
  return true;
}

/// What holds no batches is removed: in a crash its first commit, which syncs partition.metadata before all else, was
/// not over. All else is set aside.
Status StoreImpl::discard_or_set_aside(LogDirectory& directory, const log::FolderName& name,
                                       const std::string& folder) {
  ASSIGN_OR_RETURN(const auto entries, core_.surface.disk.list(folder));
  uint64_t bytes = 0;
  for (const io::DirectoryEntry& entry : entries) {
    const auto file = log::parse_segment_file_name(entry.name);
    if (file && file->kind == log::FileKind::log) bytes += entry.size;
  }
  if (bytes == 0) {
    trace(TraceLevel::warn, "folder={} state=removed reason=\"no partition.metadata and no batches\"", folder);
    RETURN_IF_FAILED(core_.surface.disk.remove_tree(folder));
    return directory.sync_folder(directory.path());
  }
  return set_aside(directory, name, folder);
}

}  // namespace moldau::store
