// What the load generators share: record batches and requests that are encoded before the clock starts, connections,
// answers as they lie in the receive buffer, and options as --name value. Produce v7, Fetch v11, CreateTopics v2.
//
// These programs trust the broker that they measure: an answer that makes no sense ends them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/endian.h"
#include "compress/compress.h"

namespace moldau::bench {

inline constexpr size_t batch_header_bytes = 61;
inline constexpr int16_t produce_key = 0;
inline constexpr int16_t fetch_key = 1;
inline constexpr int16_t create_topics_key = 19;

/// CLOCK_MONOTONIC.
int64_t now_ns();
/// Sleeps at most until `moment` of now_ns().
void sleep_until(int64_t moment);
/// CPU seconds of this process.
double own_cpu_seconds();
/// Says why on standard error and ends the program.
[[noreturn]] void fail(const std::string& what, int status = 1);
/// Its exit status when the broker closed the connection (drivers.py).
inline constexpr int closed_status = 3;

/// Options as --name value, bound to variables that hold the defaults.
class Options {
 public:
  void bind(const std::string& name, int64_t& variable) { numbers_[name] = &variable; }
  void bind(const std::string& name, int& variable) { small_numbers_[name] = &variable; }
  void bind(const std::string& name, std::string& variable) { texts_[name] = &variable; }
  /// From argv[first] on. An unknown name ends the program.
  void parse(int argc, char** argv, int first) const;

 private:
  std::map<std::string, int64_t*> numbers_;
  std::map<std::string, int*> small_numbers_;
  std::map<std::string, std::string*> texts_;
};

/// Bytes in the order of the protocol.
class Writer {
 public:
  template <typename T>
  void put(T value) {
    const size_t at = bytes_.size();
    bytes_.resize(at + sizeof(T));
    store_big_endian(bytes_.data() + at, value);
  }
  void text(const std::string& value) {
    put(static_cast<int16_t>(value.size()));
    append(std::as_bytes(std::span(value.data(), value.size())));
  }
  void append(std::span<const std::byte> from) { bytes_.insert(bytes_.end(), from.begin(), from.end()); }
  void varint(int32_t value);
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// One record batch v2 of `count` records without keys, with values of `record_bytes` bytes: 'x' without a codec, else
/// words that compress to about a third.
std::vector<std::byte> make_batch(int64_t count, int64_t record_bytes, compress::Codec codec = compress::Codec::none);

/// Of a request that is whole but for its correlation id, at byte 8.
inline constexpr size_t correlation_at = 8;
void begin_request(Writer& out, int16_t key, int16_t version);
std::vector<std::byte> finish_request(Writer& out);

/// The same batch for each of `partitions`.
std::vector<std::byte> produce_request(const std::string& topic, int acks, std::span<const int32_t> partitions,
                                       std::span<const std::byte> batch);

/// A Fetch of many partitions of one topic whose offsets can be set in place.
class FetchRequest {
 public:
  struct Bounds {
    int32_t wait_ms = 500;
    int32_t bytes_min = 1;
    int32_t bytes_max = 1 << 20;  ///< of the answer and of each partition
  };
  FetchRequest(const std::string& topic, std::span<const int32_t> partitions, Bounds bounds);
  /// `index` counts the partitions as they were given.
  void set_offset(size_t index, int64_t offset) {
    store_big_endian(bytes_.data() + first_ + index * entry_bytes, offset);
  }
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  static constexpr size_t entry_bytes = 28;
  std::vector<std::byte> bytes_;
  size_t first_ = 0;
};

/// A connection that does not block: requests go out in order, answers come back in order.
class Link {
 public:
  /// `receive_bytes`: asked of the kernel at once; the buffer grows to the largest answer.
  Link(const std::string& host, int64_t port, size_t receive_bytes);
  Link(Link&& other) noexcept;
  Link& operator=(Link&&) = delete;
  ~Link();

  int fd() const { return fd_; }
  bool wants_write() const { return sent_ < out_.size(); }
  /// Gives `request` a new correlation id and queues it.
  void enqueue(std::vector<std::byte>& request);
  void queue(std::span<const std::byte> bytes);
  /// Sends what is queued, as far as the kernel takes it.
  void flush();
  /// Receives once; calls `handler` with each whole answer, from the correlation id on.
  template <typename Handler>
  void receive(Handler handler) {
    if (!receive_once()) return;
    size_t at = 0;
    while (received_ - at >= 4) {
      const auto size = static_cast<size_t>(load_big_endian<int32_t>(in_.data() + at));
      if (received_ - at - 4 < size) {
        wanted_ = size + 4;
        break;
      }
      handler(std::span<const std::byte>(in_.data() + at + 4, size));
      at += 4 + size;
    }
    if (at == 0) return;
    std::memmove(in_.data(), in_.data() + at, received_ - at);
    received_ -= at;
  }

 private:
  bool receive_once();

  int fd_ = -1;
  int32_t correlation_ = 0;
  std::vector<std::byte> out_;
  size_t sent_ = 0;
  std::vector<std::byte> in_;
  size_t received_ = 0;
  size_t receive_bytes_;
  size_t wanted_ = 0;  ///< of the answer that has begun
};

/// The next answer on a connection that has one request in flight, waiting at most `timeout_ms`; empty if none came.
std::vector<std::byte> await_answer(Link& link, int timeout_ms);

/// The first error of a Produce answer; 0 if there is none.
int16_t produce_error(std::span<const std::byte> answer);

struct FetchedPartition {
  std::string_view topic;
  int32_t partition;
  int16_t error;
  int64_t high_watermark;
  std::span<const std::byte> records;
};

/// A cursor over an answer.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  template <typename T>
  T take() {
    return load_big_endian<T>(bytes(sizeof(T)).data());
  }
  std::span<const std::byte> bytes(size_t count);
  std::string_view text();

 private:
  std::span<const std::byte> bytes_;
};

/// Calls `handler` with each FetchedPartition; returns the error of the whole answer.
template <typename Handler>
int16_t each_partition(std::span<const std::byte> answer, Handler handler) {
  Reader in(answer);
  in.bytes(4 + 4);
  const auto error = in.take<int16_t>();
  in.bytes(4);
  for (auto topics = in.take<int32_t>(); topics > 0; --topics) {
    const std::string_view topic = in.text();
    for (auto count = in.take<int32_t>(); count > 0; --count) {
      FetchedPartition one{topic, in.take<int32_t>(), 0, 0, {}};
      one.error = in.take<int16_t>();
      one.high_watermark = in.take<int64_t>();
      in.bytes(8 + 8);
      const auto aborted = in.take<int32_t>();
      in.bytes(static_cast<size_t>(aborted > 0 ? aborted : 0) * 16 + 4);
      const auto size = in.take<int32_t>();
      one.records = in.bytes(static_cast<size_t>(size > 0 ? size : 0));
      handler(one);
    }
  }
  return error;
}

struct FetchedBatch {
  int64_t base_offset;
  int32_t records;
  size_t bytes;
};

/// Calls `handler` with each whole FetchedBatch.
template <typename Handler>
void each_batch(std::span<const std::byte> records, Handler handler) {
  while (records.size() >= batch_header_bytes) {
    const size_t whole = static_cast<size_t>(load_big_endian<int32_t>(records.data() + 8)) + 12;
    if (whole > records.size()) return;
    handler(FetchedBatch{load_big_endian<int64_t>(records.data()), load_big_endian<int32_t>(records.data() + 23) + 1,
                         whole});
    records = records.subspan(whole);
  }
}

}  // namespace moldau::bench
