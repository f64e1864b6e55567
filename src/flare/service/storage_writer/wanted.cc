#include <unordered_set>

#include "flare/service/storage_writer/plan.h"

namespace flare::storage_writer {
namespace {

class Wishes {
 public:
  explicit Wishes(const State& state) : state_(state) {}

  void conversation(const Scanned& event, const std::string& key) {
    if (state_.conversations.contains(key) || !seen_.insert(key).second) return;
    wanted.request.conversations.push_back(place(event));
    wanted.conversations.push_back(key);
  }

  void member(const Scanned& event, const std::string& conversation, std::string_view user) {
    std::string key = member_key(conversation, user);
    if (state_.members.contains(key) || !seen_.insert(key).second) return;
    const port::ConversationKey at = place(event);
    wanted.request.members.push_back({at.tenant, at.conversation, {std::string(user)}});
    wanted.members.push_back(std::move(key));
  }

  void message(const Scanned& event) {
    wanted.request.messages.push_back({{std::string(event.event.tenant)}, event.id});
  }

  void read_point(const Scanned& event, size_t index) {
    const port::ConversationKey at = place(event);
    wanted.request.read_points.push_back(
        {{at.tenant, at.conversation, event.read->user}, event.read->seq});
    wanted.read_events.push_back(index);
  }

  Wanted wanted;

 private:
  static port::ConversationKey place(const Scanned& event) {
    return {{std::string(event.event.tenant)}, {std::string(event.conversation())}};
  }

  const State& state_;
  std::unordered_set<std::string> seen_;
};

void wish_for_operation(Wishes& wishes, const Scanned& event, const std::string& key) {
  const std::vector<UserId>* users = nullptr;
  if (const auto* added = std::get_if<model::MembersAdded>(&*event.operation)) {
    users = &added->users;
  } else if (const auto* removed = std::get_if<model::MembersRemoved>(&*event.operation)) {
    users = &removed->users;
  }
  if (users == nullptr) return;
  for (const UserId& user : *users) wishes.member(event, key, user.text);
}

}  // namespace

Wanted wanted_by(const std::vector<Scanned>& events, const State& state) {
  Wishes wishes(state);
  for (size_t i = 0; i < events.size(); ++i) {
    const Scanned& event = events[i];
    const std::string key = conversation_key(event.event.tenant, event.conversation());
    wishes.conversation(event, key);
    if (event.read) {
      wishes.member(event, key, event.read->user.text);
      wishes.read_point(event, i);
    } else {
      wishes.member(event, key, event.message->sender);
      wishes.message(event);
      if (event.operation) wish_for_operation(wishes, event, key);
    }
  }
  return std::move(wishes.wanted);
}

Found remember(const std::vector<Scanned>& events, const Wanted& wanted, port::Loaded loaded,
               State& state) {
  Found found;
  for (size_t i = 0; i < wanted.conversations.size(); ++i) {
    state.conversations[wanted.conversations[i]].row = std::move(loaded.conversations[i]);
  }
  for (size_t i = 0; i < wanted.members.size(); ++i) {
    state.members[wanted.members[i]] = std::move(loaded.members[i]);
  }
  size_t message = 0;
  for (const Scanned& event : events) {
    if (!event.message) continue;
    std::optional<Bytes>& stored = loaded.messages[message++];
    // A message id is made from the tenant too, so equal ids of two tenants do not occur.
    if (stored) found.messages.emplace(event.id, std::move(*stored));
  }
  for (size_t i = 0; i < wanted.read_events.size(); ++i) {
    found.read_points.emplace(wanted.read_events[i], loaded.read_points[i]);
  }
  return found;
}

}  // namespace flare::storage_writer
