#include "flare/service/access_gateway/access_gateway.h"

#include "flare/client/v1/frame.pb.h"
#include "flare/service/access_gateway/frames.h"

namespace flare::access_gateway {

using namespace std::chrono_literals;

namespace {

// Fine enough for the shortest timeout a test sets, coarse enough to cost nothing.
constexpr auto kTick = 50ms;
// Beyond ten minutes a deadline is looked at early and added again.
constexpr size_t kWheelSlots = 12'000;

}  // namespace

AccessGateway::AccessGateway(Config config, std::string gateway_id, Needs needs)
    : config_(config),
      gateway_id_(std::move(gateway_id)),
      needs_(needs),
      wheel_(needs.clock.now(), kTick, kWheelSlots),
      scratch_(std::make_unique<Frame>()) {}

AccessGateway::~AccessGateway() = default;

Task<> AccessGateway::start(Context ctx) {
  ctx.deadline = TimePoint::max();
  ctx.stop = background_.stop_token();
  background_.spawn(tick_forever(ctx));
  background_.spawn(renew_forever(ctx));
  co_return;
}

Task<> AccessGateway::stop(Context) { co_await background_.close(); }

api::ClientHandle AccessGateway::opened(api::ClientConnection& connection) {
  const api::ClientHandle client = sessions_.add(connection, needs_.clock.now());
  wheel_.add(client, needs_.clock.now() + config_.handshake_timeout);
  needs_.metrics.connections.add(1);
  return client;
}

void AccessGateway::frame(api::ClientHandle client, std::string_view bytes) {
  Session* session = sessions_.find(client);
  if (session == nullptr || session->state == SessionState::Closing) return;
  session->last_heard = needs_.clock.now();
  needs_.metrics.frames_in.add();
  if (!parse_frame(session->connection->format(), bytes, *scratch_)) {
    session->state = SessionState::Closing;
    session->connection->close(api::CloseCode::Malformed,
                               "the message is no flare.client.v1.Frame");
    return;
  }
  if (session->state == SessionState::Live) {
    request(client, *session, *scratch_);
  } else {
    first_frame(client, *session, *scratch_);
  }
}

void AccessGateway::drained(api::ClientHandle client) {
  Session* session = sessions_.find(client);
  if (session == nullptr || session->left_out == nullptr) return;
  const auto left_out = std::move(session->left_out);
  for (const auto& [conversation, from_seq] : *left_out) {
    write(*session, resync_frame(conversation, from_seq));
  }
}

void AccessGateway::closed(api::ClientHandle client) {
  Session* session = sessions_.find(client);
  if (session == nullptr) return;
  needs_.metrics.connections.add(-1);
  // A login that has not ended yet finds nobody, and logs out by itself.
  if (session->welcomed) {
    needs_.metrics.sessions.add(-1);
    Context ctx = context_for(session->identity->tenant);
    background_.spawn(log_out(std::move(ctx), session->identity->session));
  }
  sessions_.remove(client);
}

Context AccessGateway::context_for(const TenantId& tenant) {
  // Unique over gateways and restarts, because the gateway's id is.
  constexpr std::string_view kDigits = "0123456789abcdef";
  uint64_t trace = (std::hash<std::string>{}(gateway_id_) + ++traces_) * 0x9e3779b97f4a7c15ull;
  Context ctx;
  ctx.trace.resize(15);
  for (char& digit : ctx.trace) {
    digit = kDigits[trace & 15];
    trace >>= 4;
  }
  ctx.tenant = tenant;
  ctx.deadline = needs_.clock.now() + config_.request_timeout;
  ctx.stop = background_.stop_token();
  return ctx;
}

void AccessGateway::write(Session& session, std::string_view frame) {
  if (session.connection->format() == api::FrameFormat::Json) {
    session.connection->write(to_json(frame));
  } else {
    session.connection->write(frame);
  }
}

}  // namespace flare::access_gateway
