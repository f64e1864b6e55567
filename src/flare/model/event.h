// Messages and events in their encoded form: built once, scanned for the few fields a stage needs,
// extended at the end, never re-encoded. The shapes are proto/flare/model/v1/message.proto and
// proto/flare/log/v1/event.proto.
//
// A view points into the bytes it was scanned from.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "flare/base/bytes.h"
#include "flare/model/conversation.h"

namespace flare::model {

// ---- a message

struct MessageView {
  std::string_view conversation;
  std::string_view message_id;  // 16 bytes
  std::string_view sender;
  std::string_view client_message_id;
  int64_t server_time_ms = 0;
  std::string_view content;  // encoded Content

  Sequence seq = 0;  // from here on: 0 until stored
  uint64_t ordinal = 0;
  uint64_t sender_ordinal = 0;
  int64_t applied_time_ms = 0;
  uint32_t log_partition = 0;
  uint64_t log_offset = 0;
};

struct MessageDraft {
  ConversationId conversation;
  MessageId id;
  UserId sender;
  std::string client_message_id;
  int64_t server_time_ms = 0;
  std::string content;  // encoded Content
  std::map<std::string, std::string> metadata;
};

struct StoredFields {
  Sequence seq = 0;
  uint64_t ordinal = 0;
  uint64_t sender_ordinal = 0;
  int64_t applied_time_ms = 0;
  uint32_t log_partition = 0;
  uint64_t log_offset = 0;
};

// Fails with DataLoss when the bytes are no message.
Result<MessageView> scan_message(std::string_view bytes);
std::string encode(const MessageDraft& draft);
void append_stored_fields(std::string& message, const StoredFields& fields);

// ---- what a message says

enum class ContentKind : uint8_t { None, Text, Custom, Operation };

// The kind of an encoded Content; None when it is malformed or says nothing.
ContentKind content_kind(std::string_view content);

// The text of a text; the product's own name of a custom content. Empty for other kinds.
std::string_view content_text(std::string_view content);
std::string_view custom_type(std::string_view content);

struct ConversationCreated {
  ConversationType type = ConversationType::Group;
  std::string title;
  std::vector<UserId> members;
  std::map<std::string, std::string> metadata;
  std::string business_type;
};
struct MembersAdded {
  std::vector<UserId> users;
};
struct MembersRemoved {
  std::vector<UserId> users;
};
struct ConversationRenamed {
  std::string title;
};
using Operation =
    std::variant<ConversationCreated, MembersAdded, MembersRemoved, ConversationRenamed>;

// The Content that carries the operation, encoded; and back. Nothing when the content is none or
// is an operation this version does not know.
std::string encode_content(const Operation& operation);
std::optional<Operation> operation_in(std::string_view content);

// ---- an event

struct ReadMark {
  ConversationId conversation;
  UserId user;
  Sequence seq = 0;
  int64_t server_time_ms = 0;
};

struct Origin {
  std::string gateway;
  uint64_t session = 0;
  uint32_t orchestrator = 0;  // who waits for the outcome; 0: nobody
  bool told_seq = false;      // the sending session learns seq from its answer
};

struct EventView {
  std::string_view tenant;
  std::string_view message;  // encoded Message; empty for a read mark
  std::string_view read;     // encoded ReadMark; empty for a message
  std::string_view origin_gateway;
  uint64_t origin_session = 0;
  uint32_t orchestrator = 0;
  bool told_seq = false;
  std::string_view trace;
  std::vector<std::string_view> receivers;

  Sequence seq = 0;
  std::vector<std::string_view> gateways;
  std::vector<std::string_view> users;
};

Result<EventView> scan_event(std::string_view bytes);
Result<ReadMark> decode_read_mark(std::string_view bytes);

std::string encode_message_event(const TenantId& tenant, std::string_view message,
                                 const Origin& origin, std::string_view trace);
std::string encode_read_event(const TenantId& tenant, const ReadMark& mark, const Origin& origin,
                              std::string_view trace);

// What the storage writer makes for push-messages: the event with its message completed by the
// stored fields, and the seq once more outside for who routes. The store keeps `message`, which
// shares the event's memory.
struct StoredEvent {
  Bytes event;
  Bytes message;
};
StoredEvent store_event(std::string_view event, const StoredFields& fields);

// What the push server adds for push-dispatch.
void append_dispatch(std::string& event, const std::vector<std::string>& gateways,
                     const std::vector<std::string_view>& users);

}  // namespace flare::model
