#include <algorithm>
#include <tuple>

#include "flare/base/log.h"
#include "flare/service/signaling_online/signaling_online.h"

namespace flare::signaling_online {
namespace {

// The login epoch. Two logins in one millisecond still have one order, the same on every node.
bool older(const model::Session& a, const model::Session& b) {
  return std::tie(a.login_ms, a.key) < std::tie(b.login_ms, b.key);
}

// Logins of one moment, and of nodes whose clocks differ a little, count in the order they arrive.
// What is later than this is a connection that was really held up.
constexpr int64_t kClockSkewMs = 1000;

}  // namespace

// A refused login is put and removed again: only looking after putting is sure to see a login of
// the same device on another node, whichever of the two is first.
Task<> SignalingOnline::login(Context ctx, model::Session session) {
  session.login_ms = co_await epoch_of(ctx, session);
  bool late = false;
  for (Replaced& replaced : co_await settle(ctx, {session})) {
    if (replaced.session.key == session.key) {
      late = true;
    } else {
      co_await kick(ctx, std::move(replaced));
    }
  }
  if (late) {
    needs_.metrics.late_logins.add();
    co_await needs_.presence.remove(ctx, session.key);
    co_await fail(ErrorCode::Conflict, "a newer login of this device exists");
  }
  needs_.metrics.logins.add();
}

Task<int64_t> SignalingOnline::epoch_of(Context ctx, model::Session session) {
  int64_t newest = session.login_ms - 1;
  const std::vector<std::vector<model::Session>> present =
      co_await needs_.presence.find(ctx, {session.user});
  for (const model::Session& other : present.front()) {
    if (other.key == session.key) continue;
    if (other.device == session.device) newest = std::max(newest, other.login_ms);
  }
  const bool same_moment = newest - session.login_ms < kClockSkewMs;
  co_return same_moment ? newest + 1 : session.login_ms;
}

Task<> SignalingOnline::logout(Context ctx, model::Session session) {
  needs_.metrics.logouts.add();
  co_await needs_.presence.remove(ctx, std::move(session.key));
}

Task<std::vector<SignalingOnline::Replaced>> SignalingOnline::settle(
    Context ctx, std::vector<model::Session> sessions) {
  std::vector<UserId> users;
  for (const model::Session& session : sessions) {
    co_await needs_.presence.put(ctx, session, config_.lease);
    users.push_back(session.user);
  }
  std::ranges::sort(users);
  users.erase(std::ranges::unique(users).begin(), users.end());

  std::vector<Replaced> replaced;
  for (std::vector<model::Session>& present : co_await needs_.presence.find(ctx, users)) {
    // Of each device the newest login first; those that follow have to go.
    std::ranges::sort(present, [](const model::Session& a, const model::Session& b) {
      return a.device == b.device ? older(b, a) : a.device < b.device;
    });
    const model::Session* newest = nullptr;
    for (const model::Session& session : present) {
      if (newest != nullptr && newest->device == session.device) {
        replaced.push_back({.session = session, .by = *newest});
      } else {
        newest = &session;
      }
    }
  }
  co_return replaced;
}

// A gateway that cannot be told now keeps a session that presence does not know. Its next heartbeat
// brings the session back here, and it is kicked again.
Task<> SignalingOnline::kick(Context ctx, Replaced replaced) {
  const model::SessionKey key = replaced.session.key;
  co_await needs_.presence.remove(ctx, key);
  needs_.metrics.kicks.add();
  api::AccessGateway* gateway = needs_.gateways.find(key.gateway);
  if (gateway == nullptr) co_return;  // its connections are gone with it
  Result<> told =
      co_await attempt(gateway->kick(ctx, key.session, "another login of this device",
                                     replaced.by.device.text + "/" + replaced.by.platform));
  if (told) co_return;
  needs_.metrics.kicks_failed.add();
  log_warning("kick_failed",
              {{"gateway", key.gateway}, {"error", told.error()}, {"trace", ctx.trace}});
}

}  // namespace flare::signaling_online
