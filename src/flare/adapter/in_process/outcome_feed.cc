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
  std::shared_ptr<Subscriber> subscriber;
  {
    std::lock_guard lock(mutex_);
    const auto found = subscribers_.find(orchestrator);
    if (found == subscribers_.end()) return;
    subscriber = found->second;
  }
  Loop& loop = *subscriber->loop;
  loop.post([subscriber = std::move(subscriber), outcomes = std::move(outcomes)] {
    if (subscriber->active) subscriber->handlers.outcomes(outcomes);
  });
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
