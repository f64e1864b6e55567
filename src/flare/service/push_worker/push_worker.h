// Hands dispatches to the gateways, in the conversation's order, and takes the devices'
// acknowledgements back: notes how far each member's devices are, and tells the other side of a
// single chat.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "flare/api/access_gateway.h"
#include "flare/api/push_worker.h"
#include "flare/api/signaling_online.h"
#include "flare/base/clock.h"
#include "flare/base/scope.h"
#include "flare/port/event_log.h"
#include "flare/port/message_store.h"
#include "flare/service/push_worker/config.h"
#include "flare/service/push_worker/metrics.h"

namespace flare::push_worker {

inline constexpr char kGroup[] = "push-worker";

class PushWorker final : public api::PushWorker {
 public:
  // All it reaches outside itself; each must outlive it.
  struct Needs {
    port::LogTopic& push_dispatch;
    port::MessageStore& store;
    api::SignalingOnline& online;
    api::GatewayDirectory& gateways;
    Clock& clock;
    Faults& faults;
    Metrics& metrics;
  };

  PushWorker(Config config, Needs needs) : config_(config), needs_(needs) {}

  Task<> acknowledge(Context ctx, std::vector<api::Acknowledgement> acknowledgements) override;

  Task<> start(Context ctx);
  Task<> stop(Context ctx);

 private:
  Task<> dispatch_forever(Context ctx);
  Task<> dispatch(Context ctx, port::LogBatch batch);
  Task<> hand_over(Context ctx, api::AccessGateway* gateway, std::vector<Bytes> events);
  Task<> note_forever(Context ctx);
  Task<> note(Context ctx, std::vector<port::Delivered> delivered);
  Task<std::vector<port::Delivered>> within_heads(Context ctx,
                                                  std::vector<port::Delivered> delivered);
  Task<> tell_peers(Context ctx, std::vector<port::Delivered> delivered);

  // Constant after construction.
  const Config config_;
  const Needs needs_;

  // Belongs to the loop that start() ran on.
  std::unique_ptr<port::LogSubscription> subscription_;
  Scope background_{"push-worker", needs_.faults};

  // Guarded by mutex_, which is never held across a wait: gateways of other loops put here. One
  // entry a member, so a burst of acknowledgements is noted once.
  std::mutex mutex_;
  std::unordered_map<std::string, port::Delivered> acknowledged_;
};

}  // namespace flare::push_worker
