// KeyMap: the hash against its reference, capacity as Kafka's, behaviour at the bound.
#include "log/key_map.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/bytes.h"
#include "base/prng.h"

namespace moldau::log {
namespace {

constexpr HashSecret reference_secret{0x0706050403020100ULL, 0x0F0E0D0C0B0A0908ULL};

TEST(key_map, hash_is_siphash_2_4_of_128_bits) {
  // Vectors of the reference implementation: the input is the bytes 0, 1, 2 ...
  std::string input;
  const auto hash = [&] { return hash_key(as_bytes(input), reference_secret); };
  EXPECT_EQ(hash(), (KeyHash{0xE6A825BA047F81A3ULL, 0x930255C71472F66DULL}));
  input.push_back('\0');
  EXPECT_EQ(hash(), (KeyHash{0x44AF996BD8C187DAULL, 0x45FC229B11597634ULL}));
  input.clear();
  for (int i = 0; i < 63; ++i) input.push_back(static_cast<char>(i));
  const KeyHash of_63 = hash();
  EXPECT_NE(of_63, hash_key(as_bytes(input), {1, 2}));
  input.back() = 'x';
  EXPECT_NE(of_63, hash());
}

TEST(key_map, takes_as_many_keys_as_kafkas_table) {
  // 128 MiB / 24 bytes, to 90 %.
  const KeyMapSize size = KeyMap::size_for(128u << 20, 0.9, UINT64_MAX);
  EXPECT_EQ(size.slots, 5'592'405U);
  EXPECT_EQ(size.keys_max, 5'033'164U);
  EXPECT_EQ(KeyMap::size_for(uint64_t{8} << 30, 0.9, UINT64_MAX).slots, 89'478'485U) << "2 GiB at most";
  // A short stretch needs no more than room for its own.
  const KeyMapSize small = KeyMap::size_for(128u << 20, 0.9, 1000);
  EXPECT_GE(small.slots, 1000U);
  EXPECT_LT(small.slots, 2000U);
  EXPECT_EQ(small.keys_max, size.keys_max);
}

TEST(key_map, remembers_the_newest_offset_of_each_key) {
  KeyMap map(KeyMap::size_for(24 * 400, 0.9, UINT64_MAX));
  ASSERT_EQ(map.keys_max(), 360U);
  std::map<int, Offset> reference;
  Prng prng(7);
  const auto hash_of = [](int key) { return hash_key(as_bytes(std::to_string(key)), reference_secret); };
  Offset offset = 0;
  while (map.size() < 360) {
    const auto key = static_cast<int>(prng.below(2000));
    ASSERT_FALSE(map.full());
    ASSERT_TRUE(map.put(hash_of(key), offset));
    reference[key] = offset++;
  }
  EXPECT_EQ(reference.size(), 360U);
  EXPECT_TRUE(map.full());
  EXPECT_FALSE(map.put(hash_of(5000), offset)) << "full";
  EXPECT_FALSE(map.put(hash_of(reference.begin()->first), offset)) << "full for a known key too, as in Kafka";
  for (int key = 0; key < 2000; ++key) {
    const auto expected = reference.find(key);
    EXPECT_EQ(map.find(hash_of(key)),
              expected == reference.end() ? std::nullopt : std::optional<Offset>(expected->second));
  }
}

TEST(key_map, grows_with_its_keys_and_forgets_none) {
  const KeyMapSize size = KeyMap::size_for(16u << 20, 0.9, UINT64_MAX);
  KeyMap map(size);
  const auto hash_of = [](size_t key) { return hash_key(as_bytes(std::to_string(key)), reference_secret); };
  EXPECT_LT(map.slots() * KeyMap::slot_bytes, size_t{2} << 20) << "small while it is empty";
  for (size_t key = 0; key < size.keys_max; ++key) {
    ASSERT_TRUE(map.put(hash_of(key), static_cast<Offset>(key)));
    if (key % 7 == 0) {
      ASSERT_TRUE(map.full() || map.put(hash_of(key / 2), static_cast<Offset>(key / 2))) << key;
    }
  }
  EXPECT_EQ(map.slots(), size.slots);
  EXPECT_TRUE(map.full());
  for (size_t key = 0; key < size.keys_max; ++key) ASSERT_EQ(map.find(hash_of(key)), static_cast<Offset>(key));
  EXPECT_FALSE(map.find(hash_of(size.keys_max)));
}

TEST(key_map, a_table_of_one_key_ends_its_searches) {
  KeyMap map(KeyMap::size_for(24 * 2, 0.9, UINT64_MAX));
  ASSERT_EQ(map.keys_max(), 1U);
  EXPECT_TRUE(map.put(hash_key(as_bytes("a"), {}), 0));
  EXPECT_FALSE(map.put(hash_key(as_bytes("b"), {}), 1));
  EXPECT_FALSE(map.find(hash_key(as_bytes("b"), {})));
  // More offsets than were announced: it counts as full, it does not overrun.
  KeyMap lied_to(KeyMap::size_for(1 << 20, 0.9, 4));
  size_t taken = 0;
  while (lied_to.put(hash_key(as_bytes(std::to_string(taken)), {}), 1)) ++taken;
  EXPECT_EQ(taken, lied_to.slots() - 1);
  EXPECT_FALSE(lied_to.find(hash_key(as_bytes("x"), {})));
}

}  // namespace
}  // namespace moldau::log
