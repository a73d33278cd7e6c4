#include "log/producer_snapshot.h"

#include "base/crc32c.h"
#include "base/endian.h"

namespace moldau::log {
namespace {

constexpr size_t crc_at = 2;
constexpr size_t count_at = 6;  // what the crc covers begins here

// Reads or writes big-endian fields one after the other; the caller has checked the length.
class Reader {
 public:
  explicit Reader(const std::byte* at) : at_(at) {}
  template <typename T>
  T take() {
    const T value = load_big_endian<T>(at_);
    at_ += sizeof(T);
    return value;
  }

 private:
  const std::byte* at_;
};

class Writer {
 public:
  explicit Writer(std::byte* at) : at_(at) {}
  template <typename T>
  void put(T value) {
    store_big_endian<T>(at_, value);
    at_ += sizeof(T);
  }

 private:
  std::byte* at_;
};

constexpr size_t trailer_header_bytes = 8;
constexpr size_t trailer_producer_bytes = 13;
constexpr size_t trailer_batch_bytes = 24;

bool has_older_batches(const ProducerEntry& entry) {
  return entry.batch_count > 1;
}

void append_trailer(std::vector<std::byte>& file, std::span<const ProducerEntry> entries) {
  size_t size = 0;
  int32_t count = 0;
  for (const ProducerEntry& entry : entries) {
    if (!has_older_batches(entry)) continue;
    ++count;
    size += trailer_producer_bytes + (entry.batch_count - 1U) * trailer_batch_bytes;
  }
  if (count == 0) return;
  const size_t at = file.size();
  file.resize(at + trailer_header_bytes + size);
  Writer out(file.data() + at);
  out.put<uint32_t>(producer_snapshot_trailer_magic);
  out.put<int32_t>(count);
  for (const ProducerEntry& entry : entries) {
    if (!has_older_batches(entry)) continue;
    out.put<int64_t>(entry.producer_id);
    out.put<int32_t>(entry.known_from_sequence);
    out.put<int8_t>(static_cast<int8_t>(entry.batch_count - 1));
    for (size_t i = 0; i + 1 < entry.batch_count; ++i) {
      const ProducerBatch& batch = entry.batches[i];
      out.put<int32_t>(batch.last_sequence);
      out.put<int64_t>(batch.last_offset);
      out.put<int32_t>(batch.offset_delta);
      out.put<int64_t>(batch.timestamp);
    }
  }
}

/// Adds what the trailer knows to the entries, which are in the same order. False for a malformed one.
bool read_trailer(std::span<const std::byte> bytes, std::vector<ProducerEntry>& entries) {
  if (bytes.empty()) return true;
  if (bytes.size() < trailer_header_bytes) return false;
  Reader in(bytes.data());
  if (in.take<uint32_t>() != producer_snapshot_trailer_magic) return false;
  const auto count = in.take<int32_t>();
  size_t left = bytes.size() - trailer_header_bytes;
  size_t next = 0;
  for (int32_t i = 0; i < count; ++i) {
    if (left < trailer_producer_bytes) return false;
    const auto producer_id = in.take<int64_t>();
    const auto known_from = in.take<int32_t>();
    const auto batches = in.take<int8_t>();
    left -= trailer_producer_bytes;
    if (batches < 1 || batches >= static_cast<int>(producer_batches_max)) return false;
    if (left < static_cast<size_t>(batches) * trailer_batch_bytes) return false;
    left -= static_cast<size_t>(batches) * trailer_batch_bytes;
    while (next < entries.size() && entries[next].producer_id != producer_id) ++next;
    if (next == entries.size() || entries[next].batch_count != 1) return false;
    ProducerEntry& entry = entries[next];
    const ProducerBatch newest = entry.batches[0];
    entry.batch_count = 0;
    entry.known_from_sequence = known_from;
    for (int8_t b = 0; b < batches; ++b) {
      ProducerBatch& batch = entry.batches[entry.batch_count++];
      batch.last_sequence = in.take<int32_t>();
      batch.last_offset = in.take<int64_t>();
      batch.offset_delta = in.take<int32_t>();
      batch.timestamp = in.take<int64_t>();
    }
    entry.batches[entry.batch_count++] = newest;
  }
  return left == 0;
}

Failure corrupt(const char* what) {
  return {FailureKind::corrupt, std::string("producer snapshot: ") + what};
}

}  // namespace

std::vector<std::byte> encode_producer_snapshot(std::span<const ProducerEntry> entries) {
  std::vector<std::byte> file(producer_snapshot_header_bytes + entries.size() * producer_snapshot_entry_bytes);
  store_big_endian<int16_t>(file.data(), producer_snapshot_version);
  store_big_endian<int32_t>(file.data() + count_at, static_cast<int32_t>(entries.size()));
  Writer out(file.data() + producer_snapshot_header_bytes);
  for (const ProducerEntry& entry : entries) {
    const ProducerBatch* newest = entry.newest();
    const ProducerBatch batch = newest == nullptr ? ProducerBatch{} : *newest;
    out.put<int64_t>(entry.producer_id);
    out.put<int16_t>(entry.epoch);
    out.put<int32_t>(batch.last_sequence);
    out.put<int64_t>(batch.last_offset);
    out.put<int32_t>(batch.offset_delta);
    out.put<int64_t>(entry.last_timestamp);
    out.put<int32_t>(entry.coordinator_epoch);
    out.put<int64_t>(entry.transaction_first_offset);
  }
  append_trailer(file, entries);
  store_big_endian<uint32_t>(file.data() + crc_at, crc32c(std::span<const std::byte>(file).subspan(count_at)));
  return file;
}

Result<std::vector<ProducerEntry>> decode_producer_snapshot(std::span<const std::byte> file) {
  if (file.size() < producer_snapshot_header_bytes) return corrupt("too short");
  if (load_big_endian<int16_t>(file.data()) != producer_snapshot_version) return corrupt("unknown version");
  const auto count = load_big_endian<int32_t>(file.data() + count_at);
  const size_t content = file.size() - producer_snapshot_header_bytes;
  if (count < 0 || static_cast<uint64_t>(count) * producer_snapshot_entry_bytes > content)
    return corrupt("wrong length");
  if (load_big_endian<uint32_t>(file.data() + crc_at) != crc32c(file.subspan(count_at))) return corrupt("wrong crc");

  std::vector<ProducerEntry> entries;
  entries.reserve(static_cast<size_t>(count));
  Reader in(file.data() + producer_snapshot_header_bytes);
  for (int32_t i = 0; i < count; ++i) {
    ProducerEntry entry;
    ProducerBatch batch;
    entry.producer_id = in.take<int64_t>();
    entry.epoch = in.take<int16_t>();
    batch.last_sequence = in.take<int32_t>();
    batch.last_offset = in.take<int64_t>();
    batch.offset_delta = in.take<int32_t>();
    entry.last_timestamp = in.take<int64_t>();
    entry.coordinator_epoch = in.take<int32_t>();
    const auto transaction = in.take<int64_t>();
    entry.transaction_first_offset = transaction >= 0 ? transaction : no_offset;
    batch.timestamp = entry.last_timestamp;
    if (batch.last_offset >= 0) {
      entry.batches[0] = batch;
      entry.batch_count = 1;
    }
    entries.push_back(entry);
  }
  const size_t trailer_at = producer_snapshot_header_bytes + entries.size() * producer_snapshot_entry_bytes;
  if (!read_trailer(file.subspan(trailer_at), entries)) return corrupt("malformed trailer");
  return entries;
}

}  // namespace moldau::log
