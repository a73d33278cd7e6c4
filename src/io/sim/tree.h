// Tree: the folders of one simulated disk, as programs see them and as a power cut would leave them: the names' half of
// the fault model in sim/disk.h.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "base/result.h"
#include "io/sim/image.h"

namespace moldau::io::sim {

/// A file or a folder; lives as long as a name, an open file or an unsynced operation refers to it.
struct Inode {
  uint64_t id = 0;
  bool is_directory = false;
  int64_t modified_wall_ms = 0;

  // Of files.
  FileImage image;
  uint64_t allocated_bytes = 0;  ///< reserved, from the start of the file
  bool linked = true;            ///< has a name, so that its bytes count
  bool cold = false;             ///< not read since the machine came up
  /// Ranges lately brought into memory; see SimDisk::cold.
  std::deque<std::pair<uint64_t, uint64_t>> warm_ranges;

  // Of folders.
  using Entries = std::map<std::string, std::shared_ptr<Inode>>;
  Entries entries;
  Entries durable_entries;
};
using InodeRef = std::shared_ptr<Inode>;

class Tree {
 public:
  Tree();

  /// Takes a path apart: "a//b/./c" and "/a/b/c" are the same.
  static std::vector<std::string> split(const std::string& path);
  /// The canonical text of a path.
  static std::string canonical(const std::string& path);

  const InodeRef& root() const { return root_; }
  Result<InodeRef> find(const std::string& path) const;
  /// The folder that holds the last name of `path`, and that name.
  Result<std::pair<InodeRef, std::string>> find_parent(const std::string& path) const;

  // Changes of names; durable after sync().
  InodeRef create(const InodeRef& folder, const std::string& name, bool is_directory);
  void unlink(const InodeRef& folder, const std::string& name);
  void rename(const InodeRef& from, const std::string& from_name, const InodeRef& to, const std::string& to_name);

  /// The number of the operation to come.
  uint64_t mark() const { return first_ + operations_.size(); }
  /// Makes the names of `folder` (null: of all folders) durable, as far as changed before `mark`, with all that a
  /// journal would have to write before them.
  void sync(const Inode* folder, uint64_t mark);
  /// A failed sync: some prefix of what it covers becomes durable, the rest is lost.
  void lose(const Inode* folder, uint64_t mark, Prng& prng);
  /// What survives a power cut becomes all that is.
  void power_cut(CrashStyle style, Prng& prng);

  /// A copy of all: what programs see, what is durable, what is unsynced.
  std::unique_ptr<Tree> copy() const;
  /// Unsynced operations on names.
  size_t unsynced_names() const { return operations_.size(); }
  /// Which of them a power cut can leave together, of those that `wish` names: per folder a prefix survives, and one on
  /// two folders needs both.
  std::vector<bool> surviving(const std::vector<bool>& wish) const;
  /// The tree after a power cut that leaves of the names what `kept` says (see surviving()), and of each file's bytes
  /// what `fate` says.
  std::unique_ptr<Tree> after(const std::vector<bool>& kept, const std::function<Survival(const Inode&)>& fate,
                              Prng& prng) const;
  /// A hash over names and bytes as programs see them.
  uint64_t hash() const;

  /// Calls visit(inode) for every file and folder that has a name, in the order of names.
  template <typename Visit>
  void each(Visit visit) const {
    each_below(root_, visit);
  }

 private:
  struct Operation {
    uint64_t number;
    InodeRef from;  ///< null: a creation
    std::string from_name;
    InodeRef to;    ///< null: a removal
    std::string to_name;
    InodeRef inode;
  };
  static void apply(const Operation& operation);
  template <typename Visit>
  static void each_below(const InodeRef& folder, Visit& visit) {
    for (const auto& [name, inode] : folder->entries) {
      visit(inode);
      if (inode->is_directory) each_below(inode, visit);
    }
  }
  std::vector<bool> covered(const Inode* folder, uint64_t mark) const;
  void keep_and_drop(const std::vector<bool>& keep, const std::vector<bool>& drop);

  InodeRef root_;
  std::deque<Operation> operations_;
  uint64_t first_ = 0;
  uint64_t inode_sequence_ = 0;
};

}  // namespace moldau::io::sim
