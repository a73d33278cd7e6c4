// PersistentMap: an ordered map whose copies share structure. Inserting or erasing makes a new map in O(log n) and
// leaves the old one as it was, so an image of 10,000 topics changes without being copied. Weight-balanced tree (Adams
// 1992, with the parameters 3 and 2 of Hirai and Yamamoto 2011). Nodes are immutable and may be read from any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace moldau::metadata {

template <typename Key, typename Value, typename Less = std::less<>>
class PersistentMap {
  struct Node;
  using NodeRef = std::shared_ptr<const Node>;

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
    return PersistentMap(insert(root_, std::move(key), std::move(value)));
  }
  /// This map without `key`; the same map if it has no such key.
  template <typename K>
  [[nodiscard]] PersistentMap without(const K& key) const {
    return contains(key) ? PersistentMap(erase(root_, key)) : *this;
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
  };
  static constexpr size_t delta = 3;  // a side may weigh up to this many times the other
  static constexpr size_t ratio = 2;  // decides between single and double rotation

  explicit PersistentMap(NodeRef root) : root_(std::move(root)) {}

 public:
  PersistentMap() = default;

 private:
  static size_t weight(const NodeRef& node) noexcept { return node == nullptr ? 0 : node->weight; }
  static NodeRef make(const Key& key, const Value& value, NodeRef left, NodeRef right) {
    const size_t total = weight(left) + weight(right) + 1;
    return std::make_shared<const Node>(Node{key, value, std::move(left), std::move(right), total});
  }
  static bool is_balanced(const NodeRef& a, const NodeRef& b) { return delta * (weight(a) + 1) >= weight(b) + 1; }
  static bool is_single(const NodeRef& inner, const NodeRef& outer) {
    return weight(inner) + 1 < ratio * (weight(outer) + 1);
  }
  static NodeRef balance(const Key& key, const Value& value, NodeRef left, NodeRef right) {
    if (!is_balanced(left, right)) {
      const Node& r = *right;
      if (is_single(r.left, r.right)) return make(r.key, r.value, make(key, value, left, r.left), r.right);
      const Node& inner = *r.left;
      return make(inner.key, inner.value, make(key, value, left, inner.left),
                  make(r.key, r.value, inner.right, r.right));
    }
    if (!is_balanced(right, left)) {
      const Node& l = *left;
      if (is_single(l.right, l.left)) return make(l.key, l.value, l.left, make(key, value, l.right, right));
      const Node& inner = *l.right;
      return make(inner.key, inner.value, make(l.key, l.value, l.left, inner.left),
                  make(key, value, inner.right, right));
    }
    return make(key, value, std::move(left), std::move(right));
  }
  static NodeRef insert(const NodeRef& node, Key key, Value value) {
    if (node == nullptr)
      return std::make_shared<const Node>(Node{std::move(key), std::move(value), nullptr, nullptr, 1});
    if (Less{}(key, node->key)) {
      return balance(node->key, node->value, insert(node->left, std::move(key), std::move(value)), node->right);
    }
    if (Less{}(node->key, key)) {
      return balance(node->key, node->value, node->left, insert(node->right, std::move(key), std::move(value)));
    }
    return std::make_shared<const Node>(Node{std::move(key), std::move(value), node->left, node->right, node->weight});
  }
  template <typename K>
  static NodeRef erase(const NodeRef& node, const K& key) {
    if (Less{}(key, node->key)) return balance(node->key, node->value, erase(node->left, key), node->right);
    if (Less{}(node->key, key)) return balance(node->key, node->value, node->left, erase(node->right, key));
    if (node->left == nullptr) return node->right;
    if (node->right == nullptr) return node->left;
    const Node* first = node->right.get();
    while (first->left != nullptr) first = first->left.get();
    return balance(first->key, first->value, node->left, erase(node->right, first->key));
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
