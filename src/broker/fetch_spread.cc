#include "broker/fetch_spread.h"

#include <algorithm>
#include <utility>

#include "broker/shard.h"

namespace moldau::broker {

FetchSpreads::~FetchSpreads() = default;

bool FetchSpreads::needs(const api::FetchPlan& plan) const {
  return std::any_of(plan.items.begin(), plan.items.end(), [&](const api::FetchItem& item) {
    return !item.unread && shard_.partition(item.id) == nullptr && shard_.owner_of(item.id) != shard_.index();
  });
}

void FetchSpreads::begin(Request request, api::FetchPlan plan) {
  auto made = std::make_unique<Spread>();
  Spread& spread = *made;
  spread.number = next_number_++;
  spread.pieces.resize(plan.items.size());
  spread.ending = shard_.finishing();
  std::vector<FetchPart> asked;
  for (uint32_t i = 0; i < plan.items.size(); ++i) {
    api::FetchItem& item = plan.items[i];
    item.records_id = i;
    if (item.unread) continue;
    const size_t owner = shard_.partition(item.id) != nullptr ? shard_.index() : shard_.owner_of(item.id);
    const auto found =
        std::find_if(spread.parts.begin(), spread.parts.end(), [&](const Part& part) { return part.owner == owner; });
    const auto at = static_cast<uint32_t>(found - spread.parts.begin());
    if (found == spread.parts.end()) {
      spread.parts.push_back({.owner = owner});
      FetchPart& part = asked.emplace_back();
      part.name = {.fetch = spread.number, .part = at};
      part.connection = request.connection;
      part.version = request.version;
      part.plan.replica = plan.replica;
      part.plan.replica_epoch = plan.replica_epoch;
      part.plan.read_committed = plan.read_committed;
      part.plan.max_wait_ms = spread.ending ? 0 : plan.max_wait_ms;
      part.plan.min_bytes = plan.min_bytes;
      part.plan.max_bytes = plan.max_bytes;
    }
    spread.parts[at].items.push_back(i);
    asked[at].plan.items.push_back({.key = {}, .wish = item.wish, .id = item.id});
  }
  spread.asked = spread.parts.size();
  spread.request = std::move(request);
  spread.plan = std::move(plan);
  spreads_[place_of(spread.request.connection)] = std::move(made);
  if (asked.size() == 1) asked.front().name.whole = true;
  for (FetchPart& part : asked) {
    const size_t owner = spread.parts[part.name.part].owner;
    ask(owner, std::move(part));
  }
}

// This shard's own part is not read before the others are on their way: its findings come at once, and are not the
// last.
void FetchSpreads::ask(size_t owner, FetchPart part) {
  if (owner == shard_.index()) {
    shard_.surface().executor.defer(shard_.guarded_call([this, part = std::move(part)]() mutable {
      const Spread* const spread = find(part.connection);
      if (spread == nullptr || spread->number != part.name.fetch) return;
      if (spread->ending) part.plan.max_wait_ms = 0;
      shard_.fetch_path().handle_part(std::move(part));
    }));
  } else {
    shard_.post_seen(
        owner, [part = std::move(part)](Shard& shard) mutable { shard.fetch_path().handle_part(std::move(part)); });
  }
}

void FetchSpreads::take(ConnectionId connection, FetchFound found) {
  Spread* const spread = find(connection);
  if (spread == nullptr || spread->number != found.name.fetch) return;
  Part& part = spread->parts[found.name.part];
  for (size_t i = 0; i < part.items.size(); ++i) {
    api::FetchItem& item = spread->plan.items[part.items[i]];
    const api::FetchItem& read = found.items[i];
    item.error = read.error;
    item.high_watermark = read.high_watermark;
    item.last_stable = read.last_stable;
    item.log_start = read.log_start;
    item.diverging = read.diverging;
    item.records_bytes = found.waits ? 0 : read.records_bytes;
    if (!found.waits) spread->pieces[part.items[i]] = std::move(found.pieces[i]);
  }
  part.available = found.available;
  if (part.state == PartState::asked && (!found.waits || !spread->ending)) --spread->asked;
  if (!found.waits) {
    part.state = PartState::done;
  } else if (!spread->ending) {
    part.state = PartState::waits;
  }
  go_on(*spread);
}

bool FetchSpreads::enough(const Spread& spread) const {
  uint64_t available = 0;
  for (const Part& part : spread.parts) {
    if (part.state == PartState::done) return true;
    available += part.available;
  }
  return available >= static_cast<uint64_t>(std::max(spread.plan.min_bytes, 0));
}

void FetchSpreads::go_on(Spread& spread) {
  if (spread.asked > 0) return;
  if (spread.ending || enough(spread)) {
    end(spread);
  } else if (spread.timer == 0) {
    const Instant deadline = shard_.now() + milliseconds(spread.plan.max_wait_ms);
    spread.timer = shard_.surface().timers.start(
        deadline, shard_.guarded_call([this, connection = spread.request.connection, number = spread.number] {
          Spread* const waiting = find(connection);
          if (waiting == nullptr || waiting->number != number) return;
          waiting->timer = 0;
          waiting->ending = true;
          go_on(*waiting);
        }));
  }
}

// Has the parts that wait give what they have. This shard's own does so at once, which may end the fetch.
void FetchSpreads::end(Spread& spread) {
  spread.ending = true;
  const ConnectionId connection = spread.request.connection;
  std::vector<size_t> wanted;
  for (Part& part : spread.parts) {
    if (part.state != PartState::waits) continue;
    if (part.available > 0) {
      part.state = PartState::asked;
      ++spread.asked;
      wanted.push_back(part.owner);
    } else {
      part.state = PartState::done;
      forget_part(part.owner, connection);
    }
  }
  if (wanted.empty()) {
    respond(spread);
  } else {
    for (const size_t owner : wanted) hurry_part(owner, connection);
  }
}

void FetchSpreads::hurry_part(size_t owner, ConnectionId connection) {
  if (owner == shard_.index()) {
    shard_.fetch_path().hurry_part(connection);
  } else {
    shard_.post_seen(owner, [connection](Shard& shard) { shard.fetch_path().hurry_part(connection); });
  }
}

void FetchSpreads::forget_part(size_t owner, ConnectionId connection) {
  if (owner == shard_.index()) {
    shard_.fetch_path().forget_part(connection);
  } else {
    shard_.post_seen(owner, [connection](Shard& shard) { shard.fetch_path().forget_part(connection); });
  }
}

// The first item with records is there whole; of the others, what fits.
void FetchSpreads::cut_to_limit(Spread& spread) {
  auto limit = static_cast<uint64_t>(std::max(spread.plan.max_bytes, 0));
  bool first = true;
  for (size_t i = 0; i < spread.plan.items.size(); ++i) {
    api::FetchItem& item = spread.plan.items[i];
    if (item.records_bytes == 0) continue;
    const uint64_t most = std::min(limit, static_cast<uint64_t>(std::max(item.wish.bytes_max, 0)));
    if (!first && item.records_bytes > most) {
      item.records_bytes = 0;
      spread.pieces[i].clear();
      continue;
    }
    first = false;
    limit -= std::min(limit, item.records_bytes);
  }
}

void FetchSpreads::respond(Spread& spread) {
  const std::unique_ptr<Spread> kept = take_out(spread.request.connection);
  if (kept->parts.size() > 1) cut_to_limit(*kept);
  shard_.fetch_path().answer(kept->request, kept->plan, std::move(kept->pieces));
}

bool FetchSpreads::hurry(ConnectionId connection) {
  Spread* const spread = find(connection);
  if (spread == nullptr) return false;
  spread->ending = true;
  // Those that were asked and are warming up, or wait as a whole, answer for themselves; others by go_on().
  std::vector<size_t> asked;
  for (const Part& part : spread->parts) {
    if (part.state == PartState::asked) asked.push_back(part.owner);
  }
  if (asked.empty()) go_on(*spread);
  for (const size_t owner : asked) hurry_part(owner, connection);
  return true;
}

void FetchSpreads::hurry_all() {
  std::vector<std::pair<uint64_t, ConnectionId>> all;
  for (const auto& [place, spread] : spreads_) all.emplace_back(spread->number, spread->request.connection);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [number, connection] : all) hurry(connection);
}

void FetchSpreads::forget(ConnectionId connection) {
  const std::unique_ptr<Spread> spread = take_out(connection);
  if (spread == nullptr) return;
  for (const Part& part : spread->parts) {
    if (part.state != PartState::done) forget_part(part.owner, connection);
  }
}

FetchSpreads::Spread* FetchSpreads::find(ConnectionId connection) {
  const auto found = spreads_.find(place_of(connection));
  return found == spreads_.end() || found->second->request.connection != connection ? nullptr : found->second.get();
}

/// Also ends its timer.
std::unique_ptr<FetchSpreads::Spread> FetchSpreads::take_out(ConnectionId connection) {
  if (find(connection) == nullptr) return nullptr;
  const auto found = spreads_.find(place_of(connection));
  std::unique_ptr<Spread> spread = std::move(found->second);
  spreads_.erase(found);
  if (spread->timer != 0) shard_.surface().timers.cancel(spread->timer);
  return spread;
}

}  // namespace moldau::broker
