#include "flare/model/conversation.h"

#include "flare/base/wire.h"

namespace flare::model {
namespace {

std::unexpected<Error> malformed(std::string_view row) {
  return fail(ErrorCode::DataLoss, "stored " + std::string(row) + " does not parse");
}

}  // namespace

void put_metadata(std::string& out, uint32_t field,
                  const std::map<std::string, std::string>& metadata) {
  for (const auto& [key, value] : metadata) {
    std::string entry;
    wire::put_bytes(entry, 1, key);
    wire::put_bytes(entry, 2, value);
    wire::put_message(out, field, entry);
  }
}

bool read_metadata(std::string_view entry, std::map<std::string, std::string>& metadata) {
  std::string key;
  std::string value;
  wire::Reader in(entry);
  while (in.next()) {
    if (in.field() == 1) key = in.bytes();
    if (in.field() == 2) value = in.bytes();
  }
  metadata[std::move(key)] = std::move(value);
  return in.ok();
}

std::string encode(const Conversation& conversation) {
  std::string out;
  wire::put_bytes(out, 1, conversation.id.text);
  wire::put_uint(out, 2, static_cast<uint64_t>(conversation.type));
  wire::put_bytes(out, 3, conversation.title);
  wire::put_bytes(out, 4, conversation.business_type);
  put_metadata(out, 5, conversation.metadata);
  wire::put_bytes(out, 6, conversation.creator.text);
  wire::put_uint(out, 7, static_cast<uint64_t>(conversation.created_ms));
  wire::put_uint(out, 8, conversation.member_count);
  return out;
}

Result<Conversation> decode_conversation(std::string_view bytes) {
  Conversation conversation;
  wire::Reader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: conversation.id.text = in.bytes(); break;
      case 2: conversation.type = static_cast<ConversationType>(in.uint()); break;
      case 3: conversation.title = in.bytes(); break;
      case 4: conversation.business_type = in.bytes(); break;
      case 5:
        if (!read_metadata(in.bytes(), conversation.metadata)) return malformed("conversation");
        break;
      case 6: conversation.creator.text = in.bytes(); break;
      case 7: conversation.created_ms = static_cast<int64_t>(in.uint()); break;
      case 8: conversation.member_count = in.uint(); break;
      default: break;
    }
  }
  if (!in.ok()) return malformed("conversation");
  return conversation;
}

std::string encode(const Head& head) {
  std::string out;
  wire::put_uint(out, 1, head.last_seq);
  wire::put_uint(out, 2, head.ordinal);
  wire::put_uint(out, 3, static_cast<uint64_t>(head.last_time_ms));
  return out;
}

Result<Head> decode_head(std::string_view bytes) {
  Head head;
  wire::Reader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: head.last_seq = in.uint(); break;
      case 2: head.ordinal = in.uint(); break;
      case 3: head.last_time_ms = static_cast<int64_t>(in.uint()); break;
      default: break;
    }
  }
  if (!in.ok()) return malformed("head");
  return head;
}

std::string encode(const Member& member) {
  std::string out;
  wire::put_bytes(out, 1, member.user.text);
  wire::put_uint(out, 2, static_cast<uint64_t>(member.role));
  wire::put_uint(out, 3, member.join_seq);
  wire::put_uint(out, 4, static_cast<uint64_t>(member.joined_ms));
  wire::put_uint(out, 5, member.read_seq);
  wire::put_uint(out, 6, static_cast<uint64_t>(member.read_ms));
  wire::put_uint(out, 7, member.read_ordinal);
  wire::put_uint(out, 8, member.read_sent_ordinal);
  wire::put_uint(out, 9, member.sent_ordinal);
  wire::put_uint(out, 10, member.last_sent_seq);
  return out;
}

Result<Member> decode_member(std::string_view bytes) {
  Member member;
  member.join_seq = 0;
  wire::Reader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: member.user.text = in.bytes(); break;
      case 2: member.role = static_cast<MemberRole>(in.uint()); break;
      case 3: member.join_seq = in.uint(); break;
      case 4: member.joined_ms = static_cast<int64_t>(in.uint()); break;
      case 5: member.read_seq = in.uint(); break;
      case 6: member.read_ms = static_cast<int64_t>(in.uint()); break;
      case 7: member.read_ordinal = in.uint(); break;
      case 8: member.read_sent_ordinal = in.uint(); break;
      case 9: member.sent_ordinal = in.uint(); break;
      case 10: member.last_sent_seq = in.uint(); break;
      default: break;
    }
  }
  if (!in.ok()) return malformed("member");
  return member;
}

}  // namespace flare::model
