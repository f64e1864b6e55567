// Backoff: growing pauses between tries, for the one loop that owns the work.
#pragma once

#include <algorithm>
#include <chrono>

#include "flare/base/pending.h"

namespace flare {

class Backoff {
 public:
  explicit Backoff(std::chrono::milliseconds first = std::chrono::milliseconds(10),
                   std::chrono::milliseconds most = std::chrono::milliseconds(1000))
      : first_(first), most_(most), next_(first) {}

  // Each pause is twice the last one, up to `most`.
  Task<> wait(Context ctx) {
    const auto pause = next_;
    next_ = std::min(next_ * 2, most_);
    return sleep_for(std::move(ctx), pause);
  }

  void reset() { next_ = first_; }

 private:
  const std::chrono::milliseconds first_;
  const std::chrono::milliseconds most_;
  std::chrono::milliseconds next_;
};

}  // namespace flare
