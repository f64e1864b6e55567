#include "cmd/flare_bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace flare::bench {
namespace {

constexpr int kPrecisionBits = 7;
constexpr int kValueBits = 40;
constexpr size_t kHalf = size_t{1} << kPrecisionBits;
constexpr size_t kBuckets = (kValueBits - kPrecisionBits + 1) * kHalf;

// Each power of two above 128 is cut into 128 equal buckets.
size_t to_bucket(uint64_t value) {
  if (value < kHalf) return value;
  const int shift = 63 - std::countl_zero(value) - kPrecisionBits;
  const size_t bucket = static_cast<size_t>(shift + 1) * kHalf + ((value >> shift) - kHalf);
  return std::min(bucket, kBuckets - 1);
}

// The largest value that falls into the bucket.
int64_t upper_bound(size_t bucket) {
  if (bucket < kHalf) return static_cast<int64_t>(bucket);
  const size_t shift = bucket / kHalf - 1;
  return static_cast<int64_t>((((bucket % kHalf) + kHalf + 1) << shift) - 1);
}

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

void Histogram::record(int64_t value_ns) {
  const int64_t value = std::max<int64_t>(value_ns, 0);
  ++buckets_[to_bucket(static_cast<uint64_t>(value))];
  ++count_;
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() {
  std::fill(buckets_.begin(), buckets_.end(), 0);
  count_ = 0;
  max_ = 0;
}

int64_t Histogram::quantile(double share) const {
  if (count_ == 0) return 0;
  const auto wanted =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return std::min(upper_bound(i), max_);
  }
  return max_;
}

}  // namespace flare::bench
