// Knows who is online, where: registers sessions, renews their leases, and sees to it that a device
// has one session, the one that logged in last. Knows nothing of tokens and connections, and keeps
// nothing itself: the presence store does.
#pragma once

#include <vector>

#include "flare/api/access_gateway.h"
#include "flare/api/signaling_online.h"
#include "flare/base/clock.h"
#include "flare/port/presence_store.h"
#include "flare/service/signaling_online/config.h"
#include "flare/service/signaling_online/metrics.h"

namespace flare::signaling_online {

// Any loop may call.
class SignalingOnline final : public api::SignalingOnline {
 public:
  // All it reaches outside itself; each must outlive it.
  struct Needs {
    port::PresenceStore& presence;
    api::GatewayDirectory& gateways;
    Clock& clock;
    Metrics& metrics;
  };

  SignalingOnline(Config config, Needs needs) : config_(config), needs_(needs) {}

  Task<> login(Context ctx, model::Session session) override;
  Task<> logout(Context ctx, model::Session session) override;
  Task<> heartbeat(Context ctx, std::vector<model::Session> sessions) override;
  Task<std::vector<api::UserPresence>> query(Context ctx, std::vector<UserId> users) override;
  Task<std::vector<std::vector<model::Session>>> locate(Context ctx,
                                                        std::vector<UserId> users) override;

 private:
  // A session that has to go, and the newer one of its device.
  struct Replaced {
    model::Session session;
    model::Session by;
  };

  // The session's login_ms, moved behind those of its device that are from the same moment.
  Task<int64_t> epoch_of(Context ctx, model::Session session);

  // Puts the sessions, then looks who else is there: all but the newest login of each of their
  // devices are returned.
  Task<std::vector<Replaced>> settle(Context ctx, std::vector<model::Session> sessions);

  // Removes the session from presence and tells its gateway to close it.
  Task<> kick(Context ctx, Replaced replaced);

  // Constant after construction.
  const Config config_;
  const Needs needs_;
};

}  // namespace flare::signaling_online
