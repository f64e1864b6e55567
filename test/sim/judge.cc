#include "sim/judge.h"

namespace flare::sim {
namespace {

std::string words(const std::string& conversation, const Found& found) {
  return conversation + ' ' + std::to_string(found.seq) + " (" + found.client_message_id + ')';
}

void judge_conversation(const std::string& conversation, const std::vector<Found>& story,
                        std::vector<std::string>& broken) {
  std::map<MessageId, Sequence> seen;
  std::map<std::string, uint64_t> last_of;
  Sequence expected = 1;
  for (const Found& found : story) {
    if (found.seq != expected) {
      broken.push_back(words(conversation, found) + ": expected seq " + std::to_string(expected));
    }
    expected = found.seq + 1;
    if (const auto [first, is_new] = seen.emplace(found.id, found.seq); !is_new) {
      broken.push_back(words(conversation, found) + ": is there as " +
                       std::to_string(first->second) + " too");
    }
    const uint64_t number = number_of(found.client_message_id);
    uint64_t& last = last_of[found.sender];
    if (number < last) broken.push_back(words(conversation, found) + ": overtaken");
    last = number;
  }
}

}  // namespace

uint64_t number_of(const std::string& client_message_id) {
  const size_t slash = client_message_id.find('/');
  return slash == std::string::npos ? 0 : std::stoull(client_message_id.substr(slash + 1));
}

std::vector<std::string> broken_promises(const Story& story, const std::vector<Promise>& promises) {
  std::vector<std::string> broken;
  std::map<std::pair<std::string, MessageId>, Sequence> places;
  for (const auto& [conversation, messages] : story) {
    judge_conversation(conversation, messages, broken);
    for (const Found& found : messages)
      places.emplace(std::pair(conversation, found.id), found.seq);
  }
  for (const Promise& promise : promises) {
    const std::string name = promise.conversation + ' ' + promise.client_message_id;
    const auto place = places.find({promise.conversation, promise.id});
    if (place == places.end()) {
      broken.push_back(name + ": lost");
    } else if (place->second != promise.seq) {
      broken.push_back(name + ": is " + std::to_string(place->second) + ", was told " +
                       std::to_string(promise.seq));
    }
  }
  return broken;
}

std::vector<std::string> unannounced(const Story& story, const Story& announced) {
  std::vector<std::string> broken;
  std::map<MessageId, Sequence> seqs;
  for (const auto& [conversation, messages] : announced) {
    for (const Found& found : messages) {
      const auto [first, is_new] = seqs.emplace(found.id, found.seq);
      if (!is_new && first->second != found.seq) {
        broken.push_back(words(conversation, found) + ": was announced as " +
                         std::to_string(first->second) + " too");
      }
    }
  }
  for (const auto& [conversation, messages] : story) {
    for (const Found& found : messages) {
      const auto told = seqs.find(found.id);
      if (told == seqs.end()) {
        broken.push_back(words(conversation, found) + ": never announced");
      } else if (told->second != found.seq) {
        broken.push_back(words(conversation, found) + ": announced as " +
                         std::to_string(told->second));
      }
    }
  }
  return broken;
}

}  // namespace flare::sim
