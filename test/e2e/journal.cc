#include "e2e/journal.h"

#include <cstdio>

namespace flare::e2e {

std::string Label::text() const {
  char digits[24];
  std::snprintf(digits, sizeof digits, "/%06llu", static_cast<unsigned long long>(number));
  return sender_id + digits;
}

Label Label::parse(const std::string& text) {
  const size_t slash = text.rfind('/');
  if (slash == std::string::npos) return {.sender_id = text, .number = 0};
  return {.sender_id = text.substr(0, slash), .number = std::stoull(text.substr(slash + 1))};
}

std::vector<std::string> broken_promises(const std::string& conversation_id,
                                         const std::vector<sdk::model::Message>& history,
                                         const std::vector<Promise>& promises) {
  std::vector<std::string> broken;
  std::map<std::string, const sdk::model::Message*> stored;
  std::map<std::string, uint64_t> last_number;
  uint64_t expected_seq = 1;
  for (const sdk::model::Message& message : history) {
    if (message.seq() != expected_seq) {
      broken.push_back("seq " + std::to_string(message.seq()) + " follows " +
                       std::to_string(expected_seq - 1));
    }
    expected_seq = message.seq() + 1;
    if (message.content().has_operation()) continue;

    const std::string& id = message.client_message_id();
    if (!stored.emplace(id, &message).second) broken.push_back(id + " is there twice");
    const Label label = Label::parse(id);
    if (label.sender_id != message.sender_id()) {
      broken.push_back(id + " is stored as sent by " + message.sender_id());
    }
    uint64_t& last = last_number[message.sender_id()];
    if (label.number <= last) {
      broken.push_back(id + " comes after number " + std::to_string(last) + " of the same sender");
    }
    last = label.number;
  }
  for (const Promise& promise : promises) {
    if (promise.conversation_id != conversation_id) continue;
    const auto found = stored.find(promise.client_message_id);
    if (found == stored.end()) {
      broken.push_back(promise.client_message_id + " was promised and is lost");
      continue;
    }
    if (found->second->message_id() != promise.message_id) {
      broken.push_back(promise.client_message_id + " has another message_id than was promised");
    }
    if (promise.seq != 0 && found->second->seq() != promise.seq) {
      broken.push_back(promise.client_message_id + " has seq " +
                       std::to_string(found->second->seq()) + ", promised was " +
                       std::to_string(promise.seq));
    }
  }
  return broken;
}

}  // namespace flare::e2e
