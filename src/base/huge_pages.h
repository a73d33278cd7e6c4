// HugePageAllocator: memory for large tables that are looked at in no order. A lookup that misses the translation
// caches costs more than one that misses the data caches, on virtual machines above all (150 ns each); pages of 2 MiB
// spare it.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace moldau {

/// For standard containers. What is smaller than a huge page comes from the heap as usual; what is larger begins at a
/// huge page, and the kernel is asked to use such. Where it does not, memory works all the same.
template <typename T>
class HugePageAllocator {
 public:
  using value_type = T;
  static constexpr size_t page_bytes = size_t{2} << 20;

  HugePageAllocator() = default;
  template <typename U>
  explicit HugePageAllocator(const HugePageAllocator<U>& /*other*/) noexcept {}

  /// Throws std::bad_alloc, as std::allocator does.
  T* allocate(size_t count) {
    const size_t bytes = count * sizeof(T);
    if (bytes < page_bytes) return static_cast<T*>(::operator new(bytes));
    const size_t whole = (bytes + page_bytes - 1) / page_bytes * page_bytes;
    void* memory = std::aligned_alloc(page_bytes, whole);
    if (memory == nullptr) throw std::bad_alloc();
    (void)madvise(memory, whole, MADV_HUGEPAGE);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, size_t count) noexcept {
    if (count * sizeof(T) < page_bytes) {
      ::operator delete(memory);
    } else {
      std::free(memory);
    }
  }
  bool operator==(const HugePageAllocator& /*other*/) const noexcept { return true; }
};

}  // namespace moldau
