// Holds one conversation's whole history against what its senders were promised.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cmd/flare_bench/frames.h"
#include "cmd/flare_bench/journal.h"
#include "cmd/flare_bench/violations.h"

namespace flare::bench {

class HistoryCheck {
 public:
  // Two promises for one client_message_id that name different messages are reported here.
  HistoryCheck(std::string conversation_id, std::vector<Promise> promises, Violations& violations);

  // Messages in the order the server gave them, from the first.
  void add(const MessageView& message);

  // The history is over: what was promised and did not come is lost.
  void finish();

  uint64_t messages() const { return messages_; }
  uint64_t next_seq() const { return next_seq_; }

 private:
  struct Expected {
    Promise promise;
    bool found = false;
  };

  void check_own(const MessageView& message, const MessageKey& key);
  void report(Violation violation, const std::string& detail);

  const std::string conversation_id_;
  Violations& violations_;
  std::vector<Expected> expected_;  // sorted by key
  std::set<MessageId> seen_ids_;
  std::set<std::pair<uint64_t, uint32_t>> seen_keys_;  // run and sender, number
  std::map<uint64_t, uint32_t> last_number_;           // by run and sender
  uint64_t next_seq_ = 1;
  uint64_t messages_ = 0;
};

}  // namespace flare::bench
