// Lanes: one at a time per key, in the order of enter(), on one loop. Around every read-then-write
// whose order somebody depends on.
//
//   Lanes::Turn turn = co_await lanes.enter(ctx, conversation);   // left when `turn` dies
#pragma once

#include <deque>
#include <string>
#include <unordered_map>

#include "flare/base/pending.h"

namespace flare {

class Lanes {
 public:
  class [[nodiscard]] Turn {
   public:
    Turn(Lanes* lanes, std::string key) : lanes_(lanes), key_(std::move(key)) {}
    Turn(Turn&& other) noexcept
        : lanes_(std::exchange(other.lanes_, nullptr)), key_(std::move(other.key_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (lanes_ != nullptr) lanes_->leave(key_);
    }

   private:
    Lanes* lanes_;
    std::string key_;
  };

  // Waits until everybody who entered `key` earlier has left. Ends with Cancelled or
  // DeadlineExceeded without having entered.
  Task<Turn> enter(Context ctx, std::string key);

  // Whether somebody is inside, so that enter() would wait.
  bool busy(const std::string& key) const { return waiting_.contains(key); }

 private:
  void leave(const std::string& key);

  struct Waiter {
    Pending<> turn;
    bool handed = false;    // the turn was given to it
    bool given_up = false;  // it no longer waits
  };

  // A key is present while somebody is inside; the queue holds those who wait.
  std::unordered_map<std::string, std::deque<std::shared_ptr<Waiter>>> waiting_;
};

}  // namespace flare
