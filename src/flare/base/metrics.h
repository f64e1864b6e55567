// Metrics: counters, gauges and histograms, and their Prometheus text.
//
// A handle is a reference that lives as long as its registry; asking for the same name and labels
// again gives the same handle. Updating a handle takes no lock and may be done from any thread.
// Names are flare_<room>_<what>_<unit|total>, in [a-z0-9_]; a counter's ends in _total, nobody
// else's does. Labels come from closed sets (code, channel, topic), never from users, messages or
// conversations. Breaking these rules is a bug and fails an assert.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace flare {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

namespace detail {

// Enough that the loops of a large machine rarely meet on a cache line.
constexpr size_t kMetricCells = 8;

inline std::atomic<uint32_t> next_metric_cell = 0;

// The cell of the calling thread.
inline size_t metric_cell() {
  constexpr uint32_t kNone = kMetricCells;
  constinit static thread_local uint32_t cell = kNone;
  if (cell == kNone) {
    cell = next_metric_cell.fetch_add(1, std::memory_order_relaxed) % uint32_t{kMetricCells};
  }
  return cell;
}

}  // namespace detail

class Counter {
 public:
  void add(uint64_t n = 1) {
    cells_[detail::metric_cell()].count.fetch_add(n, std::memory_order_relaxed);
  }
  uint64_t value() const;

 private:
  struct alignas(64) Cell {
    std::atomic<uint64_t> count = 0;
  };
  std::array<Cell, detail::kMetricCells> cells_;
};

class Gauge {
 public:
  template <class N>
    requires std::is_arithmetic_v<N>
  void set(N value) {
    value_.store(static_cast<double>(value), std::memory_order_relaxed);
  }
  // Negative numbers take away.
  template <class N>
    requires std::is_arithmetic_v<N>
  void add(N value) {
    value_.fetch_add(static_cast<double>(value), std::memory_order_relaxed);
  }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<double> value_ = 0;
};

// 50 µs to 60 s: a memory lookup to a slow client.
constexpr std::array kSecondsBounds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                       0.01,    0.025,  0.05,    0.1,    0.25,  0.5,    1.0,
                                       2.5,     5.0,    10.0,    30.0,   60.0};

class Histogram {
 public:
  // Upper bounds of the buckets, ascending; a last one without a bound is added.
  explicit Histogram(std::span<const double> bounds);

  void observe(double value);
  template <class Rep, class Period>
  void observe(std::chrono::duration<Rep, Period> time) {
    observe(std::chrono::duration<double>(time).count());
  }

  // Not one instant: observations of other threads may be in one and not yet in the other.
  uint64_t count() const;
  double sum() const;

  const std::vector<double>& bounds() const { return bounds_; }
  // How many fell into each bucket (not those below); one more than bounds().
  std::vector<uint64_t> buckets() const;

 private:
  // Whole cache lines, so that two threads' buckets never share one.
  struct alignas(64) Line {
    std::array<std::atomic<uint64_t>, 8> counts{};
  };
  struct alignas(64) Cell {
    std::atomic<double> sum = 0;
    std::unique_ptr<Line[]> lines;

    std::atomic<uint64_t>& count(size_t bucket) const {
      return lines[bucket / 8].counts[bucket % 8];
    }
  };

  const std::vector<double> bounds_;
  std::array<Cell, detail::kMetricCells> cells_;
};

class MetricRegistry {
 public:
  MetricRegistry() = default;
  MetricRegistry(const MetricRegistry&) = delete;
  MetricRegistry& operator=(const MetricRegistry&) = delete;

  // Any thread; not for hot paths.
  Counter& counter(std::string_view name, std::string_view help, MetricLabels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, MetricLabels labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, MetricLabels labels = {},
                       std::span<const double> bounds = kSecondsBounds);

  // A gauge that asks `read` when it is scraped. `read` is called on the scraping thread and must
  // not use the registry. It is not called any more once the returned Watch is dead; the Watch
  // must not outlive the registry. Watching the same name and labels twice at a time is a bug.
  class [[nodiscard]] Watch;
  Watch watch(std::string_view name, std::string_view help, MetricLabels labels,
              std::move_only_function<double()> read);

  // Everything, in the Prometheus text format 0.0.4, sorted by name and labels.
  std::string text() const;

 private:
  enum class Kind { Counter, Gauge, Histogram };

  // Keyed by the labels as they are written: code="NOT_FOUND",topic="push".
  struct Family {
    Kind kind;
    std::string help;
    std::map<std::string, Counter> counters;
    std::map<std::string, Gauge> gauges;
    std::map<std::string, Histogram> histograms;
    std::map<std::string, std::move_only_function<double()>> watches;
  };

  Family& family(std::string_view name, std::string_view help, Kind kind);

  mutable std::mutex mutex_;
  mutable std::map<std::string, Family, std::less<>> families_;  // guarded by mutex_
};

class MetricRegistry::Watch {
 public:
  Watch() = default;
  Watch(Watch&& other) noexcept { *this = std::move(other); }
  Watch& operator=(Watch&& other) noexcept {
    std::swap(registry_, other.registry_);
    std::swap(name_, other.name_);
    std::swap(labels_, other.labels_);
    return *this;
  }
  ~Watch();

 private:
  friend class MetricRegistry;
  Watch(MetricRegistry* registry, std::string name, std::string labels)
      : registry_(registry), name_(std::move(name)), labels_(std::move(labels)) {}

  MetricRegistry* registry_ = nullptr;
  std::string name_;
  std::string labels_;
};

}  // namespace flare
