#include "flare/base/pending.h"

namespace flare {

Task<> sleep_for(Context ctx, Duration duration) {
  Loop* loop = Loop::current();
  Pending<> woken;
  const Loop::TimerId timer = loop->after(duration, [woken] { woken.resolve({}); });
  Result<void> result = co_await attempt(woken.wait(std::move(ctx)));
  loop->cancel(timer);
  co_await std::move(result);
}

}  // namespace flare
