// Events as the orchestrator writes them, for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "flare/model/event.h"
#include "flare/port/event_log.h"

namespace flare::storage_writer {

inline const TenantId kAcme{"acme"};

inline Bytes message_event(const std::string& conversation, const std::string& sender,
                           const std::string& client_id, std::string content,
                           uint32_t orchestrator = 0, const TenantId& tenant = kAcme) {
  const std::string message = model::encode(model::MessageDraft{
      .conversation = {conversation},
      .id = model::message_id(tenant, {conversation}, {sender}, client_id),
      .sender = {sender},
      .client_message_id = client_id,
      .server_time_ms = 1'000,
      .content = std::move(content),
  });
  const model::Origin origin{.gateway = "g1", .session = 1, .orchestrator = orchestrator};
  return Bytes::take(model::encode_message_event(tenant, message, origin, "trace"));
}

// `client_id` is also what is said.
inline Bytes say(const std::string& conversation, const std::string& sender,
                 const std::string& client_id, uint32_t orchestrator = 0) {
  // Content.text is field 1, a string below 128 bytes.
  std::string content = "\x0a";
  content += static_cast<char>(client_id.size());
  content += client_id;
  return message_event(conversation, sender, client_id, std::move(content), orchestrator);
}

inline Bytes operate(const std::string& conversation, const std::string& actor,
                     const std::string& client_id, const model::Operation& operation,
                     uint32_t orchestrator = 0) {
  return message_event(conversation, actor, client_id, model::encode_content(operation),
                       orchestrator);
}

inline std::vector<UserId> users(const std::vector<std::string>& names) {
  std::vector<UserId> all;
  for (const std::string& name : names) all.push_back({name});
  return all;
}

inline Bytes create(const std::string& conversation, const std::string& owner,
                    const std::vector<std::string>& members) {
  model::ConversationCreated created;
  created.title = "a group";
  created.members = users(members);
  return operate(conversation, owner, "create", created);
}
inline Bytes add(const std::string& conversation, const std::string& actor,
                 const std::vector<std::string>& names, const std::string& client_id = "add") {
  return operate(conversation, actor, client_id, model::MembersAdded{users(names)});
}
inline Bytes remove(const std::string& conversation, const std::string& actor,
                    const std::vector<std::string>& names,
                    const std::string& client_id = "remove") {
  return operate(conversation, actor, client_id, model::MembersRemoved{users(names)});
}

inline Bytes mark_read(const std::string& conversation, const std::string& user, Sequence seq) {
  const model::ReadMark mark{
      .conversation = {conversation}, .user = {user}, .seq = seq, .server_time_ms = 2'000};
  return Bytes::take(model::encode_read_event(kAcme, mark, {.gateway = "g1"}, "trace"));
}

}  // namespace flare::storage_writer
