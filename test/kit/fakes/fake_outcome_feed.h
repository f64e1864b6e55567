// FakeOutcomeFeed: passes outcomes on to who subscribed, and writes them down.
//
// Belongs to one loop.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "flare/port/outcome_feed.h"

namespace flare {

class FakeOutcomeFeed final : public port::OutcomeFeed {
 public:
  uint32_t subscribe(Handlers handlers) override {
    subscribers.emplace(++last_, std::move(handlers));
    return last_;
  }
  void unsubscribe(uint32_t orchestrator) override { subscribers.erase(orchestrator); }

  void publish(uint32_t orchestrator, std::vector<port::Outcome> outcomes) override {
    if (journal != nullptr) journal->push_back("outcomes");
    for (const port::Outcome& outcome : outcomes) published[orchestrator].push_back(outcome);
    const auto found = subscribers.find(orchestrator);
    if (found != subscribers.end()) found->second.outcomes(outcomes);
  }

  void publish_changed(std::vector<port::ConversationKey> conversations) override {
    for (const port::ConversationKey& key : conversations) changed.push_back(key);
    for (const auto& [number, handlers] : subscribers) handlers.changed(conversations);
  }

  std::map<uint32_t, Handlers> subscribers;
  std::map<uint32_t, std::vector<port::Outcome>> published;  // by orchestrator
  std::vector<port::ConversationKey> changed;
  std::vector<std::string>* journal = nullptr;  // shared with another fake, to see the order

 private:
  uint32_t last_ = 0;
};

}  // namespace flare
