#include "flare/base/lanes.h"

namespace flare {

Task<Lanes::Turn> Lanes::enter(Context ctx, std::string key) {
  const auto [lane, free] = waiting_.try_emplace(key);
  if (!free) {
    auto mine = std::make_shared<Waiter>();
    lane->second.push_back(mine);
    Result<void> entered = co_await attempt(mine->turn.wait(std::move(ctx)));
    if (!entered) {
      mine->given_up = true;
      // The turn was on its way when the wait ended; it goes to the next.
      if (mine->handed) leave(key);
      co_await fail(std::move(entered).error());
    }
  }
  co_return Turn(this, std::move(key));
}

void Lanes::leave(const std::string& key) {
  const auto lane = waiting_.find(key);
  auto& queue = lane->second;
  while (!queue.empty() && queue.front()->given_up) queue.pop_front();
  if (queue.empty()) {
    waiting_.erase(lane);
    return;
  }
  const std::shared_ptr<Waiter> next = std::move(queue.front());
  queue.pop_front();
  next->handed = true;
  next->turn.resolve({});
}

}  // namespace flare
