// Reader of one codec behind Decompressor: zstd frames within a bounded window.
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>

#include "base/assert.h"
#include "compress/readers.h"

namespace moldau::compress {

Status ZstdReader::start(std::span<const std::byte> payload, int window_log_max) {
  rest_ = payload;
  within_frame_ = false;
  if (payload.empty()) return corrupt("zstd", "no data");
  if (context_ != nullptr && ZSTD_sizeof_DCtx(context_) > kept_bytes_max) release();
  if (context_ == nullptr) {
    context_ = ZSTD_createDCtx();
    ASSERT(context_ != nullptr);
  } else {
    ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
  }
  const int log = std::clamp(window_log_max, 10, zstd_window_log_kafka);
  ASSERT(ZSTD_isError(ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, log)) == 0);
  return {};
}

Piece ZstdReader::next(std::span<std::byte> window) {
  while (!rest_.empty() || within_frame_) {
    ZSTD_inBuffer input{rest_.data(), rest_.size(), 0};
    ZSTD_outBuffer output{window.data(), window.size(), 0};
    const size_t result = ZSTD_decompressStream(context_, &output, &input);
    if (ZSTD_isError(result) != 0) {
      if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge) {
        return Failure{FailureKind::unsupported, "zstd: the frame asks for too large a window"};
      }
      return corrupt("zstd", ZSTD_getErrorName(result));
    }
    rest_ = rest_.subspan(input.pos);
    within_frame_ = result != 0;
    if (output.pos > 0) return Piece(window.first(output.pos));
    if (within_frame_ && rest_.empty() && input.pos == 0) return corrupt("zstd", "the frame is cut");
  }
  return Piece(std::span<const std::byte>());
}

void ZstdReader::release() noexcept {
  ZSTD_freeDCtx(context_);
  context_ = nullptr;
}

}  // namespace moldau::compress
