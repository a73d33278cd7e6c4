// The persistent map against std::map, and the versions of it that must not change.
#include "metadata/persistent_map.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/prng.h"

namespace moldau::metadata {
namespace {

using Map = PersistentMap<int, std::string>;

std::vector<int> keys_of(const Map& map) {
  std::vector<int> keys;
  map.for_each([&](int key, const std::string&) { keys.push_back(key); });
  return keys;
}

TEST(PersistentMap, BehavesAsAMapAndOldVersionsStay) {
  Prng prng(7);
  Map map;
  std::map<int, std::string> model;
  std::vector<std::pair<Map, std::map<int, std::string>>> versions;
  for (int i = 0; i < 20'000; ++i) {
    const int key = static_cast<int>(prng.below(500));
    if (prng.chance(2, 5)) {
      map = map.without(key);
      model.erase(key);
    } else {
      const std::string value = std::to_string(i);
      map = map.with(key, value);
      model[key] = value;
    }
    ASSERT_EQ(map.size(), model.size());
    if (i % 500 == 0) versions.emplace_back(map, model);
  }
  versions.emplace_back(map, model);
  for (const auto& [version, expected] : versions) {
    auto at = expected.begin();
    version.for_each([&](int key, const std::string& value) {
      ASSERT_NE(at, expected.end());
      EXPECT_EQ(key, at->first);
      EXPECT_EQ(value, at->second);
      ++at;
    });
    EXPECT_EQ(at, expected.end());
    for (int key = 0; key < 500; ++key) EXPECT_EQ(version.contains(key), expected.contains(key));
  }
}

TEST(PersistentMap, EditsInPlaceDoNotReachWhatWasHandedOut) {
  Prng prng(11);
  Map map;
  std::map<int, std::string> model;
  std::vector<std::pair<Map, std::map<int, std::string>>> handed_out;
  uint64_t edit = 1;
  for (int i = 0; i < 40'000; ++i) {
    const int key = static_cast<int>(prng.below(300));
    if (prng.chance(2, 5)) {
      map.remove(key, edit);
      model.erase(key);
    } else {
      map.set(key, std::to_string(i), edit);
      model[key] = std::to_string(i);
    }
    ASSERT_EQ(map.size(), model.size());
    if (prng.chance(1, 100)) {
      handed_out.emplace_back(map, model);
      ++edit;
    }
  }
  for (const auto& [version, expected] : handed_out) {
    std::map<int, std::string> found;
    version.for_each([&](int key, const std::string& value) { found[key] = value; });
    EXPECT_EQ(found, expected);
  }
}

TEST(PersistentMap, WalksFromAKey) {
  Map map;
  for (int key = 0; key < 100; key += 10) map = map.with(key, "x");
  std::vector<int> seen;
  map.for_each_from(35, [&](int key, const std::string&) {
    seen.push_back(key);
    return seen.size() < 3;
  });
  EXPECT_EQ(seen, (std::vector<int>{40, 50, 60}));
  seen.clear();
  map.for_each_from(100, [&](int key, const std::string&) {
    seen.push_back(key);
    return true;
  });
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(keys_of(map.without(5)), keys_of(map));
  EXPECT_TRUE(map.without(5).same_as(map));
}

TEST(PersistentMap, ALongAscendingRunStaysShallow) {
  // A list would overflow the stack here.
  Map map;
  for (int key = 0; key < 200'000; ++key) map.set(key, "", 1);
  EXPECT_EQ(map.size(), 200'000U);
  EXPECT_NE(map.find(123'456), nullptr);
}

}  // namespace
}  // namespace moldau::metadata
