// Histogram, and how the trace writes texts.
#include "base/histogram.h"

#include <gtest/gtest.h>

#include "base/trace.h"

namespace moldau {
namespace {

size_t bucket_of(Duration duration) {
  Histogram histogram;
  histogram.record(duration);
  for (size_t i = 0; i < Histogram::buckets; ++i) {
    if (histogram.count(i) == 1) return i;
  }
  return SIZE_MAX;
}

TEST(Histogram, EachDurationIsInTheSmallestBucketThatHoldsIt) {
  EXPECT_EQ(bucket_of({}), 0U);
  EXPECT_EQ(bucket_of({-5}), 0U);
  for (size_t i = 0; i < Histogram::finite_buckets; ++i) {
    const double bound = Histogram::upper_bound(i) * 1e9;
    EXPECT_EQ(bucket_of({static_cast<int64_t>(bound)}), i) << bound;
    EXPECT_EQ(bucket_of({static_cast<int64_t>(bound * 1.00001) + 2}), i + 1) << bound;
  }
  EXPECT_EQ(bucket_of({INT64_MAX}), Histogram::finite_buckets);
  EXPECT_EQ(Histogram::upper_bound(17), 1.0);
}

TEST(Histogram, CountsSumsAndDifferences) {
  Histogram histogram;
  histogram.record(milliseconds(1));
  const Histogram earlier = histogram;
  histogram.record(milliseconds(3));
  histogram.record(seconds(100));
  EXPECT_EQ(histogram.count(), 3U);
  EXPECT_DOUBLE_EQ(histogram.sum_seconds(), 100.004);
  EXPECT_EQ(histogram.since(earlier).count(), 2U);
  EXPECT_DOUBLE_EQ(histogram.since(earlier).sum_seconds(), 100.003);
}

TEST(Histogram, QuantilesLieInTheRightBucket) {
  Histogram histogram;
  EXPECT_EQ(histogram.quantile(0.99), 0);
  for (int i = 0; i < 99; ++i) histogram.record(milliseconds(1));
  histogram.record(seconds(3));
  EXPECT_GT(histogram.quantile(0.5), 0.0009);
  EXPECT_LT(histogram.quantile(0.5), 0.002);
  EXPECT_LE(histogram.quantile(0.99), 0.002);
  EXPECT_GT(histogram.quantile(0.999), 2.0);
  EXPECT_LE(histogram.quantile(0.999), 4.0);
  Histogram beyond;
  beyond.record(seconds(100));
  EXPECT_EQ(beyond.quantile(0.5), 32.0);
}

std::string traced;

TEST(Trace, TextsOfStrangersStayInTheirQuotes) {
  const TraceLevel before = trace_verbosity();
  set_trace([](TraceLevel, std::string_view line) { traced = line; }, TraceLevel::info);
  const std::string hostile = "a\" level=error event=\"x\nnext\\ \x01";
  trace(TraceLevel::info, "event=test group=\"{}\" size={} share={:.2f} {}", hostile, 7, 0.5, "b");
  EXPECT_EQ(traced, "event=test group=\"a\\\" level=error event=\\\"x\\nnext\\\\ \\x01\" size=7 share=0.50 b");
  traced.clear();
  trace(TraceLevel::debug, "event=unseen");
  EXPECT_EQ(traced, "");
  set_trace(nullptr, before);
}

}  // namespace
}  // namespace moldau
