// The frames of flare.client.v1 the bench writes and reads, without copies: views point into the
// bytes they were scanned from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flare::bench {

// Frame's body fields, by their number in the schema.
enum class Body : uint32_t {
  None = 0,
  Hello = 2,
  Welcome = 3,
  Ping = 4,
  Pong = 5,
  Kicked = 6,
  Error = 7,
  Send = 10,
  Accepted = 11,
  Persisted = 12,
  Deliver = 13,
  DeliverAck = 14,
  Resync = 15,
  History = 22,
  HistoryPage = 23,
  CreateConversation = 30,
  AddMembers = 31,
  ConversationChanged = 34,
};

enum class AckLevel : uint8_t { Accepted = 0, Persisted = 1 };

struct FrameView {
  uint64_t request_id = 0;
  Body kind = Body::None;  // a field this list does not have is kept by its number
  std::string_view body;
};

struct MessageView {
  std::string_view conversation_id;
  std::string_view message_id;
  std::string_view sender_id;
  std::string_view client_message_id;
  std::string_view text;  // empty for operations and custom contents
  uint64_t seq = 0;
};

// Accepted and Persisted have the same fields; seq is 0 in Accepted.
struct ReceiptView {
  std::string_view message_id;
  std::string_view conversation_id;
  uint64_t seq = 0;
};

struct ErrorView {
  int32_t code = 0;
  std::string_view name;
  std::string_view message;
  uint32_t retry_after_ms = 0;
};

struct ResyncView {
  std::string_view conversation_id;
  uint64_t from_seq = 0;
};

struct HistoryPageView {
  std::vector<MessageView> messages;
  bool more = false;
};

struct SendDraft {
  uint64_t request_id = 0;
  std::string_view conversation_id;  // one of the two
  std::string_view to_user_id;
  std::string_view client_message_id;
  std::string_view text;
  AckLevel ack_level = AckLevel::Accepted;
};

struct PositionView {
  std::string_view conversation_id;
  uint64_t seq = 0;
};

// nullopt: the bytes are not a message of that type.
std::optional<FrameView> scan_frame(std::string_view bytes);
std::optional<MessageView> scan_message(std::string_view bytes);
std::optional<MessageView> scan_deliver(std::string_view body);
std::optional<ReceiptView> scan_receipt(std::string_view body);
std::optional<ErrorView> scan_error(std::string_view body);
std::optional<ResyncView> scan_resync(std::string_view body);
std::optional<HistoryPageView> scan_history_page(std::string_view body);
std::optional<std::string_view> scan_changed_conversation(std::string_view body);
uint32_t scan_sends_per_second(std::string_view welcome_body);

// Each encoder replaces what `out` held, so that one scratch string serves all.
void encode_frame(std::string& out, uint64_t request_id, Body kind, std::string_view body);
void encode_hello(std::string& out, uint64_t request_id, std::string_view token,
                  std::string_view client);
void encode_send(std::string& out, const SendDraft& draft);
void encode_deliver_ack(std::string& out, PositionView position);
void encode_history(std::string& out, uint64_t request_id, std::string_view conversation_id,
                    uint64_t from_seq, uint32_t limit);
void encode_create_group(std::string& out, uint64_t request_id, std::string_view operation_id,
                         std::string_view title, const std::vector<std::string>& member_ids);
void encode_add_members(std::string& out, uint64_t request_id, std::string_view operation_id,
                        std::string_view conversation_id, const std::vector<std::string>& user_ids);

}  // namespace flare::bench
