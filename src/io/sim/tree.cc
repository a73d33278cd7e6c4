#include "io/sim/tree.h"

#include <algorithm>
#include <set>

namespace moldau::io::sim {

static constexpr size_t name_bytes_max = 255;

Tree::Tree() : root_(std::make_shared<Inode>()) { root_->is_directory = true; }

std::vector<std::string> Tree::split(const std::string& path) {
  std::vector<std::string> names;
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    std::string name = path.substr(begin, end - begin);
    if (name == "..") {
      if (!names.empty()) names.pop_back();
    } else if (!name.empty() && name != ".") {
      names.push_back(std::move(name));
    }
    begin = end + 1;
  }
  return names;
}

std::string Tree::canonical(const std::string& path) {
  std::string text;
  for (const std::string& name : split(path)) text += "/" + name;
  return text.empty() ? "/" : text;
}

Result<InodeRef> Tree::find(const std::string& path) const {
  if (path.empty()) return Failure{FailureKind::not_found, "empty path"};
  InodeRef inode = root_;
  for (const std::string& name : split(path)) {
    if (!inode->is_directory) return Failure{FailureKind::invalid_argument, path + ": not a directory"};
    if (name.size() > name_bytes_max) return Failure{FailureKind::invalid_argument, path + ": name too long"};
    const auto entry = inode->entries.find(name);
    if (entry == inode->entries.end()) return Failure{FailureKind::not_found, path + ": no such file or directory"};
    inode = entry->second;
  }
  return inode;
}

Result<std::pair<InodeRef, std::string>> Tree::find_parent(const std::string& path) const {
  std::vector<std::string> names = split(path);
  if (names.empty()) return Failure{FailureKind::invalid_argument, path + ": is the root"};
  std::string last = std::move(names.back());
  if (last.size() > name_bytes_max) return Failure{FailureKind::invalid_argument, path + ": name too long"};
  names.pop_back();
  std::string folder = "/";
  for (const std::string& name : names) folder += name + "/";
  ASSIGN_OR_RETURN(InodeRef inode, find(folder));
  if (!inode->is_directory) return Failure{FailureKind::invalid_argument, path + ": not a directory"};
  return std::pair(std::move(inode), std::move(last));
}

InodeRef Tree::create(const InodeRef& folder, const std::string& name, bool is_directory) {
  auto inode = std::make_shared<Inode>();
  inode->id = ++inode_sequence_;
  inode->is_directory = is_directory;
  folder->entries[name] = inode;
  operations_.push_back({mark(), nullptr, {}, folder, name, inode});
  return inode;
}

void Tree::unlink(const InodeRef& folder, const std::string& name) {
  const auto entry = folder->entries.find(name);
  ASSERT(entry != folder->entries.end());
  operations_.push_back({mark(), folder, name, nullptr, {}, entry->second});
  folder->entries.erase(entry);
}

void Tree::rename(const InodeRef& from, const std::string& from_name, const InodeRef& to, const std::string& to_name) {
  const auto entry = from->entries.find(from_name);
  ASSERT(entry != from->entries.end());
  const InodeRef inode = entry->second;
  from->entries.erase(entry);
  to->entries[to_name] = inode;
  operations_.push_back({mark(), from, from_name, to, to_name, inode});
}

void Tree::apply(const Operation& operation) {
  if (operation.from != nullptr) operation.from->durable_entries.erase(operation.from_name);
  if (operation.to != nullptr) operation.to->durable_entries[operation.to_name] = operation.inode;
}

/// Which operations must become durable with the names of `folder`: its own before `mark`, and what came before those
/// in the other folders that they touch.
std::vector<bool> Tree::covered(const Inode* folder, uint64_t mark) const {
  std::vector<bool> cover(operations_.size(), false);
  std::set<uint64_t> folders;
  if (folder != nullptr) folders.insert(folder->id);
  for (size_t i = operations_.size(); i-- > 0;) {
    const Operation& operation = operations_[i];
    if (operation.number >= mark) continue;
    const bool touches = folder == nullptr || (operation.from != nullptr && folders.contains(operation.from->id)) ||
                         (operation.to != nullptr && folders.contains(operation.to->id));
    if (!touches) continue;
    cover[i] = true;
    if (operation.from != nullptr) folders.insert(operation.from->id);
    if (operation.to != nullptr) folders.insert(operation.to->id);
  }
  return cover;
}

void Tree::keep_and_drop(const std::vector<bool>& keep, const std::vector<bool>& drop) {
  std::deque<Operation> rest;
  const uint64_t end = mark();
  for (size_t i = 0; i < operations_.size(); ++i) {
    if (keep[i]) {
      apply(operations_[i]);
    } else if (!drop[i]) {
      rest.push_back(std::move(operations_[i]));
    }
  }
  operations_ = std::move(rest);
  first_ = end - operations_.size();
}

void Tree::sync(const Inode* folder, uint64_t mark) {
  const std::vector<bool> keep = covered(folder, mark);
  keep_and_drop(keep, std::vector<bool>(keep.size(), false));
}

void Tree::lose(const Inode* folder, uint64_t mark, Prng& prng) {
  const std::vector<bool> covers = covered(folder, mark);
  std::vector<bool> keep(covers.size(), false);
  std::vector<bool> drop(covers.size(), false);
  bool keeping = prng.chance(1, 2);
  for (size_t i = 0; i < covers.size(); ++i) {
    if (!covers[i]) continue;
    keep[i] = keeping;
    drop[i] = !keeping;
    if (keeping) keeping = prng.chance(3, 4);
  }
  keep_and_drop(keep, drop);
}

void Tree::power_cut(CrashStyle style, Prng& prng) {
  // Each folder has a point up to which its operations survive; one on two folders needs both.
  std::set<uint64_t> ended;
  for (const Operation& operation : operations_) {
    bool kept = style == CrashStyle::keep_all || (style == CrashStyle::mixed && prng.chance(3, 4));
    for (const InodeRef& folder : {operation.from, operation.to}) {
      if (folder != nullptr && ended.contains(folder->id)) kept = false;
    }
    if (kept) {
      apply(operation);
      continue;
    }
    if (operation.from != nullptr) ended.insert(operation.from->id);
    if (operation.to != nullptr) ended.insert(operation.to->id);
  }
  first_ = mark();
  operations_.clear();
  std::vector<InodeRef> left{root_};
  while (!left.empty()) {
    const InodeRef folder = left.back();
    left.pop_back();
    folder->entries = folder->durable_entries;
    for (const auto& [name, inode] : folder->entries) {
      if (inode->is_directory) {
        left.push_back(inode);
      } else {
        inode->linked = true;
        inode->allocated_bytes = 0;
        inode->cold = true;
        inode->warm_ranges.clear();
        inode->image.power_cut(style, prng);
      }
    }
  }
}

}  // namespace moldau::io::sim
