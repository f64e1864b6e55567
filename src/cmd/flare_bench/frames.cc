#include "cmd/flare_bench/frames.h"

#include "cmd/flare_bench/wire.h"

namespace flare::bench {
namespace {

std::string_view scan_text(std::string_view content) {
  WireReader reader(content);
  std::string_view text;
  while (reader.next()) {
    if (reader.field == 1) text = reader.bytes;
  }
  return text;
}

}  // namespace

std::optional<FrameView> scan_frame(std::string_view bytes) {
  FrameView frame;
  WireReader reader(bytes);
  while (reader.next()) {
    if (reader.field == 1) {
      frame.request_id = reader.number;
    } else if (reader.type == WireType::Bytes) {
      frame.kind = static_cast<Body>(reader.field);
      frame.body = reader.bytes;
    }
  }
  if (!reader.ok) return std::nullopt;
  return frame;
}

std::optional<MessageView> scan_message(std::string_view bytes) {
  MessageView message;
  WireReader reader(bytes);
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        message.conversation_id = reader.bytes;
        break;
      case 2:
        message.message_id = reader.bytes;
        break;
      case 3:
        message.sender_id = reader.bytes;
        break;
      case 4:
        message.client_message_id = reader.bytes;
        break;
      case 6:
        message.text = scan_text(reader.bytes);
        break;
      case 20:
        message.seq = reader.number;
        break;
      default:
        break;
    }
  }
  if (!reader.ok) return std::nullopt;
  return message;
}

std::optional<MessageView> scan_deliver(std::string_view body) {
  WireReader reader(body);
  std::optional<MessageView> message;
  while (reader.next()) {
    if (reader.field == 1) message = scan_message(reader.bytes);
  }
  if (!reader.ok) return std::nullopt;
  return message;
}

std::optional<ReceiptView> scan_receipt(std::string_view body) {
  ReceiptView receipt;
  WireReader reader(body);
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        receipt.message_id = reader.bytes;
        break;
      case 3:
        receipt.conversation_id = reader.bytes;
        break;
      case 4:
        receipt.seq = reader.number;
        break;
      default:
        break;
    }
  }
  if (!reader.ok) return std::nullopt;
  return receipt;
}

std::optional<ErrorView> scan_error(std::string_view body) {
  ErrorView error;
  WireReader reader(body);
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        error.code = static_cast<int32_t>(reader.number);
        break;
      case 2:
        error.name = reader.bytes;
        break;
      case 3:
        error.message = reader.bytes;
        break;
      case 5:
        error.retry_after_ms = static_cast<uint32_t>(reader.number);
        break;
      default:
        break;
    }
  }
  if (!reader.ok) return std::nullopt;
  return error;
}

std::optional<ResyncView> scan_resync(std::string_view body) {
  ResyncView resync;
  WireReader reader(body);
  while (reader.next()) {
    if (reader.field == 1) resync.conversation_id = reader.bytes;
    if (reader.field == 2) resync.from_seq = reader.number;
  }
  if (!reader.ok) return std::nullopt;
  return resync;
}

std::optional<HistoryPageView> scan_history_page(std::string_view body) {
  HistoryPageView page;
  WireReader reader(body);
  while (reader.next()) {
    if (reader.field == 1) {
      const auto message = scan_message(reader.bytes);
      if (!message) return std::nullopt;
      page.messages.push_back(*message);
    } else if (reader.field == 2) {
      page.more = reader.number != 0;
    }
  }
  if (!reader.ok) return std::nullopt;
  return page;
}

std::optional<std::string_view> scan_changed_conversation(std::string_view body) {
  WireReader reader(body);
  std::string_view conversation_id;
  while (reader.next()) {
    if (reader.field == 1) conversation_id = reader.bytes;
  }
  if (!reader.ok) return std::nullopt;
  return conversation_id;
}

uint32_t scan_sends_per_second(std::string_view welcome_body) {
  WireReader reader(welcome_body);
  uint64_t limit = 0;
  while (reader.next()) {
    if (reader.field == 8) limit = reader.number;
  }
  return static_cast<uint32_t>(limit);
}

void encode_frame(std::string& out, uint64_t request_id, Body kind, std::string_view body) {
  out.clear();
  put_number(out, 1, request_id);
  put_bytes_always(out, static_cast<uint32_t>(kind), body);
}

void encode_hello(std::string& out, uint64_t request_id, std::string_view token,
                  std::string_view client) {
  std::string body;
  put_bytes(body, 1, token);
  put_bytes(body, 2, client);
  encode_frame(out, request_id, Body::Hello, body);
}

// The one encoder on the hot path: lengths first, then everything written once.
void encode_send(std::string& out, const SendDraft& draft) {
  const bool by_conversation = !draft.conversation_id.empty();
  const std::string_view target = by_conversation ? draft.conversation_id : draft.to_user_id;
  const size_t content_size = bytes_field_size(1, draft.text.size());
  size_t size = bytes_field_size(1, target.size()) +
                bytes_field_size(3, draft.client_message_id.size()) +
                bytes_field_size(4, content_size);
  if (draft.ack_level != AckLevel::Accepted) size += 2;

  out.clear();
  put_number(out, 1, draft.request_id);
  put_tag(out, static_cast<uint32_t>(Body::Send), WireType::Bytes);
  put_varint(out, size);
  put_bytes_always(out, by_conversation ? 1 : 2, target);
  put_bytes_always(out, 3, draft.client_message_id);
  put_tag(out, 4, WireType::Bytes);
  put_varint(out, content_size);
  put_bytes_always(out, 1, draft.text);
  put_number(out, 5, static_cast<uint64_t>(draft.ack_level));
}

void encode_deliver_ack(std::string& out, PositionView position) {
  const size_t position_size =
      bytes_field_size(1, position.conversation_id.size()) + 1 + varint_bytes(position.seq);
  out.clear();
  put_tag(out, static_cast<uint32_t>(Body::DeliverAck), WireType::Bytes);
  put_varint(out, bytes_field_size(1, position_size));
  put_tag(out, 1, WireType::Bytes);
  put_varint(out, position_size);
  put_bytes_always(out, 1, position.conversation_id);
  put_tag(out, 2, WireType::Varint);
  put_varint(out, position.seq);
}

void encode_history(std::string& out, uint64_t request_id, std::string_view conversation_id,
                    uint64_t from_seq, uint32_t limit) {
  std::string body;
  put_bytes(body, 1, conversation_id);
  put_number(body, 2, from_seq);
  put_number(body, 4, limit);
  encode_frame(out, request_id, Body::History, body);
}

void encode_create_group(std::string& out, uint64_t request_id, std::string_view operation_id,
                         std::string_view title, const std::vector<std::string>& member_ids) {
  constexpr uint64_t kGroup = 2;
  std::string body;
  put_bytes(body, 1, operation_id);
  put_number(body, 2, kGroup);
  put_bytes(body, 3, title);
  for (const std::string& id : member_ids) put_bytes_always(body, 4, id);
  encode_frame(out, request_id, Body::CreateConversation, body);
}

void encode_add_members(std::string& out, uint64_t request_id, std::string_view operation_id,
                        std::string_view conversation_id,
                        const std::vector<std::string>& user_ids) {
  std::string body;
  put_bytes(body, 1, operation_id);
  put_bytes(body, 2, conversation_id);
  for (const std::string& id : user_ids) put_bytes_always(body, 3, id);
  encode_frame(out, request_id, Body::AddMembers, body);
}

}  // namespace flare::bench
