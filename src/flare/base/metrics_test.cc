#include "flare/base/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace flare {
namespace {

using namespace std::chrono_literals;

TEST(MetricsTest, NoAddIsLostBetweenThreads) {
  MetricRegistry registry;
  Counter& counter = registry.counter("flare_test_adds_total", "Adds.");
  Histogram& histogram = registry.histogram("flare_test_add_seconds", "Adds.");

  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 10; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 1000; ++n) {
          counter.add();
          histogram.observe(0.5);
        }
      });
    }
  }

  EXPECT_EQ(counter.value(), 10'000u);
  EXPECT_EQ(histogram.count(), 10'000u);
  EXPECT_DOUBLE_EQ(histogram.sum(), 5'000.0);
}

TEST(MetricsTest, TheSameNameAndLabelsAreTheSameHandle) {
  MetricRegistry registry;
  Counter& first = registry.counter("flare_test_total", "X.", {{"code", "OK"}, {"topic", "t"}});

  Counter& again = registry.counter("flare_test_total", "X.", {{"topic", "t"}, {"code", "OK"}});
  Counter& other = registry.counter("flare_test_total", "X.", {{"code", "NO"}, {"topic", "t"}});

  EXPECT_EQ(&first, &again);
  EXPECT_NE(&first, &other);
}

TEST(MetricsTest, AFamilySaysItsHelpAndTypeOnce) {
  MetricRegistry registry;
  registry.counter("flare_test_sends_total", "Sends by outcome.", {{"code", "OK"}}).add(3);
  registry.counter("flare_test_sends_total", "Sends by outcome.", {{"code", "NOT_FOUND"}}).add();
  registry.gauge("flare_test_open", "Open connections.").set(7);

  EXPECT_EQ(registry.text(),
            "# HELP flare_test_open Open connections.\n"
            "# TYPE flare_test_open gauge\n"
            "flare_test_open 7\n"
            "# HELP flare_test_sends_total Sends by outcome.\n"
            "# TYPE flare_test_sends_total counter\n"
            "flare_test_sends_total{code=\"NOT_FOUND\"} 1\n"
            "flare_test_sends_total{code=\"OK\"} 3\n");
}

TEST(MetricsTest, HelpAndLabelsCannotBreakTheirLine) {
  MetricRegistry registry;
  registry.gauge("flare_test_odd", "Back\\slash, \"quote\",\nnew line.", {{"a", "\\ \" \n"}});

  EXPECT_EQ(registry.text(),
            "# HELP flare_test_odd Back\\\\slash, \"quote\",\\nnew line.\n"
            "# TYPE flare_test_odd gauge\n"
            "flare_test_odd{a=\"\\\\ \\\" \\n\"} 0\n");
}

TEST(MetricsTest, ABucketCountsEverythingUpToItsBound) {
  MetricRegistry registry;
  constexpr double kBounds[] = {0.1, 1};
  Histogram& histogram =
      registry.histogram("flare_test_seconds", "Time.", {{"door", "send"}}, kBounds);

  histogram.observe(100ms);  // on the bound: inside
  histogram.observe(0.25);
  histogram.observe(2s);

  EXPECT_EQ(registry.text(),
            "# HELP flare_test_seconds Time.\n"
            "# TYPE flare_test_seconds histogram\n"
            "flare_test_seconds_bucket{door=\"send\",le=\"0.1\"} 1\n"
            "flare_test_seconds_bucket{door=\"send\",le=\"1\"} 2\n"
            "flare_test_seconds_bucket{door=\"send\",le=\"+Inf\"} 3\n"
            "flare_test_seconds_sum{door=\"send\"} 2.35\n"
            "flare_test_seconds_count{door=\"send\"} 3\n");
}

TEST(MetricsTest, AGaugeGoesUpAndDown) {
  MetricRegistry registry;
  Gauge& gauge = registry.gauge("flare_test_in_flight", "Requests in flight.");

  gauge.add(1);
  gauge.add(1);
  gauge.add(-1);

  EXPECT_EQ(gauge.value(), 1);
}

TEST(MetricsTest, AWatchIsAskedAtEachScrapeAndNeverAfterItsDeath) {
  MetricRegistry registry;
  int asked = 0;
  {
    MetricRegistry::Watch watch =
        registry.watch("flare_test_depth", "Depth.", {}, [&] { return 1.5 * ++asked; });
    EXPECT_TRUE(registry.text().contains("flare_test_depth 1.5\n"));
    EXPECT_TRUE(registry.text().contains("flare_test_depth 3\n"));
  }

  EXPECT_FALSE(registry.text().contains("flare_test_depth 4.5"));
  EXPECT_EQ(asked, 2);
}

TEST(MetricsTest, AMovedWatchKeepsWatching) {
  MetricRegistry registry;
  MetricRegistry::Watch kept;
  {
    MetricRegistry::Watch watch = registry.watch("flare_test_depth", "D.", {}, [] { return 2.0; });
    kept = std::move(watch);
  }

  EXPECT_TRUE(registry.text().contains("flare_test_depth 2\n"));
}

#ifndef NDEBUG
TEST(MetricsDeathTest, ABadNameIsABug) {
  MetricRegistry registry;
  EXPECT_DEATH(registry.counter("flare_test_sends", "Lacks _total."), "_total");
  EXPECT_DEATH(registry.gauge("flare_test_total", "No counter."), "_total");
  EXPECT_DEATH(registry.gauge("test_open", "Lacks flare_."), "flare_");
  EXPECT_DEATH(registry.gauge("flare_Test", "Upper case."), "a-z");
  EXPECT_DEATH(registry.gauge("flare_test", "Reserved label.", {{"le", "1"}}), "label");
}
#endif

}  // namespace
}  // namespace flare
