// FakeOnline: who is online, in a map that tests may fill themselves.
//
// Belongs to one loop.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flare/api/signaling_online.h"
#include "kit/fakes/gate.h"

namespace flare {

class FakeOnline final : public api::SignalingOnline {
 public:
  // As if the user had logged in at that gateway.
  void put(const std::string& tenant, const std::string& user, const std::string& gateway,
           uint64_t session = 1) {
    sessions[{{tenant}, {user}}].push_back(
        {.key = {gateway, session}, .user = {user}, .device = {}, .platform = "web"});
  }

  Task<> login(Context ctx, model::Session session) override {
    co_await login_gate.pass(ctx);
    co_await ready();
    logins.push_back(session);
    sessions[{ctx.tenant, session.user}].push_back(std::move(session));
  }

  Task<> logout(Context ctx, model::Session session) override {
    co_await ready();
    std::erase_if(sessions[{ctx.tenant, session.user}],
                  [&](const model::Session& one) { return one.key == session.key; });
    logouts.push_back(std::move(session));
  }

  Task<> heartbeat(Context, std::vector<model::Session> renewed) override {
    co_await ready();
    heartbeats.push_back(std::move(renewed));
  }

  Task<std::vector<api::UserPresence>> query(Context ctx, std::vector<UserId> users) override {
    co_await ready();
    std::vector<api::UserPresence> found;
    for (const UserId& user : users) {
      api::UserPresence presence{.user = user};
      for (const model::Session& session : of(ctx.tenant, user)) {
        presence.online = true;
        presence.platforms = {session.platform};
      }
      found.push_back(std::move(presence));
    }
    co_return found;
  }

  Task<std::vector<std::vector<model::Session>>> locate(Context ctx,
                                                        std::vector<UserId> users) override {
    co_await ready();
    ++locates;
    std::vector<std::vector<model::Session>> found;
    for (const UserId& user : users) found.push_back(of(ctx.tenant, user));
    co_return found;
  }

  std::map<std::pair<TenantId, UserId>, std::vector<model::Session>> sessions;
  std::vector<model::Session> logins;
  std::vector<model::Session> logouts;
  std::vector<std::vector<model::Session>> heartbeats;
  size_t locates = 0;
  Gate login_gate;
  std::optional<Error> failure;

 private:
  Result<> ready() const {
    if (failure) return fail(*failure);
    return {};
  }
  std::vector<model::Session> of(const TenantId& tenant, const UserId& user) const {
    const auto found = sessions.find({tenant, user});
    return found == sessions.end() ? std::vector<model::Session>() : found->second;
  }
};

}  // namespace flare
