// The load generators' histogram: percentiles of known values, to its resolution.
#include "bench/hdr_histogram.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace moldau::bench {
namespace {

TEST(HdrHistogram, NothingRecorded) {
  const HdrHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), 0);
  EXPECT_EQ(histogram.count(), 0U);
}

TEST(HdrHistogram, SmallValuesAreExact) {
  HdrHistogram histogram;
  for (int64_t value = 1; value <= 200; ++value) histogram.record(value);
  EXPECT_EQ(histogram.quantile(0.5), 100);
  EXPECT_EQ(histogram.quantile(0.99), 198);
  EXPECT_EQ(histogram.quantile(1.0), 200);
}

TEST(HdrHistogram, EveryValueIsFoundAgainToAShare) {
  Prng random(7);
  for (int i = 0; i < 10'000; ++i) {
    const auto value = static_cast<int64_t>(random.next() >> (24 + random.below(40)));
    HdrHistogram histogram;
    histogram.record(value);
    histogram.record(HdrHistogram::value_max);
    const int64_t found = histogram.quantile(0.5);
    EXPECT_GE(found, value);
    EXPECT_LE(found, value + value / 128) << value;
  }
}

TEST(HdrHistogram, CountsWeighAndBoundsHold) {
  HdrHistogram histogram;
  histogram.record(1000, 99);
  histogram.record(-5);
  EXPECT_EQ(histogram.count(), 100U);
  EXPECT_EQ(histogram.quantile(0.01), 0);
  EXPECT_NEAR(static_cast<double>(histogram.quantile(0.02)), 1000.0, 8.0);
  histogram.record(INT64_MAX);
  EXPECT_EQ(histogram.quantile(1.0), HdrHistogram::value_max);
}

}  // namespace
}  // namespace moldau::bench
