#include <algorithm>

#include "flare/service/message_orchestrator/message_orchestrator.h"

namespace flare::message_orchestrator {
namespace {

// Overloads for std::visit, one for each kind of operation.
template <class... F>
struct Each : F... {
  using F::operator()...;
};

std::vector<UserId>* users_of(model::Operation& operation) {
  if (auto* created = std::get_if<model::ConversationCreated>(&operation)) return &created->members;
  if (auto* added = std::get_if<model::MembersAdded>(&operation)) return &added->users;
  if (auto* removed = std::get_if<model::MembersRemoved>(&operation)) return &removed->users;
  return nullptr;
}

Result<> check_users(const std::vector<UserId>& users, std::string_view field, size_t max) {
  if (users.size() > max) {
    return fail(ErrorCode::InvalidArgument,
                std::string(field) + " has more than " + std::to_string(max) +
                    " users; send several requests (members_per_operation_max)");
  }
  for (const UserId& user : users) {
    if (Result<> valid = model::check_id(field, user.text); !valid) return valid;
  }
  return {};
}

Result<> check_title(std::string_view title, size_t max) {
  if (title.size() <= max) return {};
  return fail(ErrorCode::InvalidArgument,
              "title is longer than " + std::to_string(max) + " bytes (title_bytes_max)");
}

Result<> check_room(uint64_t members, size_t more, uint64_t max) {
  if (members + more <= max) return {};
  return fail(ErrorCode::ResourceExhausted,
              "a conversation may have " + std::to_string(max) + " members (members_max)");
}

Result<> refuse(std::string_view why) {
  return fail(ErrorCode::PermissionDenied, std::string(why));
}

}  // namespace

Task<api::OperateReceipt> Orchestrator::operate(Context ctx, api::OperateRequest request) {
  co_await model::check_client_message_id(request.client_operation_id, "client_operation_id");
  if (std::vector<UserId>* users = users_of(request.operation); users != nullptr) {
    std::ranges::sort(*users);
    users->erase(std::ranges::unique(*users).begin(), users->end());
  }
  const bool creates = std::holds_alternative<model::ConversationCreated>(request.operation);
  Standing known;
  if (creates) {
    request.conversation = model::group_conversation(
        model::message_id(ctx.tenant, {}, request.actor, request.client_operation_id));
  } else {
    known = co_await standing(ctx, request.conversation, request.actor);
  }
  Result<> fine = check(request, known);
  if (!fine) {
    needs_.metrics.refused.add();
    co_await std::move(fine);
  }

  api::OperateReceipt receipt{.conversation = request.conversation};
  receipt.id = model::message_id(ctx.tenant, request.conversation, request.actor,
                                 request.client_operation_id);
  request.origin.orchestrator = number_;
  request.origin.told_seq = false;  // the actor's device also needs to see the operation
  const std::string message = model::encode(model::MessageDraft{
      .conversation = request.conversation,
      .id = receipt.id,
      .sender = request.actor,
      .client_message_id = request.client_operation_id,
      .server_time_ms = needs_.clock.wall_ms(),
      .content = model::encode_content(request.operation),
  });
  Task<> published =
      publish(ctx, request.conversation,
              model::encode_message_event(ctx.tenant, message, request.origin, ctx.trace));
  const std::optional<port::Outcome> told =
      co_await publish_and_learn(ctx, receipt.id, std::move(published));
  if (!told) co_await fail(ErrorCode::DeadlineExceeded, "accepted, but not applied yet");
  if (told->seq == 0) co_await fail(told->code, "there is no such conversation");
  receipt.seq = told->seq;
  co_return receipt;
}

Result<> Orchestrator::check(const api::OperateRequest& request, const Standing& known) const {
  if (known.type == model::ConversationType::Single) {
    return fail(ErrorCode::InvalidArgument, "a single chat has two members and no title");
  }
  const auto no_member = [&] { return known.role == model::MemberRole::None; };
  const size_t users_max = config_.members_per_operation_max;
  return std::visit(
      Each{
          [&](const model::ConversationCreated& created) -> Result<> {
            if (created.type == model::ConversationType::Single) {
              return fail(ErrorCode::InvalidArgument,
                          "type: a single chat is made by its first message");
            }
            if (created.type < model::ConversationType::Group ||
                created.type > model::ConversationType::Ai) {
              return fail(ErrorCode::InvalidArgument, "type is not known");
            }
            if (Result<> title = check_title(created.title, config_.title_bytes_max); !title) {
              return title;
            }
            if (Result<> room = check_room(1, created.members.size(), config_.members_max); !room) {
              return room;
            }
            return check_users(created.members, "member_ids", users_max);
          },
          [&](const model::MembersAdded& added) -> Result<> {
            if (no_member()) return refuse("actor is not a member of the conversation");
            if (!model::may_manage_members(known.role)) {
              return refuse("only the owner and admins add members");
            }
            if (added.users.empty()) return fail(ErrorCode::InvalidArgument, "user_ids is empty");
            if (Result<> room =
                    check_room(known.member_count, added.users.size(), config_.members_max);
                !room) {
              return room;
            }
            return check_users(added.users, "user_ids", users_max);
          },
          [&](const model::MembersRemoved& removed) -> Result<> {
            if (no_member()) return refuse("actor is not a member of the conversation");
            if (removed.users.empty()) return fail(ErrorCode::InvalidArgument, "user_ids is empty");
            const bool leaves = removed.users.size() == 1 && removed.users.front() == request.actor;
            if (!leaves && !model::may_manage_members(known.role)) {
              return refuse("only the owner and admins remove others");
            }
            return check_users(removed.users, "user_ids", users_max);
          },
          [&](const model::ConversationRenamed& renamed) -> Result<> {
            if (no_member()) return refuse("actor is not a member of the conversation");
            if (!model::may_manage_members(known.role)) {
              return refuse("only the owner and admins rename");
            }
            return check_title(renamed.title, config_.title_bytes_max);
          },
      },
      request.operation);
}

}  // namespace flare::message_orchestrator
