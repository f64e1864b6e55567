// Clock: the one source of time, so that a test can hold it still.
#pragma once

#include <chrono>
#include <cstdint>

namespace flare {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

class Clock {
 public:
  virtual ~Clock() = default;

  // Never goes back; for deadlines and intervals.
  virtual TimePoint now() const = 0;

  // Unix time in milliseconds; may jump. For people and for other machines.
  virtual int64_t wall_ms() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  int64_t wall_ms() const override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  }
};

// Moves only when told to.
class ManualClock final : public Clock {
 public:
  TimePoint now() const override { return time; }
  int64_t wall_ms() const override { return wall; }
  void advance(std::chrono::milliseconds by) {
    time += by;
    wall += by.count();
  }

  TimePoint time{std::chrono::hours(1)};
  int64_t wall = 1'700'000'000'000;
};

}  // namespace flare
