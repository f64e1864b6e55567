#include "kit/users.h"

#include <algorithm>
#include <stdexcept>

namespace flare::kit {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds left_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

}  // namespace

sdk::Client Users::connect(const Device& device) const {
  sdk::ConnectOptions options;
  options.url = server_.url();
  options.encoding = device.encoding;
  options.heartbeats = device.heartbeats;
  options.receive_buffer_bytes = device.receive_buffer_bytes;
  return must(sdk::Client::connect(options));
}

std::string Users::token(const std::string& user_id, const Device& device) const {
  sdk::TokenClaims claims;
  claims.user_id = user_id;
  claims.device_id = device.id;
  claims.platform = device.platform;
  claims.tenant_id = device.tenant_id;
  return sdk::mint_token(claims, server_.token_key());
}

sdk::Client Users::login(const std::string& user_id, const Device& device) const {
  sdk::Client client = connect(device);
  must(client.login(token(user_id, device)));
  return client;
}

std::vector<sdk::Client> Users::login_all(std::initializer_list<std::string> user_ids) const {
  std::vector<sdk::Client> clients;
  for (const std::string& user : user_ids) clients.push_back(login(user));
  return clients;
}

std::optional<wire::Frame> find_push(sdk::Client& client, const FrameCheck& check,
                                     std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  while (true) {
    sdk::Result<std::optional<wire::Frame>> push = client.next_push(left_until(deadline));
    if (!push || (!*push && Clock::now() >= deadline)) return std::nullopt;
    if (*push && check(**push)) return std::move(**push);
  }
}

model::Message next_message(sdk::Client& client, std::chrono::milliseconds timeout) {
  auto push =
      find_push(client, [](const wire::Frame& frame) { return frame.has_deliver(); }, timeout);
  if (!push) throw std::runtime_error("no message was delivered");
  return std::move(*push->mutable_deliver()->mutable_message());
}

model::Message message_saying(sdk::Client& client, const std::string& text) {
  auto push = find_push(client, [&](const wire::Frame& frame) {
    return frame.has_deliver() && frame.deliver().message().content().text() == text;
  });
  if (!push) throw std::runtime_error("no message saying '" + text + "' was delivered");
  return std::move(*push->mutable_deliver()->mutable_message());
}

std::optional<wire::Receipt> find_receipt(sdk::Client& client, const std::string& from_user_id,
                                          const std::function<bool(const wire::Receipt&)>& check) {
  const auto push = find_push(client, [&](const wire::Frame& frame) {
    return frame.has_receipt() && frame.receipt().user_id() == from_user_id &&
           check(frame.receipt());
  });
  if (!push) return std::nullopt;
  return push->receipt();
}

bool ends(sdk::Client& client, std::chrono::milliseconds timeout) {
  find_push(client, [](const wire::Frame&) { return false; }, timeout);
  return client.closed();
}

std::vector<model::Message> whole_history(sdk::Client& client, const std::string& conversation_id) {
  std::vector<model::Message> messages;
  sdk::HistoryRange range{.from_seq = 1, .to_seq = 0, .limit = 200, .backwards = false};
  while (true) {
    const wire::HistoryPage page = must(client.history(conversation_id, range));
    messages.insert(messages.end(), page.messages().begin(), page.messages().end());
    if (!page.more()) return messages;
    if (page.messages().empty()) throw std::runtime_error("an empty page says there is more");
    range.from_seq = messages.back().seq() + 1;
  }
}

wire::SyncResult whole_sync(sdk::Client& client, const wire::Sync& positions) {
  wire::Sync request = positions;
  wire::SyncResult whole;
  do {
    wire::SyncResult page = must(client.sync(request));
    request.set_page_token(page.next_page_token());
    whole.MergeFrom(page);
    whole.set_next_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return whole;
}

std::optional<model::ConversationView> find_view(sdk::Client& client,
                                                 const std::string& conversation_id) {
  std::string page_token;
  do {
    const wire::ConversationPage page = must(client.conversations(page_token));
    for (const model::ConversationView& view : page.conversations()) {
      if (view.conversation_id() == conversation_id) return view;
    }
    page_token = page.next_page_token();
  } while (!page_token.empty());
  return std::nullopt;
}

std::string single_chat_id(const std::string& one_user_id, const std::string& other_user_id) {
  return "single:" + std::min(one_user_id, other_user_id) + ":" +
         std::max(one_user_id, other_user_id);
}

std::vector<std::string> texts(const std::vector<model::Message>& messages) {
  std::vector<std::string> out;
  for (const model::Message& message : messages) {
    if (message.content().has_text()) out.push_back(message.content().text());
  }
  return out;
}

std::vector<uint64_t> seqs(const std::vector<model::Message>& messages) {
  std::vector<uint64_t> out;
  for (const model::Message& message : messages) out.push_back(message.seq());
  return out;
}

}  // namespace flare::kit
