// Follower: a device that follows one conversation the way a good client does. It keeps its highest
// seq, drops what it has, and asks History for what it missed.
#pragma once

#include <string>
#include <vector>

#include "flare/sdk/client.h"

namespace flare::e2e {

class Follower {
 public:
  explicit Follower(std::string conversation_id) : conversation_id_(std::move(conversation_id)) {}

  // After a login: everything after the highest seq, by Sync and, where Sync left older ones out,
  // History.
  sdk::Result<> catch_up(sdk::Client& client);

  // Waits for one push and takes it, with the gap before it if there is one.
  sdk::Result<> follow(sdk::Client& client, std::chrono::milliseconds timeout);

  // In the order they were taken.
  const std::vector<sdk::model::Message>& messages() const { return messages_; }
  uint64_t last_seq() const { return messages_.empty() ? 0 : messages_.back().seq(); }

  // Messages that were not next when they were taken. None, or the server's story has a hole.
  int holes() const { return holes_; }
  int repeats() const { return repeats_; }   // dropped, as they may be after a reconnect
  int filled_gaps() const { return gaps_; }  // ranges asked from History

 private:
  void take(const sdk::model::Message& message);
  sdk::Result<> fetch(sdk::Client& client, uint64_t to_seq);

  const std::string conversation_id_;
  std::vector<sdk::model::Message> messages_;
  int holes_ = 0;
  int repeats_ = 0;
  int gaps_ = 0;
};

}  // namespace flare::e2e
