// Moves, decided: what is copied next, how far a copy has come, which of two folders is right.
#include "log/move.h"

#include <gtest/gtest.h>

#include "wire/batch_builder.h"

namespace moldau::log {
namespace {

/// Copies all that the plan asks for into a model of the destination's files, and counts the steps.
class Copier {
 public:
  size_t run(const std::vector<MoveSegment>& source, uint64_t bytes_max) {
    size_t steps = 0;
    while (const auto step = plan.next(source, bytes_max)) {
      uint64_t& size = files[{step->base, step->kind}];
      if (step->fresh) size = 0;
      EXPECT_EQ(step->from, size) << "bytes are left out";
      EXPECT_LE(step->to - step->from, bytes_max);
      size = step->to;
      const auto at = std::find_if(source.begin(), source.end(),
                                   [&](const MoveSegment& segment) { return segment.base == step->base; });
      plan.took(*step, at->index_version);
      if (++steps > 1000) {
        ADD_FAILURE() << "it never ends";
        return steps;
      }
    }
    return steps;
  }
  MovePlan plan;
  std::map<std::pair<Offset, FileKind>, uint64_t> files;
};

TEST(MovePlan, CopiesAllInSlicesAndThenWhatGrew) {
  Copier copier;
  std::vector<MoveSegment> source = {{0, 1000, 16, 24, 0}, {10, 250, 0, 0, 0}};
  EXPECT_EQ(copier.plan.lag(source), 1290U);
  EXPECT_EQ(copier.run(source, 300), 4U + 1 + 1 + 1 + 1 + 1);
  EXPECT_EQ(copier.plan.lag(source), 0U);
  EXPECT_EQ(copier.plan.log_bytes(), 1250U);
  EXPECT_EQ((copier.files.at({0, FileKind::log})), 1000U);
  EXPECT_EQ((copier.files.at({0, FileKind::time_index})), 24U);
  EXPECT_TRUE(copier.files.contains({10, FileKind::offset_index})) << "an empty index has a file too";

  source[1].log_bytes = 400;
  source[1].offset_index_bytes = 8;
  source.push_back({20, 60, 0, 0, 0});
  EXPECT_EQ(copier.plan.lag(source), 150U + 8 + 60);
  copier.run(source, 1 << 20);
  EXPECT_EQ((copier.files.at({10, FileKind::log})), 400U);
  EXPECT_EQ((copier.files.at({20, FileKind::log})), 60U);
}

TEST(MovePlan, IndexesMadeAnewAreCopiedAnew) {
  Copier copier;
  std::vector<MoveSegment> source = {{0, 1000, 16, 24, 0}};
  copier.run(source, 1 << 20);
  source[0].index_version = 1;
  EXPECT_EQ(copier.plan.lag(source), 40U);
  const auto first = copier.plan.next(source, 1 << 20);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(*first, (MoveStep{0, FileKind::offset_index, 0, 16, true}));
  EXPECT_EQ(copier.run(source, 10), 2U + 3) << "and the log is not";
  EXPECT_EQ(copier.plan.lag(source), 0U);
  // A shorter one too.
  source[0].time_index_bytes = 12;
  EXPECT_EQ(copier.plan.next(source, 1 << 20), (MoveStep{0, FileKind::time_index, 0, 12, true}));
}

TEST(MovePlan, WhatTheLogDropsIsForgotten) {
  Copier copier;
  std::vector<MoveSegment> source = {{0, 100, 0, 0, 0}, {5, 100, 0, 0, 0}, {9, 10, 0, 0, 0}};
  copier.run(source, 1 << 20);
  source.erase(source.begin());
  copier.plan.drop_gone(source);
  EXPECT_EQ(copier.plan.log_bytes(), 110U);
  EXPECT_EQ(copier.plan.lag(source), 0U);
  copier.plan.begin_again();
  EXPECT_EQ(copier.plan.next(source, 1 << 20), (MoveStep{5, FileKind::log, 0, 100, true}));
}

std::vector<std::byte> batches(std::initializer_list<std::pair<Offset, int>> what) {
  std::vector<std::byte> bytes;
  for (const auto& [base, count] : what) {
    wire::BatchBuilder builder{wire::BatchOptions{}};
    for (int i = 0; i < count; ++i) builder.add(1000, "k", "value");
    auto built = builder.finish();
    wire::set_base_offset(*built, base);
    bytes.insert(bytes.end(), built->begin(), built->end());
  }
  return bytes;
}

TEST(BatchTracker, FindsTheEndOfTheLastWholeBatchWhereverTheBytesAreCut) {
  const std::vector<std::byte> bytes = batches({{40, 3}, {43, 1}, {50, 20}});
  const std::vector<std::byte> first = batches({{40, 3}});
  const std::vector<std::byte> two = batches({{40, 3}, {43, 1}});
  for (size_t slice = 1; slice < 200; slice += 7) {
    BatchTracker tracker;
    tracker.begin(40);
    for (size_t at = 0; at < bytes.size(); at += slice) {
      const size_t count = std::min(slice, bytes.size() - at);
      tracker.feed(at, std::span(bytes).subspan(at, count));
      const size_t seen = at + count;
      const Offset expected = seen == bytes.size() ? 70 : seen >= two.size() ? 44 : seen >= first.size() ? 43 : 40;
      ASSERT_EQ(tracker.end(), expected) << slice << " " << seen;
    }
  }
}

TEST(BatchTracker, BytesThatAreNoBatchEndItForThatSegment) {
  BatchTracker tracker;
  tracker.begin(7);
  tracker.feed(0, std::vector<std::byte>(500, std::byte{0xFF}));
  EXPECT_EQ(tracker.end(), 7);
  tracker.feed(500, batches({{8, 1}}));
  EXPECT_EQ(tracker.end(), 7);
  tracker.begin(20);
  EXPECT_EQ(tracker.end(), 20);
  tracker.feed(0, batches({{20, 2}}));
  EXPECT_EQ(tracker.end(), 22);
  tracker.begin(22);
  tracker.feed(100, batches({{22, 2}}));  // its beginning was left out
  EXPECT_EQ(tracker.end(), 22);
}

TEST(LogCopy, TheOneThatGoesFurtherIsServed) {
  EXPECT_TRUE(second_is_newer({3, 100, true}, {4, 50, false})) << "a later leader wrote it";
  EXPECT_FALSE(second_is_newer({4, 50, false}, {3, 100, true}));
  EXPECT_TRUE(second_is_newer({3, 100, true}, {3, 101, false}));
  EXPECT_FALSE(second_is_newer({3, 101, false}, {3, 100, true}));
  EXPECT_TRUE(second_is_newer({3, 100, false}, {3, 100, true})) << "the metadata decides between equals";
  EXPECT_FALSE(second_is_newer({3, 100, true}, {3, 100, false}));
  EXPECT_FALSE(second_is_newer({3, 100, false}, {3, 100, false}));
}

TEST(FolderNames, OfCopies) {
  const Uuid unique = Uuid::of(0xAB, 0xCD);
  const std::string name = future_folder_name("orders", 3, unique);
  EXPECT_EQ(name, "orders-3.00000000000000ab00000000000000cd-future");
  const auto parsed = parse_folder_name(name);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(*parsed, (FolderName{"orders", 3, FolderKind::future}));
  EXPECT_EQ(parse_folder_name(stray_folder_name("orders", 3, unique))->kind, FolderKind::stray);
  EXPECT_TRUE(future_folder_name_fits(std::string(213, 'x'), 0));
  EXPECT_FALSE(future_folder_name_fits(std::string(214, 'x'), 0));
  EXPECT_FALSE(future_folder_name_fits(std::string(213, 'x'), 10));
}

}  // namespace
}  // namespace moldau::log
