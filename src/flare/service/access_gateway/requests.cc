#include "flare/client/v1/frame.pb.h"
#include "flare/service/access_gateway/access_gateway.h"
#include "flare/service/access_gateway/frames.h"

namespace flare::access_gateway {
namespace {

using client::v1::Frame;

// A client above its rate comes back for several sends; refusing it every few milliseconds would
// cost more than serving it.
constexpr uint32_t kRetryAfterMsMin = 100;

bool counts_as_send(Frame::BodyCase body) {
  switch (body) {
    case Frame::kSend:
    case Frame::kRead:
    case Frame::kCreateConversation:
    case Frame::kAddMembers:
    case Frame::kRemoveMembers:
    case Frame::kRenameConversation:
      return true;
    default:
      return false;
  }
}

Result<ConversationId> target_of(const client::v1::Send& send, const UserId& sender) {
  if (send.conversation_id().empty() == send.to_user_id().empty()) {
    return fail(ErrorCode::InvalidArgument, "set exactly one of conversation_id and to_user_id");
  }
  if (!send.conversation_id().empty()) return ConversationId{send.conversation_id()};
  if (Result<> valid = model::check_id("to_user_id", send.to_user_id()); !valid) {
    return fail(std::move(valid).error());
  }
  return model::single_conversation(sender, {send.to_user_id()});
}

}  // namespace

void AccessGateway::request(api::ClientHandle client, Session& session, Frame& frame) {
  const uint64_t request_id = frame.request_id();
  switch (frame.body_case()) {
    case Frame::kPing:
      return write(session, pong_frame(request_id, needs_.clock.wall_ms()));
    case Frame::kDeliverAck:
      return acknowledge(client, session, frame.deliver_ack());
    // Bodies this version does not know are ignored, never fatal.
    case Frame::BODY_NOT_SET:
      return;
    default:
      break;
  }
  Result<> admitted = admit(session, counts_as_send(frame.body_case()));
  if (admitted && request_id == 0) {
    admitted = fail(ErrorCode::InvalidArgument, "request_id must not be 0");
  }
  const Caller caller{client, request_id, session.identity->session};
  if (!admitted) {
    needs_.metrics.error(admitted.error().code);
    return write(session, error_frame(request_id, admitted.error()));
  }
  ++session.in_flight;
  needs_.metrics.in_flight.add(1);
  Context ctx = context_for(session.identity->tenant);
  if (frame.body_case() != Frame::kSend) {
    auto taken = std::make_unique<Frame>();
    taken->Swap(&frame);
    background_.spawn(serve(std::move(ctx), caller, std::move(taken)));
    return;
  }

  client::v1::Send& send = *frame.mutable_send();
  Result<ConversationId> target = target_of(send, caller.session.user);
  if (!target) return finish(caller, needs_.clock.now(), fail(std::move(target).error()));
  api::SendRequest request{
      .conversation = std::move(*target),
      .sender = caller.session.user,
      .client_message_id = std::move(*send.mutable_client_message_id()),
      .content = send.content().SerializeAsString(),
      .metadata = {send.metadata().begin(), send.metadata().end()},
      .ack_level = send.ack_level() == client::v1::ACK_LEVEL_PERSISTED ? api::AckLevel::Persisted
                                                                       : api::AckLevel::Accepted,
      .origin = {.gateway = gateway_id_, .session = client},
  };
  background_.spawn(serve_send(std::move(ctx), caller, std::move(request)));
}

// A token bucket: sends_per_second on average, sends_burst at once.
Result<> AccessGateway::admit(Session& session, bool is_send) {
  if (session.in_flight >= config_.requests_in_flight_max) {
    return fail({ErrorCode::ResourceExhausted, "more than " +
                                                   std::to_string(config_.requests_in_flight_max) +
                                                   " requests in flight (requests_in_flight_max)"});
  }
  if (!is_send) return {};
  const TimePoint now = needs_.clock.now();
  const float elapsed = std::chrono::duration<float>(now - session.tokens_at).count();
  const auto rate = static_cast<float>(config_.sends_per_second);
  session.tokens =
      std::min(session.tokens + elapsed * rate, static_cast<float>(config_.sends_burst));
  session.tokens_at = now;
  if (session.tokens < 1) {
    const auto wait_ms =
        std::max(kRetryAfterMsMin, static_cast<uint32_t>((1 - session.tokens) / rate * 1000) + 1);
    return fail({ErrorCode::ResourceExhausted,
                 "more than " + std::to_string(config_.sends_per_second) +
                     " sends a second (sends_per_second)",
                 wait_ms});
  }
  session.tokens -= 1;
  return {};
}

Task<> AccessGateway::serve_send(Context ctx, Caller caller, api::SendRequest request) {
  const TimePoint began = needs_.clock.now();
  const ConversationId conversation = request.conversation;
  Result<api::SendReceipt> receipt =
      co_await attempt(needs_.orchestrator.send(std::move(ctx), std::move(request)));
  if (receipt) {
    finish(caller, began, receipt_frame(caller.request_id, conversation, *receipt));
  } else {
    finish(caller, began, fail(std::move(receipt).error()));
  }
}

Task<> AccessGateway::serve(Context ctx, Caller caller, std::unique_ptr<Frame> frame) {
  const TimePoint began = needs_.clock.now();
  const bool leaves = frame->has_logout();
  Result<std::string> answered = co_await attempt(answer(std::move(ctx), caller, std::move(frame)));
  finish(caller, began, std::move(answered));
  if (!leaves) co_return;
  if (Session* session = sessions_.find(caller.handle); session != nullptr) {
    session->state = SessionState::Closing;
    session->connection->close(api::CloseCode::Normal, "logged out");
  }
}

void AccessGateway::finish(const Caller& caller, TimePoint began, Result<std::string> answered) {
  needs_.metrics.in_flight.add(-1);
  needs_.metrics.request_seconds.observe(needs_.clock.now() - began);
  if (!answered) needs_.metrics.error(answered.error().code);
  Session* session = sessions_.find(caller.handle);
  if (session == nullptr || session->state != SessionState::Live) return;
  --session->in_flight;
  write(*session, answered ? *answered : error_frame(caller.request_id, answered.error()));
}

// What the devices have; for all of the turn in one call.
void AccessGateway::acknowledge(api::ClientHandle, Session& session,
                                const client::v1::DeliverAck& ack) {
  const Identity& identity = *session.identity;
  int left = static_cast<int>(config_.ack_positions_max);
  for (const client::v1::Position& position : ack.positions()) {
    if (--left < 0) break;
    // Only one's own conversations can be acknowledged.
    const auto users = model::users_of_single(position.conversation_id());
    const bool mine =
        users ? users->first == identity.session.user || users->second == identity.session.user
              : sessions_.in_group(session, identity.tenant.text, position.conversation_id());
    if (!mine) continue;
    if (acknowledgements_.empty()) {
      needs_.loop.at_turn_end([this] { flush_acknowledgements(); });
    }
    acknowledgements_.push_back(
        {identity.tenant, {position.conversation_id()}, identity.session.user, position.seq()});
  }
}

void AccessGateway::flush_acknowledgements() {
  background_.spawn(pass_on(std::exchange(acknowledgements_, {})));
}

Task<> AccessGateway::pass_on(std::vector<api::Acknowledgement> acknowledgements) {
  // Refused ones come again: a device's next acknowledgement covers them.
  Context ctx = context_for({});
  co_await attempt(needs_.push_worker.acknowledge(std::move(ctx), std::move(acknowledgements)));
}

}  // namespace flare::access_gateway
