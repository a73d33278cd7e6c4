// The inventory that a stop in order writes: the next start goes by it, unless somebody was in a folder since.
#include "log/inventory.h"

#include <gtest/gtest.h>

#include "io/sim/disk.h"
#include "io/sim/world.h"
#include "store/audit.h"
#include "store/test_kit.h"

namespace moldau::store {
namespace {

using namespace store::testing;

constexpr std::string_view inventory_path = "/data/.moldau-inventory";
constexpr std::string_view epochs_path = "/data/orders-0/leader-epoch-checkpoint";

class StoreInventory : public ::testing::Test {
 protected:
  void SetUp() override {
    rig.open();
    rig.log(1);
    for (int i = 0; i < 40; ++i) {
      ASSERT_TRUE(rig.append(*rig.log(), {.records = 3, .producer_id = 7, .sequence = i * 3}, i < 20 ? 0 : 4).ok());
      rig.settle(milliseconds(2));
    }
    rig.settle();
    content = read_all(rig, *rig.log(), 0, 120);
  }
  void stop(int64_t broker_epoch = 5) {
    Status closed;
    rig.run([&] { closed = rig.store->close(broker_epoch); });
    ASSERT_TRUE(closed.ok()) << closed.failure().message;
    rig.store.reset();
  }
  std::string text_of(std::string_view path) {
    const auto bytes = io::read_file(rig.disk(), std::string(path), 1 << 20);
    return bytes.ok() ? std::string(as_text(*bytes)) : std::string();
  }
  /// In its place: the folder is as it was.
  void overwrite(std::string_view path, std::string_view text) {
    const auto file = rig.disk().open(std::string(path), io::OpenMode::write);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(rig.disk().truncate(**file, 0).ok());
    const std::span<const std::byte> piece = as_bytes(text);
    ASSERT_TRUE(rig.disk().write(**file, 0, std::span(&piece, 1)).ok());
  }
  /// Makes the folder tell another thing than the inventory: whether epoch 4 began at 60 or at 90.
  void tell_otherwise() { overwrite(epochs_path, "0\n2\n0 0\n4 90\n"); }
  bool went_by_the_inventory() { return rig.log()->epoch_of(70) == 4; }
  void expect_whole() {
    EXPECT_EQ(rig.log()->next_offset(), 120);
    EXPECT_EQ(rig.log()->stable_end(), 120);
    EXPECT_EQ(read_all(rig, *rig.log(), 0, 120), content);
    EXPECT_EQ(rig.log()->producers().find(7)->newest()->last_sequence, 119);
    EXPECT_EQ(rig.log(1)->next_offset(), 0);
  }

  Rig rig{7, small_options(), 1};
  std::string content;
};

TEST_F(StoreInventory, StartGoesByIt) {
  stop();
  tell_otherwise();
  rig.open();
  EXPECT_TRUE(went_by_the_inventory());
  expect_whole();
  EXPECT_TRUE(text_of(inventory_path).empty()) << "it tells of one start";
  ASSERT_TRUE(rig.append(*rig.log(), {.records = 1}, 4).ok());
  rig.settle();
  EXPECT_EQ(rig.log()->stable_end(), 121);
  ASSERT_TRUE(rig.append(*rig.log(1), {.records = 1}, 4).ok());
  stop();
  EXPECT_EQ(audit_directory(rig.disk(), "/data"), "");
  rig.open();
  EXPECT_EQ(rig.log()->stable_end(), 121);
  EXPECT_EQ(rig.log(1)->stable_end(), 1);
}

TEST_F(StoreInventory, SaysTheSameAsTheFolder) {
  stop();
  const std::string before = text_of(inventory_path);
  ASSERT_FALSE(before.empty());
  rig.open();
  stop(5);
  EXPECT_EQ(text_of(inventory_path), before) << "nothing was done between the two stops";
  ASSERT_TRUE(rig.disk().remove(std::string(inventory_path)).ok());
  rig.open();
  expect_whole();
  stop(5);
  EXPECT_EQ(text_of(inventory_path), before) << "and a start that lists finds the same";
}

TEST_F(StoreInventory, AFolderThatWasChangedIsListed) {
  stop();
  tell_otherwise();
  rig.settle();
  ASSERT_TRUE(rig.disk().open("/data/orders-0/00000000000000000999.index", io::OpenMode::create).ok());
  rig.open();
  EXPECT_FALSE(went_by_the_inventory());
  EXPECT_FALSE(rig.disk().stat("/data/orders-0/00000000000000000999.index").ok()) << "an index without a segment";
  expect_whole();
}

TEST_F(StoreInventory, ASegmentThatWasChangedIsListed) {
  stop();
  tell_otherwise();
  rig.settle();
  const auto names = rig.disk().list("/data/orders-0").value();
  std::string last;
  for (const io::DirectoryEntry& entry : names) {
    if (entry.name.ends_with(".log")) last = entry.name;
  }
  const auto file = rig.disk().open("/data/orders-0/" + last, io::OpenMode::write);
  ASSERT_TRUE(file.ok());
  const std::span<const std::byte> piece = as_bytes("x");
  ASSERT_TRUE(rig.disk().write(**file, rig.disk().size(**file).value(), std::span(&piece, 1)).ok());
  rig.open();
  EXPECT_FALSE(went_by_the_inventory());
}

TEST_F(StoreInventory, OfAnotherStopDoesNotCount) {
  stop(5);
  tell_otherwise();
  overwrite("/data/.kafka_cleanshutdown", "{\"version\":0,\"brokerEpoch\":6}");  // a Kafka was here
  rig.open();
  EXPECT_FALSE(went_by_the_inventory());
  expect_whole();
}

TEST_F(StoreInventory, IsNotWrittenWithoutABrokerEpoch) {
  stop(-1);
  EXPECT_TRUE(text_of(inventory_path).empty());
  rig.open();
  expect_whole();
}

TEST_F(StoreInventory, DamagedItDoesNotCount) {
  stop();
  tell_otherwise();
  std::string text = text_of(inventory_path);
  text[text.size() / 2] ^= 4;
  overwrite(inventory_path, text);
  rig.open();
  EXPECT_FALSE(went_by_the_inventory());
  expect_whole();
}

TEST_F(StoreInventory, AfterAnUncleanStopItDoesNotCount) {
  stop();
  const std::string text = text_of(inventory_path);
  rig.open();
  rig.crash(io::sim::CrashKind::process);
  {
    const auto file = rig.disk().open(std::string(inventory_path), io::OpenMode::create);  // the removal was lost
    ASSERT_TRUE(file.ok());
  }
  overwrite(inventory_path, text);
  tell_otherwise();
  rig.open();
  EXPECT_FALSE(went_by_the_inventory());
  EXPECT_TRUE(text_of(inventory_path).empty());
}

TEST_F(StoreInventory, AMissingFolderIsNoLog) {
  stop();
  ASSERT_TRUE(rig.disk().remove_tree("/data/orders-1").ok());
  rig.open();
  expect_whole();  // which makes the other one anew
}

TEST_F(StoreInventory, AStopThatCannotTakeItIsStillAStop) {
  rig.disk().make_unreadable(std::string(epochs_path), 0, 4);
  stop();
  EXPECT_TRUE(text_of(inventory_path).empty());
  rig.open();
  EXPECT_TRUE(rig.store->folders()[0].clean_stop);
  expect_whole();
}

}  // namespace
}  // namespace moldau::store
