// The judge: what people were told against what is there.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "flare/model/ids.h"

namespace flare::sim {

// One message as it is found in the store, in the log's replay or on push-messages.
struct Found {
  MessageId id;
  Sequence seq = 0;
  std::string sender;
  std::string client_message_id;
  bool operator==(const Found&) const = default;
};

// By conversation, in the order found.
using Story = std::map<std::string, std::vector<Found>>;

// One message a sender has a receipt for.
struct Promise {
  std::string conversation;
  std::string client_message_id;
  MessageId id;
  Sequence seq = 0;
};

// A sender's nth message is "ann/n".
uint64_t number_of(const std::string& client_message_id);

// Everything wrong with the story, in words; empty when every promise is kept. Checks: seqs
// contiguous from 1; no message twice; every promised one there, in its conversation, with the id
// and seq told; each sender's messages in the order sent.
std::vector<std::string> broken_promises(const Story& story, const std::vector<Promise>& promises);

// What of the story was not announced, or with another seq than it has. More than once is fine.
std::vector<std::string> unannounced(const Story& story, const Story& announced);

}  // namespace flare::sim
