// OutcomeFeed: tells the orchestrators what became of published events: applied, with which seq;
// and which conversations changed their members, so that nobody trusts an old membership.
//
// Soft: a lost outcome costs the waiting sender its seq, never the message; a lost change is healed
// by the age limit of what the orchestrators remember.
//
// Adapters: in_process, kafka. Each passes test/contract/outcome_feed_contract.h. Any thread, but
// for publish().
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "flare/port/message_store.h"

namespace flare::port {

struct Outcome {
  MessageId id;
  Sequence seq = 0;  // 0: refused by the writer, with the code
  ErrorCode code = ErrorCode::Internal;
};

class OutcomeFeed {
 public:
  // Both run on the loop that subscribed.
  struct Handlers {
    std::function<void(const std::vector<Outcome>&)> outcomes;
    std::function<void(const std::vector<ConversationKey>&)> changed;
  };

  virtual ~OutcomeFeed() = default;

  // Returns the orchestrator's number, which it puts into its events as Origin::orchestrator;
  // never 0.
  virtual uint32_t subscribe(Handlers handlers) = 0;

  // On the loop that subscribed: the handlers are not called any more.
  virtual void unsubscribe(uint32_t orchestrator) = 0;

  // From one loop only, the storage writer's. May leave a little later, in order. Unknown
  // orchestrators are ignored: they are gone.
  virtual void publish(uint32_t orchestrator, std::vector<Outcome> outcomes) = 0;

  // To every orchestrator.
  virtual void publish_changed(std::vector<ConversationKey> conversations) = 0;
};

}  // namespace flare::port
