// The embedded PresenceStore: the live sessions of all gateways in this process, in memory.
//
// A lease that has run out is not found any more at once; its memory is freed by later calls, a few
// sessions each. A session takes about 300 bytes.
#pragma once

#include <memory>

#include "flare/base/clock.h"
#include "flare/port/presence_store.h"

namespace flare::in_process {

class PresenceStore final : public port::PresenceStore {
 public:
  // `clock` must outlive the store.
  explicit PresenceStore(const Clock& clock);
  ~PresenceStore() override;

  Task<> put(Context ctx, model::Session session, Duration lease) override;
  Task<> remove(Context ctx, model::SessionKey key) override;
  Task<std::vector<model::SessionKey>> renew(Context ctx, std::vector<model::SessionKey> sessions,
                                             Duration lease) override;
  Task<std::vector<std::vector<model::Session>>> find(Context ctx,
                                                      std::vector<UserId> users) override;

  // Sessions in memory, those with an expired lease that are not yet freed included.
  size_t size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flare::in_process
