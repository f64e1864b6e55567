#include "e2e/follower.h"

namespace flare::e2e {

void Follower::take(const sdk::model::Message& message) {
  if (message.seq() <= last_seq()) {
    ++repeats_;
    return;
  }
  if (message.seq() != last_seq() + 1 && !messages_.empty()) ++holes_;
  messages_.push_back(message);
}

sdk::Result<> Follower::fetch(sdk::Client& client, uint64_t to_seq) {
  ++gaps_;
  while (last_seq() < to_seq) {
    const auto page = client.history(
        conversation_id_,
        {.from_seq = last_seq() + 1, .to_seq = to_seq, .limit = 0, .backwards = false});
    if (!page) return std::unexpected(page.error());
    for (const auto& message : page->messages()) take(message);
    if (!page->more() || page->messages().empty()) return {};
  }
  return {};
}

sdk::Result<> Follower::catch_up(sdk::Client& client) {
  sdk::wire::Sync request;
  sdk::wire::Position& position = *request.add_positions();
  position.set_conversation_id(conversation_id_);
  position.set_seq(last_seq());
  do {
    const auto page = client.sync(request);
    if (!page) return std::unexpected(page.error());
    for (const auto& changed : page->conversations()) {
      if (changed.view().conversation_id() != conversation_id_) continue;
      if (changed.more() && !changed.messages().empty()) {
        if (auto older = fetch(client, changed.messages(0).seq() - 1); !older) return older;
      }
      for (const auto& message : changed.messages()) take(message);
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return {};
}

sdk::Result<> Follower::follow(sdk::Client& client, std::chrono::milliseconds timeout) {
  const auto push = client.next_push(timeout);
  if (!push) return std::unexpected(push.error());
  if (!*push) return {};
  const sdk::wire::Frame& frame = **push;
  if (frame.has_resync() && frame.resync().conversation_id() == conversation_id_) {
    return fetch(client, UINT64_MAX);
  }
  if (!frame.has_deliver() || frame.deliver().message().conversation_id() != conversation_id_) {
    return {};
  }
  if (frame.deliver().prev_seq() > last_seq()) {
    if (auto gap = fetch(client, frame.deliver().prev_seq()); !gap) return gap;
  }
  take(frame.deliver().message());
  return client.ack(conversation_id_, last_seq());
}

}  // namespace flare::e2e
