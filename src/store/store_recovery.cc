// StoreImpl, log directories whose logs are recovered while the node serves: what is looked at before, how a log comes,
// the end. One by one: recovery_lane.h. docs/design/recovery.md, "While the node serves"
#include <algorithm>
#include <set>
#include <utility>

#include "base/trace.h"
#include "store/journal/journal_files.h"
#include "store/names_anew.h"
#include "store/recovery_lane.h"
#include "store/store_impl.h"

namespace moldau::store {
namespace {

/// Recovery met what ends a start: the next one does not serve before it met it, too, and says so. Kafka passes it by.
constexpr std::string_view at_once_name = ".moldau-recover-first";

bool ends_a_start(FailureKind kind) {
  return kind == FailureKind::foreign || kind == FailureKind::corrupt || kind == FailureKind::unsupported;
}

}  // namespace

/// What is in the log directories, if that is plain: each folder one partition's, which says its id. Where anything has
/// to be decided between folders (a move was cut short, an identity is damaged), or the disk fails, nothing is put off,
/// and loading meets it again.
std::vector<std::optional<StoreImpl::Survey>> StoreImpl::survey_all() {
  const std::vector<std::optional<Survey>> none(log_directory_count_);
  std::vector<std::optional<Survey>> surveys(log_directory_count_);
  std::vector<bool> unclean(log_directory_count_);
  for (size_t i = 0; i < log_directory_count_; ++i) {
    const DataFolder& folder = *folders_[i];
    if (!mark_running(*core_.directories[i]).ok()) return none;
    if (core_.surface.disk.stat(path_in(folder.path, at_once_name)).ok()) return none;
    unclean[i] = !folder.opened.clean_stop;
  }
  if (std::find(unclean.begin(), unclean.end(), true) == unclean.end()) return none;
  std::set<std::string> names;
  std::unordered_set<TopicPartitionId> ids;
  for (size_t i = 0; i < log_directory_count_; ++i) {
    const auto survey = survey_one(i, unclean[i], names, ids);
    if (!survey.ok() || !*survey) return none;
    if (unclean[i] && !(*survey)->logs.empty()) surveys[i] = **survey;
  }
  return surveys;
}

/// Nothing where it is not plain.
Result<std::optional<StoreImpl::Survey>> StoreImpl::survey_one(size_t index, bool identities,
                                                               std::set<std::string>& names,
                                                               std::unordered_set<TopicPartitionId>& ids) {
  using Plain = std::optional<Survey>;
  const std::string& path = folders_[index]->path;
  Survey survey;
  ASSIGN_OR_RETURN(auto entries, core_.surface.disk.list(path));
  for (io::DirectoryEntry& entry : entries) {
    if (entry.is_directory) RETURN_IF_FAILED(take_name_back(core_.surface.disk, path, entry.name));
    if (!is_partition_folder(entry)) continue;
    const auto name = log::parse_folder_name(entry.name);
    if (!name || name->kind == log::FolderKind::future) return Plain();
    const std::string folder = path_in(path, entry.name);
    if (name->topic == log::metadata_topic_name) continue;
    if (name->kind != log::FolderKind::partition) {
      survey.others.emplace_back(*name, folder);
      continue;
    }
    if (!names.insert(log::partition_folder_name(name->topic, name->partition)).second) return Plain();
    if (!identities) continue;
    ASSIGN_OR_RETURN(const std::optional<Uuid> topic_id, identity_in(folder));
    if (!topic_id || is_stray({*topic_id, name->partition}, *name)) return Plain();
    LogToRecover log;
    log.id = {*topic_id, name->partition};
    log.topic = name->topic;
    log.folder = folder;
    if (!ids.insert(log.id).second) return Plain();
    survey.logs.push_back(std::move(log));
  }
  return Plain(std::move(survey));
}

/// Its logs come one by one. What the checkpoints say of them stands until then, whoever writes these anew.
Status StoreImpl::recover_behind(size_t index, Survey survey) {
  DataFolder& folder = *folders_[index];
  RETURN_IF_FAILED(read_checkpoints(index));
  const Found& found = found_[index];
  for (const auto& [name, path] : survey.others) take_other_folder(index, name, path);
  for (LogToRecover& log : survey.logs) {
    const PartitionKey key(log.topic, log.id.partition);
    log.facts = facts_of(index, key);
    if (const auto at = found.clean_ends.find(key); at != found.clean_ends.end()) log.clean_end = at->second;
    if (const auto at = found.high_watermarks.find(key); at != found.high_watermarks.end()) {
      log.high_watermark = at->second;
    }
    folders_in_use_.insert(log::partition_folder_name(log.topic, log.id.partition));
  }
  ASSIGN_OR_RETURN(const bool with_journal, has_journal(core_.surface.disk, folder.path));
  if (!with_journal) {
    RETURN_IF_FAILED(retire_journals(core_.surface.disk, folder.path));  // goes on with one that was cut short
    RETURN_IF_FAILED(open_journals(index));
  }
  for (const LogToRecover& log : survey.logs) recovering_.emplace(log.id, index);
  folder.found_unsynced = true;
  folder.recovering = true;
  folder.journal_left = with_journal;
  trace(TraceLevel::info, "log_directory={} state=recovering logs={} journal={}", folder.path, survey.logs.size(),
        with_journal);
  auto& host = static_cast<RecoveryHost&>(*this);
  lanes_[index] = std::make_unique<RecoveryLane>(core_, folder, host, std::move(survey.logs), found.removed);
  hold_lines(index);
  return {};
}

void StoreImpl::hold_lines(size_t index) {
  const DataFolder& folder = *folders_[index];
  each_recovering(index, [&](const LogToRecover& log) {
    const CheckpointFile::Key key(log.topic, log.id.partition);
    folder.recovery_points->depart(0, key, log.facts.recovery_point);
    folder.high_watermarks->depart(0, key, log.high_watermark);
    folder.transaction_free->depart(0, key, log.facts.transaction_free_below);
    folder.log_starts->depart(0, key, log.facts.log_start > 0 ? std::optional(log.facts.log_start) : std::nullopt);
    if (log.clean_end) folder.clean_ends->depart(0, key, log.clean_end);
  });
}

void StoreImpl::start_lanes() {
  for (size_t i = 0; i < lanes_.size(); ++i) {
    if (folders_[i]->offline) continue;
    if (lanes_[i] != nullptr) {
      lanes_[i]->start(folders_[i]->journal_left);
    } else {
      (void)core_.surface.disk.remove(path_in(folders_[i]->path, at_once_name));
    }
  }
}

void StoreImpl::stop_lanes() {
  for (const auto& lane : lanes_) {
    if (lane != nullptr) lane->stop();
  }
}

void StoreImpl::end_lanes() {
  for (const auto& lane : lanes_) {
    if (lane != nullptr) lane->end();
  }
}

std::vector<TopicPartitionId> StoreImpl::recovering_logs() const {
  std::vector<TopicPartitionId> ids;
  for (const auto& [id, directory] : recovering_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

void StoreImpl::log_recovered(const LogToRecover& which, std::shared_ptr<PartitionLog> log) {
  recovering_.erase(which.id);
  if (which.high_watermark) high_watermarks_[which.id] = *which.high_watermark;
  PartitionLog& arrived = *log;
  logs_.emplace(which.id, log);
  home_.join(std::move(log));
  arrived.directory().want_reserve();
  recovery_listener_->log_recovered(arrived);
}

void StoreImpl::lane_failed(size_t index, const Failure& why) {
  if (ends_a_start(why.kind)) {
    (void)core_.surface.disk.open(path_in(folders_[index]->path, at_once_name), io::OpenMode::create);
  }
  core_.directories[index]->fail(why);
  folder_failed(*folders_[index], why);  // it may be the pool that said so first
  forget_recovering(index);
  recovery_listener_->recovery_ended();
}

void StoreImpl::lane_over(size_t index) {
  const DataFolder& folder = *folders_[index];
  if (folder.journal_left) note_replayed(folder, lanes_[index]->replayed());
  if (lanes_[index]->some_as_found()) {
    settle_found(index);
  } else {
    found_settled(index);
  }
  recovery_listener_->recovery_ended();
}

void StoreImpl::forget_recovering(size_t index) {
  std::erase_if(recovering_, [index](const auto& entry) { return entry.second == index; });
}

}  // namespace moldau::store
