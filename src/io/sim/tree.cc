#include "io/sim/tree.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/crc32c.h"

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
  std::vector<bool> wish(operations_.size());
  for (size_t i = 0; i < wish.size(); ++i) {
    wish[i] = style == CrashStyle::keep_all || (style == CrashStyle::mixed && prng.chance(3, 4));
  }
  const std::vector<bool> kept = surviving(wish);
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]) apply(operations_[i]);
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

std::vector<bool> Tree::surviving(const std::vector<bool>& wish) const {
  std::set<uint64_t> ended;  // folders whose later operations are lost
  std::vector<bool> kept(operations_.size(), false);
  for (size_t i = 0; i < operations_.size(); ++i) {
    const Operation& operation = operations_[i];
    bool keep = wish[i];
    for (const InodeRef& folder : {operation.from, operation.to}) {
      if (folder != nullptr && ended.contains(folder->id)) keep = false;
    }
    kept[i] = keep;
    if (keep) continue;
    if (operation.from != nullptr) ended.insert(operation.from->id);
    if (operation.to != nullptr) ended.insert(operation.to->id);
  }
  return kept;
}

std::unique_ptr<Tree> Tree::copy() const {
  std::map<const Inode*, InodeRef> copies;
  const std::function<InodeRef(const InodeRef&)> twin = [&](const InodeRef& inode) -> InodeRef {
    if (inode == nullptr) return nullptr;
    const auto known = copies.find(inode.get());
    if (known != copies.end()) return known->second;
    auto made = std::make_shared<Inode>(*inode);
    copies[inode.get()] = made;
    for (auto& [name, entry] : made->entries) entry = twin(entry);
    for (auto& [name, entry] : made->durable_entries) entry = twin(entry);
    return made;
  };
  auto tree = std::make_unique<Tree>();
  tree->root_ = twin(root_);
  for (const Operation& operation : operations_) {
    tree->operations_.push_back({operation.number, twin(operation.from), operation.from_name, twin(operation.to),
                                 operation.to_name, twin(operation.inode)});
  }
  tree->first_ = first_;
  tree->inode_sequence_ = inode_sequence_;
  return tree;
}

std::unique_ptr<Tree> Tree::after(const std::vector<bool>& kept, const std::function<Survival(const Inode&)>& fate,
                                  Prng& prng) const {
  // The durable names with the kept operations, per folder; then only what can be reached from the root.
  std::map<const Inode*, Inode::Entries> folders;
  const auto names_of = [&](const InodeRef& folder) -> Inode::Entries& {
    const auto [found, fresh] = folders.try_emplace(folder.get());
    if (fresh) found->second = folder->durable_entries;
    return found->second;
  };
  for (size_t i = 0; i < operations_.size(); ++i) {
    const Operation& operation = operations_[i];
    if (!kept[i]) continue;
    if (operation.from != nullptr) names_of(operation.from).erase(operation.from_name);
    if (operation.to != nullptr) names_of(operation.to)[operation.to_name] = operation.inode;
  }
  auto tree = std::make_unique<Tree>();
  tree->inode_sequence_ = inode_sequence_;
  tree->root_->id = root_->id;
  std::vector<std::pair<InodeRef, InodeRef>> left{{root_, tree->root_}};
  while (!left.empty()) {
    const auto [from, to] = left.back();
    left.pop_back();
    for (const auto& [name, inode] : names_of(from)) {
      auto made = std::make_shared<Inode>();
      made->id = inode->id;
      made->is_directory = inode->is_directory;
      made->modified_wall_ms = inode->modified_wall_ms;
      if (inode->is_directory) {
        left.emplace_back(inode, made);
      } else {
        made->image = inode->image.after(fate(*inode), prng);
      }
      to->entries[name] = made;
      to->durable_entries[name] = made;
    }
  }
  return tree;
}

uint64_t Tree::hash() const {
  uint64_t hash = 0xCBF29CE484222325ULL;
  const auto mix = [&hash](uint64_t value) { hash = Prng(hash ^ (value * 0xD6E8FEB86659FD93ULL)).next(); };
  const std::function<void(const Inode&)> take = [&](const Inode& folder) {
    mix(folder.entries.size());
    for (const auto& [name, inode] : folder.entries) {
      mix(crc32c(as_bytes(name)));
      if (inode->is_directory) {
        take(*inode);
      } else {
        mix(inode->image.size());
        mix(crc32c(inode->image.content()));
      }
    }
  };
  take(*root_);
  return hash;
}

}  // namespace moldau::io::sim
