// Driving a loop from a test: until something holds, or until nothing moves any more.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "flare/base/loop.h"
#include "flare/base/scope.h"
#include "flare/base/task.h"
#include "kit/fakes/fake_faults.h"

namespace flare {

// Runs the loop until `condition` holds; false when it does not within five seconds.
bool run_until(Loop& loop, std::function<bool()> condition);

// Runs everything that is ready, and what becomes ready by it. Timers do not count.
void settle(Loop& loop);

// Tasks that go on while the test does something else. Whoever starts one ends it before this dies.
class Beside {
 public:
  template <class T>
  using Answer = std::shared_ptr<std::optional<Result<T>>>;  // empty: not there yet

  explicit Beside(Loop& loop) : loop_(loop) {}

  // Runs `task` up to where it waits.
  template <class T>
  Answer<T> start(Task<T> task) {
    auto answer = std::make_shared<std::optional<Result<T>>>();
    loop_.post([this, started = keep(std::move(task), answer)]() mutable {
      scope_.spawn(std::move(started));
    });
    settle(loop_);
    return answer;
  }

 private:
  template <class T>
  static Task<> keep(Task<T> task, Answer<T> answer) {
    answer->emplace(co_await attempt(std::move(task)));
  }

  Loop& loop_;
  FakeFaults faults_;
  Scope scope_{"beside", faults_};
};

}  // namespace flare
