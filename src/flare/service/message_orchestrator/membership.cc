#include "flare/service/message_orchestrator/membership.h"

namespace flare::message_orchestrator {
namespace {

std::string key_of(const TenantId& tenant, const ConversationId& conversation) {
  std::string key;
  key.reserve(tenant.text.size() + 1 + conversation.text.size());
  key.append(tenant.text).append(1, '\0').append(conversation.text);
  return key;
}

}  // namespace

std::optional<Standing> Membership::remembered(const TenantId& tenant,
                                               const ConversationId& conversation,
                                               const UserId& user) const {
  if (const auto users = model::users_of_single(conversation.text)) {
    const bool member = users->first == user || users->second == user;
    return Standing{true, model::ConversationType::Single,
                    member ? model::MemberRole::Member : model::MemberRole::None, 2};
  }
  const auto found = conversations_.find(key_of(tenant, conversation));
  if (found == conversations_.end()) return std::nullopt;
  const auto entry = found->second.users.find(user);
  if (entry == found->second.users.end()) return std::nullopt;
  if (clock_.now() - entry->second.at > limits_.age_max) return std::nullopt;
  return entry->second.standing;
}

Task<Standing> Membership::look_up(Context ctx, ConversationId conversation, UserId user) {
  const uint64_t changes = changes_;
  port::LoadRequest request;
  request.conversations.push_back({ctx.tenant, conversation});
  request.members.push_back({ctx.tenant, conversation, user});
  const port::Loaded loaded = co_await store_.load(ctx, std::move(request));

  Standing standing;
  if (const auto& row = loaded.conversations.front(); row) {
    standing.exists = true;
    standing.type = row->conversation.type;
    standing.member_count = row->conversation.member_count;
  }
  if (const auto& row = loaded.members.front(); row) standing.role = row->role;
  if (changes == changes_ && standing.exists) {
    if (entries_ >= limits_.entries_max) {
      conversations_.clear();
      entries_ = 0;
    }
    auto& users = conversations_[key_of(ctx.tenant, conversation)].users;
    if (users.insert_or_assign(user, Remembered{standing, clock_.now()}).second) ++entries_;
  }
  co_return standing;
}

void Membership::forget(const port::ConversationKey& conversation) {
  ++changes_;
  const auto found = conversations_.find(key_of(conversation.tenant, conversation.conversation));
  if (found == conversations_.end()) return;
  entries_ -= found->second.users.size();
  conversations_.erase(found);
}

}  // namespace flare::message_orchestrator
