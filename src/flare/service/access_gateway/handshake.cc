#include "flare/base/log.h"
#include "flare/client/v1/frame.pb.h"
#include "flare/service/access_gateway/access_gateway.h"
#include "flare/service/access_gateway/frames.h"

namespace flare::access_gateway {

// Nothing but Hello is looked at before authentication; a failed one closes.
void AccessGateway::first_frame(api::ClientHandle client, Session& session, Frame& frame) {
  if (session.state != SessionState::WaitsForHello || !frame.has_hello()) {
    return refuse(
        client, frame.request_id(),
        {ErrorCode::Unauthenticated, "the first frame must be hello, then wait for welcome"});
  }
  Result<model::TokenClaims> claims =
      needs_.tokens.check(frame.hello().token(), needs_.clock.wall_ms());
  if (!claims) return refuse(client, frame.request_id(), claims.error());
  session.state = SessionState::LoggingIn;
  Context ctx = context_for(claims->tenant);
  background_.spawn(log_in(std::move(ctx), client, frame.request_id(), std::move(*claims)));
}

Task<> AccessGateway::log_in(Context ctx, api::ClientHandle client, uint64_t request_id,
                             model::TokenClaims claims) {
  Result<void> done =
      co_await attempt(try_log_in(std::move(ctx), client, request_id, std::move(claims)));
  if (!done) refuse(client, request_id, done.error());
}

// Register, then welcome: whoever is welcomed misses no push, and the client syncs what came
// before.
Task<> AccessGateway::try_log_in(Context ctx, api::ClientHandle client, uint64_t request_id,
                                 model::TokenClaims claims) {
  Session* session = sessions_.find(client);
  if (session == nullptr) co_return;
  session->identity = std::make_unique<Identity>();
  Identity& identity = *session->identity;
  identity.tenant = claims.tenant;
  identity.session = {.key = {gateway_id_, client},
                      .user = std::move(claims.user),
                      .device = std::move(claims.device),
                      .platform = std::move(claims.platform),
                      .login_ms = needs_.clock.wall_ms()};
  const model::Session login = identity.session;
  sessions_.index_user(client);

  std::vector<ConversationId> groups = co_await needs_.reader.groups_of(ctx, login.user);
  session = sessions_.find(client);
  if (session == nullptr || session->state != SessionState::LoggingIn) co_return;
  for (const ConversationId& group : groups) {
    if (std::erase(session->identity->removed_while_loading, group.text) > 0) continue;
    sessions_.join_group(*session, ctx.tenant.text, group.text);
  }
  session->identity->removed_while_loading = {};

  co_await needs_.online.login(ctx, login);
  session = sessions_.find(client);
  if (session == nullptr || session->state != SessionState::LoggingIn) {
    co_await log_out(ctx, login);
    co_return;
  }
  session->state = SessionState::Live;
  session->welcomed = true;
  session->tokens = static_cast<float>(config_.sends_burst);
  session->tokens_at = needs_.clock.now();
  wheel_.add(client, needs_.clock.now() + config_.heartbeat_timeout);
  needs_.metrics.logins.add();
  needs_.metrics.sessions.add(1);
  write(*session, welcome_frame(request_id, {.session = login,
                                             .session_id = client,
                                             .server_time_ms = needs_.clock.wall_ms(),
                                             .heartbeat_ms = config_.heartbeat_interval.count(),
                                             .frame_bytes_max = config_.frame_bytes_max.bytes,
                                             .content_bytes_max = config_.content_bytes_max.bytes,
                                             .sends_per_second = config_.sends_per_second}));
}

void AccessGateway::refuse(api::ClientHandle client, uint64_t request_id, const Error& error) {
  Session* session = sessions_.find(client);
  if (session == nullptr || session->state == SessionState::Closing) return;
  log_debug("login_refused", {{"peer", session->connection->peer()}, {"error", error}});
  needs_.metrics.error(error.code);
  session->state = SessionState::Closing;
  write(*session, error_frame(request_id, error));
  const bool identity = error.code == ErrorCode::Unauthenticated;
  session->connection->close(
      identity ? api::CloseCode::Unauthenticated : api::CloseCode::TryAgainLater, error.message);
}

Task<> AccessGateway::log_out(Context ctx, model::Session session) {
  Result<void> done = co_await attempt(needs_.online.logout(ctx, std::move(session)));
  // The lease ends it if this did not.
  if (!done) log_warning("logout_failed", {{"error", done.error()}, {"trace", ctx.trace}});
}

}  // namespace flare::access_gateway
