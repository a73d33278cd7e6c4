#include "store/checkpoint_file.h"

#include <algorithm>
#include <string_view>

#include "store/flag_guard.h"

namespace moldau::store {

uint64_t CheckpointFile::put(size_t shard, Lines lines) {
  auto part = std::make_shared<const Lines>(std::move(lines));
  const FlagGuard held(guard_);
  parts_[shard].swap(part);
  departed_[shard].clear();
  std::erase_if(travelling_, [shard](const auto& entry) { return entry.second.arrived == shard; });
  return ++gathered_;
}

uint64_t CheckpointFile::newest() {
  const FlagGuard held(guard_);
  return gathered_;
}

bool CheckpointFile::worth_writing(bool any_lines) {
  const FlagGuard held(guard_);
  return any_lines || gathered_ > 0;
}

void CheckpointFile::depart(size_t shard, const Key& key, std::optional<Offset> line) {
  const FlagGuard held(guard_);
  departed_[shard].insert(key);
  travelling_[key] = {line, std::nullopt};
  ++gathered_;
}

void CheckpointFile::arrive(size_t shard, const Key& key) {
  const FlagGuard held(guard_);
  const auto found = travelling_.find(key);
  if (found != travelling_.end()) found->second.arrived = shard;
}

void CheckpointFile::forget(const Key& key) {
  const FlagGuard held(guard_);
  travelling_.erase(key);
}

void CheckpointFile::bring_home() {
  const FlagGuard held(guard_);
  for (size_t i = 1; i < parts_.size(); ++i) {
    parts_[i].reset();
    departed_[i].clear();
  }
  travelling_.clear();
}

CheckpointFile::Content CheckpointFile::take() {
  Content content;
  content.version = gathered_;
  if (parts_.size() == 1 && travelling_.empty()) {
    content.parts.push_back(std::exchange(parts_.front(), nullptr));  // nobody else needs it
    return content;
  }
  content.parts = parts_;
  content.departed = departed_;
  for (const auto& [key, traveller] : travelling_) {
    if (traveller.line) content.travelling.push_back({key.first, key.second, *traveller.line});
  }
  return content;
}

std::string CheckpointFile::print(const Content& content) {
  Lines lines = content.travelling;
  for (size_t i = 0; i < content.parts.size(); ++i) {
    if (content.parts[i] == nullptr) continue;
    const std::set<Key>* const gone = i < content.departed.size() ? &content.departed[i] : nullptr;
    for (const log::PartitionOffset& line : *content.parts[i]) {
      if (gone == nullptr || gone->empty() || !gone->contains({line.topic, line.partition})) lines.push_back(line);
    }
  }
  std::sort(lines.begin(), lines.end(), [](const log::PartitionOffset& a, const log::PartitionOffset& b) {
    return std::pair(std::string_view(a.topic), a.partition) < std::pair(std::string_view(b.topic), b.partition);
  });
  return log::print_offset_checkpoint(lines);
}

Status CheckpointFile::write(io::Disk& disk, uint64_t version) {
  const FlagGuard writing(busy_);
  Content content;
  {
    const FlagGuard held(guard_);
    if (written_ >= version) return {};
    content = take();
  }
  const Status outcome = io::replace_file(disk, path_, as_bytes(print(content)));
  const FlagGuard held(guard_);
  if (outcome.ok()) {
    written_ = content.version;
  } else if (parts_.size() == 1 && parts_.front() == nullptr) {
    parts_.front() = std::move(content.parts.front());  // for whoever comes next
  }
  return outcome;
}

}  // namespace moldau::store
