#include "log/journal_choice.h"

#include <algorithm>

namespace moldau::log {
namespace {

/// A second write of bytes that are in the cache, with their checksum, and their way to the device.
constexpr int64_t byte_ns = 1;
/// One in eight: a sync that stalled once is forgotten after some twenty others.
constexpr int64_t weight = 8;
/// A sync longer than this says that the disk stood still, not what it costs.
constexpr int64_t cost_max_ns = 50'000'000;
/// The other way is tried once in so many rounds, when it is not worse than by this factor.
constexpr uint64_t probe_every = 256;
constexpr int64_t probe_factor = 4;

void blend(int64_t& average, int64_t value) {
  average += (std::clamp<int64_t>(value, 1000, cost_max_ns) - average) / weight;
}

}  // namespace

void JournalChoice::note_round(uint64_t bytes, Duration took) {
  blend(round_ns_, took.nanoseconds - static_cast<int64_t>(bytes) * byte_ns);
}

void JournalChoice::note_syncs(size_t logs, Duration took) {
  if (logs > 0) blend(sync_ns_, took.nanoseconds / static_cast<int64_t>(logs));
}

Duration JournalChoice::cost_of_round(uint64_t bytes) const {
  return nanoseconds(round_ns_ + static_cast<int64_t>(bytes) * byte_ns);
}

Duration JournalChoice::cost_of_syncs(size_t logs) const { return nanoseconds(sync_ns_ * static_cast<int64_t>(logs)); }

bool JournalChoice::through_journal(size_t logs, uint64_t bytes) {
  const int64_t round = cost_of_round(bytes).nanoseconds;
  const int64_t syncs = cost_of_syncs(logs).nanoseconds;
  bool journal = round < syncs;
  chosen_in_a_row_ = journal == last_ ? chosen_in_a_row_ + 1 : 0;
  last_ = journal;
  if (chosen_in_a_row_ >= probe_every) {
    chosen_in_a_row_ = 0;
    if (std::max(round, syncs) / probe_factor < std::min(round, syncs)) journal = !journal;
  }
  return journal;
}

}  // namespace moldau::log
