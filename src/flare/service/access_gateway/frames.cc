#include "flare/service/access_gateway/frames.h"

#include <google/protobuf/util/json_util.h>

#include "flare/base/wire.h"
#include "flare/client/v1/frame.pb.h"

namespace flare::access_gateway {
namespace {

using client::v1::Frame;

// A frame around an encoded body. Field numbers come from the generated type, so that they are
// said once.
std::string frame_of(uint64_t request_id, int body_field, std::string_view body) {
  std::string out;
  out.reserve(body.size() + 24);
  wire::put_uint(out, Frame::kRequestIdFieldNumber, request_id);
  wire::put_message(out, static_cast<uint32_t>(body_field), body);
  return out;
}

template <class Number>
void put_number(std::string& out, uint32_t field, Number value) {
  wire::put_uint(out, field, static_cast<uint64_t>(value));
}

std::string encode_view(const api::ConversationView& view) {
  std::string out;
  wire::put_bytes(out, 1, view.conversation.id.text);
  put_number(out, 2, view.conversation.type);
  wire::put_bytes(out, 3, view.conversation.title);
  wire::put_uint(out, 4, view.head.last_seq);
  put_number(out, 5, view.head.last_time_ms);
  wire::put_uint(out, 6, view.unread);
  wire::put_uint(out, 7, view.member.read_seq);
  wire::put_uint(out, 8, view.member.join_seq);
  if (!view.preview.empty()) wire::put_message(out, 9, view.preview.view());
  wire::put_uint(out, 10, view.conversation.member_count);
  if (view.peer) wire::put_bytes(out, 11, view.peer->text);
  for (const auto& [key, value] : view.conversation.metadata) {
    std::string entry;
    wire::put_bytes(entry, 1, key);
    wire::put_bytes(entry, 2, value);
    wire::put_message(out, 12, entry);
  }
  wire::put_bytes(out, 13, view.conversation.business_type);
  put_number(out, 14, view.member.role);
  wire::put_uint(out, 15, view.peer_read_seq);
  wire::put_uint(out, 16, view.peer_delivered_seq);
  return out;
}

std::string encode_member(const api::MemberEntry& entry) {
  std::string out;
  wire::put_bytes(out, 1, entry.member.user.text);
  put_number(out, 2, entry.member.role);
  wire::put_uint(out, 3, entry.member.join_seq);
  wire::put_uint(out, 4, entry.member.read_seq);
  wire::put_uint(out, 5, entry.delivered_seq);
  put_number(out, 6, entry.member.joined_ms);
  return out;
}

}  // namespace

bool parse_frame(api::FrameFormat format, std::string_view bytes, Frame& frame) {
  frame.Clear();
  if (format == api::FrameFormat::Protobuf) {
    return frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  return google::protobuf::util::JsonStringToMessage({bytes.data(), bytes.size()}, &frame, options)
      .ok();
}

std::string to_json(std::string_view bytes) {
  Frame frame;
  std::string json;
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      !google::protobuf::util::MessageToJsonString(frame, &json).ok()) {
    // Content of another client that is no UTF-8 text has no JSON.
    json = R"({"error":{"code":5001,"name":"DATA_LOSS","message":"not representable as JSON"}})";
  }
  return json;
}

std::string welcome_frame(uint64_t request_id, const WelcomeFacts& facts) {
  std::string body;
  wire::put_bytes(body, 1, facts.session.user.text);
  wire::put_bytes(body, 2, facts.session.device.text);
  wire::put_uint(body, 3, facts.session_id);
  put_number(body, 4, facts.server_time_ms);
  put_number(body, 5, facts.heartbeat_ms);
  wire::put_uint(body, 6, facts.frame_bytes_max);
  wire::put_uint(body, 7, facts.content_bytes_max);
  wire::put_uint(body, 8, facts.sends_per_second);
  return frame_of(request_id, Frame::kWelcomeFieldNumber, body);
}

std::string error_frame(uint64_t request_id, const Error& error) {
  std::string body;
  put_number(body, 1, client_code(error.code));
  wire::put_bytes(body, 2, name(error.code));
  wire::put_bytes(body, 3, error.message);
  wire::put_uint(body, 4, worth_retrying(error) ? 1 : 0);
  wire::put_uint(body, 5, error.retry_after_ms);
  return frame_of(request_id, Frame::kErrorFieldNumber, body);
}

std::string kicked_frame(std::string_view reason, std::string_view by, bool may_reconnect) {
  std::string body;
  wire::put_bytes(body, 1, reason);
  wire::put_bytes(body, 2, by);
  wire::put_uint(body, 3, may_reconnect ? 1 : 0);
  return frame_of(0, Frame::kKickedFieldNumber, body);
}

std::string pong_frame(uint64_t request_id, int64_t server_time_ms) {
  std::string body;
  put_number(body, 1, server_time_ms);
  return frame_of(request_id, Frame::kPongFieldNumber, body);
}

std::string done_frame(uint64_t request_id) {
  return frame_of(request_id, Frame::kDoneFieldNumber, {});
}

std::string receipt_frame(uint64_t request_id, const ConversationId& conversation,
                          const api::SendReceipt& receipt) {
  std::string body;
  wire::put_bytes(body, 1, receipt.id.view());
  put_number(body, 2, receipt.server_time_ms);
  wire::put_bytes(body, 3, conversation.text);
  wire::put_uint(body, 4, receipt.seq);
  const int field = receipt.seq > 0 ? Frame::kPersistedFieldNumber : Frame::kAcceptedFieldNumber;
  return frame_of(request_id, field, body);
}

std::string changed_frame(uint64_t request_id, const api::OperateReceipt& receipt) {
  std::string body;
  wire::put_bytes(body, 1, receipt.conversation.text);
  wire::put_uint(body, 2, receipt.seq);
  wire::put_bytes(body, 3, receipt.id.view());
  return frame_of(request_id, Frame::kConversationChangedFieldNumber, body);
}

std::string deliver_frame(std::string_view message, Sequence prev_seq) {
  // Written in one go: this is the frame of which the most are made.
  const size_t body = 1 + wire::varint_size(message.size()) + message.size() +
                      (prev_seq == 0 ? 0 : 1 + wire::varint_size(prev_seq));
  std::string out;
  out.reserve(body + 8);
  wire::put_tag(out, Frame::kDeliverFieldNumber, wire::Type::Length);
  wire::put_varint(out, body);
  wire::put_message(out, 1, message);
  wire::put_uint(out, 2, prev_seq);
  return out;
}

std::string resync_frame(std::string_view conversation, Sequence from_seq) {
  std::string body;
  wire::put_bytes(body, 1, conversation);
  wire::put_uint(body, 2, from_seq);
  return frame_of(0, Frame::kResyncFieldNumber, body);
}

std::string read_receipt_frame(std::string_view conversation, std::string_view user,
                               Sequence delivered_seq, Sequence read_seq) {
  std::string body;
  wire::put_bytes(body, 1, conversation);
  wire::put_bytes(body, 2, user);
  wire::put_uint(body, 3, delivered_seq);
  wire::put_uint(body, 4, read_seq);
  return frame_of(0, Frame::kReceiptFieldNumber, body);
}

std::string sync_frame(uint64_t request_id, const api::SyncResult& result) {
  std::string body;
  wire::put_uint(body, 1, result.unchanged ? 1 : 0);
  wire::put_uint(body, 2, result.digest);
  for (const api::SyncedConversation& synced : result.conversations) {
    std::string conversation;
    wire::put_message(conversation, 1, encode_view(synced.view));
    for (const Bytes& message : synced.messages) wire::put_message(conversation, 2, message.view());
    wire::put_uint(conversation, 3, synced.more ? 1 : 0);
    wire::put_message(body, 3, conversation);
  }
  wire::put_bytes(body, 4, result.next_page_token);
  for (const ConversationId& left : result.left) wire::put_message(body, 5, left.text);
  return frame_of(request_id, Frame::kSyncResultFieldNumber, body);
}

std::string history_frame(uint64_t request_id, const api::HistoryPage& page) {
  std::string body;
  for (const Bytes& message : page.messages) wire::put_message(body, 1, message.view());
  wire::put_uint(body, 2, page.more ? 1 : 0);
  return frame_of(request_id, Frame::kHistoryPageFieldNumber, body);
}

std::string message_frame(uint64_t request_id, const Bytes& message) {
  std::string body;
  wire::put_message(body, 1, message.view());
  return frame_of(request_id, Frame::kMessageFoundFieldNumber, body);
}

std::string conversations_frame(uint64_t request_id, const api::ConversationPage& page) {
  std::string body;
  for (const api::ConversationView& view : page.conversations) {
    wire::put_message(body, 1, encode_view(view));
  }
  wire::put_bytes(body, 2, page.next_page_token);
  return frame_of(request_id, Frame::kConversationPageFieldNumber, body);
}

std::string members_frame(uint64_t request_id, const api::MemberPage& page) {
  std::string body;
  for (const api::MemberEntry& entry : page.members) {
    wire::put_message(body, 1, encode_member(entry));
  }
  wire::put_bytes(body, 2, page.next_page_token);
  wire::put_uint(body, 3, page.member_count);
  return frame_of(request_id, Frame::kMemberPageFieldNumber, body);
}

std::string where_frame(uint64_t request_id, const api::Whereabouts& whereabouts) {
  std::string body;
  wire::put_message(body, 1, whereabouts.message.view());
  for (const api::Hop& hop : whereabouts.hops) {
    std::string entry;
    wire::put_bytes(entry, 1, hop.name);
    put_number(entry, 2, hop.time_ms);
    wire::put_bytes(entry, 3, hop.detail);
    wire::put_bytes(entry, 4, hop.user.text);
    wire::put_message(body, 2, entry);
  }
  return frame_of(request_id, Frame::kWhereResultFieldNumber, body);
}

std::string presence_frame(uint64_t request_id, const std::vector<api::UserPresence>& users) {
  std::string body;
  for (const api::UserPresence& user : users) {
    std::string entry;
    wire::put_bytes(entry, 1, user.user.text);
    wire::put_uint(entry, 2, user.online ? 1 : 0);
    for (const std::string& platform : user.platforms) wire::put_message(entry, 3, platform);
    wire::put_message(body, 1, entry);
  }
  return frame_of(request_id, Frame::kPresenceResultFieldNumber, body);
}

}  // namespace flare::access_gateway
