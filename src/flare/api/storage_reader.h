// StorageReader: everything a user may see of what is stored. The one place that enforces
// visibility: membership and the history floor of late joiners.
//
// Every call names the user who looks. NotFound: no such conversation or message.
// PermissionDenied: it exists, and the user is not a member. A single chat exists for its two users
// before its first message. A page size of 0 asks for the default, a larger one than the maximum
// for the maximum. InvalidArgument: a page token of another list. Any loop may call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flare/base/bytes.h"
#include "flare/base/context.h"
#include "flare/base/task.h"
#include "flare/model/conversation.h"

namespace flare::api {

// A conversation as one member sees it (flare.model.v1.ConversationView).
struct ConversationView {
  model::Conversation conversation;
  model::Head head;
  model::Member member;
  uint64_t unread = 0;
  Bytes preview;  // the last message this member may see, encoded; empty: none
  std::optional<UserId> peer;  // single chats: the other user, and how far he is
  Sequence peer_read_seq = 0;
  Sequence peer_delivered_seq = 0;
};

struct Position {
  ConversationId conversation;
  Sequence seq = 0;
};

struct SyncRequest {
  UserId user;
  uint64_t digest = 0;  // of the last sync; 0: a new device
  std::vector<Position> positions;
  size_t conversations_max = 50;  // at most kConversationsMax; 0: 50
  size_t messages_max = 20;       // of each conversation, at most kMessagesMax; 0: 20
  std::string page_token;
};

struct SyncedConversation {
  ConversationView view;
  std::vector<Bytes> messages;  // encoded, seq ascending
  bool more = false;            // older ones after the position exist
};

struct SyncResult {
  bool unchanged = false;
  uint64_t digest = 0;  // on the last page, else 0
  std::vector<SyncedConversation> conversations;  // newest first
  std::string next_page_token;
  // First page: of the positions' conversations, those the user is no member of any more.
  std::vector<ConversationId> left;
};

struct HistoryRequest {
  UserId user;
  ConversationId conversation;
  Sequence from_seq = 0;  // 0: open
  Sequence to_seq = 0;    // 0: open
  size_t limit = 50;      // at most kMessagesMax
  bool backwards = false;
};

struct HistoryPage {
  std::vector<Bytes> messages;  // encoded
  bool more = false;
};

struct ConversationPage {
  std::vector<ConversationView> conversations;  // newest first
  std::string next_page_token;
};

struct MemberEntry {
  model::Member member;
  Sequence delivered_seq = 0;
};

struct MemberPage {
  std::vector<MemberEntry> members;
  std::string next_page_token;
  uint64_t member_count = 0;
};

struct Hop {
  std::string name;  // accepted, logged, applied, delivered, read
  int64_t time_ms = 0;
  std::string detail;
  UserId user;
};

struct Whereabouts {
  Bytes message;
  std::vector<Hop> hops;
};

class StorageReader {
 public:
  // Page sizes: a page of the largest messages still fits a frame's budget of bytes, which ends it
  // early.
  static constexpr size_t kMessagesMax = 200;
  static constexpr size_t kConversationsMax = 200;
  static constexpr size_t kMembersMax = 1000;

  virtual ~StorageReader() = default;

  // What changed for the user since `digest`, beyond `positions`. Nothing changed: one comparison.
  virtual Task<SyncResult> sync(Context ctx, SyncRequest request) = 0;

  virtual Task<HistoryPage> history(Context ctx, HistoryRequest request) = 0;
  virtual Task<Bytes> get_message(Context ctx, UserId user, MessageId id) = 0;
  virtual Task<ConversationPage> list_conversations(Context ctx, UserId user, size_t limit,
                                                    std::string page_token) = 0;
  virtual Task<MemberPage> list_members(Context ctx, UserId user, ConversationId conversation,
                                        size_t limit, std::string page_token) = 0;

  // What happened to a message, hop by hop.
  virtual Task<Whereabouts> where(Context ctx, UserId user, MessageId id) = 0;

  // For gateways: the ids of the user's conversations other than single chats.
  virtual Task<std::vector<ConversationId>> groups_of(Context ctx, UserId user) = 0;
};

}  // namespace flare::api
