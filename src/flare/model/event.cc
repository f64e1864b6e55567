#include "flare/model/event.h"

#include "flare/base/wire.h"

namespace flare::model {

// conversation.cc
void put_metadata(std::string& out, uint32_t field,
                  const std::map<std::string, std::string>& metadata);
bool read_metadata(std::string_view entry, std::map<std::string, std::string>& metadata);

namespace {

// Field numbers of flare.model.v1.Operation.
constexpr uint32_t kConversationCreated = 1;
constexpr uint32_t kMembersAdded = 2;
constexpr uint32_t kMembersRemoved = 3;
constexpr uint32_t kConversationRenamed = 4;

std::string encode_users(const std::vector<UserId>& users) {
  std::string out;
  for (const UserId& user : users) wire::put_message(out, 1, user.text);
  return out;
}

struct OperationEncoder {
  std::string operator()(const ConversationCreated& created) const {
    std::string body;
    wire::put_uint(body, 1, static_cast<uint64_t>(created.type));
    wire::put_bytes(body, 2, created.title);
    for (const UserId& member : created.members) wire::put_message(body, 3, member.text);
    put_metadata(body, 4, created.metadata);
    wire::put_bytes(body, 5, created.business_type);
    return wrap(kConversationCreated, body);
  }
  std::string operator()(const MembersAdded& added) const {
    return wrap(kMembersAdded, encode_users(added.users));
  }
  std::string operator()(const MembersRemoved& removed) const {
    return wrap(kMembersRemoved, encode_users(removed.users));
  }
  std::string operator()(const ConversationRenamed& renamed) const {
    std::string body;
    wire::put_bytes(body, 1, renamed.title);
    return wrap(kConversationRenamed, body);
  }

  static std::string wrap(uint32_t field, std::string_view body) {
    std::string out;
    wire::put_message(out, field, body);
    return out;
  }
};

std::optional<ConversationCreated> decode_created(std::string_view bytes) {
  ConversationCreated created;
  wire::Reader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: created.type = static_cast<ConversationType>(in.uint()); break;
      case 2: created.title = in.bytes(); break;
      case 3: created.members.push_back({std::string(in.bytes())}); break;
      case 4:
        if (!read_metadata(in.bytes(), created.metadata)) return std::nullopt;
        break;
      case 5: created.business_type = in.bytes(); break;
      default: break;
    }
  }
  if (!in.ok()) return std::nullopt;
  // Zero and a field that is not there are the same to everybody else who reads this.
  if (created.type == ConversationType::Unspecified) created.type = ConversationType::Group;
  return created;
}

std::vector<UserId> decode_users(std::string_view bytes) {
  std::vector<UserId> users;
  wire::Reader in(bytes);
  while (in.next()) {
    if (in.field() == 1) users.push_back({std::string(in.bytes())});
  }
  return users;
}

std::string decode_title(std::string_view bytes) {
  wire::Reader in(bytes);
  std::string title;
  while (in.next()) {
    if (in.field() == 1) title = in.bytes();
  }
  return title;
}

std::string encode_origin(const Origin& origin) {
  std::string out;
  wire::put_bytes(out, 1, origin.gateway);
  wire::put_uint(out, 2, origin.session);
  wire::put_uint(out, 3, origin.orchestrator);
  wire::put_uint(out, 4, origin.told_seq ? 1 : 0);
  return out;
}

bool scan_origin(std::string_view bytes, EventView& event) {
  wire::Reader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: event.origin_gateway = in.bytes(); break;
      case 2: event.origin_session = in.uint(); break;
      case 3: event.orchestrator = static_cast<uint32_t>(in.uint()); break;
      case 4: event.told_seq = in.uint() != 0; break;
      default: break;
    }
  }
  return in.ok();
}

}  // namespace

Result<MessageView> scan_message(std::string_view bytes) {
  MessageView message;
  wire::Reader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: message.conversation = in.bytes(); break;
      case 2: message.message_id = in.bytes(); break;
      case 3: message.sender = in.bytes(); break;
      case 4: message.client_message_id = in.bytes(); break;
      case 5: message.server_time_ms = static_cast<int64_t>(in.uint()); break;
      case 6: message.content = in.bytes(); break;
      case 20: message.seq = in.uint(); break;
      case 21: message.ordinal = in.uint(); break;
      case 22: message.sender_ordinal = in.uint(); break;
      case 23: message.applied_time_ms = static_cast<int64_t>(in.uint()); break;
      case 24: message.log_partition = static_cast<uint32_t>(in.uint()); break;
      case 25: message.log_offset = in.uint(); break;
      default: break;
    }
  }
  if (!in.ok() || message.conversation.empty() ||
      message.message_id.size() != MessageId{}.bytes.size()) {
    return fail(ErrorCode::DataLoss, "message does not parse");
  }
  return message;
}

std::string encode(const MessageDraft& draft) {
  std::string out;
  // The fixed part is below 32 bytes; the stored fields and an event's header follow.
  out.reserve(draft.conversation.text.size() + draft.sender.text.size() +
              draft.client_message_id.size() + draft.content.size() + 96);
  wire::put_bytes(out, 1, draft.conversation.text);
  wire::put_bytes(out, 2, draft.id.view());
  wire::put_bytes(out, 3, draft.sender.text);
  wire::put_bytes(out, 4, draft.client_message_id);
  wire::put_uint(out, 5, static_cast<uint64_t>(draft.server_time_ms));
  wire::put_message(out, 6, draft.content);
  put_metadata(out, 7, draft.metadata);
  return out;
}

void append_stored_fields(std::string& message, const StoredFields& fields) {
  wire::put_uint(message, 20, fields.seq);
  wire::put_uint(message, 21, fields.ordinal);
  wire::put_uint(message, 22, fields.sender_ordinal);
  wire::put_uint(message, 23, static_cast<uint64_t>(fields.applied_time_ms));
  wire::put_uint(message, 24, fields.log_partition);
  wire::put_uint(message, 25, fields.log_offset);
}

ContentKind content_kind(std::string_view content) {
  ContentKind kind = ContentKind::None;
  wire::Reader in(content);
  while (in.next()) {
    if (in.type() != wire::Type::Length) continue;
    if (in.field() == 1) kind = ContentKind::Text;
    if (in.field() == 2) kind = ContentKind::Custom;
    if (in.field() == 3) kind = ContentKind::Operation;
  }
  return in.ok() ? kind : ContentKind::None;
}

std::string_view content_text(std::string_view content) {
  std::string_view text;
  wire::Reader in(content);
  while (in.next()) {
    if (in.field() == 1) text = in.bytes();
  }
  return text;
}

std::string_view custom_type(std::string_view content) {
  std::string_view type;
  wire::Reader in(content);
  while (in.next()) {
    if (in.field() != 2) continue;
    wire::Reader custom(in.bytes());
    while (custom.next()) {
      if (custom.field() == 1) type = custom.bytes();
    }
  }
  return type;
}

std::string encode_content(const Operation& operation) {
  std::string out;
  wire::put_message(out, 3, std::visit(OperationEncoder{}, operation));
  return out;
}

std::optional<Operation> operation_in(std::string_view content) {
  wire::Reader outer(content);
  while (outer.next()) {
    if (outer.field() != 3) continue;
    wire::Reader in(outer.bytes());
    while (in.next()) {
      switch (in.field()) {
        case kConversationCreated: {
          std::optional<ConversationCreated> created = decode_created(in.bytes());
          if (!created) return std::nullopt;
          return std::move(*created);
        }
        case kMembersAdded: return MembersAdded{decode_users(in.bytes())};
        case kMembersRemoved: return MembersRemoved{decode_users(in.bytes())};
        case kConversationRenamed: return ConversationRenamed{decode_title(in.bytes())};
        default: break;
      }
    }
  }
  return std::nullopt;
}

Result<EventView> scan_event(std::string_view bytes) {
  EventView event;
  bool origin_ok = true;
  wire::Reader in(bytes);
  while (in.next()) {
    // A field of another type than ours is not ours.
    const bool number = in.field() == 20;
    if (in.type() != (number ? wire::Type::Varint : wire::Type::Length)) continue;
    switch (in.field()) {
      case 1: event.tenant = in.bytes(); break;
      case 2: event.message = in.bytes(); break;
      case 3: event.read = in.bytes(); break;
      case 4: origin_ok = scan_origin(in.bytes(), event); break;
      case 5: event.trace = in.bytes(); break;
      case 6: event.receivers.push_back(in.bytes()); break;
      case 20: event.seq = in.uint(); break;
      case 30: event.gateways.push_back(in.bytes()); break;
      case 31: event.users.push_back(in.bytes()); break;
      default: break;
    }
  }
  if (!in.ok() || !origin_ok || event.message.empty() == event.read.empty()) {
    return fail(ErrorCode::DataLoss, "event does not parse");
  }
  return event;
}

Result<ReadMark> decode_read_mark(std::string_view bytes) {
  ReadMark mark;
  wire::Reader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: mark.conversation.text = in.bytes(); break;
      case 2: mark.user.text = in.bytes(); break;
      case 3: mark.seq = in.uint(); break;
      case 4: mark.server_time_ms = static_cast<int64_t>(in.uint()); break;
      default: break;
    }
  }
  if (!in.ok() || mark.conversation.empty() || mark.user.empty()) {
    return fail(ErrorCode::DataLoss, "read mark does not parse");
  }
  return mark;
}

std::string encode_message_event(const TenantId& tenant, std::string_view message,
                                 const Origin& origin, std::string_view trace) {
  std::string out;
  out.reserve(tenant.text.size() + message.size() + origin.gateway.size() + trace.size() + 48);
  wire::put_bytes(out, 1, tenant.text);
  wire::put_message(out, 2, message);
  wire::put_message(out, 4, encode_origin(origin));
  wire::put_bytes(out, 5, trace);
  return out;
}

std::string encode_read_event(const TenantId& tenant, const ReadMark& mark, const Origin& origin,
                              std::string_view trace) {
  std::string body;
  wire::put_bytes(body, 1, mark.conversation.text);
  wire::put_bytes(body, 2, mark.user.text);
  wire::put_uint(body, 3, mark.seq);
  wire::put_uint(body, 4, static_cast<uint64_t>(mark.server_time_ms));
  std::string out;
  wire::put_bytes(out, 1, tenant.text);
  wire::put_message(out, 3, body);
  wire::put_message(out, 4, encode_origin(origin));
  wire::put_bytes(out, 5, trace);
  return out;
}

StoredEvent store_event(std::string_view event, const StoredFields& fields) {
  std::string stored_fields;
  append_stored_fields(stored_fields, fields);
  std::string out;
  out.reserve(event.size() + stored_fields.size() + 16);
  size_t message_at = 0;
  size_t message_size = 0;
  wire::Reader in(event);
  while (in.next()) {
    if (in.field() == 2 && in.type() == wire::Type::Length) {
      message_size = in.bytes().size() + stored_fields.size();
      wire::put_tag(out, 2, wire::Type::Length);
      wire::put_varint(out, message_size);
      message_at = out.size();
      out.append(in.bytes()).append(stored_fields);
    } else if (in.type() == wire::Type::Varint) {
      wire::put_uint(out, in.field(), in.uint());
    } else if (in.type() == wire::Type::Length) {
      wire::put_message(out, in.field(), in.bytes());
    }
  }
  wire::put_uint(out, 20, fields.seq);
  StoredEvent stored{Bytes::take(std::move(out)), {}};
  stored.message = stored.event.slice(stored.event.view().substr(message_at, message_size));
  return stored;
}

void append_dispatch(std::string& event, const std::vector<std::string>& gateways,
                     const std::vector<std::string_view>& users) {
  for (const std::string& gateway : gateways) wire::put_message(event, 30, gateway);
  for (const std::string_view user : users) wire::put_message(event, 31, user);
}

}  // namespace flare::model
