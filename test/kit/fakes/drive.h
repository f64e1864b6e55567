// Driving a loop from a test: until something holds, or until nothing moves any more.
#pragma once

#include <functional>

#include "flare/base/loop.h"

namespace flare {

// Runs the loop until `condition` holds; false when it does not within five seconds.
bool run_until(Loop& loop, std::function<bool()> condition);

// Runs everything that is ready, and what becomes ready by it. Timers do not count.
void settle(Loop& loop);

}  // namespace flare
