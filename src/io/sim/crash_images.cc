#include "io/sim/crash_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace moldau::io::sim {
namespace {

/// Of a file with more unsynced sectors than this, some.
constexpr size_t sectors_max = 24;
/// Of many name operations, some prefixes.
constexpr size_t names_max = 24;

/// Some of [0, count), all of them if they are few, in a row.
std::vector<size_t> some_of(size_t count, size_t at_most) {
  std::vector<size_t> chosen;
  const size_t step = std::max<size_t>(1, (count + at_most - 1) / at_most);
  for (size_t i = 0; i < count; i += step) chosen.push_back(i);
  return chosen;
}

}  // namespace

CrashImages::CrashImages(const Tree& state, uint64_t seed, size_t images_max, size_t mixed)
    : state_(state),
      prng_(seed),
      all_names_(state.unsynced_names(), true),
      no_names_(state.surviving(std::vector<bool>(state.unsynced_names(), false))) {
  for (const auto kind : {Kind::whole, Kind::nothing}) {
    plans_.push_back({0, {}, {kind}, all_names_});
    plans_.push_back({0, {}, {kind}, no_names_});
  }
  plan_names();
  state.each([this](const InodeRef& inode) {
    if (!inode->is_directory && inode->image.dirty()) plan_file(*inode);
  });
  if (plans_.size() > images_max) {  // the first four always
    for (size_t i = plans_.size() - 1; i > 4; --i) std::swap(plans_[i], plans_[4 + prng_.below(i - 3)]);
    plans_.resize(images_max);
  }
  for (size_t i = 0; i < mixed; ++i) {
    std::vector<bool> wish(all_names_.size());
    for (size_t n = 0; n < wish.size(); ++n) wish[n] = prng_.chance(3, 4);
    plans_.push_back({0, {}, {Kind::mixed}, state.surviving(wish)});
  }
}

void CrashImages::plan_names() {
  const size_t count = all_names_.size();
  for (const size_t cut : some_of(count, names_max)) {
    std::vector<bool> prefix(count, false);
    std::fill_n(prefix.begin(), cut, true);
    std::vector<bool> hole(count, true);
    hole[cut] = false;
    for (const auto& names : {state_.surviving(prefix), state_.surviving(hole)}) {
      plans_.push_back({0, {}, {Kind::whole}, names});
      plans_.push_back({0, {}, {Kind::nothing}, names});
    }
  }
}

void CrashImages::plan_file(const Inode& file) {
  std::vector<Fate> fates{{Kind::bare, 0, 0, false}, {Kind::bare, 0, 0, true}};
  const size_t operations = file.image.unsynced();
  for (const size_t cut : some_of(operations, sectors_max)) {
    fates.push_back({Kind::prefix, cut, 0, false});
  }
  std::vector<uint64_t> sectors;
  for (const auto& [sector, touched] : file.image.touches(operations, operations)) sectors.push_back(sector);
  for (const size_t i : some_of(sectors.size(), sectors_max)) {
    fates.push_back({Kind::without, sectors[i], 0, false});
    fates.push_back({Kind::without, sectors[i], 0, true});
    fates.push_back({Kind::only, sectors[i], 0, false});
    fates.push_back({Kind::torn, sectors[i], 1 + prng_.below(sector_bytes - 1), i % 2 == 1});
  }
  for (const Fate& fate : fates) {
    for (const auto others : {Kind::whole, Kind::nothing}) {
      plans_.push_back({file.id, fate, {others}, all_names_});
    }
    // Names are most often durable before the bytes, or together with them.
    if (!all_names_.empty()) plans_.push_back({file.id, fate, {Kind::whole}, no_names_});
  }
}

Survival CrashImages::survival(const Inode& file, const Fate& fate) {
  const size_t operations = file.image.unsynced();
  Survival survival{operations, fate.garbage, {}};
  const auto keep = [&](size_t writes, size_t sizes) {
    for (const auto& [sector, touched] : file.image.touches(writes, sizes)) survival.sectors[sector].kept = touched;
  };
  switch (fate.kind) {
    case Kind::whole:
      keep(operations, operations);
      break;
    case Kind::nothing:
      survival.sizes_kept = 0;
      break;
    case Kind::prefix:
      survival.sizes_kept = fate.a;
      keep(fate.a, fate.a);
      break;
    case Kind::without:
    case Kind::torn:
      keep(operations, operations);
      if (const auto found = survival.sectors.find(fate.a); found != survival.sectors.end()) {
        found->second.kept -= 1;
        found->second.torn = fate.b;
      }
      break;
    case Kind::only:
      keep(operations, operations);
      std::erase_if(survival.sectors, [&](const auto& entry) { return entry.first != fate.a; });
      break;
    case Kind::bare:
      break;
    case Kind::mixed: {
      survival.sizes_kept = prng_.chance(1, 2) ? operations : prng_.below(operations + 1);
      survival.garbage = prng_.chance(1, 3);
      const uint64_t odds = prng_.below(101);
      for (const auto& [sector, touched] : file.image.touches(operations, survival.sizes_kept)) {
        SectorFate& one = survival.sectors[sector];
        one.kept = prng_.chance(odds, 100) ? touched : static_cast<uint32_t>(prng_.below(touched + 1));
        if (one.kept < touched && prng_.chance(1, 4)) one.torn = prng_.below(sector_bytes);
      }
      break;
    }
  }
  return survival;
}

void CrashImages::describe(const Plan& plan) {
  static constexpr const char* kinds[] = {"whole", "nothing", "prefix", "without", "only", "torn", "bare", "mixed"};
  const auto text = [](const Fate& fate) {
    return fmt::format("{} {} {}{}", kinds[static_cast<size_t>(fate.kind)], fate.a, fate.b,
                       fate.garbage ? " garbage" : "");
  };
  size_t kept = 0;
  for (const bool one : plan.names) kept += one ? 1 : 0;
  what_ = fmt::format("{} of {} names, file {}: {}, others: {}", kept, plan.names.size(), plan.file, text(plan.own),
                      text(plan.others));
}

std::unique_ptr<Tree> CrashImages::next() {
  while (next_plan_ < plans_.size()) {
    const Plan& plan = plans_[next_plan_++];
    auto image = state_.after(
        plan.names,
        [&](const Inode& file) {
          if (!file.image.dirty()) return Survival{};
          return survival(file, plan.file == file.id ? plan.own : plan.others);
        },
        prng_);
    hash_ = image->hash();
    if (!seen_.insert(hash_).second) continue;
    describe(plan);
    return image;
  }
  return nullptr;
}

}  // namespace moldau::io::sim
