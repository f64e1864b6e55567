// SignalingOnline: who is online, where. Any loop may call.
#pragma once

#include <string>
#include <vector>

#include "flare/base/context.h"
#include "flare/base/task.h"
#include "flare/model/session.h"

namespace flare::api {

struct UserPresence {
  UserId user;
  bool online = false;
  std::vector<std::string> platforms;  // sorted, each once
};

class SignalingOnline {
 public:
  virtual ~SignalingOnline() = default;

  // Registers the session. An older session of the same device is kicked; a newer one refuses
  // this with Conflict, so that a late old connection cannot kick the one that replaced it.
  virtual Task<> login(Context ctx, model::Session session) = 0;

  virtual Task<> logout(Context ctx, model::Session session) = 0;

  // Renews the leases of a gateway's sessions; registers again those the store has lost.
  virtual Task<> heartbeat(Context ctx, std::vector<model::Session> sessions) = 0;

  // In the order asked.
  virtual Task<std::vector<UserPresence>> query(Context ctx, std::vector<UserId> users) = 0;

  // The sessions of each user, in the order asked: where to push.
  virtual Task<std::vector<std::vector<model::Session>>> locate(Context ctx,
                                                                std::vector<UserId> users) = 0;
};

}  // namespace flare::api
