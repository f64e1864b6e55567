// Users: people with devices, logged in to the server under test, and what they see.
//
// Everything here throws std::runtime_error where the test's own ground is missing (a login that
// should work does not, an awaited push does not come); gtest reports it as the test's failure.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "flare/sdk/client.h"
#include "flare/sdk/token.h"
#include "kit/flare_process.h"

namespace flare::kit {

namespace wire = sdk::wire;
namespace model = sdk::model;

struct Device {
  std::string id = "phone";
  std::string platform = "linux";
  std::string tenant_id = "default";
  sdk::Encoding encoding = sdk::Encoding::Proto;
  bool heartbeats = true;
  int receive_buffer_bytes = 0;
};

class Users {
 public:
  explicit Users(const FlareProcess& server) : server_(server) {}

  // Connected and welcome.
  sdk::Client login(const std::string& user_id, const Device& device = {}) const;
  std::vector<sdk::Client> login_all(std::initializer_list<std::string> user_ids) const;

  // Connected, but Hello is still to be said.
  sdk::Client connect(const Device& device = {}) const;

  std::string token(const std::string& user_id, const Device& device = {}) const;

 private:
  const FlareProcess& server_;
};

using FrameCheck = std::function<bool(const wire::Frame&)>;

// The next push that passes the check; those before it are dropped. Nothing when none came in time
// or the connection ended.
std::optional<wire::Frame> find_push(sdk::Client& client, const FrameCheck& check,
                                     std::chrono::milliseconds timeout = kPatience);

// The next delivered message.
model::Message next_message(sdk::Client& client, std::chrono::milliseconds timeout = kPatience);

// The next delivered message with this text.
model::Message message_saying(sdk::Client& client, const std::string& text);

// The next receipt that says more than `seq`, read or delivered.
std::optional<wire::Receipt> find_receipt(sdk::Client& client, const std::string& from_user_id,
                                          const std::function<bool(const wire::Receipt&)>& check);

// Reads and drops pushes until the server ends the connection: true, or false when it does not.
bool ends(sdk::Client& client, std::chrono::milliseconds timeout = kPatience);

// Every message of the conversation this user may see, page by page, oldest first.
std::vector<model::Message> whole_history(sdk::Client& client, const std::string& conversation_id);

// All pages of a sync, as one result.
wire::SyncResult whole_sync(sdk::Client& client, const wire::Sync& positions = {});

// The conversation as its member sees it, by walking the list; nothing when it is not there.
std::optional<model::ConversationView> find_view(sdk::Client& client,
                                                 const std::string& conversation_id);

std::string single_chat_id(const std::string& one_user_id, const std::string& other_user_id);
std::vector<std::string> texts(const std::vector<model::Message>& messages);  // texts only
std::vector<uint64_t> seqs(const std::vector<model::Message>& messages);

// The value, or std::runtime_error with the error's words.
template <class T>
T must(sdk::Result<T> result) {
  if (!result) throw std::runtime_error(sdk::describe(result.error()));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace flare::kit
