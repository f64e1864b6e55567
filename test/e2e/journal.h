// The journal of a durability test: what senders were promised, and what the store must hold.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "flare/sdk/client.h"

namespace flare::e2e {

// One message a sender was told is safe.
struct Promise {
  std::string client_message_id;
  std::string conversation_id;
  std::string message_id;
  uint64_t seq = 0;  // 0: the sender was not told
};

// "writer-2/000017": the 17th message of writer-2.
struct Label {
  std::string sender_id;
  uint64_t number = 0;

  std::string text() const;
  static Label parse(const std::string& text);
};

// Everything wrong with the history of one conversation, in words; empty when it keeps every
// promise. Checks: seqs contiguous from 1; no message twice; every promised one there, with the id
// and the seq promised; each sender's messages in the order sent.
std::vector<std::string> broken_promises(const std::string& conversation_id,
                                         const std::vector<sdk::model::Message>& history,
                                         const std::vector<Promise>& promises);

}  // namespace flare::e2e
