#include "log/producer_table.h"

#include <algorithm>

#include "base/assert.h"
#include "base/endian.h"
#include "wire/batch_records.h"

namespace moldau::log {
namespace {

constexpr int16_t marker_abort = 0;
constexpr int16_t marker_commit = 1;
constexpr size_t marker_key_bytes = 4;    // version i16, type i16
constexpr size_t marker_value_bytes = 6;  // version i16, coordinator epoch i32
constexpr uint32_t half_of_sequences = 1U << 30;

// How far `to` lies ahead of `from` in the ring of sequences.
uint32_t distance(int32_t from, int32_t to) {
  return (static_cast<uint32_t>(to) - static_cast<uint32_t>(from)) & 0x7FFFFFFFU;
}

bool follows(int32_t last, int32_t next) {
  return last < 0 ? next == 0 : next == wire::add_sequence(last, 1);
}

// Whether all of base..last is known to be in the log, before the oldest batch that is remembered.
bool lies_before_memory(const ProducerEntry& entry, const ProducerAppend& append) {
  const ProducerBatch* oldest = entry.oldest();
  if (oldest == nullptr || entry.known_from_sequence < 0) return false;
  const uint32_t forgotten = distance(entry.known_from_sequence, oldest->first_sequence());
  const uint32_t begin = distance(entry.known_from_sequence, append.base_sequence);
  const uint32_t length = distance(append.base_sequence, append.last_sequence) + 1;
  return forgotten < half_of_sequences && begin < forgotten && length <= forgotten - begin;
}

void push(ProducerEntry& entry, const ProducerBatch& batch) {
  if (entry.batch_count == producer_batches_max) {
    std::move(entry.batches.begin() + 1, entry.batches.end(), entry.batches.begin());
    --entry.batch_count;
  }
  entry.batches[entry.batch_count++] = batch;
}

void set_epoch(ProducerEntry& entry, int16_t epoch) {
  if (entry.epoch == epoch) return;
  entry.epoch = epoch;
  entry.batch_count = 0;
  entry.known_from_sequence = wire::no_sequence;
}

}  // namespace

ProducerCheck ProducerTable::check(const ProducerAppend& append, bool log_held_records) const {
  const ProducerEntry* entry = find(append.producer_id);
  if (entry == nullptr || entry->epoch == wire::no_producer_epoch) {
    return {check_unknown(append, log_held_records), {}};
  }
  if (append.epoch == entry->epoch) {
    for (size_t i = 0; i < entry->batch_count; ++i) {
      const ProducerBatch& batch = entry->batches[i];
      if (batch.first_sequence() == append.base_sequence && batch.last_sequence == append.last_sequence) {
        return {ProducerVerdict::duplicate, batch};
      }
    }
    const ProducerBatch* newest = entry->newest();
    if (!follows(newest == nullptr ? wire::no_sequence : newest->last_sequence, append.base_sequence)) {
      const bool old = lies_before_memory(*entry, append);
      return {old ? ProducerVerdict::duplicate_sequence : ProducerVerdict::out_of_order_sequence, {}};
    }
  } else if (append.epoch < entry->epoch) {
    return {ProducerVerdict::invalid_epoch, {}};
  } else if (append.base_sequence != 0) {
    return {ProducerVerdict::out_of_order_sequence, {}};
  }
  if (entry->transaction_first_offset != no_offset && !append.transactional)
    return {ProducerVerdict::invalid_transaction, {}};
  return {};
}

ProducerVerdict ProducerTable::check_unknown(const ProducerAppend& append, bool log_held_records) const {
  const auto awaited = awaited_.find(append.producer_id);
  const bool behind_refused = awaited != awaited_.end() && awaited->second.epoch == append.epoch &&
                              awaited->second.base_sequence != append.base_sequence;
  const bool not_first = !log_held_records && append.base_sequence != 0;
  return behind_refused || not_first ? ProducerVerdict::out_of_order_sequence : ProducerVerdict::append;
}

void ProducerTable::refused(const ProducerAppend& append) {
  if (entries_.contains(append.producer_id)) return;  // its newest batch says what comes next
  if (awaited_.size() >= producers_max_) awaited_.erase(awaited_.begin());
  Awaited& awaited = awaited_[append.producer_id];
  if (awaited.epoch >= append.epoch) return;  // the first one refused is the first to come
  awaited = {append.epoch, append.base_sequence, append.max_timestamp};
}

ProducerEntry& ProducerTable::touch(ProducerId producer_id) {
  const auto found = entries_.find(producer_id);
  if (found != entries_.end()) {
    uses_.splice(uses_.end(), uses_, found->second.use);
    return found->second.entry;
  }
  awaited_.erase(producer_id);
  uses_.push_back(producer_id);
  Slot& slot = entries_[producer_id];
  slot.entry.producer_id = producer_id;
  slot.use = std::prev(uses_.end());
  return slot.entry;
}

// Forgets the longest unused producers without a transaction until the table is within its bound. The newest use stays.
void ProducerTable::evict() {
  if (entries_.size() <= producers_max_) return;
  for (auto use = uses_.begin(); use != std::prev(uses_.end()) && entries_.size() > producers_max_;) {
    const auto slot = entries_.find(*use);
    if (slot->second.entry.transaction_first_offset != no_offset) {
      ++use;
      continue;
    }
    entries_.erase(slot);
    use = uses_.erase(use);
  }
}

void ProducerTable::append(const ProducerAppend& append) {
  ASSERT(append.producer_id >= 0);
  ProducerEntry& entry = touch(append.producer_id);
  const ProducerBatch* newest = entry.newest();
  const bool continues =
      entry.epoch == append.epoch && newest != nullptr && follows(newest->last_sequence, append.base_sequence);
  set_epoch(entry, append.epoch);
  if (!continues) entry.known_from_sequence = append.base_sequence;
  const auto span = static_cast<uint64_t>(append.last_offset) - static_cast<uint64_t>(append.base_offset);
  push(entry, {append.last_sequence, append.last_offset, static_cast<int32_t>(span), append.max_timestamp});
  entry.last_timestamp = append.max_timestamp;
  if (append.transactional && entry.transaction_first_offset == no_offset) set_transaction(entry, append.base_offset);
  evict();
}

void ProducerTable::set_transaction(ProducerEntry& entry, Offset first_offset) {
  if (entry.transaction_first_offset != no_offset)
    open_transactions_.erase({entry.transaction_first_offset, entry.producer_id});
  entry.transaction_first_offset = first_offset;
  if (first_offset != no_offset) open_transactions_.insert({first_offset, entry.producer_id});
}

std::optional<CompletedTransaction> ProducerTable::append_marker(const TransactionMarker& marker) {
  ASSERT(marker.producer_id >= 0);
  ProducerEntry& entry = touch(marker.producer_id);
  std::optional<CompletedTransaction> completed;
  if (entry.transaction_first_offset != no_offset) {
    completed = CompletedTransaction{marker.producer_id, entry.transaction_first_offset, marker.offset, marker.aborted};
  }
  set_epoch(entry, marker.epoch);
  entry.coordinator_epoch = marker.coordinator_epoch;
  entry.last_timestamp = marker.timestamp;
  set_transaction(entry, no_offset);
  evict();
  return completed;
}

ProducerAppend append_of(const wire::BatchView& batch) {
  return {batch.producer_id(), batch.producer_epoch(), batch.base_sequence(), batch.last_sequence(),
          batch.base_offset(), batch.last_offset(),    batch.max_timestamp(), batch.is_transactional()};
}

std::optional<TransactionMarker> read_marker(const wire::BatchView& batch) {
  if (!batch.is_control() || batch.record_count() < 1 || !batch.has_producer_id()) return std::nullopt;
  wire::RecordIterator records;
  wire::RecordView record;
  if (records.start(batch) != wire::RecordFault::none || !records.next(record) || !record.key || !record.value)
    return std::nullopt;
  if (record.key->size() < marker_key_bytes || record.value->size() < marker_value_bytes) return std::nullopt;
  const auto key_version = load_big_endian<int16_t>(record.key->data());
  const auto type = load_big_endian<int16_t>(record.key->data() + 2);
  const auto value_version = load_big_endian<int16_t>(record.value->data());
  if (key_version < 0 || value_version < 0 || (type != marker_abort && type != marker_commit)) return std::nullopt;
  return TransactionMarker{batch.producer_id(),  batch.producer_epoch(),
                           type == marker_abort, load_big_endian<int32_t>(record.value->data() + 2),
                           batch.base_offset(),  record.timestamp};
}

std::optional<CompletedTransaction> ProducerTable::replay(const wire::BatchView& batch) {
  if (!batch.has_producer_id()) return std::nullopt;
  if (batch.is_control()) {
    const auto marker = read_marker(batch);
    if (!marker) return std::nullopt;
    return append_marker(*marker);
  }
  append(append_of(batch));
  return std::nullopt;
}

size_t ProducerTable::expire(WallMillis now, int64_t expiration_ms) {
  // As 64-bit numbers wrap in the peer, so here: a timestamp from the far future does not expire.
  const auto is_old = [&](WallMillis timestamp) {
    return wire::BatchView::wrapping_add(now, static_cast<int64_t>(-static_cast<uint64_t>(timestamp))) >= expiration_ms;
  };
  std::erase_if(awaited_, [&](const auto& awaited) { return is_old(awaited.second.timestamp); });
  size_t expired = 0;
  for (auto use = uses_.begin(); use != uses_.end();) {
    const auto slot = entries_.find(*use);
    const ProducerEntry& entry = slot->second.entry;
    if (entry.transaction_first_offset == no_offset && is_old(entry.last_timestamp)) {
      entries_.erase(slot);
      use = uses_.erase(use);
      ++expired;
    } else {
      ++use;
    }
  }
  return expired;
}

void ProducerTable::clear() {
  entries_.clear();
  uses_.clear();
  open_transactions_.clear();
  awaited_.clear();
}

void ProducerTable::load(const ProducerEntry& entry) {
  if (entry.producer_id < 0) return;
  ProducerEntry& here = touch(entry.producer_id);
  set_transaction(here, no_offset);
  here = entry;
  here.transaction_first_offset = no_offset;
  here.batch_count = std::min<uint8_t>(entry.batch_count, producer_batches_max);
  if (here.batch_count == 0) {
    here.known_from_sequence = wire::no_sequence;
  } else if (entry.known_from_sequence < 0) {
    here.known_from_sequence = here.oldest()->first_sequence();
  }
  set_transaction(here, entry.transaction_first_offset);
  evict();
}

void ProducerTable::put_back(ProducerId producer_id, const std::optional<ProducerEntry>& before) {
  if (before) return load(*before);
  const auto found = entries_.find(producer_id);
  if (found == entries_.end()) return;
  set_transaction(found->second.entry, no_offset);
  uses_.erase(found->second.use);
  entries_.erase(found);
}

const ProducerEntry* ProducerTable::find(ProducerId producer_id) const {
  const auto found = entries_.find(producer_id);
  return found == entries_.end() ? nullptr : &found->second.entry;
}

std::vector<ProducerEntry> ProducerTable::entries() const {
  std::vector<ProducerEntry> list;
  list.reserve(entries_.size());
  for (const ProducerId id : uses_) list.push_back(entries_.at(id).entry);
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.producer_id < b.producer_id; });
  return list;
}

std::optional<Offset> ProducerTable::first_open_transaction_offset() const {
  if (open_transactions_.empty()) return std::nullopt;
  return open_transactions_.begin()->first;
}

std::optional<WallMillis> ProducerTable::oldest_idle_timestamp() const {
  std::optional<WallMillis> oldest;
  for (const ProducerId id : uses_) {
    const ProducerEntry& entry = entries_.at(id).entry;
    if (entry.transaction_first_offset != no_offset) continue;
    if (!oldest || entry.last_timestamp < *oldest) oldest = entry.last_timestamp;
  }
  return oldest;
}

}  // namespace moldau::log
