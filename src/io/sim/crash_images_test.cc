// CrashImages: what is enumerated is legal, is what can happen, and comes once.
#include "io/sim/crash_images.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/bytes.h"
#include "io/sim/disk.h"
#include "io/sim/world.h"

namespace moldau::io::sim {
namespace {

class Machine {
 public:
  Machine() {
    EXPECT_TRUE(disk().make_dir("/d").ok());
    EXPECT_TRUE(disk().sync_dir("/").ok());
  }
  SimDisk& disk() { return node.disk(); }
  void write(const std::string& path, uint64_t offset, std::string_view text, bool sync) {
    const auto file = disk().open(path, OpenMode::create);
    ASSERT_TRUE(file.ok());
    const std::span<const std::byte> piece = as_bytes(text);
    ASSERT_TRUE(disk().write(**file, offset, std::span(&piece, 1)).ok());
    if (sync) {
      ASSERT_TRUE(disk().sync_now(**file).ok());
    }
  }
  World world{1};
  Node& node = world.node("n");
};

/// What a file holds in an image; "<none>" when it has no such file.
std::string content(std::unique_ptr<Tree> image, const std::string& path) {
  World world(2);
  SimDisk& disk = world.node("n").disk();
  disk.put_tree(std::move(image));
  const auto bytes = read_file(disk, path, 1 << 20);
  return bytes.ok() ? std::string(as_text(*bytes)) : "<none>";
}

TEST(crash_images, of_a_disk_that_is_synced_there_is_one) {
  Machine machine;
  machine.write("/d/a", 0, "hello", true);
  ASSERT_TRUE(machine.disk().sync_dir("/d").ok());
  const auto state = machine.disk().copy_tree();
  CrashImages images(*state, 1, 1'000, 10);
  auto only = images.next();
  ASSERT_NE(only, nullptr);
  EXPECT_EQ(content(std::move(only), "/d/a"), "hello");
  EXPECT_EQ(images.next(), nullptr);
}

TEST(crash_images, synced_bytes_are_in_all_and_each_outcome_of_the_others_is_in_some) {
  Machine machine;
  const std::string old(2 * sector_bytes, 'o');
  machine.write("/d/a", 0, old, true);
  ASSERT_TRUE(machine.disk().sync_dir("/d").ok());
  machine.write("/d/a", sector_bytes, std::string(3 * sector_bytes, 'n'), false);
  const auto state = machine.disk().copy_tree();
  CrashImages images(*state, 1, 1'000, 50);
  std::set<std::string> found;
  size_t count = 0;
  while (auto image = images.next()) {
    const std::string text = content(std::move(image), "/d/a");
    ASSERT_GE(text.size(), 2 * sector_bytes) << images.what();
    ASSERT_EQ(text.substr(0, sector_bytes), old.substr(0, sector_bytes)) << images.what();
    found.insert(text);
    ++count;
  }
  EXPECT_EQ(found.size(), count);  // each once
  const std::string kept = old.substr(0, sector_bytes);
  const std::string n(sector_bytes, 'n');
  const std::string zeros(sector_bytes, '\0');
  EXPECT_TRUE(found.contains(old));                                  // nothing
  EXPECT_TRUE(found.contains(kept + n + n + n));                     // all
  EXPECT_TRUE(found.contains(kept + n + zeros + n));                 // without a sector in the middle
  EXPECT_TRUE(found.contains(old + n + zeros) || found.contains(old + zeros + n));  // one alone
  EXPECT_TRUE(found.contains(old + zeros + zeros));                  // grown without a byte
}

TEST(crash_images, names_are_kept_in_order_and_renames_are_whole) {
  Machine machine;
  ASSERT_TRUE(machine.disk().make_dir("/e").ok());
  ASSERT_TRUE(machine.disk().sync_dir("/").ok());
  machine.write("/d/a", 0, "a", true);
  machine.write("/d/b", 0, "b", true);
  ASSERT_TRUE(machine.disk().rename("/d/a", "/e/a").ok());
  const auto state = machine.disk().copy_tree();
  CrashImages images(*state, 1, 1'000, 50);
  std::set<std::string> outcomes;
  while (auto image = images.next()) {
    World world(3);
    SimDisk& disk = world.node("n").disk();
    disk.put_tree(std::move(image));
    std::string names;
    for (const char* path : {"/d/a", "/d/b", "/e/a"}) names += disk.stat(path).ok() ? '1' : '0';
    outcomes.insert(names);
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"000", "100", "110", "011"}));
}

TEST(crash_images, the_state_is_that_before_each_operation) {
  Machine machine;
  std::vector<std::unique_ptr<Tree>> states;
  machine.disk().before_operation([&] { states.push_back(machine.disk().copy_tree()); });
  machine.write("/d/a", 0, "1", false);  // made, written
  machine.write("/d/a", 1, "2", true);   // written, synced
  machine.disk().before_operation(nullptr);
  ASSERT_EQ(states.size(), 4U);
  std::vector<std::string> all;
  for (const auto& state : states) {
    CrashImages images(*state, 1, 1'000, 0);
    all.push_back(content(images.next(), "/d/a"));  // the first: all kept
  }
  EXPECT_EQ(all, (std::vector<std::string>{"<none>", "", "1", "12"}));
}

}  // namespace
}  // namespace moldau::io::sim
