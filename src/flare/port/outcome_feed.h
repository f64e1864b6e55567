// OutcomeFeed: tells an orchestrator what became of the events it published: applied, with which
// seq. Soft: a lost outcome costs the waiting sender its seq, never the message.
//
// Adapters: in_process, kafka. Each passes test/contract/outcome_feed_contract.h. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "flare/model/ids.h"

namespace flare::port {

struct Outcome {
  MessageId id;
  Sequence seq = 0;
  ErrorCode code = ErrorCode::Internal;  // meaningful when seq is 0
};

class OutcomeFeed {
 public:
  using Handler = std::function<void(const std::vector<Outcome>&)>;

  virtual ~OutcomeFeed() = default;

  // `handler` runs on the calling loop, batch by batch. Returns the orchestrator's number, which it
  // puts into its events as Origin::orchestrator; never 0.
  virtual uint32_t subscribe(Handler handler) = 0;

  // No more calls of the handler once this returns on its loop.
  virtual void unsubscribe(uint32_t orchestrator) = 0;

  // Unknown orchestrators are ignored: they are gone.
  virtual void publish(uint32_t orchestrator, std::vector<Outcome> outcomes) = 0;
};

}  // namespace flare::port
