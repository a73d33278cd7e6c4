#include "log/epoch_table.h"

#include <algorithm>

namespace moldau::log {

EpochTable::EpochTable(const std::vector<EpochStart>& entries) {
  for (const EpochStart& entry : entries) assign(entry.epoch, entry.start);
}

bool EpochTable::assign(Epoch epoch, Offset start) {
  if (epoch < 0 || start < 0) return false;
  if (!entries_.empty() && entries_.back().epoch == epoch && start >= entries_.back().start) return false;
  while (!entries_.empty() && (entries_.back().epoch >= epoch || entries_.back().start >= start)) entries_.pop_back();
  entries_.push_back({epoch, start});
  return true;
}

bool EpochTable::truncate_from_end(Offset end) {
  const size_t before = entries_.size();
  while (!entries_.empty() && entries_.back().start >= end) entries_.pop_back();
  return entries_.size() != before;
}

bool EpochTable::truncate_from_start(Offset start) {
  size_t covering = 0;  // one past the last entry that starts at or before `start`
  while (covering < entries_.size() && entries_[covering].start <= start) ++covering;
  if (covering == 0) return false;
  const bool changed = covering > 1 || entries_[0].start != start;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(covering - 1));
  entries_.front().start = start;
  return changed;
}

bool EpochTable::clear() {
  const bool changed = !entries_.empty();
  entries_.clear();
  return changed;
}

Epoch EpochTable::epoch_of(Offset offset) const {
  const auto above = std::upper_bound(entries_.begin(), entries_.end(), offset,
                                      [](Offset wanted, const EpochStart& entry) { return wanted < entry.start; });
  return above == entries_.begin() ? no_epoch : std::prev(above)->epoch;
}

EpochEnd EpochTable::end_of(Epoch epoch, Offset log_end) const {
  if (epoch < 0 || entries_.empty()) return {};
  if (epoch == entries_.back().epoch) return {epoch, log_end};
  const auto above = std::upper_bound(entries_.begin(), entries_.end(), epoch,
                                      [](Epoch wanted, const EpochStart& entry) { return wanted < entry.epoch; });
  if (above == entries_.end()) return {};
  if (above == entries_.begin()) return {epoch, above->start};
  return {std::prev(above)->epoch, above->start};
}

}  // namespace moldau::log
