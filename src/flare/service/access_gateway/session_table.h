// The connections of one gateway: who they are, which users and groups they belong to.
//
// Handles name a slot and its generation, so that an answer for a connection that has gone finds
// nobody instead of its successor. Everything belongs to the gateway's loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "flare/api/client_door.h"
#include "flare/base/clock.h"
#include "flare/model/session.h"

namespace flare::access_gateway {

enum class SessionState : uint8_t { Free, WaitsForHello, LoggingIn, Live, Closing };

// Who logged in; made at login, so that a connection that never does costs nothing.
struct Identity {
  TenantId tenant;
  model::Session session;
  std::vector<uint32_t> groups;  // indexes of SessionTable's groups

  // Groups the user was removed from while his groups were being loaded.
  std::vector<std::string> removed_while_loading;
};

struct Session {
  api::ClientConnection* connection = nullptr;
  std::unique_ptr<Identity> identity;
  // Conversations with pushes left out, and from which seq; only for a slow connection.
  std::unique_ptr<std::unordered_map<std::string, Sequence>> left_out;
  TimePoint last_heard{};
  TimePoint tokens_at{};
  float tokens = 0;  // sends it may make now
  uint32_t generation = 0;
  uint32_t in_flight = 0;
  SessionState state = SessionState::Free;
  bool welcomed = false;  // it was live, so that its end is a logout
};

class SessionTable {
 public:
  api::ClientHandle add(api::ClientConnection& connection, TimePoint now);

  // Null when the handle's connection has gone.
  Session* find(api::ClientHandle handle);
  api::ClientHandle handle_of(const Session& session) const;

  // Out of every index; the slot may be used again.
  void remove(api::ClientHandle handle);

  // From now on the session is found by its user. identity must be set.
  void index_user(api::ClientHandle handle);

  void join_group(Session& session, std::string_view tenant, std::string_view conversation);
  void leave_group(Session& session, std::string_view tenant, std::string_view conversation);
  bool in_group(const Session& session, std::string_view tenant,
                std::string_view conversation) const;

  // Valid until the next change of the table.
  const std::vector<api::ClientHandle>& of_user(std::string_view tenant,
                                                std::string_view user) const;
  const std::vector<api::ClientHandle>& of_group(std::string_view tenant,
                                                 std::string_view conversation) const;

  size_t size() const { return used_; }
  void for_each(auto&& visit) {
    for (Session& session : slots_) {
      if (session.state != SessionState::Free) visit(session);
    }
  }

 private:
  struct Group {
    std::string key;
    std::vector<api::ClientHandle> sessions;
  };

  void unlink_group(api::ClientHandle handle, uint32_t group);

  std::vector<Session> slots_;
  std::vector<uint32_t> free_;
  size_t used_ = 0;
  std::unordered_map<std::string, std::vector<api::ClientHandle>> users_;  // "tenant\0user"
  std::unordered_map<std::string, uint32_t> group_index_;                  // "tenant\0conversation"
  std::vector<Group> groups_;
  std::vector<uint32_t> free_groups_;
  mutable std::string key_;  // for look-ups without an allocation
};

}  // namespace flare::access_gateway
