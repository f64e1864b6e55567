// A log-linear histogram of durations, as HdrHistogram: below 128 ns exact, above within 0.8 %.
// Values past about 18 minutes are counted in the last bucket; the maximum is kept exactly.
#pragma once

#include <cstdint>
#include <vector>

namespace flare::bench {

class Histogram {
 public:
  Histogram();

  void record(int64_t value_ns);
  void merge(const Histogram& other);
  void clear();

  uint64_t count() const { return count_; }
  int64_t max() const { return max_; }

  // The smallest bucket bound that at least `share` (0 to 1) of the values do not exceed; 0 when
  // nothing was recorded.
  int64_t quantile(double share) const;

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  int64_t max_ = 0;
};

}  // namespace flare::bench
