// Record: one record of a coordinator's log as bytes, made by a machine's decision and read again by its replay.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace moldau::coordinator {

/// A record to append; no value is a tombstone.
struct Record {
  std::vector<std::byte> key;
  std::optional<std::vector<std::byte>> value;

  bool operator==(const Record&) const = default;
};

/// A record read from the log, or a Record seen as one.
struct RecordView {
  std::span<const std::byte> key;
  std::optional<std::span<const std::byte>> value;

  RecordView() = default;
  RecordView(std::span<const std::byte> key_bytes, std::optional<std::span<const std::byte>> value_bytes)
      : key(key_bytes), value(value_bytes) {}
  RecordView(const Record& record) : key(record.key) {  // NOLINT: a view of it
    if (record.value.has_value()) value.emplace(*record.value);
  }
};

}  // namespace moldau::coordinator
