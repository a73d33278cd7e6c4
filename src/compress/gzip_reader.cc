// Reader of one codec behind Decompressor: gzip members, one after the other, as the JDK reads them.
#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "compress/readers.h"

namespace moldau::compress {
namespace {

constexpr size_t java_buffer_bytes = 8192;
constexpr size_t trailer_bytes = 8;
constexpr size_t next_member_bytes_min = 26;  // this trailer, and the next member's header and trailer
constexpr size_t header_bytes_min = 10;
constexpr uint32_t flag_header_crc = 2;
constexpr uint32_t flag_extra = 4;
constexpr uint32_t flag_name = 8;
constexpr uint32_t flag_comment = 16;

uint32_t load_little_endian(const std::byte* at) {
  uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= static_cast<uint32_t>(at[i]) << (8 * i);
  return value;
}

const Bytef* zlib_bytes(const std::byte* at) {
  return reinterpret_cast<const Bytef*>(at);
}

}  // namespace

// Size of the member header at `at`; 0 if none is there.
size_t GzipReader::header_size(size_t at) const noexcept {
  const std::span<const std::byte> bytes = payload_.subspan(at);
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(bytes[i]); };
  if (bytes.size() < header_bytes_min || byte(0) != 0x1F || byte(1) != 0x8B || byte(2) != 8) return 0;
  const uint32_t flags = byte(3);
  size_t size = header_bytes_min;
  if ((flags & flag_extra) != 0) {
    if (bytes.size() - size < 2) return 0;
    const size_t extra = byte(size) | (byte(size + 1) << 8);
    size += 2;
    if (bytes.size() - size < extra) return 0;
    size += extra;
  }
  for (const uint32_t text : {flag_name, flag_comment}) {
    if ((flags & text) == 0) continue;
    const auto end = std::find(bytes.begin() + static_cast<ptrdiff_t>(size), bytes.end(), std::byte{0});
    if (end == bytes.end()) return 0;
    size = static_cast<size_t>(end - bytes.begin()) + 1;
  }
  if ((flags & flag_header_crc) != 0) {
    if (bytes.size() - size < 2) return 0;
    const auto sum = static_cast<uint32_t>(crc32_z(0, zlib_bytes(bytes.data()), size)) & 0xFFFF;
    if (sum != (byte(size) | (byte(size + 1) << 8))) return 0;
    size += 2;
  }
  return size;
}

// Moves to the data behind a header that ends at `data`. False only if zlib has no memory.
bool GzipReader::begin_member(size_t data) noexcept {
  at_ = data;
  crc_ = 0;
  size_ = 0;
  ended_ = false;
  if (stream_ != nullptr) return inflateReset(stream_) == Z_OK;
  stream_ = new z_stream_s{};
  return inflateInit2(stream_, -MAX_WBITS) == Z_OK;
}

Status GzipReader::start(std::span<const std::byte> payload) {
  payload_ = payload;
  ended_ = true;
  const size_t header = header_size(0);
  if (header == 0) return corrupt("gzip", "no header");
  ASSERT(begin_member(header));
  buffer_end_ = std::min(payload_.size(), header + java_buffer_bytes);
  return {};
}

// The data of a member has ended at at_: checks its trailer and looks for another member.
Status GzipReader::end_member() {
  const size_t buffered = buffer_end_ - at_;
  if (payload_.size() - at_ < trailer_bytes) return corrupt("gzip", "the trailer is cut");
  if (load_little_endian(payload_.data() + at_) != crc_) return corrupt("gzip", "the checksum does not match");
  if (load_little_endian(payload_.data() + at_ + 4) != size_) return corrupt("gzip", "the length does not match");
  const size_t header = buffered > next_member_bytes_min ? header_size(at_ + trailer_bytes) : 0;
  if (header == 0) {
    ended_ = true;
    return {};
  }
  ASSERT(begin_member(at_ + trailer_bytes + header));
  // A header that reaches beyond the buffer has been read past it: the next buffer begins behind it.
  if (at_ >= buffer_end_) buffer_end_ = std::min(payload_.size(), at_ + java_buffer_bytes);
  return {};
}

Piece GzipReader::next(std::span<std::byte> window) {
  size_t produced = 0;
  while (!ended_ && produced < window.size()) {
    if (at_ == buffer_end_) buffer_end_ = std::min(payload_.size(), at_ + java_buffer_bytes);
    stream_->next_in = zlib_bytes(payload_.data() + at_);
    stream_->avail_in = static_cast<uInt>(buffer_end_ - at_);
    stream_->next_out = reinterpret_cast<Bytef*>(window.data() + produced);
    stream_->avail_out = static_cast<uInt>(window.size() - produced);
    const int result = inflate(stream_, Z_NO_FLUSH);
    const size_t made = window.size() - produced - stream_->avail_out;
    at_ = buffer_end_ - stream_->avail_in;
    crc_ = static_cast<uint32_t>(crc32_z(crc_, zlib_bytes(window.data() + produced), made));
    size_ += static_cast<uint32_t>(made);
    produced += made;
    if (result == Z_STREAM_END) {
      RETURN_IF_FAILED(end_member());
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return corrupt("gzip", "the data is damaged");
    } else if (at_ == payload_.size() && made == 0) {
      return corrupt("gzip", "the data is cut");
    }
  }
  return Piece(window.first(produced));
}

void GzipReader::release() noexcept {
  if (stream_ == nullptr) return;
  inflateEnd(stream_);
  delete stream_;
  stream_ = nullptr;
  ended_ = true;
}

}  // namespace moldau::compress
