#include <algorithm>

#include "flare/service/storage_reader/storage_reader.h"

namespace flare::storage_reader {
namespace {

constexpr size_t kConversations = 50;

bool is_single(const Sight& sight) {
  return sight.conversation.type == model::ConversationType::Single;
}

// The user on the other side; with oneself, the user himself.
UserId other_side(const Sight& sight) {
  const auto users = model::users_of_single(sight.conversation.id.text);
  if (!users) return sight.member.user;
  return users->first == sight.member.user ? users->second : users->first;
}

}  // namespace

Task<api::ConversationPage> StorageReader::list_conversations(Context ctx, UserId user,
                                                              size_t limit,
                                                              std::string page_token) {
  return needs_.metrics.list_conversations.measure(
      &needs_.clock,
      read_conversations(std::move(ctx), std::move(user), limit, std::move(page_token)));
}

Task<api::ConversationPage> StorageReader::read_conversations(Context ctx, UserId user,
                                                              size_t limit,
                                                              std::string page_token) {
  std::optional<PageToken> token;
  if (!page_token.empty()) {
    token = co_await decode_page_token(PageKind::Conversations, page_token);
  }
  std::vector<Sight> sights = co_await look_at_all(ctx, user);
  if (token) drop_given_out(*token, sights);
  const size_t left = sights.size();
  const size_t page_max = page_size(limit, kConversations, kConversationsMax);
  if (sights.size() > page_max) sights.resize(page_max);
  sights = co_await with_peers(ctx, std::move(sights), page_max);

  api::ConversationPage page;
  PageToken last{.kind = PageKind::Conversations, .after = {}};
  size_t bytes = 0;
  for (Sight& sight : sights) {
    if (bytes >= config_.page_bytes_max.bytes) break;
    std::vector<Bytes> newest = co_await read_newest(ctx, sight.clip(1, UINT64_MAX), 1,
                                                     config_.page_bytes_max.bytes - bytes);
    last.after = sight.conversation.id.text;
    last.last_time_ms = sight.head.last_time_ms;
    api::ConversationView& view = page.conversations.emplace_back(view_of(std::move(sight)));
    if (newest.empty()) continue;
    bytes += newest.back().size();
    view.preview = std::move(newest.back());
  }
  if (page.conversations.size() < left) page.next_page_token = encode(last);
  co_return page;
}

Task<std::vector<ConversationId>> StorageReader::groups_of(Context ctx, UserId user) {
  return needs_.metrics.groups_of.measure(&needs_.clock,
                                          read_groups(std::move(ctx), std::move(user)));
}

Task<std::vector<ConversationId>> StorageReader::read_groups(Context ctx, UserId user) {
  std::vector<ConversationId> groups;
  for (Sight& sight : co_await look_at_all(ctx, user)) {
    if (!is_single(sight)) groups.push_back(std::move(sight.conversation.id));
  }
  co_return groups;
}

Task<std::vector<Sight>> StorageReader::with_peers(Context ctx, std::vector<Sight> sights,
                                                   size_t singles_max) {
  std::vector<size_t> asked;  // indexes into sights
  std::vector<port::MemberKey> keys;
  size_t singles = 0;
  for (size_t i = 0; i < sights.size() && singles < singles_max; ++i) {
    if (!is_single(sights[i])) continue;
    ++singles;
    if (sights[i].peer) continue;
    asked.push_back(i);
    keys.push_back({ctx.tenant, sights[i].conversation.id, other_side(sights[i])});
  }
  if (keys.empty()) co_return sights;

  port::LoadRequest request;
  request.members = keys;
  const port::Loaded loaded = co_await needs_.store.load(ctx, std::move(request));
  const std::vector<port::Delivered> delivered = co_await needs_.store.find_delivered(ctx, keys);
  for (size_t n = 0; n < asked.size(); ++n) {
    Peer peer{.user = keys[n].user};
    if (const std::optional<model::Member>& member = loaded.members.at(n)) {
      peer.read_seq = member->read_seq;
      peer.moved_ms = member->read_ms;
    }
    peer.delivered_seq = delivered.at(n).seq;
    peer.moved_ms = std::max(peer.moved_ms, delivered.at(n).time_ms);
    sights[asked[n]].peer = std::move(peer);
  }
  co_return sights;
}

void drop_given_out(const PageToken& token, std::vector<Sight>& sights) {
  Sight last;
  last.conversation.id.text = token.after;
  last.head.last_time_ms = token.last_time_ms;
  std::erase_if(sights, [&last](const Sight& sight) { return !comes_before(last, sight); });
}

api::ConversationView view_of(Sight sight) {
  api::ConversationView view;
  view.unread = model::unread(sight.head, sight.member);
  view.conversation = std::move(sight.conversation);
  view.head = sight.head;
  view.member = std::move(sight.member);
  if (sight.peer) {
    view.peer = std::move(sight.peer->user);
    view.peer_read_seq = sight.peer->read_seq;
    view.peer_delivered_seq = sight.peer->delivered_seq;
  }
  return view;
}

}  // namespace flare::storage_reader
