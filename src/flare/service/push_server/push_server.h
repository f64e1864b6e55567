// Decides where an applied event goes: which gateways hold sessions of its receivers. One dispatch
// an event, whatever the number of members; groups are resolved by each gateway's own index.
#pragma once

#include <memory>

#include "flare/api/access_gateway.h"
#include "flare/api/signaling_online.h"
#include "flare/base/clock.h"
#include "flare/base/scope.h"
#include "flare/model/event.h"
#include "flare/port/event_log.h"
#include "flare/service/push_server/config.h"
#include "flare/service/push_server/metrics.h"

namespace flare::push_server {

inline constexpr char kGroup[] = "push-server";

class PushServer {
 public:
  // All it reaches outside itself; each must outlive it.
  struct Needs {
    port::LogTopic& push_messages;
    port::LogTopic& push_dispatch;
    api::SignalingOnline& online;
    api::GatewayDirectory& gateways;
    Clock& clock;
    Faults& faults;
    Metrics& metrics;
  };

  PushServer(Config config, Needs needs) : config_(config), needs_(needs) {}

  Task<> start(Context ctx);
  Task<> stop(Context ctx);

 private:
  Task<> schedule_forever(Context ctx);
  Task<> schedule(Context ctx, port::LogBatch batch);

  // Constant after construction.
  const Config config_;
  const Needs needs_;

  // Belongs to the loop that start() ran on.
  std::unique_ptr<port::LogSubscription> subscription_;
  Scope background_{"push-server", needs_.faults};
};

}  // namespace flare::push_server
