// The outcome feed inside one process: a post to the subscriber's loop for each turn of the
// publisher's.
//
// Outcomes leave at the end of the turn, behind the pushes that the same turn hands to the
// gateways: so what a connection is told and what is pushed to it leave in one system call.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "flare/base/loop.h"
#include "flare/port/outcome_feed.h"

namespace flare::in_process {

class OutcomeFeed final : public port::OutcomeFeed {
 public:
  uint32_t subscribe(Handlers handlers) override;
  void unsubscribe(uint32_t orchestrator) override;
  void publish(uint32_t orchestrator, std::vector<port::Outcome> outcomes) override;
  void publish_changed(std::vector<port::ConversationKey> conversations) override;

 private:
  struct Subscriber {
    Loop* loop;
    Handlers handlers;
    bool active = true;  // belongs to the loop
  };

  void flush();
  std::shared_ptr<Subscriber> find(uint32_t orchestrator);

  // Belongs to the publishing loop.
  std::unordered_map<uint32_t, std::vector<port::Outcome>> waiting_;

  std::mutex mutex_;
  uint32_t next_ = 1;                                                      // guarded by mutex_
  std::unordered_map<uint32_t, std::shared_ptr<Subscriber>> subscribers_;  // guarded by mutex_
};

}  // namespace flare::in_process
