// The cost of counting on the hot path, alone and with every core at the same handle. Watches for
// a lock or a shared cache line; the scrape is there so that its growth is seen.
#include "flare/base/metrics.h"

#include <benchmark/benchmark.h>

namespace flare {
namespace {

MetricRegistry& registry() {
  static MetricRegistry instance;
  return instance;
}

void BM_CounterAdd(benchmark::State& state) {
  Counter& counter = registry().counter("flare_bench_adds_total", "Adds.");
  for (auto _ : state) counter.add();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_CounterAdd)->Threads(1)->Threads(2)->Threads(8);

void BM_HistogramObserve(benchmark::State& state) {
  Histogram& histogram = registry().histogram("flare_bench_seconds", "Time.");
  double value = 0.00001;
  for (auto _ : state) {
    histogram.observe(value);
    value = value < 10 ? value * 1.1 : 0.00001;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_HistogramObserve)->Threads(1)->Threads(2)->Threads(8);

void BM_Scrape(benchmark::State& state) {
  MetricRegistry many;
  for (int64_t i = 0; i < state.range(0); ++i) {
    const std::string room = std::to_string(i);
    many.counter("flare_bench_" + room + "_total", "A counter.").add();
    many.histogram("flare_bench_" + room + "_seconds", "A histogram.").observe(0.5);
  }
  for (auto _ : state) benchmark::DoNotOptimize(many.text());
}
BENCHMARK(BM_Scrape)->Arg(100);

}  // namespace
}  // namespace flare
