// PresenceStore: which sessions are alive and which gateway holds them. Soft state: each session
// has a lease that its gateway renews; nobody concludes "offline" from an empty store before a
// lease has passed.
//
// Adapters: in_process (memory), redis. Each passes test/contract/presence_store_contract.h.
// Any loop may call.
#pragma once

#include <optional>
#include <vector>

#include "flare/base/context.h"
#include "flare/base/task.h"
#include "flare/model/session.h"

namespace flare::port {

class PresenceStore {
 public:
  virtual ~PresenceStore() = default;

  // Adds the session, or replaces the one with the same gateway and session id.
  virtual Task<> put(Context ctx, model::Session session, Duration lease) = 0;

  // Removes exactly this session; absent is fine.
  virtual Task<> remove(Context ctx, model::SessionKey key) = 0;

  // Renews the leases of a gateway's sessions; returns those the store no longer knows, which the
  // gateway then puts again.
  virtual Task<std::vector<model::SessionKey>> renew(Context ctx,
                                                     std::vector<model::SessionKey> sessions,
                                                     Duration lease) = 0;

  // The live sessions of each user, in the order asked.
  virtual Task<std::vector<std::vector<model::Session>>> find(Context ctx,
                                                              std::vector<UserId> users) = 0;
};

}  // namespace flare::port
