#include <algorithm>

#include "flare/service/message_orchestrator/message_orchestrator.h"

namespace flare::message_orchestrator {
namespace {

constexpr size_t kCustomTypeBytesMax = 64;  // a name, not data

Result<> check_metadata(const std::map<std::string, std::string>& metadata, const Config& config) {
  if (metadata.size() > config.metadata_entries_max) {
    return fail(ErrorCode::InvalidArgument, "metadata has more than " +
                                                std::to_string(config.metadata_entries_max) +
                                                " entries (metadata_entries_max)");
  }
  size_t bytes = 0;
  for (const auto& [key, value] : metadata) bytes += key.size() + value.size();
  if (bytes > config.metadata_bytes_max.bytes) {
    return fail(ErrorCode::InvalidArgument, "metadata is larger than " +
                                                std::to_string(config.metadata_bytes_max.bytes) +
                                                " bytes (metadata_bytes_max)");
  }
  return {};
}

// The message as the log has it. What only the message needs is moved out of the request.
std::string take_message(api::SendRequest& request, const api::SendReceipt& receipt) {
  return model::encode(model::MessageDraft{
      .conversation = request.conversation,
      .id = receipt.id,
      .sender = std::move(request.sender),
      .client_message_id = std::move(request.client_message_id),
      .server_time_ms = receipt.server_time_ms,
      .content = std::move(request.content),
      .metadata = std::move(request.metadata),
  });
}

}  // namespace

// Before the log has the message nothing has happened and the client may try again; after it the
// message is ours to deliver, whatever fails. So the receipt waits for the log, and for nothing
// behind it except, when asked for, the seq.
Task<api::SendReceipt> Orchestrator::send(Context ctx, api::SendRequest request) {
  Result<void> fine = check(request);
  if (!fine) {
    needs_.metrics.refused.add();
    co_await std::move(fine);
  }

  // Only a look-up in the store waits before the log does; while one of the sender's messages
  // waits for it, the later ones queue behind. The turn ends where publishing begins: the log
  // keeps the order from there, and the next one goes on in a later turn of the loop.
  std::optional<Lanes::Turn> turn;
  std::string lane = request.conversation.text + '\n' + request.sender.text;
  std::optional<Standing> known =
      membership_.remembered(ctx.tenant, request.conversation, request.sender);
  if (!known || lanes_.busy(lane)) {
    turn.emplace(co_await lanes_.enter(ctx, std::move(lane)));
    known = co_await standing(ctx, request.conversation, request.sender);
  }
  if (!model::may_write(known->role)) {
    needs_.metrics.refused.add();
    co_await fail(ErrorCode::PermissionDenied, known->role == model::MemberRole::None
                                                   ? "sender is not a member of the conversation"
                                                   : "readers of a channel may not write");
  }

  api::SendReceipt receipt;
  receipt.id = model::message_id(ctx.tenant, request.conversation, request.sender,
                                 request.client_message_id);
  receipt.server_time_ms = needs_.clock.wall_ms();
  const bool wants_seq = request.ack_level == api::AckLevel::Persisted || config_.answer_with_seq;
  request.origin.orchestrator = wants_seq ? number_ : 0;
  request.origin.told_seq = wants_seq;

  const std::string message = take_message(request, receipt);
  Task<> published =
      publish(ctx, request.conversation,
              model::encode_message_event(ctx.tenant, message, request.origin, ctx.trace));
  turn.reset();
  if (!wants_seq) {
    co_await std::move(published);
    co_return receipt;
  }

  const std::optional<port::Outcome> told =
      co_await publish_and_learn(ctx, receipt.id, std::move(published));
  if (!told) {
    // Accepted all the same when only the seq is missing; it comes with a sync.
    if (request.ack_level == api::AckLevel::Accepted) co_return receipt;
    co_await fail(ErrorCode::DeadlineExceeded, "accepted, but not applied yet");
  }
  if (told->seq == 0) co_await fail(told->code, "there is no such conversation");
  receipt.seq = told->seq;
  co_return receipt;
}

// The outcome; nothing when the log has the event and it was not applied in time. Waiting begins
// before publishing, or the outcome could overtake us.
Task<std::optional<port::Outcome>> Orchestrator::publish_and_learn(Context ctx, MessageId id,
                                                                   Task<> published) {
  Pending<port::Outcome> outcome;
  const uint64_t ticket = ++tickets_;
  waiting_.emplace(id, Waiter{outcome, needs_.clock.now(), ticket});
  Result<void> logged = co_await attempt(std::move(published));
  if (!logged) {
    stop_waiting(id, ticket);
    co_await fail(std::move(logged).error());
  }
  Result<port::Outcome> told = co_await attempt(outcome.wait({.stop = ctx.stop}));
  if (told) co_return *told;
  if (told.error().code == ErrorCode::DeadlineExceeded) co_return std::nullopt;
  stop_waiting(id, ticket);
  co_await fail(std::move(told).error());
  std::unreachable();
}

// Whoever resolved the wait has already taken it out.
void Orchestrator::stop_waiting(const MessageId& id, uint64_t ticket) {
  const auto [begin, end] = waiting_.equal_range(id);
  const auto mine = std::find_if(
      begin, end, [ticket](const auto& entry) { return entry.second.ticket == ticket; });
  if (mine != end) waiting_.erase(mine);
}

Result<> Orchestrator::check(const api::SendRequest& request) const {
  if (Result<> id = model::check_client_message_id(request.client_message_id); !id) return id;
  if (request.content.size() > config_.content_bytes_max.bytes) {
    return fail(ErrorCode::InvalidArgument, "content is larger than " +
                                                std::to_string(config_.content_bytes_max.bytes) +
                                                " bytes (content_bytes_max)");
  }
  switch (model::content_kind(request.content)) {
    case model::ContentKind::None:
      return fail(ErrorCode::InvalidArgument, "content is empty: set text or custom");
    case model::ContentKind::Operation:
      return fail(ErrorCode::InvalidArgument,
                  "content.operation is written by the server; use the conversation requests");
    case model::ContentKind::Text:
      if (model::content_text(request.content).empty()) {
        return fail(ErrorCode::InvalidArgument, "content.text is empty");
      }
      break;
    case model::ContentKind::Custom:
      if (model::custom_type(request.content).size() > kCustomTypeBytesMax) {
        return fail(ErrorCode::InvalidArgument, "content.custom.type is longer than 64 bytes");
      }
      break;
  }
  return check_metadata(request.metadata, config_);
}

Task<> Orchestrator::publish(Context ctx, ConversationId conversation, std::string event) {
  const TimePoint began = needs_.clock.now();
  port::LogRecord record{model::partition_hash(ctx.tenant.text, conversation.text),
                         Bytes::take(std::move(event))};
  Result<port::LogPosition> position =
      co_await attempt(needs_.wal.publish(std::move(ctx), std::move(record)));
  if (!position) {
    needs_.metrics.failed.add();
    co_await fail(std::move(position).error());
  }
  needs_.metrics.accepted.add();
  needs_.metrics.publish_seconds.observe(needs_.clock.now() - began);
}

}  // namespace flare::message_orchestrator
