// Fetch sessions: what is remembered, what is sent again, and who makes room for whom.
#include "api/fetch_session.h"

#include <gtest/gtest.h>

namespace moldau::api {
namespace {

FetchKey key(int partition) {
  return {{}, "t", partition};
}

TEST(FetchSession, SendsOnlyWhatIsNew) {
  FetchSession session(7, false, false, Instant{});
  session.set(key(0), {.bytes_max = 10});
  session.set(key(1), {.bytes_max = 10});
  session.note(key(0), 5, 0);
  session.note(key(1), 5, 0);
  EXPECT_EQ(session.epoch(), 1);
  EXPECT_FALSE(session.take_up(key(0), {.high_watermark = 5, .log_start = 0}));
  EXPECT_TRUE(session.take_up(key(0), {.high_watermark = 6, .log_start = 0}));
  EXPECT_FALSE(session.take_up(key(0), {.high_watermark = 6, .log_start = 0}));
  EXPECT_TRUE(session.take_up(key(0), {.high_watermark = 6, .log_start = 2}));
  EXPECT_TRUE(session.take_up(key(0), {.high_watermark = 6, .log_start = 2, .records_bytes = 1}));
  // A partition that had data goes behind the others.
  EXPECT_EQ(session.partitions().front().key.partition, 1);
  EXPECT_EQ(session.partitions().back().key.partition, 0);
  // An error is always sent, and after it the partition once more.
  EXPECT_TRUE(
      session.take_up(key(1), {.error = wire::ErrorCode::kafka_storage_error, .high_watermark = 5, .log_start = 0}));
  EXPECT_TRUE(session.take_up(key(1), {.high_watermark = 5, .log_start = 0}));
  EXPECT_FALSE(session.take_up(key(1), {.high_watermark = 5, .log_start = 0}));
  EXPECT_FALSE(session.take_up(key(2), {.high_watermark = 5}));
}

TEST(FetchSession, EpochsWrapToOne) {
  EXPECT_EQ(next_fetch_epoch(0), 1);
  EXPECT_EQ(next_fetch_epoch(INT32_MAX), 1);
  EXPECT_EQ(next_fetch_epoch(final_fetch_epoch), final_fetch_epoch);
}

/// Makes a session of `size` partitions.
FetchSession* make(FetchSessions& sessions, bool privileged, int size, Instant now, uint64_t random) {
  FetchSession* const session = sessions.create(privileged, false, static_cast<size_t>(size), now, random);
  if (session == nullptr) return nullptr;
  for (int i = 0; i < size; ++i) session->set(key(i), {});
  sessions.touch(*session, now);
  return session;
}

TEST(FetchSessions, YoungSessionsKeepTheirPlace) {
  FetchSessions sessions(2);
  const Instant start{};
  ASSERT_NE(make(sessions, false, 5, start, 1), nullptr);
  ASSERT_NE(make(sessions, false, 5, start, 2), nullptr);
  EXPECT_EQ(make(sessions, false, 50, start + seconds(60), 3), nullptr);
  EXPECT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions.partitions(), 10U);
}

TEST(FetchSessions, StaleOnesAndSmallOldOnesMakeRoom) {
  FetchSessions sessions(2);
  Instant now{};
  const int32_t small = make(sessions, false, 2, now, 1)->id();
  const int32_t large = make(sessions, false, 9, now, 2)->id();
  now = now + seconds(121);
  sessions.touch(*sessions.find(small), now);
  sessions.touch(*sessions.find(large), now);
  EXPECT_EQ(make(sessions, false, 1, now, 3), nullptr);  // smaller than the smallest
  ASSERT_NE(make(sessions, false, 3, now, 4), nullptr);  // larger than the smallest, which is not young
  EXPECT_EQ(sessions.find(small), nullptr);
  EXPECT_NE(sessions.find(large), nullptr);
  now = now + seconds(121);
  ASSERT_NE(make(sessions, false, 1, now, 5), nullptr);  // all are stale now
  EXPECT_EQ(sessions.evictions(), 2U);
}

TEST(FetchSessions, FollowersGoBeforeConsumers) {
  FetchSessions sessions(2);
  const Instant now{};
  ASSERT_NE(make(sessions, false, 100, now, 1), nullptr);
  ASSERT_NE(make(sessions, false, 200, now, 2), nullptr);
  FetchSession* const follower = make(sessions, true, 1, now, 3);
  ASSERT_NE(follower, nullptr);
  ASSERT_NE(make(sessions, true, 1, now, 4), nullptr);
  EXPECT_EQ(make(sessions, true, 1, now, 5), nullptr);  // both are followers' now, and young
  sessions.remove(follower->id());
  EXPECT_EQ(sessions.size(), 1U);
  sessions.remove(12345);
  EXPECT_EQ(sessions.partitions(), 1U);
}

}  // namespace
}  // namespace moldau::api
