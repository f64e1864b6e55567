#include "flare/service/storage_reader/visibility.h"

#include <algorithm>

#include "flare/service/storage_reader/storage_reader.h"

namespace flare::storage_reader {
namespace {

// A single chat is there for its two users before anybody has written.
Sight untouched_single(TenantId tenant, ConversationId id, UserId user, bool with_oneself) {
  Sight sight;
  sight.tenant = std::move(tenant);
  sight.conversation.id = std::move(id);
  sight.conversation.type = model::ConversationType::Single;
  sight.conversation.member_count = with_oneself ? 1 : 2;
  sight.member.user = std::move(user);
  sight.member.role = model::MemberRole::Member;
  return sight;
}

}  // namespace

// One round trip for both questions: does it exist, and does the user belong to it?
Task<Sight> StorageReader::look(Context ctx, UserId user, ConversationId id) {
  const auto users = model::users_of_single(id.text);
  if (users && users->first != user && users->second != user) {
    co_await fail(ErrorCode::PermissionDenied, "conversation_id: a chat of two others");
  }
  port::LoadRequest request;
  request.conversations.push_back({ctx.tenant, id});
  request.members.push_back({ctx.tenant, id, user});
  port::Loaded loaded = co_await needs_.store.load(ctx, std::move(request));
  std::optional<port::ConversationState>& state = loaded.conversations.at(0);
  std::optional<model::Member>& member = loaded.members.at(0);

  if (!state && users) {
    co_return untouched_single(ctx.tenant, id, user, users->first == users->second);
  }
  if (!state) co_await fail(ErrorCode::NotFound, "conversation_id: no such conversation");
  if (!member) co_await fail(ErrorCode::PermissionDenied, "conversation_id: not a member");

  Sight sight;
  sight.tenant = ctx.tenant;
  sight.conversation = std::move(state->conversation);
  sight.head = state->head;
  sight.member = std::move(*member);
  co_return sight;
}

Task<std::vector<Sight>> StorageReader::look_at_all(Context ctx, UserId user) {
  std::vector<port::Membership> memberships = co_await needs_.store.list_memberships(ctx, user);
  std::vector<Sight> sights;
  sights.reserve(memberships.size());
  for (port::Membership& membership : memberships) {
    Sight& sight = sights.emplace_back();
    sight.tenant = ctx.tenant;
    sight.conversation = std::move(membership.state.conversation);
    sight.head = membership.state.head;
    sight.member = std::move(membership.member);
  }
  std::ranges::sort(sights, comes_before);
  co_return sights;
}

Sequence Sight::floor() const { return std::max<Sequence>(member.join_seq, 1); }

std::optional<port::ReadRange> Sight::clip(Sequence from, Sequence to) const {
  port::ReadRange range;
  range.from_seq = std::max(from, floor());
  range.to_seq = std::min(to, head.last_seq);
  if (range.from_seq > range.to_seq) return std::nullopt;
  range.conversation = key();
  return range;
}

bool comes_before(const Sight& a, const Sight& b) {
  if (a.head.last_time_ms != b.head.last_time_ms) return a.head.last_time_ms > b.head.last_time_ms;
  return a.conversation.id < b.conversation.id;
}

}  // namespace flare::storage_reader
