// Accepts what changes a conversation: checks it, names it, and makes it durable in the event log.
// Knows nothing of who stores or pushes it.
//
// An instance belongs to one loop; a process has one for each loop that takes clients.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "flare/api/orchestrator.h"
#include "flare/base/clock.h"
#include "flare/base/lanes.h"
#include "flare/base/scope.h"
#include "flare/port/outcome_feed.h"
#include "flare/port/write_ahead_log.h"
#include "flare/service/message_orchestrator/config.h"
#include "flare/service/message_orchestrator/membership.h"
#include "flare/service/message_orchestrator/metrics.h"

namespace flare::message_orchestrator {

class Orchestrator final : public api::Orchestrator {
 public:
  // All it reaches outside itself; each must outlive it.
  struct Needs {
    port::WriteAheadLog& wal;
    port::MessageStore& store;
    port::OutcomeFeed& outcomes;
    Clock& clock;
    Faults& faults;
    Metrics& metrics;
  };

  Orchestrator(Config config, Needs needs);

  Task<api::SendReceipt> send(Context ctx, api::SendRequest request) override;
  Task<api::OperateReceipt> operate(Context ctx, api::OperateRequest request) override;
  Task<> read(Context ctx, api::ReadRequest request) override;

  Task<> start(Context ctx);
  Task<> stop(Context ctx);

 private:
  Result<> check(const api::SendRequest& request) const;
  Result<> check(const api::OperateRequest& request, const Standing& standing) const;
  Task<Standing> standing(Context ctx, ConversationId conversation, UserId user);
  Task<> publish(Context ctx, ConversationId conversation, std::string event);
  Task<std::optional<port::Outcome>> publish_and_learn(Context ctx, MessageId id, Task<> published);
  void stop_waiting(const MessageId& id, uint64_t ticket);
  Task<> sweep_forever(Context ctx);
  Task<> expire_forever(Context ctx);
  void on_outcomes(const std::vector<port::Outcome>& outcomes);

  struct Waiter {
    Pending<port::Outcome> outcome;
    TimePoint since;
    uint64_t ticket = 0;
  };

  // Constant after construction.
  const Config config_;
  const Needs needs_;

  // Belongs to the loop that start() ran on.
  uint32_t number_ = 0;  // our name in the outcome feed
  Membership membership_;
  Lanes lanes_;
  // Senders waiting for a seq. Retries of one message wait together.
  std::unordered_multimap<MessageId, Waiter> waiting_;
  uint64_t tickets_ = 0;
  Scope background_{"message-orchestrator", needs_.faults};
};

}  // namespace flare::message_orchestrator
