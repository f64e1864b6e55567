#include "flare/service/access_gateway/session_table.h"

#include <algorithm>

namespace flare::access_gateway {
namespace {

const std::vector<api::ClientHandle> kNobody;

void make_key(std::string& key, std::string_view tenant, std::string_view name) {
  key.assign(tenant).append(1, '\0').append(name);
}

}  // namespace

api::ClientHandle SessionTable::add(api::ClientConnection& connection, TimePoint now) {
  uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Session& session = slots_[index];
  const uint32_t generation = session.generation + 1;
  session = Session{};
  session.generation = generation;
  session.connection = &connection;
  session.state = SessionState::WaitsForHello;
  session.last_heard = now;
  session.tokens_at = now;
  ++used_;
  return handle_of(session);
}

api::ClientHandle SessionTable::handle_of(const Session& session) const {
  const auto index = static_cast<uint64_t>(&session - slots_.data());
  return uint64_t{session.generation} << 32 | index;
}

Session* SessionTable::find(api::ClientHandle handle) {
  const auto index = static_cast<uint32_t>(handle);
  if (index >= slots_.size()) return nullptr;
  Session& session = slots_[index];
  const bool same = session.generation == handle >> 32 && session.state != SessionState::Free;
  return same ? &session : nullptr;
}

void SessionTable::remove(api::ClientHandle handle) {
  Session* session = find(handle);
  if (session == nullptr) return;
  if (session->identity) {
    for (const uint32_t group : session->identity->groups) unlink_group(handle, group);
    make_key(key_, session->identity->tenant.text, session->identity->session.user.text);
    if (const auto user = users_.find(key_); user != users_.end()) {
      std::erase(user->second, handle);
      if (user->second.empty()) users_.erase(user);
    }
  }
  const uint32_t generation = session->generation;
  *session = Session{};
  session->generation = generation;
  free_.push_back(static_cast<uint32_t>(handle));
  --used_;
}

void SessionTable::index_user(api::ClientHandle handle) {
  const Session* session = find(handle);
  make_key(key_, session->identity->tenant.text, session->identity->session.user.text);
  users_[key_].push_back(handle);
}

void SessionTable::join_group(Session& session, std::string_view tenant,
                              std::string_view conversation) {
  make_key(key_, tenant, conversation);
  auto [found, fresh] = group_index_.try_emplace(key_, 0);
  if (fresh) {
    if (free_groups_.empty()) {
      found->second = static_cast<uint32_t>(groups_.size());
      groups_.emplace_back();
    } else {
      found->second = free_groups_.back();
      free_groups_.pop_back();
    }
    groups_[found->second].key = key_;
  }
  std::vector<uint32_t>& mine = session.identity->groups;
  if (std::ranges::find(mine, found->second) != mine.end()) return;
  mine.push_back(found->second);
  groups_[found->second].sessions.push_back(handle_of(session));
}

void SessionTable::leave_group(Session& session, std::string_view tenant,
                               std::string_view conversation) {
  make_key(key_, tenant, conversation);
  const auto found = group_index_.find(key_);
  if (found == group_index_.end()) return;
  const uint32_t group = found->second;
  if (std::erase(session.identity->groups, group) > 0) unlink_group(handle_of(session), group);
}

bool SessionTable::in_group(const Session& session, std::string_view tenant,
                            std::string_view conversation) const {
  make_key(key_, tenant, conversation);
  const auto found = group_index_.find(key_);
  if (found == group_index_.end()) return false;
  const std::vector<uint32_t>& mine = session.identity->groups;
  return std::ranges::find(mine, found->second) != mine.end();
}

void SessionTable::unlink_group(api::ClientHandle handle, uint32_t group) {
  Group& left = groups_[group];
  std::erase(left.sessions, handle);
  if (!left.sessions.empty()) return;
  group_index_.erase(left.key);
  left = Group{};
  free_groups_.push_back(group);
}

const std::vector<api::ClientHandle>& SessionTable::of_user(std::string_view tenant,
                                                            std::string_view user) const {
  make_key(key_, tenant, user);
  const auto found = users_.find(key_);
  return found == users_.end() ? kNobody : found->second;
}

const std::vector<api::ClientHandle>& SessionTable::of_group(std::string_view tenant,
                                                             std::string_view conversation) const {
  make_key(key_, tenant, conversation);
  const auto found = group_index_.find(key_);
  return found == group_index_.end() ? kNobody : groups_[found->second].sessions;
}

}  // namespace flare::access_gateway
