#include "flare/service/storage_reader/storage_reader.h"

namespace flare::storage_reader {
namespace {

constexpr size_t kMembers = 100;

// Nobody has written yet, so nothing is stored: the id itself names the members.
std::vector<model::Member> members_by_name(const Sight& sight) {
  std::vector<model::Member> members;
  const auto users = model::users_of_single(sight.conversation.id.text);
  if (!users) return members;
  model::Member member = sight.member;
  member.user = users->first;
  members.push_back(member);
  if (users->second == users->first) return members;
  member.user = users->second;
  members.push_back(member);
  return members;
}

}  // namespace

Task<api::MemberPage> StorageReader::list_members(Context ctx, UserId user,
                                                  ConversationId conversation, size_t limit,
                                                  std::string page_token) {
  return needs_.metrics.list_members.measure(
      &needs_.clock, read_members(std::move(ctx), std::move(user), std::move(conversation), limit,
                                  std::move(page_token)));
}

Task<api::MemberPage> StorageReader::read_members(Context ctx, UserId user,
                                                  ConversationId conversation, size_t limit,
                                                  std::string page_token) {
  PageToken token{.kind = PageKind::Members, .after = {}};
  if (!page_token.empty()) token = co_await decode_page_token(PageKind::Members, page_token);
  const Sight sight = co_await look(ctx, user, conversation);

  const size_t page_max = page_size(limit, kMembers, kMembersMax);
  // One more than the page tells whether there is another.
  std::vector<model::Member> members =
      co_await needs_.store.list_members(ctx, sight.key(), UserId{token.after}, page_max + 1);
  if (sight.head.last_seq == 0 && members.empty() && token.after.empty()) {
    members = members_by_name(sight);
  }

  api::MemberPage page;
  page.member_count = sight.conversation.member_count;
  if (members.size() > page_max) {
    members.resize(page_max);
    token.after = members.back().user.text;
    page.next_page_token = encode(token);
  }
  std::vector<port::MemberKey> keys;
  keys.reserve(members.size());
  for (const model::Member& member : members) {
    keys.push_back({ctx.tenant, sight.conversation.id, member.user});
  }
  const std::vector<port::Delivered> delivered =
      co_await needs_.store.find_delivered(ctx, std::move(keys));
  for (size_t i = 0; i < members.size(); ++i) {
    page.members.push_back({.member = std::move(members[i]), .delivered_seq = delivered.at(i).seq});
  }
  co_return page;
}

}  // namespace flare::storage_reader
