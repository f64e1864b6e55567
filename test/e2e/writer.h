// Writer: somebody who keeps talking through crashes. Sends with many requests in flight, connects
// again when the server is gone, and repeats in order what was not answered.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "e2e/journal.h"
#include "flare/sdk/client.h"

namespace flare::e2e {

class Writer {
 public:
  // `log_in` gives a connection that is logged in, or fails while the server is down. The writer
  // sends to the conversations in turn.
  using LogIn = std::function<sdk::Result<sdk::Client>()>;
  Writer(std::string user_id, std::vector<std::string> conversation_ids, LogIn log_in);

  // No new message; what was begun is finished first. Then the results below may be read.
  void finish();

  // Messages promised so far. May be asked while it writes.
  uint64_t promised() const { return promised_; }

  const std::vector<Promise>& promises() const { return promises_; }
  const std::vector<std::string>& complaints() const { return complaints_; }  // refusals, other ids

 private:
  struct Outgoing {
    uint64_t number = 0;
    std::string conversation_id;
    uint64_t request_id = 0;
  };

  void run(const std::stop_token& stop);
  bool talk(sdk::Client& client, const std::stop_token& stop);
  bool start(sdk::Client& client, Outgoing& outgoing);
  bool settle_oldest(sdk::Client& client);

  const std::string user_id_;
  const std::vector<std::string> conversation_ids_;
  const LogIn log_in_;

  uint64_t last_number_ = 0;
  std::deque<Outgoing> in_flight_;  // oldest first; all to be repeated after a reconnect
  std::vector<Promise> promises_;
  std::vector<std::string> complaints_;
  std::atomic<uint64_t> promised_ = 0;
  std::jthread thread_;
};

}  // namespace flare::e2e
