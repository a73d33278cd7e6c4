#include "cli/input_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace moldau::cli {

bool InputBuffer::more() {
  if (ended_) return false;
  // What was taken goes when it is at least as long as what is moved, so that moving costs no more than reading did.
  if (taken_ > 0 && taken_ >= bytes_.size() - taken_) {
    bytes_.erase(0, taken_);
    taken_ = 0;
  }
  const size_t before = bytes_.size();
  bytes_.resize(before + chunk_bytes);
  const Result<size_t> read = source_.read(std::span(bytes_).subspan(before));
  bytes_.resize(before + (read.ok() ? *read : 0));
  if (!read.ok()) failure_ = read.failure();
  ended_ = !read.ok() || *read == 0;
  return !ended_;
}

bool InputBuffer::ensure(size_t size) {
  while (view().size() < size) {
    if (!more()) return false;
  }
  return true;
}

InputSource text_source(std::string text, size_t piece) {
  InputSource source;
  source.read = [text = std::move(text), piece, at = size_t{0}](std::span<char> into) mutable -> Result<size_t> {
    const size_t size = std::min({into.size(), piece, text.size() - at});
    std::memcpy(into.data(), text.data() + at, size);
    at += size;
    return size;
  };
  source.ready = []() { return true; };
  return source;
}

}  // namespace moldau::cli
