// The inventory of a log directory: its text, lookups in the order of names, and what is none.
#include "log/inventory.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace moldau::log {
namespace {

LogInventory sample(std::string folder, int64_t modified) {
  LogInventory log;
  log.folder = std::move(folder);
  log.topic_id = Uuid::of(1, 2);
  log.modified_wall_ms = modified;
  log.files.segments = {{0, 4'096, 77, 3, 1}, {50, 0, 78, unknown_entries, unknown_entries}};
  log.files.snapshots = {50, 60};
  log.files.transactional = true;
  log.epochs = {{0, 0}, {4, 17}};
  return log;
}

TEST(inventory, is_read_as_it_was_written) {
  LogInventory bare;
  bare.folder = "b-0";
  bare.topic_id = Uuid::of(3, 4);
  const std::vector<LogInventory> logs{sample("a-1", 9), bare, sample("c-10", -1)};
  const std::string text = print_inventory(31, logs);
  EXPECT_NE(
      text.find("\na-1 AAAAAAAAAAEAAAAAAAAAAg 9 1 2 0 4096 77 3 1 50 0 78 4294967295 4294967295 2 50 60 2 0 0 4 17\n"),
      std::string::npos)
      << text;
  auto inventory = Inventory::open(text);
  ASSERT_TRUE(inventory.ok()) << inventory.failure().message;
  EXPECT_EQ(inventory->broker_epoch(), 31);
  for (const LogInventory& log : logs) {
    const auto found = inventory->find(log.folder);
    ASSERT_TRUE(found.has_value()) << log.folder;
    EXPECT_EQ(*found, log);
  }
  EXPECT_FALSE(inventory->find("d-0").has_value());
}

TEST(inventory, passes_lines_by_that_nobody_asks_for) {
  const std::string text = print_inventory(0, std::vector{sample("a-1", 1), sample("b-1", 2), sample("d-1", 3)});
  auto inventory = Inventory::open(text);
  ASSERT_TRUE(inventory.ok());
  EXPECT_FALSE(inventory->find("a-0").has_value());
  EXPECT_EQ(inventory->find("b-1")->modified_wall_ms, 2);
  EXPECT_FALSE(inventory->find("c-1").has_value());
  EXPECT_EQ(inventory->find("d-1")->modified_wall_ms, 3);
}

TEST(inventory, of_nothing_is_one) {
  auto inventory = Inventory::open(print_inventory(5, {}));
  ASSERT_TRUE(inventory.ok());
  EXPECT_FALSE(inventory->find("a-0").has_value());
}

TEST(inventory, any_changed_byte_is_seen) {
  const std::string text = print_inventory(31, std::vector{sample("a-1", 9), sample("b-2", 10)});
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    const auto inventory = Inventory::open(changed);
    const bool of_another_stop = inventory.ok() && inventory->broker_epoch() != 31;
    EXPECT_TRUE(!inventory.ok() || of_another_stop) << i;
    EXPECT_FALSE(Inventory::open(text.substr(0, i)).ok()) << i;
  }
  EXPECT_EQ(Inventory::open("1\n0\n0\n").failure().kind, FailureKind::unsupported);
}

/// With a sound checksum: what whoever wrote it may have got wrong.
TEST(inventory, lines_that_contradict_themselves_are_none) {
  for (const std::string_view line : {
           "a-0", "a-0 ", "a-0 x 1 0 0 0 0", "a-0 AAAAAAAAAAEAAAAAAAAAAg 1 2 0 0 0",
           "a-0 AAAAAAAAAAEAAAAAAAAAAg 1 0 0 0", "a-0 AAAAAAAAAAEAAAAAAAAAAg 1 0 0 0 0 7",
           "a-0 AAAAAAAAAAEAAAAAAAAAAg 1 0 99999999999 0 0",
           "a-0 AAAAAAAAAAEAAAAAAAAAAg 1 0 2 5 1 1 1 1 5 1 1 1 1 0 0",  // bases that do not ascend
           "a-0 AAAAAAAAAAEAAAAAAAAAAg 1 0 1 -5 1 1 1 1 0 0",           // a negative one
           "a-0 AAAAAAAAAAEAAAAAAAAAAg 1 0 0 2 9 8 0",                  // snapshots that do not ascend
           "a-0 AAAAAAAAAAEAAAAAAAAAAg 1 0 1 5 1 1 4294967296 1 0 0",   // more than fits
       }) {
    std::string text = print_inventory(0, {});
    text = text.substr(0, text.find('\n', 2) + 1) +
           fmt::format("{:x}\n{}\n", crc32c(as_bytes(std::string(line) + "\n")), line);
    auto inventory = Inventory::open(text);
    ASSERT_TRUE(inventory.ok()) << line;
    EXPECT_FALSE(inventory->find("a-0").has_value()) << line;
  }
}

}  // namespace
}  // namespace moldau::log
