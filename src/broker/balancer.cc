#include "broker/balancer.h"

#include <algorithm>

namespace moldau::broker {

size_t shard_with_room(std::span<const Ppm> busy, std::span<const size_t> counts, Ppm fill) {
  constexpr Ppm tenth = all_of_it / 10;
  size_t best = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const Ppm load = i < busy.size() ? busy[i] : 0;
    if (load < fill) return i;
    const Ppm least = best < busy.size() ? busy[best] : 0;
    if (load / tenth < least / tenth || (load / tenth == least / tenth && counts[i] < counts[best])) best = i;
  }
  return best;
}

std::vector<Balancer::Move> Balancer::step(std::span<const ShardWork> shards, Ppm spare) {
  ++now_;
  std::erase_if(moved_, [&](const auto& one) { return now_ - one.second > stay_steps; });
  if (resting_ > 0) {
    --resting_;
    return {};
  }
  const State seen = look(shards, spare);
  if (seen != state_ || sums_.size() != shards.size()) {
    state_ = seen;
    steps_ = 0;
    sums_.assign(shards.size(), {});
  }
  if (state_ == State::even) return {};
  for (size_t i = 0; i < shards.size(); ++i) {
    sums_[i].busy += shards[i].busy;
    sums_[i].work += shards[i].work;
    for (const PartitionWork& one : shards[i].movable) sums_[i].partitions[one.id] += one.work;
  }
  if (++steps_ < (state_ == State::crowded ? crowded_steps : quiet_steps)) return {};
  std::vector<Move> moves = state_ == State::crowded ? spread() : gather();
  steps_ = 0;
  sums_.clear();
  for (const Move& move : moves) moved_[move.id] = now_;
  // Where that was not all that had to move, the rest of it follows without a rest.
  if (!moves.empty() && moves.size() < moves_max) resting_ = rest_steps;
  return moves;
}

Balancer::State Balancer::look(std::span<const ShardWork> shards, Ppm spare) const {
  Ppm most = 0;
  Ppm least = INT64_MAX;
  Ppm sum = 0;
  bool elsewhere = false;
  for (size_t i = 0; i < shards.size(); ++i) {
    most = std::max(most, shards[i].busy);
    least = std::min(least, shards[i].busy);
    sum += shards[i].busy;
    elsewhere = elsewhere || (i > 0 && !shards[i].movable.empty());
  }
  if (most >= crowded() && most - least >= gap_min && spare >= spare_min) return State::crowded;
  // What one shard then does is well below what makes it crowded again.
  if (elsewhere && sum < fill_ * 3 / 5) return State::quiet;
  return State::even;
}

/// The partitions of a shard that may move, with their shares of its time, the largest first.
std::vector<Balancer::Load> Balancer::loads_of(size_t shard) const {
  const Sum& sum = sums_[shard];
  std::vector<Load> loads;
  for (const auto& [id, work] : sum.partitions) {
    if (moved_.contains(id) || sum.work == 0) continue;
    const double share = static_cast<double>(work) / static_cast<double>(sum.work);
    loads.push_back({id, static_cast<Ppm>(share * static_cast<double>(sum.busy) / steps_)});
  }
  std::sort(loads.begin(), loads.end(),
            [](const Load& a, const Load& b) { return a.load != b.load ? a.load > b.load : a.id < b.id; });
  return loads;
}

/// The fullest shard that has room, so that few are used; where none has, the least busy one.
size_t Balancer::target_for(size_t from, std::span<const Ppm> busy) const {
  size_t target = from == 0 ? 1 : 0;
  const auto has_room = [&](size_t shard) { return busy[shard] < fill_ - fill_ / 5; };
  for (size_t i = 0; i < busy.size(); ++i) {
    if (i == from || i == target) continue;
    const bool better =
        has_room(i) ? !has_room(target) || busy[i] > busy[target] : !has_room(target) && busy[i] < busy[target];
    if (better) target = i;
  }
  return target;
}

// One after the other from whichever shard is the busiest then, each time the partition whose move leaves the busier of
// the two the least busy. A partition is not moved to have another shard in the same plight.
std::vector<Balancer::Move> Balancer::spread() {
  std::vector<Ppm> busy;
  std::vector<std::vector<Load>> loads;
  for (size_t i = 0; i < sums_.size(); ++i) {
    busy.push_back(sums_[i].busy / steps_);
    loads.push_back(loads_of(i));
  }
  std::vector<bool> stuck(busy.size());
  std::vector<Move> moves;
  Ppm left = 0;
  while (moves.size() < moves_max) {
    size_t from = busy.size();
    for (size_t i = 0; i < busy.size(); ++i) {
      if (!stuck[i] && (from == busy.size() || busy[i] > busy[from])) from = i;
    }
    if (from == busy.size() || busy[from] <= fill_) break;
    const size_t to = target_for(from, busy);
    auto best = loads[from].end();
    Ppm best_gain = 0;
    if (busy[from] - busy[to] >= gap_min / 2) {
      for (auto one = loads[from].begin(); one != loads[from].end(); ++one) {
        const Ppm gain = std::min(one->load, busy[from] - busy[to] - one->load);
        if (gain <= best_gain || gain < one->load / 4) continue;
        best = one;
        best_gain = gain;
      }
    }
    if (best == loads[from].end()) {
      stuck[from] = true;
      continue;
    }
    moves.push_back({best->id, from, to});
    busy[from] -= best->load;
    busy[to] += best->load;
    left += best->load;
    loads[from].erase(best);
  }
  if (left < gain_min && moves.size() < moves_max) moves.clear();
  return moves;
}

// Everything that does something goes where the others are, the costliest first.
std::vector<Balancer::Move> Balancer::gather() {
  std::vector<Move> moves;
  for (size_t shard = 1; shard < sums_.size(); ++shard) {
    for (const Load& one : loads_of(shard)) {
      if (moves.size() < moves_max) moves.push_back({one.id, shard, 0});
    }
  }
  return moves;
}

}  // namespace moldau::broker
