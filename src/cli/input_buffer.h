// InputBuffer: a byte source (standard input, or a text in tests) read ahead into memory, for parsers that look before
// they take.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace moldau::cli {

/// Where bytes come from.
struct InputSource {
  /// Reads up to so many bytes, waiting for at least one; 0 at the end.
  std::move_only_function<Result<size_t>(std::span<char>)> read;
  /// Whether read() would return at once.
  std::move_only_function<bool()> ready;
};

class InputBuffer {
 public:
  /// Bytes asked of the source at once.
  static constexpr size_t chunk_bytes = size_t{256} << 10;

  explicit InputBuffer(InputSource source) : source_(std::move(source)) {}

  /// What is in memory and not taken; valid until the next call.
  std::string_view view() const { return std::string_view(bytes_).substr(taken_); }
  /// Reads more behind view(). False at the end of the source, or when it failed: see failure().
  bool more();
  /// Whether more() would return at once (also at the end).
  bool more_is_ready() { return ended_ || source_.ready(); }
  /// Makes view() at least `size` bytes long, if the source has them.
  bool ensure(size_t size);
  void take(size_t size) { taken_ += size; }
  bool ended() const { return ended_; }
  const Status& failure() const { return failure_; }

 private:
  InputSource source_;
  std::string bytes_;
  size_t taken_ = 0;
  bool ended_ = false;
  Status failure_;
};

/// A source of `text`, given out in pieces of at most `piece` bytes.
InputSource text_source(std::string text, size_t piece = InputBuffer::chunk_bytes);

}  // namespace moldau::cli
