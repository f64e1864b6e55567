// Conversations and their members as the store keeps them, and the rules that need nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "flare/model/ids.h"

namespace flare::model {

// Numbers as in proto/flare/model/v1/message.proto.
enum class ConversationType : uint8_t {
  Unspecified = 0,
  Single = 1,
  Group = 2,
  Channel = 3,
  CustomerService = 4,
  Ai = 5,
};

enum class MemberRole : uint8_t { None = 0, Owner = 1, Admin = 2, Member = 3, Reader = 4 };

struct Conversation {
  ConversationId id;
  ConversationType type = ConversationType::Unspecified;
  std::string title;
  std::string business_type;
  std::map<std::string, std::string> metadata;
  UserId creator;
  int64_t created_ms = 0;
  uint64_t member_count = 0;
};

// Where a conversation's history ends; moves with every message.
struct Head {
  Sequence last_seq = 0;
  uint64_t ordinal = 0;  // how many messages so far count as unread for somebody
  int64_t last_time_ms = 0;
};

struct Member {
  UserId user;
  MemberRole role = MemberRole::None;
  Sequence join_seq = 1;  // history floor: sees messages with seq >= join_seq
  int64_t joined_ms = 0;

  Sequence read_seq = 0;
  int64_t read_ms = 0;              // when the cursor last moved, Unix time
  uint64_t read_ordinal = 0;        // the conversation's ordinal at read_seq
  uint64_t read_sent_ordinal = 0;   // sent_ordinal at read_seq
  uint64_t sent_ordinal = 0;        // how many counting messages this member has sent
  Sequence last_sent_seq = 0;
};

// Messages after the read cursor that this member did not send himself. Exact, from two rows.
inline uint64_t unread(const Head& head, const Member& member) {
  const uint64_t after = head.ordinal - member.read_ordinal;
  const uint64_t own = member.sent_ordinal - member.read_sent_ordinal;
  return after > own ? after - own : 0;
}

inline bool may_write(MemberRole role) {
  return role == MemberRole::Owner || role == MemberRole::Admin || role == MemberRole::Member;
}
inline bool may_manage_members(MemberRole role) {
  return role == MemberRole::Owner || role == MemberRole::Admin;
}

// The rows' encodings: protobuf wire format, fields numbered in the order declared above
// (docs/reference/store-format.md). decode fails with DataLoss.
std::string encode(const Conversation& conversation);
std::string encode(const Head& head);
std::string encode(const Member& member);
Result<Conversation> decode_conversation(std::string_view bytes);
Result<Head> decode_head(std::string_view bytes);
Result<Member> decode_member(std::string_view bytes);

}  // namespace flare::model
