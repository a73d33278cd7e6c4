#include "broker/fetch_path.h"

#include <algorithm>
#include <utility>

#include "broker/shard.h"

namespace moldau::broker {

using wire::ErrorCode;

FetchPath::~FetchPath() = default;

void FetchPath::handle(Request request) {
  if (!shard_.decode_body(request, message_)) return;
  Arena arena;
  const api::RequestContext context = shard_.context(request, arena);
  api::FetchPlan plan = api::plan_fetch(context, shard_.facts(), message_, sessions_);
  shard_.count_owners(request.connection, plan.items);
  if (!shard_.alone() && spreads_.needs(plan)) {
    spreads_.begin(std::move(request), std::move(plan));
    return;
  }
  attempt(begin(std::move(request), std::move(plan)));
}

void FetchPath::handle_part(FetchPart part) {
  PendingFetch& fetch = begin({.connection = part.connection, .version = part.version}, std::move(part.plan));
  fetch.part = part.name;
  ++parts_;
  attempt(fetch);
}

PendingFetch& FetchPath::begin(Request request, api::FetchPlan plan) {
  auto made = std::make_unique<PendingFetch>();
  PendingFetch& fetch = *made;
  fetch.id = next_id_++;
  fetch.request = std::move(request);
  fetch.plan = std::move(plan);
  fetch.pieces.resize(fetch.plan.items.size());
  fetch.final_read = shard_.finishing();
  by_connection_[place_of(fetch.request.connection)] = fetch.id;
  pending_.emplace(fetch.id, std::move(made));
  return fetch;
}

// Reads everything, and answers, waits, or warms.
void FetchPath::attempt(PendingFetch& fetch) {
  ReadTotals totals = read_all(fetch);
  if (!totals.cold.empty() && fetch.cold_rounds < cold_rounds_max) {
    warm(fetch, std::move(totals.cold));
    return;
  }
  const bool done = fetch.final_read || !totals.cold.empty() || fetch.plan.max_wait_ms <= 0 || totals.read == 0 ||
                    totals.error || totals.diverging || totals.moved ||
                    totals.bytes >= static_cast<uint64_t>(std::max(fetch.plan.min_bytes, 0));
  if (done) {
    respond(fetch);
  } else {
    wait(fetch);
  }
}

FetchPath::ReadTotals FetchPath::read_all(PendingFetch& fetch) {
  ReadTotals totals;
  auto limit = static_cast<uint64_t>(std::max(fetch.plan.max_bytes, 0));
  bool at_least_one = true;
  for (uint32_t i = 0; i < fetch.plan.items.size(); ++i) {
    api::FetchItem& item = fetch.plan.items[i];
    if (item.unread) continue;
    read_item(fetch, i, limit, at_least_one, totals);
    ++totals.read;
    if (item.records_bytes > 0) at_least_one = false;
    limit -= std::min(limit, item.records_bytes);
    totals.bytes += item.records_bytes;
    totals.error = totals.error || item.error != ErrorCode::none;
  }
  return totals;
}

ErrorCode FetchPath::check_item(const PendingFetch& fetch, const api::FetchItem& item, Partition& partition) const {
  const bool only_leader = fetch.plan.from_follower() || fetch.request.version < 11;
  if (const ErrorCode error = partition.may_read(item.wish.current_leader_epoch, only_leader);
      error != ErrorCode::none) {
    return error;
  }
  if (fetch.plan.from_follower() && !partition.leader()->is_follower(fetch.plan.replica)) {
    return item.wish.current_leader_epoch >= 0 ? ErrorCode::unknown_leader_epoch : ErrorCode::not_leader_or_follower;
  }
  if (fetch.plan.read_committed && partition.log().holds_transactional_data()) return ErrorCode::unsupported_version;
  return ErrorCode::none;
}

// Compares the fetcher's history with ours (KIP-595): true when it must truncate first.
bool FetchPath::diverges(api::FetchItem& item, Partition& partition) {
  if (item.wish.last_fetched_epoch < 0) return false;
  store::Log& log = partition.log();
  const Epoch wanted = item.wish.last_fetched_epoch;
  store::Log::EpochEnd end = log.end_of_epoch(wanted);
  if (wanted == partition.leader_epoch() && partition.leads()) end = {wanted, log.appended_end()};
  if (end.epoch == no_epoch || end.end == no_offset || item.wish.fetch_offset < log.log_start()) {
    item.error = ErrorCode::offset_out_of_range;
    return false;
  }
  if (end.epoch >= wanted && end.end >= item.wish.fetch_offset) return false;
  item.diverging = {end.epoch, end.end};
  return true;
}

// Of a partition that went to another shard while the fetch waited, or was on its way: nothing new. What is wrong by
// what was known here is the new owner's to tell: it is asked when the client tries again.
bool FetchPath::read_moved(api::FetchItem& item) const {
  const Shard::Given* const given = shard_.given(item.id);
  if (given == nullptr) return false;
  const Epoch epoch = item.wish.current_leader_epoch;
  if (item.wish.fetch_offset < given->log_start || item.wish.fetch_offset > given->end ||
      (epoch >= 0 && epoch != given->leader_epoch)) {
    item.error = ErrorCode::not_leader_or_follower;
    return true;
  }
  item.high_watermark = given->high_watermark;
  item.last_stable = std::max(given->last_stable, given->log_start);
  item.log_start = given->log_start;
  return true;
}

void FetchPath::read_item(PendingFetch& fetch, uint32_t index, uint64_t limit, bool at_least_one, ReadTotals& totals) {
  api::FetchItem& item = fetch.plan.items[index];
  fetch.pieces[index].clear();
  item.error = ErrorCode::none;
  item.high_watermark = item.last_stable = item.log_start = no_offset;
  item.diverging = {};
  item.records_bytes = 0;
  item.records_id = index;
  Partition* const partition = shard_.partition(item.id);
  if (partition == nullptr && read_moved(item)) {
    totals.moved = true;
    return;
  }
  if (partition != nullptr && fetch.waits == nullptr && fetch.cold_rounds == 0) {
    ++shard_.counters_of(*partition).fetch_requests;
  }
  item.error = partition == nullptr ? ErrorCode::not_leader_or_follower : check_item(fetch, item, *partition);
  if (item.error != ErrorCode::none) return;
  shard_.count_work(*partition, Work::fetch);
  store::Log& log = partition->log();
  const Offset from = item.wish.fetch_offset;
  const Offset high_watermark = partition->high_watermark();
  const Offset last_stable = partition->last_stable_offset();
  const Offset log_start = log.log_start();
  if (diverges(item, *partition)) {
    totals.diverging = true;
  } else if (item.error != ErrorCode::none) {
    return;
  } else if (from < log_start || from > log.appended_end()) {
    item.error = ErrorCode::offset_out_of_range;
    return;
  } else {
    const Offset up_to = fetch.plan.from_follower()  ? log.appended_end()
                         : fetch.plan.read_committed ? last_stable
                                                     : high_watermark;
    const uint64_t bytes_max = std::min<uint64_t>(limit, static_cast<uint64_t>(std::max(item.wish.bytes_max, 0)));
    if (from < up_to && (bytes_max > 0 || at_least_one)) {
      store::ReadError error = store::ReadError::none;
      store::ReadResult read = log.read(from, up_to, bytes_max, at_least_one, error);
      if (error != store::ReadError::none) {
        item.error = error == store::ReadError::out_of_range ? ErrorCode::offset_out_of_range
                     : error == store::ReadError::damaged    ? ErrorCode::corrupt_message
                                                             : ErrorCode::kafka_storage_error;
        return;
      }
      if (read.cold.has_value()) totals.cold.push_back(std::move(*read.cold));
      item.records_bytes = read.size;
      if (read.size > 0) shard_.count_work(*partition, Work::fetch_records + read.size * Work::read_byte);
      fetch.pieces[index] = std::move(read.pieces);
    }
    if (fetch.plan.from_follower() && fetch.waits == nullptr && fetch.cold_rounds == 0) {
      partition->follower_fetched({fetch.plan.replica, fetch.plan.replica_epoch, from, log.appended_end()});
    }
  }
  item.high_watermark = partition->high_watermark();
  item.last_stable = std::max(last_stable, log_start);
  item.log_start = log_start;
}

// Brings bytes into memory in the pool, then reads again.
void FetchPath::warm(PendingFetch& fetch, std::vector<io::FileSlice> cold) {
  ++fetch.cold_rounds;
  fetch.cold_reads = static_cast<uint32_t>(cold.size());
  shard_.metrics().cold_reads += cold.size();
  for (io::FileSlice& slice : cold) {
    shard_.surface().disk.prefetch(std::move(slice.file), slice.offset, slice.size,
                                   shard_.guarded<Status>([this, id = fetch.id](const Status&) {
                                     PendingFetch* const waiting = find(id);
                                     if (waiting != nullptr && --waiting->cold_reads == 0) attempt(*waiting);
                                   }));
  }
}

void FetchPath::wait(PendingFetch& fetch) {
  if (fetch.waits == nullptr) {
    fetch.waits = std::make_unique<FetchWait[]>(fetch.plan.items.size());
    fetch.available.assign(fetch.plan.items.size(), 0);
    if (!fetch.part.has_value() || fetch.part->whole) start_timer(fetch);
  }
  for (uint32_t i = 0; i < fetch.plan.items.size(); ++i) {
    const api::FetchItem& item = fetch.plan.items[i];
    fetch.available[i] = item.records_bytes;
    fetch.pieces[i].clear();
    if (item.unread) continue;
    Partition* const partition = shard_.partition(item.id);
    FetchWait& wait = fetch.waits[i];
    wait.fetch = &fetch;
    wait.item = i;
    if (partition != nullptr && wait.link == nullptr) partition->add_wait(wait);
  }
  if (fetch.part.has_value() && !fetch.part->whole) tell_available(fetch);
}

void FetchPath::start_timer(PendingFetch& fetch) {
  const Instant deadline = shard_.now() + milliseconds(fetch.plan.max_wait_ms);
  fetch.timer = shard_.surface().timers.start(deadline, [this, id = fetch.id] {
    PendingFetch* const waiting = find(id);
    if (waiting == nullptr) return;
    waiting->timer = 0;
    waiting->final_read = true;
    if (waiting->cold_reads == 0) attempt(*waiting);
  });
}

void FetchPath::wake(PendingFetch& fetch, uint32_t item) {
  if (!fetch.available.empty()) fetch.available[item] = UINT64_MAX;  // to be measured again
  if (fetch.woken) return;
  fetch.woken = true;
  woken_.push_back(fetch.id);
  if (looking_) return;
  looking_ = true;
  shard_.surface().executor.at_turn_end(shard_.guarded_call([this] { look_again(); }));
}

void FetchPath::look_again() {
  looking_ = false;
  for (const uint64_t id : std::exchange(woken_, {})) {
    PendingFetch* const fetch = find(id);
    if (fetch == nullptr) continue;
    fetch->woken = false;
    if (fetch->cold_reads > 0 || fetch->waits == nullptr) continue;
    if (enough(*fetch)) {
      attempt(*fetch);
    } else if (fetch->part.has_value() && !fetch->part->whole) {
      tell_available(*fetch);
    }
  }
}

// Whether a woken fetch is worth reading in full: measures only the partitions that woke it.
bool FetchPath::enough(PendingFetch& fetch) {
  const auto wanted = static_cast<uint64_t>(std::max(fetch.plan.min_bytes, 0));
  uint64_t total = 0;
  for (uint32_t i = 0; i < fetch.plan.items.size(); ++i) {
    api::FetchItem& item = fetch.plan.items[i];
    if (item.unread) continue;
    if (fetch.available[i] == UINT64_MAX) {
      ReadTotals totals;
      read_item(fetch, i, static_cast<uint64_t>(std::max(fetch.plan.max_bytes, 0)), true, totals);
      if (item.error != ErrorCode::none || totals.diverging || totals.moved) return true;
      fetch.available[i] = item.records_bytes;
      fetch.pieces[i].clear();
    }
    total += fetch.available[i];
    if (total >= wanted && total > 0) return true;
  }
  return false;
}

// A part that waits: what there is, where that has changed.
void FetchPath::tell_available(PendingFetch& fetch) {
  uint64_t total = 0;
  for (const uint64_t bytes : fetch.available) total += bytes;
  if (std::exchange(fetch.reported, total) == total) return;
  tell(fetch.request.connection, *fetch.part,
       {.waits = true, .available = total, .items = fetch.plan.items, .pieces = {}});
}

// To the connection's shard.
void FetchPath::tell(ConnectionId connection, const FetchPartName& name, FetchFound found) {
  found.name = name;
  if (connection.shard == shard_.index()) {
    spreads_.take(connection, std::move(found));
    return;
  }
  shard_.post(connection.shard, [connection, found = std::move(found)](Shard& shard) mutable {
    shard.fetch_path().spreads().take(connection, std::move(found));
  });
}

// Of an item with records or an error.
void FetchPath::count(const api::FetchItem& item) {
  Metrics& metrics = shard_.metrics();
  metrics.record_bytes_fetched += item.records_bytes;
  if (item.error != ErrorCode::none) {
    metrics.fetch_errors += 1;
    metrics.count_error(wire::ApiKey::fetch, item.error);
  }
  if (item.id == TopicPartitionId{}) return;  // of no topic
  Partition* const partition = shard_.partition(item.id);
  if (partition == nullptr && shard_.alone()) return;
  TopicCounters& counters =
      partition != nullptr ? shard_.counters_of(*partition) : *metrics.topic_counters.get(item.id.topic_id);
  counters.bytes_out += item.records_bytes;
  counters.failed_fetch_requests += item.error != ErrorCode::none ? 1 : 0;
}

void FetchPath::respond(PendingFetch& fetch) {
  if (fetch.part.has_value()) {
    FetchFound found{.items = std::move(fetch.plan.items), .pieces = std::move(fetch.pieces)};
    const ConnectionId connection = fetch.request.connection;
    const FetchPartName name = *fetch.part;
    erase(fetch);
    tell(connection, name, std::move(found));
    return;
  }
  answer(fetch.request, fetch.plan, std::move(fetch.pieces));
  erase(fetch);
}

void FetchPath::answer(const Request& request, api::FetchPlan& plan, std::vector<Pieces> pieces) {
  Arena arena;
  const api::RequestContext context = shard_.context(request, arena);
  for (const api::FetchItem& item : plan.items) {
    if (item.error == ErrorCode::none && item.records_bytes == 0) continue;
    count(item);
  }
  const uint64_t random = plan.use == api::FetchSessionUse::create ? shard_.surface().entropy.next() : 0;
  const wire::FetchResponse response = api::fetch(context, shard_.facts(), plan, sessions_, random);
  shard_.metrics().count_error(wire::ApiKey::fetch, response.error_code);
  shard_.note_session(request.connection, response.session_id);
  shard_.answer(request, response, std::move(pieces));
}

PendingFetch* FetchPath::find(uint64_t id) {
  const auto found = pending_.find(id);
  return found == pending_.end() ? nullptr : found->second.get();
}

void FetchPath::erase(PendingFetch& fetch) {
  if (fetch.timer != 0) shard_.surface().timers.cancel(fetch.timer);
  const auto by_connection = by_connection_.find(place_of(fetch.request.connection));
  if (by_connection != by_connection_.end() && by_connection->second == fetch.id) by_connection_.erase(by_connection);
  if (fetch.part.has_value()) --parts_;
  pending_.erase(fetch.id);
}

void FetchPath::answer_all() {
  std::vector<uint64_t> ids;
  for (const auto& [id, fetch] : pending_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const uint64_t id : ids) {
    PendingFetch* const fetch = find(id);
    if (fetch == nullptr) continue;
    fetch->final_read = true;
    if (fetch->cold_reads == 0) attempt(*fetch);
  }
  spreads_.hurry_all();
}

PendingFetch* FetchPath::find(ConnectionId connection) {
  const auto found = by_connection_.find(place_of(connection));
  PendingFetch* const fetch = found == by_connection_.end() ? nullptr : find(found->second);
  return fetch == nullptr || fetch->request.connection != connection ? nullptr : fetch;
}

void FetchPath::hurry(ConnectionId connection) {
  if (!spreads_.hurry(connection)) hurry_part(connection);
}

void FetchPath::hurry_part(ConnectionId connection) {
  PendingFetch* const fetch = find(connection);
  if (fetch == nullptr) return;
  fetch->final_read = true;
  if (fetch->cold_reads == 0) attempt(*fetch);
}

void FetchPath::forget(ConnectionId connection) {
  spreads_.forget(connection);
  forget_part(connection);
}

void FetchPath::forget_part(ConnectionId connection) {
  if (PendingFetch* const fetch = find(connection)) erase(*fetch);
}

}  // namespace moldau::broker
