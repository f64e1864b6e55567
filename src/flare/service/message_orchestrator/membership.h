// Who may do what in which conversation, remembered for a short while. What it remembers of a
// conversation is dropped when the storage writer announces a change of its members.
#pragma once

#include <string>
#include <unordered_map>

#include "flare/base/clock.h"
#include "flare/port/message_store.h"

namespace flare::message_orchestrator {

struct Standing {
  bool exists = false;  // the conversation
  model::ConversationType type = model::ConversationType::Unspecified;
  model::MemberRole role = model::MemberRole::None;
  uint64_t member_count = 0;
};

class Membership {
 public:
  struct Limits {
    Duration age_max;
    size_t entries_max;
  };

  Membership(port::MessageStore& store, Clock& clock, Limits limits)
      : store_(store), clock_(clock), limits_(limits) {}

  // What is remembered and not too old; the answer for single chats needs no memory.
  std::optional<Standing> remembered(const TenantId& tenant, const ConversationId& conversation,
                                     const UserId& user) const;

  // From the store; remembers the answer unless the conversation changed meanwhile.
  Task<Standing> look_up(Context ctx, ConversationId conversation, UserId user);

  void forget(const port::ConversationKey& conversation);

 private:
  struct Remembered {
    Standing standing;
    TimePoint at;
  };
  struct Conversation {
    std::unordered_map<UserId, Remembered> users;
  };

  port::MessageStore& store_;
  Clock& clock_;
  const Limits limits_;
  uint64_t changes_ = 0;  // counts forget(), so that an answer that was on its way is not kept
  size_t entries_ = 0;
  std::unordered_map<std::string, Conversation> conversations_;  // "tenant\0conversation"
};

}  // namespace flare::message_orchestrator
