#include "raft/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace moldau::raft {

VoterSet::VoterSet(std::vector<Voter> voters) : voters_(std::move(voters)) {
  std::sort(voters_.begin(), voters_.end(), [](const Voter& a, const Voter& b) { return a.key < b.key; });
  const auto same_id = [](const Voter& a, const Voter& b) { return a.key.id == b.key.id; };
  voters_.erase(std::unique(voters_.begin(), voters_.end(), same_id), voters_.end());
}

const Voter* VoterSet::find(NodeId id) const {
  const auto at = std::find_if(voters_.begin(), voters_.end(), [&](const Voter& voter) { return voter.key.id == id; });
  return at == voters_.end() ? nullptr : &*at;
}

bool VoterSet::contains(const ReplicaKey& key) const {
  const Voter* voter = find(key.id);
  if (voter == nullptr) return false;
  return voter->key.directory.is_zero() || key.directory.is_zero() || voter->key.directory == key.directory;
}

std::string snapshot_file_name(const SnapshotId& id) {
  return fmt::format("{:020}-{:010}.checkpoint", id.end, id.epoch);
}

std::optional<SnapshotId> parse_snapshot_file_name(std::string_view name) {
  constexpr size_t size = 20 + 1 + 10 + 11;
  if (name.size() != size || name[20] != '-' || !name.ends_with(".checkpoint")) return std::nullopt;
  SnapshotId id;
  const auto parse = [](std::string_view digits, auto& into) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!std::all_of(digits.begin(), digits.end(), is_digit)) return false;
    return std::from_chars(digits.data(), digits.data() + digits.size(), into).ec == std::errc{};
  };
  if (!parse(name.substr(0, 20), id.end) || !parse(name.substr(21, 10), id.epoch)) return std::nullopt;
  return id;
}

}  // namespace moldau::raft
