// The choice between the journal and syncs of segments: it starts sensibly, follows what is measured, and probes.
#include "log/journal_choice.h"

#include <gtest/gtest.h>

namespace moldau::log {
namespace {

TEST(journal_choice, many_logs_go_through_the_journal_from_the_start) {
  JournalChoice choice;
  EXPECT_TRUE(choice.through_journal(100, 400'000));
  EXPECT_TRUE(choice.through_journal(2, 1000));
  EXPECT_FALSE(choice.through_journal(1, 1 << 20));  // its bytes would be written twice
}

TEST(journal_choice, follows_what_is_measured) {
  JournalChoice choice;
  for (int i = 0; i < 50; ++i) {
    choice.note_round(4096, milliseconds(3));
    choice.note_syncs(4, microseconds(400));
  }
  EXPECT_FALSE(choice.through_journal(4, 4096));
  EXPECT_TRUE(choice.through_journal(100, 4096));
  for (int i = 0; i < 50; ++i) choice.note_round(4096, microseconds(150));
  EXPECT_TRUE(choice.through_journal(4, 4096));
  EXPECT_NEAR(static_cast<double>(choice.cost_of_round(0).nanoseconds), 146'000, 10'000);
  EXPECT_NEAR(static_cast<double>(choice.cost_of_syncs(10).nanoseconds), 1'000'000, 20'000);
}

TEST(journal_choice, one_stall_does_not_turn_it) {
  JournalChoice choice;
  choice.note_round(4096, seconds(30));
  EXPECT_TRUE(choice.through_journal(100, 4096));
  for (int i = 0; i < 40; ++i) choice.note_round(4096, microseconds(160));
  EXPECT_TRUE(choice.through_journal(4, 4096));
}

TEST(journal_choice, tries_the_other_way_now_and_then_unless_it_is_far_worse) {
  JournalChoice choice;
  int journal = 0;
  for (int i = 0; i < 2000; ++i) journal += choice.through_journal(2, 100) ? 1 : 0;
  EXPECT_GT(journal, 1950);
  EXPECT_LT(journal, 2000);
  for (int i = 0; i < 2000; ++i) EXPECT_TRUE(choice.through_journal(1000, 100));
}

}  // namespace
}  // namespace moldau::log
