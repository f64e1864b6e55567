#include "flare/base/log.h"
#include "flare/base/pending.h"
#include "flare/service/access_gateway/access_gateway.h"
#include "flare/service/access_gateway/frames.h"

namespace flare::access_gateway {

using namespace std::chrono_literals;

namespace {

constexpr auto kTick = 50ms;
// Leases renewed in one call, so that no call grows with the number of sessions.
constexpr size_t kRenewBatch = 1'000;

}  // namespace

Task<> AccessGateway::tick_forever(Context ctx) {
  while (!ctx.stop.stop_requested()) {
    co_await sleep_for(ctx, kTick);
    wheel_.advance(needs_.clock.now(), [this](uint64_t client) { due(client); });
  }
}

// A deadline of the connection came up: the handshake's, or a heartbeat's that may have moved.
void AccessGateway::due(api::ClientHandle client) {
  Session* session = sessions_.find(client);
  if (session == nullptr || session->state == SessionState::Closing) return;
  if (session->state != SessionState::Live) {
    session->state = SessionState::Closing;
    session->connection->close(api::CloseCode::HandshakeTimeout, "no login in time");
    return;
  }
  const TimePoint dead = session->last_heard + config_.heartbeat_timeout;
  if (needs_.clock.now() < dead) {
    wheel_.add(client, dead);
    return;
  }
  needs_.metrics.heartbeats_missed.add();
  session->state = SessionState::Closing;
  session->connection->close(api::CloseCode::HeartbeatMissed, "silent for too long");
}

// Sessions -> presence: keeps the leases, three times in each, so that two renewals may fail.
Task<> AccessGateway::renew_forever(Context ctx) {
  while (!ctx.stop.stop_requested()) {
    co_await sleep_for(ctx, config_.presence_lease / 3);
    std::unordered_map<std::string, std::vector<model::Session>> by_tenant;
    sessions_.for_each([&](Session& session) {
      if (session.state != SessionState::Live) return;
      by_tenant[session.identity->tenant.text].push_back(session.identity->session);
    });
    for (auto& [tenant, sessions] : by_tenant) {
      for (size_t begin = 0; begin < sessions.size(); begin += kRenewBatch) {
        const size_t end = std::min(begin + kRenewBatch, sessions.size());
        Context whose = context_for({tenant});
        Result<void> renewed = co_await attempt(
            needs_.online.heartbeat(whose, {sessions.begin() + static_cast<ptrdiff_t>(begin),
                                            sessions.begin() + static_cast<ptrdiff_t>(end)}));
        if (!renewed) log_warning("renew_failed", {{"error", renewed.error()}});
      }
    }
  }
}

}  // namespace flare::access_gateway
