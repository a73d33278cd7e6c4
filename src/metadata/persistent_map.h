// PersistentMap: an ordered map whose copies share structure. Inserting or erasing makes a new map in O(log n) and
// leaves the old one as it was, so an image of 10,000 topics changes without being copied. Weight-balanced tree (Adams
// 1992, with the parameters 3 and 2 of Hirai and Yamamoto 2011). What a reader can reach never changes and may be read
// from any thread.
//
// Edits: whoever makes many changes in a row gives each an edit number; nodes made under the number of the present edit
// are changed in place, for nobody else has seen them. The rule that makes this safe: before a map (or anything that
// holds it) is handed out, the editor goes on to a number that no node in it carries. Edit 0 changes nothing in place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace moldau::metadata {

template <typename Key, typename Value, typename Less = std::less<>>
class PersistentMap {
  struct Node;
  using NodeRef = std::shared_ptr<Node>;

 public:
  size_t size() const noexcept { return weight(root_); }
  bool empty() const noexcept { return root_ == nullptr; }

  /// The value of `key`, or null. Valid as long as any map that shares it lives.
  template <typename K>
  const Value* find(const K& key) const {
    const Node* node = root_.get();
    while (node != nullptr) {
      if (Less{}(key, node->key)) {
        node = node->left.get();
      } else if (Less{}(node->key, key)) {
        node = node->right.get();
      } else {
        return &node->value;
      }
    }
    return nullptr;
  }
  template <typename K>
  bool contains(const K& key) const {
    return find(key) != nullptr;
  }

  /// This map with `key` set to `value`.
  [[nodiscard]] PersistentMap with(Key key, Value value) const {
    PersistentMap changed = *this;
    changed.set(std::move(key), std::move(value), 0);
    return changed;
  }
  /// This map without `key`; the same map if it has no such key.
  template <typename K>
  [[nodiscard]] PersistentMap without(const K& key) const {
    PersistentMap changed = *this;
    changed.remove(key, 0);
    return changed;
  }
  /// Sets `key` to `value` in this map, as a part of `edit`; copies made before stay as they are.
  void set(Key key, Value value, uint64_t edit) {
    root_ = insert(std::move(root_), std::move(key), std::move(value), edit);
  }
  /// Takes `key` out of this map, as a part of `edit`.
  template <typename K>
  void remove(const K& key, uint64_t edit) {
    if (contains(key)) root_ = erase(std::move(root_), key, edit);
  }

  /// Calls visit(key, value) in the order of the keys.
  template <typename Visitor>
  void for_each(Visitor&& visit) const {
    walk(root_.get(), visit);
  }
  /// Calls visit(key, value) in order from the first key that is not less than `from`, until it returns false.
  template <typename K, typename Visitor>
  void for_each_from(const K& from, Visitor&& visit) const {
    walk_from(root_.get(), from, visit);
  }
  /// True when both are the same map by identity: a cheap "unchanged".
  bool same_as(const PersistentMap& other) const noexcept { return root_ == other.root_; }

 private:
  struct Node {
    Key key;
    Value value;
    NodeRef left;
    NodeRef right;
    size_t weight;
    uint64_t edit;
  };
  static constexpr size_t delta = 3;  // a side may weigh up to this many times the other
  static constexpr size_t ratio = 2;  // decides between single and double rotation

  static size_t weight(const NodeRef& node) noexcept { return node == nullptr ? 0 : node->weight; }
  static bool is_balanced(const NodeRef& a, const NodeRef& b) { return delta * (weight(a) + 1) >= weight(b) + 1; }
  static bool is_single(const NodeRef& inner, const NodeRef& outer) {
    return weight(inner) + 1 < ratio * (weight(outer) + 1);
  }
  /// `node` if it belongs to this edit, else a copy that does.
  static NodeRef owned(NodeRef node, uint64_t edit) {
    if (edit != 0 && node->edit == edit) return node;
    return std::make_shared<Node>(Node{node->key, node->value, node->left, node->right, node->weight, edit});
  }
  static NodeRef weighed(NodeRef node) {
    node->weight = weight(node->left) + weight(node->right) + 1;
    return node;
  }
  static NodeRef rotate_left(NodeRef node, uint64_t edit) {
    NodeRef up = owned(std::move(node->right), edit);
    node->right = std::move(up->left);
    up->left = weighed(std::move(node));
    return weighed(std::move(up));
  }
  static NodeRef rotate_right(NodeRef node, uint64_t edit) {
    NodeRef up = owned(std::move(node->left), edit);
    node->left = std::move(up->right);
    up->right = weighed(std::move(node));
    return weighed(std::move(up));
  }
  /// `node`, which belongs to this edit and of which one side may have changed by one, balanced.
  static NodeRef balanced(NodeRef node, uint64_t edit) {
    if (!is_balanced(node->left, node->right)) {
      if (!is_single(node->right->left, node->right->right)) {
        node->right = rotate_right(owned(std::move(node->right), edit), edit);
      }
      return rotate_left(std::move(node), edit);
    }
    if (!is_balanced(node->right, node->left)) {
      if (!is_single(node->left->right, node->left->left)) {
        node->left = rotate_left(owned(std::move(node->left), edit), edit);
      }
      return rotate_right(std::move(node), edit);
    }
    return weighed(std::move(node));
  }
  static NodeRef insert(NodeRef node, Key key, Value value, uint64_t edit) {
    if (node == nullptr) {
      return std::make_shared<Node>(Node{std::move(key), std::move(value), nullptr, nullptr, 1, edit});
    }
    node = owned(std::move(node), edit);
    if (Less{}(key, node->key)) {
      node->left = insert(std::move(node->left), std::move(key), std::move(value), edit);
    } else if (Less{}(node->key, key)) {
      node->right = insert(std::move(node->right), std::move(key), std::move(value), edit);
    } else {
      node->value = std::move(value);
      return node;
    }
    return balanced(std::move(node), edit);
  }
  template <typename K>
  static NodeRef erase(NodeRef node, const K& key, uint64_t edit) {
    const bool left = Less{}(key, node->key);
    const bool right = !left && Less{}(node->key, key);
    if (!left && !right && node->left == nullptr) return node->right;
    if (!left && !right && node->right == nullptr) return node->left;
    node = owned(std::move(node), edit);
    if (left) {
      node->left = erase(std::move(node->left), key, edit);
    } else if (right) {
      node->right = erase(std::move(node->right), key, edit);
    } else {
      const Node* next = node->right.get();
      while (next->left != nullptr) next = next->left.get();
      node->key = next->key;
      node->value = next->value;
      const Key moved = node->key;
      node->right = erase(std::move(node->right), moved, edit);
    }
    return balanced(std::move(node), edit);
  }
  template <typename Visitor>
  static void walk(const Node* node, Visitor& visit) {
    if (node == nullptr) return;
    walk(node->left.get(), visit);
    visit(node->key, node->value);
    walk(node->right.get(), visit);
  }
  template <typename K, typename Visitor>
  static bool walk_from(const Node* node, const K& from, Visitor& visit) {
    if (node == nullptr) return true;
    if (Less{}(node->key, from)) return walk_from(node->right.get(), from, visit);
    return walk_from(node->left.get(), from, visit) && visit(node->key, node->value) &&
           walk_from(node->right.get(), from, visit);
  }

  NodeRef root_;
};

}  // namespace moldau::metadata
