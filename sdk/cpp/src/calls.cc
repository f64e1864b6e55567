// The calls of Client that are one request and one answer.
#include <openssl/rand.h>

#include "failures.h"
#include "flare/sdk/client.h"

namespace flare::sdk {
namespace {

Error unexpected_answer(const std::string& call) {
  return malformed(call + " got an answer of another kind");
}

// The body the call is answered by: found by `has`, taken by `take`. Consumes the answer.
template <class Body>
Result<Body> body_of(Result<wire::Frame> answer, const std::string& call,
                     bool (wire::Frame::*has)() const, Body* (wire::Frame::*take)()) {
  if (!answer) return std::unexpected(answer.error());
  if (!((*answer).*has)()) return std::unexpected(unexpected_answer(call));
  return std::move(*((*answer).*take)());
}

std::string or_random(std::string id) { return id.empty() ? random_id() : std::move(id); }

}  // namespace

std::string random_id() {
  unsigned char bytes[16];
  RAND_bytes(bytes, sizeof bytes);
  std::string out;
  for (const unsigned char byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

Result<SendReceipt> to_receipt(const wire::Frame& answer) {
  const auto fill = [](const auto& body) {
    return SendReceipt{.message_id = body.message_id(),
                       .client_message_id = {},
                       .conversation_id = body.conversation_id(),
                       .server_time_ms = body.server_time_ms(),
                       .seq = 0};
  };
  if (answer.has_accepted()) return fill(answer.accepted());
  if (!answer.has_persisted()) return std::unexpected(unexpected_answer("Send"));
  SendReceipt receipt = fill(answer.persisted());
  receipt.seq = answer.persisted().seq();
  return receipt;
}

Result<SendReceipt> Client::send_text(const Target& target, std::string text, SendOptions options) {
  const std::string client_message_id = or_random(std::move(options.client_message_id));
  wire::Frame frame;
  wire::Send& send = *frame.mutable_send();
  send.set_conversation_id(target.conversation_id);
  send.set_to_user_id(target.user_id);
  send.set_client_message_id(client_message_id);
  send.set_ack_level(options.ack_level);
  send.mutable_content()->set_text(std::move(text));
  Result<wire::Frame> answer = request(std::move(frame));
  if (!answer) return std::unexpected(answer.error());
  Result<SendReceipt> receipt = to_receipt(*answer);
  if (receipt) receipt->client_message_id = client_message_id;
  return receipt;
}

Result<wire::HistoryPage> Client::history(const std::string& conversation_id, HistoryRange range) {
  wire::Frame frame;
  wire::History& history = *frame.mutable_history();
  history.set_conversation_id(conversation_id);
  history.set_from_seq(range.from_seq);
  history.set_to_seq(range.to_seq);
  history.set_limit(range.limit);
  history.set_backwards(range.backwards);
  return body_of(request(std::move(frame)), "History", &wire::Frame::has_history_page,
                 &wire::Frame::mutable_history_page);
}

Result<model::Message> Client::get_message(const std::string& message_id) {
  wire::Frame frame;
  frame.mutable_get_message()->set_message_id(message_id);
  auto answer = request(std::move(frame));
  if (!answer) return std::unexpected(answer.error());
  if (!answer->has_message_found()) return std::unexpected(unexpected_answer("GetMessage"));
  return std::move(*answer->mutable_message_found()->mutable_message());
}

Result<wire::WhereResult> Client::where(const std::string& message_id) {
  wire::Frame frame;
  frame.mutable_where()->set_message_id(message_id);
  return body_of(request(std::move(frame)), "Where", &wire::Frame::has_where_result,
                 &wire::Frame::mutable_where_result);
}

Result<> Client::read(const std::string& conversation_id, uint64_t seq) {
  wire::Frame frame;
  frame.mutable_read()->set_conversation_id(conversation_id);
  frame.mutable_read()->set_seq(seq);
  auto answer = request(std::move(frame));
  if (!answer) return std::unexpected(answer.error());
  return {};
}

Result<> Client::ack(const std::string& conversation_id, uint64_t seq) {
  wire::Frame frame;
  wire::Position& position = *frame.mutable_deliver_ack()->add_positions();
  position.set_conversation_id(conversation_id);
  position.set_seq(seq);
  return post(frame);
}

Result<> Client::logout() {
  wire::Frame frame;
  frame.mutable_logout();
  auto answer = request(std::move(frame));
  if (!answer) return std::unexpected(answer.error());
  return {};
}

Result<wire::SyncResult> Client::sync(const wire::Sync& positions) {
  wire::Frame frame;
  *frame.mutable_sync() = positions;
  return body_of(request(std::move(frame)), "Sync", &wire::Frame::has_sync_result,
                 &wire::Frame::mutable_sync_result);
}

Result<wire::ConversationPage> Client::conversations(const std::string& page_token) {
  wire::Frame frame;
  frame.mutable_list_conversations()->set_page_token(page_token);
  return body_of(request(std::move(frame)), "ListConversations",
                 &wire::Frame::has_conversation_page, &wire::Frame::mutable_conversation_page);
}

Result<wire::ConversationChanged> Client::create_group(const GroupDraft& draft) {
  wire::Frame frame;
  wire::CreateConversation& create = *frame.mutable_create_conversation();
  create.set_client_operation_id(or_random(draft.client_operation_id));
  create.set_type(model::CONVERSATION_TYPE_GROUP);
  create.set_title(draft.title);
  for (const std::string& member : draft.member_ids) create.add_member_ids(member);
  return body_of(request(std::move(frame)), "CreateConversation",
                 &wire::Frame::has_conversation_changed,
                 &wire::Frame::mutable_conversation_changed);
}

Result<wire::ConversationChanged> Client::rename(const std::string& conversation_id,
                                                 std::string title) {
  wire::Frame frame;
  wire::RenameConversation& rename = *frame.mutable_rename_conversation();
  rename.set_client_operation_id(random_id());
  rename.set_conversation_id(conversation_id);
  rename.set_title(std::move(title));
  return body_of(request(std::move(frame)), "RenameConversation",
                 &wire::Frame::has_conversation_changed,
                 &wire::Frame::mutable_conversation_changed);
}

Result<wire::ConversationChanged> Client::add_members(const std::string& conversation_id,
                                                      std::span<const std::string> user_ids) {
  wire::Frame frame;
  wire::AddMembers& add = *frame.mutable_add_members();
  add.set_client_operation_id(random_id());
  add.set_conversation_id(conversation_id);
  for (const std::string& user : user_ids) add.add_user_ids(user);
  return body_of(request(std::move(frame)), "AddMembers", &wire::Frame::has_conversation_changed,
                 &wire::Frame::mutable_conversation_changed);
}

Result<wire::ConversationChanged> Client::remove_members(const std::string& conversation_id,
                                                         std::span<const std::string> user_ids) {
  wire::Frame frame;
  wire::RemoveMembers& remove = *frame.mutable_remove_members();
  remove.set_client_operation_id(random_id());
  remove.set_conversation_id(conversation_id);
  for (const std::string& user : user_ids) remove.add_user_ids(user);
  return body_of(request(std::move(frame)), "RemoveMembers", &wire::Frame::has_conversation_changed,
                 &wire::Frame::mutable_conversation_changed);
}

Result<wire::MemberPage> Client::members(const std::string& conversation_id,
                                         const std::string& page_token) {
  wire::Frame frame;
  frame.mutable_list_members()->set_conversation_id(conversation_id);
  frame.mutable_list_members()->set_page_token(page_token);
  return body_of(request(std::move(frame)), "ListMembers", &wire::Frame::has_member_page,
                 &wire::Frame::mutable_member_page);
}

Result<wire::PresenceResult> Client::presence(std::span<const std::string> user_ids) {
  wire::Frame frame;
  for (const std::string& user : user_ids) frame.mutable_query_presence()->add_user_ids(user);
  return body_of(request(std::move(frame)), "QueryPresence", &wire::Frame::has_presence_result,
                 &wire::Frame::mutable_presence_result);
}

}  // namespace flare::sdk
