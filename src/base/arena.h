// Arena: memory for the small things of one request (texts of responses, temporary arrays), freed all at once. Views
// into it live as long as the request.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace moldau {

class Arena {
 public:
  /// Bytes of one chunk; a larger text gets a chunk of its own.
  static constexpr size_t chunk_bytes = 4096;

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Uninitialised memory of `size` bytes, valid until reset() or destruction.
  std::byte* allocate(size_t size) {
    if (size > left_) grow(size);
    std::byte* memory = next_;
    next_ += size;
    left_ -= size;
    return memory;
  }
  /// A copy of `text` that lives as long as the arena.
  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    std::byte* memory = allocate(text.size());
    std::memcpy(memory, text.data(), text.size());
    return {reinterpret_cast<const char*>(memory), text.size()};
  }
  std::span<const std::byte> keep(std::span<const std::byte> bytes) {
    if (bytes.empty()) return {};
    std::byte* memory = allocate(bytes.size());
    std::memcpy(memory, bytes.data(), bytes.size());
    return {memory, bytes.size()};
  }
  /// Forgets everything; keeps the first chunk for reuse.
  void reset() {
    if (chunks_.size() > 1) chunks_.resize(1);
    next_ = chunks_.empty() ? nullptr : chunks_.front().data.get();
    left_ = chunks_.empty() ? 0 : chunks_.front().size;
  }

 private:
  struct Chunk {
    std::unique_ptr<std::byte[]> data;
    size_t size;
  };
  void grow(size_t size) {
    const size_t capacity = size > chunk_bytes ? size : chunk_bytes;
    chunks_.push_back({std::make_unique_for_overwrite<std::byte[]>(capacity), capacity});
    next_ = chunks_.back().data.get();
    left_ = capacity;
  }

  std::vector<Chunk> chunks_;
  std::byte* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace moldau
