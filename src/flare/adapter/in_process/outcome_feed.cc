#include "flare/adapter/in_process/outcome_feed.h"

namespace flare::in_process {

uint32_t OutcomeFeed::subscribe(Handlers handlers) {
  auto subscriber = std::make_shared<Subscriber>(Loop::current(), std::move(handlers));
  std::lock_guard lock(mutex_);
  subscribers_.emplace(next_, std::move(subscriber));
  return next_++;
}

void OutcomeFeed::unsubscribe(uint32_t orchestrator) {
  std::lock_guard lock(mutex_);
  const auto found = subscribers_.find(orchestrator);
  if (found == subscribers_.end()) return;
  found->second->active = false;
  subscribers_.erase(found);
}

void OutcomeFeed::publish(uint32_t orchestrator, std::vector<port::Outcome> outcomes) {
  if (waiting_.empty()) Loop::current()->at_turn_end([this] { flush(); });
  std::vector<port::Outcome>& waiting = waiting_[orchestrator];
  waiting.insert(waiting.end(), outcomes.begin(), outcomes.end());
}

void OutcomeFeed::flush() {
  for (auto& [orchestrator, outcomes] : std::exchange(waiting_, {})) {
    std::shared_ptr<Subscriber> subscriber = find(orchestrator);
    if (subscriber == nullptr) continue;
    Loop& loop = *subscriber->loop;
    loop.post([to = std::move(subscriber), told = std::move(outcomes)] {
      if (to->active) to->handlers.outcomes(told);
    });
  }
}

std::shared_ptr<OutcomeFeed::Subscriber> OutcomeFeed::find(uint32_t orchestrator) {
  std::lock_guard lock(mutex_);
  const auto found = subscribers_.find(orchestrator);
  return found == subscribers_.end() ? nullptr : found->second;
}

void OutcomeFeed::publish_changed(std::vector<port::ConversationKey> conversations) {
  const auto shared =
      std::make_shared<const std::vector<port::ConversationKey>>(std::move(conversations));
  std::lock_guard lock(mutex_);
  for (const auto& [number, subscriber] : subscribers_) {
    subscriber->loop->post([subscriber, shared] {
      if (subscriber->active) subscriber->handlers.changed(*shared);
    });
  }
}

}  // namespace flare::in_process
