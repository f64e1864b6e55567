// Context: what travels with every request: whose it is, how to find it in the logs, how long it
// may take, and whether it is still wanted. Passed by value, first; may only be narrowed.
#pragma once

#include <algorithm>
#include <stop_token>
#include <string>

#include "flare/base/clock.h"
#include "flare/base/ids.h"

namespace flare {

struct Context {
  TenantId tenant;
  // Hexadecimal digits, given at the door. 15 of them: a string keeps so many without an
  // allocation, and contexts are copied often.
  std::string trace;
  TimePoint deadline = TimePoint::max();
  std::stop_token stop;

  // The same request with at most `budget` from `now` on.
  Context within(Duration budget, TimePoint now) const {
    Context narrowed = *this;
    narrowed.deadline = std::min(deadline, now + budget);
    return narrowed;
  }
};

}  // namespace flare
