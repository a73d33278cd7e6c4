// GroupFleet: all that a run with groups has besides: the members, an administrator of groups, the reader of
// __consumer_offsets; and what must be true when all has healed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/group_log.h"
#include "sim/group_member.h"

namespace moldau::sim {

/// Commits for groups without members, lets such offsets expire, deletes offsets and groups, describes and lists them.
class GroupAdmin {
 public:
  explicit GroupAdmin(GroupContext& groups);
  io::Task<void> run();
  bool done() const { return done_; }
  /// Makes __consumer_offsets ready, and gives each group an offset, so that none ends for want of one.
  io::Task<void> prepare();
  bool prepared() const { return prepared_; }
  /// All committed offsets of a group; false if there was no good answer.
  io::Task<bool> fetch_all(std::string group, Committed& into);
  static std::vector<std::string> simple_groups();
  /// What the broker says of a group's members, for people.
  io::Task<void> explain(std::string group, std::string& into);

 private:
  io::Task<bool> find_coordinator(std::string group);
  io::Task<void> commit_simple();
  io::Task<void> delete_offset();
  io::Task<void> delete_group();
  io::Task<void> look();

  GroupContext& groups_;
  OffsetClient offsets_;
  Prng prng_;
  bool prepared_ = false;
  bool done_ = false;
};

class GroupFleet {
 public:
  explicit GroupFleet(Context& context);

  GroupAdmin& admin() { return admin_; }
  void start(io::TaskGroup& tasks);
  /// It has done what the profile asks for.
  bool enough() const;
  /// From now on nobody dies.
  void calm() { groups_.calm = true; }
  /// Each group has one generation, in which its members have all its partitions.
  bool stable() const;
  std::string describe() const;
  /// What the broker says of the groups that are not stable.
  io::Task<void> explain(std::string& into);
  bool done() const;
  /// Compares the fold of the log with what is fetched, twice with a restart by `restart` between.
  io::Task<void> audit(std::function<void()> restart, std::function<bool()> serving);
  bool audited() const { return audited_; }
  void count(std::map<std::string, uint64_t>& counters) const;
  uint64_t rebalances() const { return groups_.shadow.rebalances(); }
  uint64_t commits() const { return groups_.shadow.commits(); }

 private:
  bool stable(const GroupPlan& plan) const;
  io::Task<bool> compare();
  io::Task<void> compare_until_equal(const char* when);

  Context& context_;
  GroupContext groups_;
  GroupAdmin admin_;
  GroupLog log_;
  std::vector<std::unique_ptr<GroupMember>> members_;
  std::string difference_;
  bool audited_ = false;
};

}  // namespace moldau::sim
