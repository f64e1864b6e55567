// Gate: where the coroutines of one loop wait for the log's threads.
//
// A Signal is fired once, by any thread, and resumes all its waiters on their loop; firing many
// signals posts one function to each loop. Waiting allocates nothing: the Waiter lies in the
// coroutine's frame, and leaves by itself when the frame is destroyed.
#pragma once

#include <coroutine>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "flare/base/context.h"
#include "flare/base/loop.h"
#include "flare/base/result.h"

namespace flare::segment_log {

class Gate;
class Waiter;

// A place in a circular list; alone when it is in none.
struct Link {
  explicit Link(Waiter* of = nullptr) : waiter(of) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  bool alone() const { return next == this; }
  void insert_before(Link& other);
  void remove();

  Waiter* const waiter;
  Link* previous = this;
  Link* next = this;
};

class Signal {
 public:
  explicit Signal(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}

 private:
  friend class Gate;
  friend class Waiter;

  void resume_all();

  const std::shared_ptr<Gate> gate_;
  // Belongs to the loop.
  Link waiters_;
  // Guarded by gate_->mutex_; the error is not written after fired_ is set.
  bool fired_ = false;
  size_t waiting_ = 0;
  std::optional<Error> error_;
};

struct Firing {
  std::shared_ptr<Signal> signal;
  std::optional<Error> error;  // what the waiters end with
};

class Gate : public std::enable_shared_from_this<Gate> {
 public:
  explicit Gate(Loop* loop) : loop_(loop) {}

  // Any thread. A loop whose waiters have all left is not touched: it may be gone.
  static void fire(std::vector<Firing> firings);

  Loop& loop() const { return *loop_; }

  // Loop thread; whether something has asked for this turn's end already. For the log's engine.
  bool turn_end_asked = false;

 private:
  friend class Signal;
  friend class Waiter;

  void arm(TimePoint deadline);
  void disarm_if_idle();
  void expire();

  Loop* const loop_;
  // Belongs to the loop. The timer runs while somebody waits with a deadline. It is not moved when
  // they leave: it finds nobody due and goes on to the next deadline. So a wait that ends in time,
  // which is nearly every one, costs no timer.
  Link with_deadline_;
  Loop::TimerId timer_ = 0;
  TimePoint timer_at_ = TimePoint::max();

  std::mutex mutex_;
};

// One wait of one coroutine: a local variable of it.
//
//   Waiter waiter(signal, ctx);
//   Result<void> fired = co_await waiter.wait();
//
// Ends with the signal's error, DeadlineExceeded or Cancelled.
class Waiter {
 public:
  Waiter(std::shared_ptr<Signal> signal, const Context& ctx);
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  auto wait() {
    struct Awaiter {
      Waiter* waiter;
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> coroutine) { return waiter->enter(coroutine); }
      Result<void> await_resume() { return waiter->result(); }
    };
    return Awaiter{this};
  }

 private:
  friend class Gate;
  friend class Signal;

  struct Cancel {
    Waiter* waiter;
    void operator()() const;
  };

  bool enter(std::coroutine_handle<> coroutine);
  void leave();
  void end(std::optional<Error> error);
  Result<void> result();

  const std::shared_ptr<Signal> signal_;
  const TimePoint deadline_;
  const std::stop_token stop_;
  std::coroutine_handle<> coroutine_;
  Link in_signal_{this};
  Link in_gate_{this};
  std::optional<Error> error_;
  uint64_t id_ = 0;  // so that a late cancellation never meets another wait at the same address
  std::optional<std::stop_callback<Cancel>> cancel_;
};

}  // namespace flare::segment_log
