#include "log/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/endian.h"

namespace moldau::log {
namespace {

/// The last byte is the version.
constexpr std::string_view magic = "MOLDJRN\x01";
constexpr size_t checksum_at = 64;
constexpr std::string_view journal_suffix = ".journal";
constexpr std::string_view spare_prefix = "journal-";
constexpr std::string_view spare_suffix = ".spare";
constexpr size_t generation_digits = 20;
/// Far from where counting on would wrap, whatever a file is called.
constexpr uint64_t generation_max = INT64_MAX;

uint32_t head_checksum(std::span<const std::byte> head) {
  return crc32c(head.subspan(journal_header_bytes), crc32c(head.first(checksum_at)));
}

void put_entry(std::byte* at, const JournalEntry& entry) {
  at[0] = static_cast<std::byte>(entry.kind);
  store_big_endian<int32_t>(at + 4, entry.id.partition);
  std::memcpy(at + 8, entry.id.topic_id.bytes.data(), 16);
  store_big_endian<int32_t>(at + 24, entry.leader_epoch);
  store_big_endian<uint32_t>(at + 28, entry.checksum);
  store_big_endian<int64_t>(at + 32, entry.base);
  store_big_endian<int64_t>(at + 40, entry.end);
  store_big_endian<uint64_t>(at + 48, entry.bytes);
}

JournalEntry get_entry(const std::byte* at) {
  JournalEntry entry;
  entry.kind = static_cast<JournalKind>(at[0]);
  entry.id.partition = load_big_endian<int32_t>(at + 4);
  std::memcpy(entry.id.topic_id.bytes.data(), at + 8, 16);
  entry.leader_epoch = load_big_endian<int32_t>(at + 24);
  entry.checksum = load_big_endian<uint32_t>(at + 28);
  entry.base = load_big_endian<int64_t>(at + 32);
  entry.end = load_big_endian<int64_t>(at + 40);
  entry.bytes = load_big_endian<uint64_t>(at + 48);
  return entry;
}

bool plausible(const JournalEntry& entry) {
  if (entry.kind < JournalKind::batches || entry.kind > JournalKind::moved) return false;
  if (entry.id.partition < 0 || entry.base < 0 || entry.end < entry.base) return false;
  const bool has_payload = entry.kind == JournalKind::batches;
  return has_payload == (entry.bytes > 0) && has_payload == (entry.end > entry.base);
}

template <typename Number>
std::optional<Number> parse_digits(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text.size() != generation_digits && text.front() == '0') return std::nullopt;
  return value;
}

/// "<shard>-<generation>"
std::optional<JournalFileName> parse_numbers(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos || text.size() - dash - 1 != generation_digits) return std::nullopt;
  const auto shard = parse_digits<uint32_t>(text.substr(0, dash));
  const auto generation = parse_digits<uint64_t>(text.substr(dash + 1));
  if (!shard || !generation || dash >= generation_digits || *generation > generation_max) return std::nullopt;
  return JournalFileName{*shard, *generation};
}

}  // namespace

uint64_t journal_round_bytes(uint64_t entries, uint64_t payload_bytes) {
  const uint64_t bytes = journal_header_bytes + entries * journal_entry_bytes + payload_bytes;
  return (bytes + journal_block_bytes - 1) / journal_block_bytes * journal_block_bytes;
}

uint64_t JournalHeader::round_bytes() const { return journal_round_bytes(entries, payload_bytes); }

void encode_journal_head(const JournalHeader& header, std::span<const JournalEntry> entries,
                         std::vector<std::byte>& into) {
  ASSERT(header.entries == entries.size() && entries.size() <= journal_entries_max);
  into.assign(static_cast<size_t>(header.head_bytes()), std::byte{});
  std::byte* at = into.data();
  std::memcpy(at, magic.data(), magic.size());
  store_big_endian<uint64_t>(at + 8, header.generation);
  store_big_endian<uint64_t>(at + 16, header.sequence);
  store_big_endian<uint64_t>(at + 24, header.needed_from);
  std::memcpy(at + 32, header.directory.bytes.data(), 16);
  store_big_endian<uint32_t>(at + 48, header.shard);
  store_big_endian<uint32_t>(at + 52, header.entries);
  store_big_endian<uint64_t>(at + 56, header.payload_bytes);
  for (size_t i = 0; i < entries.size(); ++i) {
    put_entry(at + journal_header_bytes + i * journal_entry_bytes, entries[i]);
  }
  store_big_endian<uint32_t>(at + checksum_at, head_checksum(into));
}

std::optional<JournalHeader> parse_journal_header(std::span<const std::byte> bytes) {
  if (bytes.size() < journal_header_bytes || as_text(bytes.first(magic.size())) != magic) return std::nullopt;
  const std::byte* at = bytes.data();
  JournalHeader header;
  header.generation = load_big_endian<uint64_t>(at + 8);
  header.sequence = load_big_endian<uint64_t>(at + 16);
  header.needed_from = load_big_endian<uint64_t>(at + 24);
  std::memcpy(header.directory.bytes.data(), at + 32, 16);
  header.shard = load_big_endian<uint32_t>(at + 48);
  header.entries = load_big_endian<uint32_t>(at + 52);
  header.payload_bytes = load_big_endian<uint64_t>(at + 56);
  if (header.entries == 0 || header.entries > journal_entries_max) return std::nullopt;
  if (header.payload_bytes > journal_round_bytes_max || header.round_bytes() > journal_round_bytes_max) {
    return std::nullopt;
  }
  return header;
}

bool is_journal_of_other_version(std::span<const std::byte> bytes) {
  const std::string_view text = as_text(bytes.first(std::min(bytes.size(), magic.size())));
  return text.size() == magic.size() && text.starts_with(magic.substr(0, magic.size() - 1)) && text != magic;
}

bool journal_head_sound(std::span<const std::byte> head) {
  return load_big_endian<uint32_t>(head.data() + checksum_at) == head_checksum(head);
}

Result<std::vector<JournalEntry>> parse_journal_entries(const JournalHeader& header, std::span<const std::byte> head) {
  if (head.size() != header.head_bytes()) return Failure{FailureKind::corrupt, "the table of a round is cut off"};
  std::vector<JournalEntry> entries;
  entries.reserve(header.entries);
  uint64_t payload = 0;
  for (size_t i = 0; i < header.entries; ++i) {
    entries.push_back(get_entry(head.data() + journal_header_bytes + i * journal_entry_bytes));
    const JournalEntry& entry = entries.back();
    if (!plausible(entry) || entry.bytes > header.payload_bytes - payload) {
      return Failure{FailureKind::corrupt, fmt::format("entry {} of round {} contradicts itself", i, header.sequence)};
    }
    payload += entry.bytes;
  }
  if (payload != header.payload_bytes) {
    return Failure{FailureKind::corrupt, fmt::format("round {} has {} bytes of entries, its header says {}",
                                                     header.sequence, payload, header.payload_bytes)};
  }
  return entries;
}

std::string journal_file_name(const JournalFileName& name) {
  return fmt::format("{}-{:020}{}", name.shard, name.generation, journal_suffix);
}

std::optional<JournalFileName> parse_journal_file_name(std::string_view name) {
  if (!name.ends_with(journal_suffix)) return std::nullopt;
  return parse_numbers(name.substr(0, name.size() - journal_suffix.size()));
}

std::string spare_journal_name(const JournalFileName& name) {
  return fmt::format("{}{}-{:020}{}", spare_prefix, name.shard, name.generation, spare_suffix);
}

std::optional<JournalFileName> parse_spare_journal_name(std::string_view name) {
  if (!name.starts_with(spare_prefix) || !name.ends_with(spare_suffix)) return std::nullopt;
  if (name.size() < spare_prefix.size() + spare_suffix.size()) return std::nullopt;
  return parse_numbers(name.substr(spare_prefix.size(), name.size() - spare_prefix.size() - spare_suffix.size()));
}

}  // namespace moldau::log
