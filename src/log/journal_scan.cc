#include "log/journal_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/crc32c.h"

namespace moldau::log {
namespace {

constexpr size_t read_bytes = 256 << 10;

class Scan {
 public:
  Scan(const JournalRead& read, uint64_t size, const JournalFileId& file, JournalMutant mutant)
      : read_(read), size_(size), file_(file), mutant_(mutant) {}

  Result<JournalRun> run() {
    run_.name = file_.name;
    while (true) {
      ASSIGN_OR_RETURN(const auto header, read_head(run_.end));
      if (!header || !continues(*header)) {
        RETURN_IF_FAILED(check_other(header));
        RETURN_IF_FAILED(check_end(run_.end + journal_block_bytes));
        return std::move(run_);
      }
      ASSIGN_OR_RETURN(auto entries, parse_entries(*header));
      ASSIGN_OR_RETURN(const bool whole, payloads_sound(*header, entries));
      if (!whole) {
        RETURN_IF_FAILED(check_end(run_.end + header->round_bytes()));
        return std::move(run_);
      }
      take(*header, std::move(entries));
    }
  }

  /// Looks at no payload but that of the last round: the others were synced. So later rounds are looked for only behind
  /// a last one that is torn.
  Result<JournalRun> run_heads() {
    run_.name = file_.name;
    std::optional<std::pair<JournalHeader, std::vector<JournalEntry>>> last;
    std::optional<JournalHeader> header;
    for (uint64_t position = 0;; position += last->first.round_bytes()) {
      ASSIGN_OR_RETURN(header, read_head(position));
      if (!header || !of_this_use(*header) || (last && header->sequence != last->first.sequence + 1)) break;
      if (last) take(last->first, std::move(last->second));
      ASSIGN_OR_RETURN(auto entries, parse_entries(*header));
      last.emplace(*header, std::move(entries));
    }
    if (last) {
      ASSIGN_OR_RETURN(const bool whole, payloads_sound(last->first, last->second));
      if (!whole) {
        RETURN_IF_FAILED(check_end(run_.end + last->first.round_bytes()));
        return std::move(run_);
      }
      take(last->first, std::move(last->second));
    }
    RETURN_IF_FAILED(check_other(header));
    return std::move(run_);
  }

 private:
  /// The header at `position` if it is sound, with its table in head_.
  Result<std::optional<JournalHeader>> read_head(uint64_t position) {
    std::array<std::byte, journal_header_bytes> first;
    ASSIGN_OR_RETURN(const bool there, read_whole(position, first));
    if (!there) return std::optional<JournalHeader>();
    if (position == 0 && is_journal_of_other_version(first)) {
      return Failure{FailureKind::unsupported, file_.path + " was written by another version of the journal"};
    }
    const auto header = parse_journal_header(first);
    if (!header || header->round_bytes() > size_ - position) return std::optional<JournalHeader>();
    head_.resize(static_cast<size_t>(header->head_bytes()));
    ASSIGN_OR_RETURN(const bool whole, read_whole(position, head_));
    // Read twice: between the two a disk may have answered differently.
    if (!whole || parse_journal_header(head_) != header || !journal_head_sound(head_)) {
      return std::optional<JournalHeader>();
    }
    return header;
  }

  /// False when the file ends before.
  Result<bool> read_whole(uint64_t position, std::span<std::byte> into) {
    if (position > size_ || into.size() > size_ - position) return false;
    ASSIGN_OR_RETURN(const size_t got, read_(position, into));
    return got == into.size();
  }

  bool of_this_use(const JournalHeader& header) const {
    if (header.shard != file_.name.shard || header.directory != file_.directory) return false;
    return header.generation == file_.name.generation || mutant_ == JournalMutant::stale_generation_accepted;
  }

  bool continues(const JournalHeader& header) const {
    return of_this_use(header) && (run_.rounds == 0 || header.sequence == run_.next_sequence);
  }

  Failure corrupt(uint64_t position, const std::string& what) const {
    return Failure{FailureKind::corrupt, fmt::format("{} is damaged at {}: {}", file_.path, position, what)};
  }

  /// A sound header that does not continue the run.
  Status check_other(const std::optional<JournalHeader>& header) const {
    if (!header || header->generation != file_.name.generation || header->shard != file_.name.shard) return {};
    if (header->directory != file_.directory) {
      return Failure{FailureKind::foreign, file_.path + " belongs to another log directory"};
    }
    return corrupt(run_.end, fmt::format("round {} stands where {} is expected", header->sequence, run_.next_sequence));
  }

  Result<std::vector<JournalEntry>> parse_entries(const JournalHeader& header) const {
    auto entries = parse_journal_entries(header, head_);
    if (entries.ok()) return entries;
    return corrupt(run_.end, entries.failure().message);
  }

  Result<bool> payloads_sound(const JournalHeader& header, const std::vector<JournalEntry>& entries) {
    if (mutant_ == JournalMutant::torn_round_accepted) return true;
    uint64_t position = run_.end + header.head_bytes();
    for (const JournalEntry& entry : entries) {
      uint32_t checksum = 0;
      for (uint64_t left = entry.bytes; left > 0;) {
        const auto part = static_cast<size_t>(std::min<uint64_t>(left, read_bytes));
        ASSIGN_OR_RETURN(const auto bytes, piece(position, part));
        if (bytes.size() < part) return false;
        checksum = crc32c(bytes, checksum);
        position += part;
        left -= part;
      }
      if (checksum != entry.checksum) return false;
    }
    return true;
  }

  /// Bytes of the file through the buffer.
  Result<std::span<const std::byte>> piece(uint64_t position, size_t size) {
    if (position < buffer_at_ || position + size > buffer_at_ + buffer_.size()) {
      buffer_.resize(static_cast<size_t>(std::min<uint64_t>(2 * read_bytes, size_ - std::min(position, size_))));
      buffer_at_ = position;
      ASSIGN_OR_RETURN(const size_t got, read_(position, buffer_));
      buffer_.resize(got);
    }
    return std::span<const std::byte>(buffer_).subspan(
        static_cast<size_t>(position - buffer_at_), std::min<size_t>(size, buffer_.size() - (position - buffer_at_)));
  }

  /// The round at run_.end is not whole: it may be the torn last one, unless a later one was written.
  Status check_end(uint64_t from) {
    if (mutant_ == JournalMutant::damage_taken_for_end) return {};
    for (uint64_t position = from; position + journal_header_bytes <= size_; position += journal_block_bytes) {
      ASSIGN_OR_RETURN(const auto first, piece(position, journal_header_bytes));
      const auto seen = parse_journal_header(first);
      if (!seen || !of_this_use(*seen) || seen->generation != file_.name.generation) continue;
      if (run_.rounds > 0 && seen->sequence <= run_.next_sequence) continue;
      ASSIGN_OR_RETURN(const auto header, read_head(position));
      if (!header || *header != *seen) continue;
      return corrupt(run_.end, fmt::format("round {} is not whole there, and round {} follows at {}: it was "
                                           "acknowledged",
                                           run_.rounds > 0 ? std::to_string(run_.next_sequence) : "one",
                                           header->sequence, position));
    }
    return {};
  }

  void take(const JournalHeader& header, std::vector<JournalEntry> entries) {
    if (run_.rounds == 0) run_.first_sequence = header.sequence;
    uint64_t position = run_.end + header.head_bytes();
    for (const JournalEntry& entry : entries) {
      run_.records.push_back({entry, header.sequence, position, 0});
      position += entry.bytes;
    }
    ++run_.rounds;
    run_.next_sequence = header.sequence + 1;
    run_.needed_from = header.needed_from;
    run_.end += header.round_bytes();
  }

  const JournalRead& read_;
  const uint64_t size_;
  const JournalFileId& file_;
  const JournalMutant mutant_;
  JournalRun run_;
  std::vector<std::byte> head_;
  std::vector<std::byte> buffer_;
  uint64_t buffer_at_ = 0;
};

}  // namespace

Result<JournalRun> scan_journal(const JournalRead& read, uint64_t size, const JournalFileId& file,
                                JournalMutant mutant) {
  return Scan(read, size, file, mutant).run();
}

Result<JournalRun> scan_journal_heads(const JournalRead& read, uint64_t size, const JournalFileId& file) {
  return Scan(read, size, file, JournalMutant::none).run_heads();
}

}  // namespace moldau::log
