// Time as the bench counts it: nanoseconds of the monotonic clock.
#pragma once

#include <cstdint>
#include <ctime>

namespace flare::bench {

constexpr int64_t kMicrosecond = 1'000;
constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kSecond = 1'000'000'000;

inline int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

inline double to_seconds(int64_t duration_ns) {
  return static_cast<double>(duration_ns) / static_cast<double>(kSecond);
}

inline double to_milliseconds(int64_t duration_ns) {
  return static_cast<double>(duration_ns) / static_cast<double>(kMillisecond);
}

}  // namespace flare::bench
