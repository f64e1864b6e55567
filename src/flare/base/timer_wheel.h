// TimerWheel: many coarse deadlines at the price of one number each (hashed timing wheel, Varghese
// and Lauck 1987). Deadlines are re-armed lazily: an entry that comes up early because its owner
// was active meanwhile is simply added again.
//
//   wheel.add(id, now + 90s);
//   wheel.advance(now, [&](uint64_t id) { ... });   // from one periodic timer
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "flare/base/clock.h"

namespace flare {

class TimerWheel {
 public:
  // Deadlines further away than `tick` * `slots` come up early, at the wheel's horizon.
  TimerWheel(TimePoint now, Duration tick, size_t slots)
      : tick_(tick), slots_(slots), begin_(now) {}

  void add(uint64_t id, TimePoint when) {
    const uint64_t ahead = when <= time_of(current_) ? 1 : ticks(when) - current_ + 1;
    const uint64_t at = current_ + std::min<uint64_t>(ahead, slots_.size() - 1);
    slots_[at % slots_.size()].push_back(id);
  }

  // Calls `due` for everything whose deadline has passed. `due` may add.
  void advance(TimePoint now, auto&& due) {
    const uint64_t target = ticks(now);
    while (current_ < target) {
      ++current_;
      std::vector<uint64_t> slot;
      slot.swap(slots_[current_ % slots_.size()]);
      for (const uint64_t id : slot) due(id);
    }
  }

 private:
  uint64_t ticks(TimePoint when) const { return static_cast<uint64_t>((when - begin_) / tick_); }
  TimePoint time_of(uint64_t tick) const { return begin_ + tick_ * static_cast<int64_t>(tick); }

  const Duration tick_;
  std::vector<std::vector<uint64_t>> slots_;
  const TimePoint begin_;
  uint64_t current_ = 0;
};

}  // namespace flare
