#include "flare/client/v1/frame.pb.h"
#include "flare/service/access_gateway/access_gateway.h"
#include "flare/service/access_gateway/frames.h"

namespace flare::access_gateway {
namespace {

using client::v1::Frame;

std::vector<UserId> users_in(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<UserId> users;
  users.reserve(static_cast<size_t>(names.size()));
  for (const std::string& user : names) users.push_back({user});
  return users;
}

Result<MessageId> message_id_in(std::string_view bytes) {
  const std::optional<MessageId> id = model::message_id_from_bytes(bytes);
  if (!id) return fail(ErrorCode::InvalidArgument, "message_id must be 16 bytes");
  return *id;
}

api::SyncRequest sync_request(const client::v1::Sync& sync, const UserId& user) {
  api::SyncRequest request{.user = user, .digest = sync.digest(), .page_token = sync.page_token()};
  for (const client::v1::Position& position : sync.positions()) {
    request.positions.push_back({{position.conversation_id()}, position.seq()});
  }
  if (sync.conversations_max() > 0) request.conversations_max = sync.conversations_max();
  if (sync.messages_max() > 0) request.messages_max = sync.messages_max();
  return request;
}

api::HistoryRequest history_request(const client::v1::History& history, const UserId& user) {
  api::HistoryRequest request{.user = user,
                              .conversation = {history.conversation_id()},
                              .from_seq = history.from_seq(),
                              .to_seq = history.to_seq(),
                              .backwards = history.backwards()};
  if (history.limit() > 0) request.limit = history.limit();
  return request;
}

// The operation a conversation request asks for; nothing when the frame is none.
std::optional<api::OperateRequest> operate_request(const Frame& frame) {
  api::OperateRequest request;
  switch (frame.body_case()) {
    case Frame::kCreateConversation: {
      const client::v1::CreateConversation& create = frame.create_conversation();
      request.client_operation_id = create.client_operation_id();
      const bool unset = create.type() == model::v1::CONVERSATION_TYPE_UNSPECIFIED;
      request.operation = model::ConversationCreated{
          .type = unset ? model::ConversationType::Group
                        : static_cast<model::ConversationType>(create.type()),
          .title = create.title(),
          .members = users_in(create.member_ids()),
          .metadata = {create.metadata().begin(), create.metadata().end()},
          .business_type = create.business_type()};
      return request;
    }
    case Frame::kAddMembers:
      request.client_operation_id = frame.add_members().client_operation_id();
      request.conversation.text = frame.add_members().conversation_id();
      request.operation = model::MembersAdded{users_in(frame.add_members().user_ids())};
      return request;
    case Frame::kRemoveMembers:
      request.client_operation_id = frame.remove_members().client_operation_id();
      request.conversation.text = frame.remove_members().conversation_id();
      request.operation = model::MembersRemoved{users_in(frame.remove_members().user_ids())};
      return request;
    case Frame::kRenameConversation:
      request.client_operation_id = frame.rename_conversation().client_operation_id();
      request.conversation.text = frame.rename_conversation().conversation_id();
      request.operation = model::ConversationRenamed{frame.rename_conversation().title()};
      return request;
    default:
      return std::nullopt;
  }
}

}  // namespace

Task<std::string> AccessGateway::answer(Context ctx, Caller caller, std::unique_ptr<Frame> frame) {
  const UserId user = caller.session.user;
  const uint64_t id = caller.request_id;
  if (std::optional<api::OperateRequest> request = operate_request(*frame); request) {
    request->actor = user;
    request->origin = {.gateway = gateway_id_, .session = caller.handle};
    co_return changed_frame(id, co_await needs_.orchestrator.operate(ctx, std::move(*request)));
  }
  switch (frame->body_case()) {
    case Frame::kRead: {
      api::ReadRequest request{.conversation = {frame->read().conversation_id()},
                               .user = user,
                               .seq = frame->read().seq(),
                               .origin = {.gateway = gateway_id_, .session = caller.handle}};
      co_await needs_.orchestrator.read(ctx, std::move(request));
      co_return done_frame(id);
    }
    case Frame::kSync:
      co_return sync_frame(id, co_await needs_.reader.sync(ctx, sync_request(frame->sync(), user)));
    case Frame::kHistory:
      co_return history_frame(
          id, co_await needs_.reader.history(ctx, history_request(frame->history(), user)));
    case Frame::kGetMessage: {
      const MessageId message = co_await message_id_in(frame->get_message().message_id());
      co_return message_frame(id, co_await needs_.reader.get_message(ctx, user, message));
    }
    case Frame::kListConversations: {
      const client::v1::ListConversations& list = frame->list_conversations();
      co_return conversations_frame(
          id, co_await needs_.reader.list_conversations(
                  ctx, user, list.limit() == 0 ? 50 : list.limit(), list.page_token()));
    }
    case Frame::kListMembers: {
      const client::v1::ListMembers& list = frame->list_members();
      co_return members_frame(id, co_await needs_.reader.list_members(
                                      ctx, user, {list.conversation_id()},
                                      list.limit() == 0 ? 100 : list.limit(), list.page_token()));
    }
    case Frame::kWhere: {
      const MessageId message = co_await message_id_in(frame->where().message_id());
      co_return where_frame(id, co_await needs_.reader.where(ctx, user, message));
    }
    case Frame::kQueryPresence: {
      const auto& names = frame->query_presence().user_ids();
      if (std::cmp_greater(names.size(), config_.presence_users_max)) {
        co_await fail(ErrorCode::InvalidArgument, "user_ids has more than " +
                                                      std::to_string(config_.presence_users_max) +
                                                      " users (presence_users_max)");
      }
      co_return presence_frame(id, co_await needs_.online.query(ctx, users_in(names)));
    }
    case Frame::kLogout:
      co_return done_frame(id);
    default:
      co_await fail(ErrorCode::InvalidArgument, "this frame is sent by the server, not by clients");
  }
  std::unreachable();
}

}  // namespace flare::access_gateway
