#include "cmd/flare_bench/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace flare::bench {
namespace {

TEST(HistogramTest, EmptyHasNoQuantiles) {
  const Histogram histogram;

  EXPECT_EQ(histogram.quantile(0.5), 0);
  EXPECT_EQ(histogram.max(), 0);
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram histogram;

  for (int64_t value = 1; value <= 100; ++value) histogram.record(value);

  EXPECT_EQ(histogram.quantile(0.5), 50);
  EXPECT_EQ(histogram.quantile(0.99), 99);
  EXPECT_EQ(histogram.quantile(1), 100);
}

TEST(HistogramTest, LargeValuesAreWithinOnePercent) {
  std::mt19937_64 random(7);
  std::vector<int64_t> values;
  Histogram histogram;
  for (int i = 0; i < 100'000; ++i) {
    values.push_back(static_cast<int64_t>(random() >> (24 + i % 30)));
    histogram.record(values.back());
  }

  std::ranges::sort(values);
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto exact = static_cast<double>(
        values[static_cast<size_t>(share * static_cast<double>(values.size())) - 1]);
    EXPECT_NEAR(static_cast<double>(histogram.quantile(share)), exact, exact * 0.01) << share;
  }
  EXPECT_EQ(histogram.max(), values.back());
}

TEST(HistogramTest, ValuesPastTheEndKeepTheMaximum) {
  Histogram histogram;

  histogram.record(int64_t{1} << 60);

  EXPECT_EQ(histogram.max(), int64_t{1} << 60);
  EXPECT_EQ(histogram.count(), 1u);
}

TEST(HistogramTest, MergeIsAsIfRecordedInOne) {
  Histogram one;
  Histogram other;
  one.record(10);
  other.record(5000);

  one.merge(other);

  EXPECT_EQ(one.count(), 2u);
  EXPECT_EQ(one.max(), 5000);
  EXPECT_EQ(one.quantile(0.5), 10);
}

}  // namespace
}  // namespace flare::bench
