// FakePresenceStore: a PresenceStore in a map, whose leases end by a clock. Counts the round trips,
// and fails every call while `failure` is set.
//
// Belongs to one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flare/base/clock.h"
#include "flare/port/presence_store.h"

namespace flare {

class FakePresenceStore final : public port::PresenceStore {
 public:
  explicit FakePresenceStore(const Clock& clock) : clock_(clock) {}

  Task<> put(Context ctx, model::Session session, Duration lease) override {
    co_await ready();
    journal.push_back("put " + session.key.gateway + "/" + std::to_string(session.key.session));
    Record& record = sessions[{ctx.tenant, session.key}];
    record = {std::move(session), clock_.now() + lease};
  }

  Task<> remove(Context ctx, model::SessionKey key) override {
    co_await ready();
    journal.push_back("remove " + key.gateway + "/" + std::to_string(key.session));
    sessions.erase({ctx.tenant, key});
  }

  Task<std::vector<model::SessionKey>> renew(Context ctx, std::vector<model::SessionKey> keys,
                                             Duration lease) override {
    co_await ready();
    ++renews;
    std::vector<model::SessionKey> lost;
    for (const model::SessionKey& key : keys) {
      const auto found = sessions.find({ctx.tenant, key});
      if (found == sessions.end() || found->second.ends <= clock_.now()) {
        lost.push_back(key);
      } else {
        found->second.ends = clock_.now() + lease;
      }
    }
    co_return lost;
  }

  Task<std::vector<std::vector<model::Session>>> find(Context ctx,
                                                      std::vector<UserId> users) override {
    co_await ready();
    ++finds;
    std::vector<std::vector<model::Session>> found(users.size());
    for (size_t i = 0; i < users.size(); ++i) {
      for (const auto& [key, record] : sessions) {
        if (key.first != ctx.tenant || record.session.user != users[i]) continue;
        if (record.ends > clock_.now()) found[i].push_back(record.session);
      }
    }
    co_return found;
  }

  struct Record {
    model::Session session;
    TimePoint ends;
  };

  std::map<std::pair<TenantId, model::SessionKey>, Record> sessions;
  std::vector<std::string> journal;  // "put g1/7", "remove g1/7", in order
  size_t renews = 0;
  size_t finds = 0;
  std::optional<Error> failure;

 private:
  Result<> ready() const {
    if (failure) return fail(*failure);
    return {};
  }

  const Clock& clock_;
};

}  // namespace flare
