#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "flare/model/event.h"
#include "flare/service/storage_reader/digest.h"
#include "flare/service/storage_reader/storage_reader.h"

namespace flare::storage_reader {
namespace {

constexpr size_t kConversations = 50;  // a screen and its scroll
constexpr size_t kMessages = 20;       // one screen of a conversation

using Positions = std::unordered_map<std::string_view, Sequence>;

Positions positions_in(const api::SyncRequest& request) {
  Positions positions;
  positions.reserve(request.positions.size());
  for (const api::Position& position : request.positions) {
    Sequence& seq = positions[position.conversation.text];
    seq = std::max(seq, position.seq);
  }
  return positions;
}

// Only what a client with this digest and these positions does not have yet.
std::vector<Sight> changed_for(const api::SyncRequest& request, std::vector<Sight> sights) {
  const Positions positions = positions_in(request);
  std::erase_if(sights, [&](const Sight& sight) {
    const auto position = positions.find(sight.conversation.id.text);
    if (position == positions.end()) return request.digest != 0 && sight.head.last_seq == 0;
    const bool has_all = sight.head.last_seq <= position->second;
    return has_all && (request.digest == 0 || !receipts_moved_since(request.digest, sight));
  });
  return sights;
}

// A single chat is never left; before its first message nobody has it stored.
std::vector<ConversationId> left_of(const api::SyncRequest& request,
                                    const std::vector<Sight>& sights) {
  std::unordered_set<std::string_view> member_of;
  for (const Sight& sight : sights) member_of.insert(sight.conversation.id.text);
  std::vector<ConversationId> left;
  for (const api::Position& position : request.positions) {
    const std::string& id = position.conversation.text;
    if (!member_of.contains(id) && !model::users_of_single(id)) left.push_back({id});
  }
  return left;
}

}  // namespace

Task<api::SyncResult> StorageReader::sync(Context ctx, api::SyncRequest request) {
  return needs_.metrics.sync.measure(&needs_.clock,
                                     find_changes(std::move(ctx), std::move(request)));
}

// The digest handed out with the last page is the one the first page saw: what changes between two
// pages makes it differ at the next sync, so nothing slips through.
Task<api::SyncResult> StorageReader::find_changes(Context ctx, api::SyncRequest request) {
  std::optional<PageToken> token;
  if (!request.page_token.empty()) {
    token = co_await decode_page_token(PageKind::Sync, request.page_token);
  }
  std::vector<Sight> sights = co_await look_at_all(ctx, request.user);
  sights = co_await with_peers(ctx, std::move(sights), config_.sync_receipts_max);

  const uint64_t digest = token ? token->digest : digest_of(sights);
  if (!token && request.digest == digest) {
    needs_.metrics.syncs_unchanged.add();
    api::SyncResult same;
    same.unchanged = true;
    same.digest = digest;
    co_return same;
  }

  std::vector<ConversationId> left;
  if (!token) left = left_of(request, sights);
  sights = changed_for(request, std::move(sights));
  if (token) drop_given_out(*token, sights);
  api::SyncResult page =
      co_await changes_page(ctx, std::move(request), std::move(sights), digest);
  page.left = std::move(left);
  co_return page;
}

// One read a conversation: its newest message is also its preview.
Task<api::SyncResult> StorageReader::changes_page(Context ctx, api::SyncRequest request,
                                                  std::vector<Sight> changed, uint64_t digest) {
  const size_t conversations_max =
      page_size(request.conversations_max, kConversations, kConversationsMax);
  const size_t messages_max = page_size(request.messages_max, kMessages, kMessagesMax);
  const Positions positions = positions_in(request);
  const size_t changed_count = changed.size();
  if (changed_count > conversations_max) changed.resize(conversations_max);
  changed = co_await with_peers(ctx, std::move(changed), conversations_max);

  api::SyncResult page;
  size_t bytes = 0;
  PageToken last{.kind = PageKind::Sync, .after = {}, .digest = digest};
  for (Sight& sight : changed) {
    if (bytes >= config_.page_bytes_max.bytes) break;
    const auto position = positions.find(sight.conversation.id.text);
    const Sequence has = position == positions.end() ? 0 : position->second;
    const bool only_preview = has >= sight.head.last_seq;
    const Sequence from = only_preview ? sight.floor() : std::max(has + 1, sight.floor());
    std::vector<Bytes> messages =
        co_await read_newest(ctx, sight.clip(from, UINT64_MAX), only_preview ? 1 : messages_max,
                             config_.page_bytes_max.bytes - bytes);

    last.after = sight.conversation.id.text;
    last.last_time_ms = sight.head.last_time_ms;
    api::SyncedConversation& synced = page.conversations.emplace_back();
    synced.view = view_of(std::move(sight));
    if (messages.empty()) continue;
    for (const Bytes& message : messages) bytes += message.size();
    synced.view.preview = messages.back();
    if (only_preview) continue;
    synced.more = (co_await model::scan_message(messages.front().view())).seq > from;
    synced.messages = std::move(messages);
  }

  if (page.conversations.size() < changed_count) {
    page.next_page_token = encode(last);
  } else {
    page.digest = digest;
  }
  co_return page;
}

}  // namespace flare::storage_reader
