// Loop: one thread and its event loop (Boost.Asio). A connection, a conversation lane, a consumer
// partition belongs to one loop, so the code that serves it needs no lock.
//
// A turn: everything ready is handled, then the functions of at_turn_end() run. Output collected
// during a turn leaves in one system call at its end.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "flare/base/clock.h"

namespace boost::asio {
class io_context;
}

namespace flare {

class Loop {
 public:
  using Function = std::move_only_function<void()>;
  using TimerId = uint64_t;  // 0 is never a timer

  explicit Loop(std::string name);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Makes the calling thread this loop's, until stop(). Work posted before or after is kept and
  // runs with the next run().
  void run();

  // Any thread. run() returns after the current turn.
  void stop();

  // Any thread. Runs `function` on the loop; functions of one thread keep their order. A burst of
  // posts costs one wake-up.
  void post(Function function);

  // Loop thread. Runs `function` once, after everything ready in this turn.
  void at_turn_end(Function function);

  // Loop thread. Runs `function` once after `delay`, unless cancelled. cancel() of a timer that
  // ran is harmless.
  TimerId after(Duration delay, Function function);
  void cancel(TimerId timer);

  // Whether the calling thread runs this loop; the loop the calling thread runs, or null.
  bool here() const { return current() == this; }
  static Loop* current();

  const std::string& name() const;
  boost::asio::io_context& io();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flare
