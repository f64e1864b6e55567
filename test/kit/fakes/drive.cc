#include "kit/fakes/drive.h"

#include "flare/base/pending.h"
#include "flare/base/run.h"

namespace flare {
namespace {

// Longer than any chain of posts in a service, from one request to its answer.
constexpr int kTurns = 100;

Task<bool> wait_for(std::function<bool()> condition) {
  using namespace std::chrono_literals;
  const TimePoint end = SystemClock().now() + 5s;
  while (!condition()) {
    if (SystemClock().now() > end) co_return false;
    co_await sleep_for({}, 100us);
  }
  co_return true;
}

Task<> turns() {
  for (int i = 0; i < kTurns; ++i) {
    Pending<> next;
    next.resolve({});
    co_await next.wait({});
  }
}

}  // namespace

bool run_until(Loop& loop, std::function<bool()> condition) {
  return run(loop, wait_for(std::move(condition))).value_or(false);
}

void settle(Loop& loop) { (void)run(loop, turns()); }

}  // namespace flare
