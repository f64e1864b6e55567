// Pending: a result that somebody else will provide, once, from any thread.
//
//   Pending<int> answer;                       // made on the loop that will wait
//   ask(..., [answer](Result<int> r) { answer.resolve(std::move(r)); });
//   int value = co_await answer.wait(ctx);     // at most once
//
// The waiting coroutine always continues on the loop the Pending was made on. wait() ends with
// DeadlineExceeded or Cancelled when the context says so; a later resolve() is then ignored.
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "flare/base/context.h"
#include "flare/base/loop.h"
#include "flare/base/result.h"
#include "flare/base/task.h"

namespace flare {

template <class T = void>
class Pending {
 public:
  Pending() : state_(std::make_shared<State>()) { state_->loop = Loop::current(); }

  // Any thread. The first call counts.
  void resolve(Result<T> result) const {
    state_->loop->post(
        [state = state_, r = std::move(result)]() mutable { state->set(std::move(r)); });
  }

  // Loop thread. The same, and the waiter runs before this returns: the caller must be ready for
  // whatever it does.
  void resolve_now(Result<T> result) const {
    const std::shared_ptr<State> state = state_;
    state->set(std::move(result));
  }

  // Loop thread.
  bool resolved() const { return state_->result.has_value(); }

  Task<T> wait(Context ctx) const {
    std::shared_ptr<State> state = state_;
    Loop::TimerId timer = 0;
    if (ctx.deadline != TimePoint::max()) {
      timer = state->loop->after(ctx.deadline - std::chrono::steady_clock::now(), [state] {
        state->set(fail(ErrorCode::DeadlineExceeded, "no answer in time"));
      });
    }
    std::optional<std::stop_callback<Cancel>> cancel;
    if (ctx.stop.stop_possible()) cancel.emplace(ctx.stop, Cancel{state});
    co_await Ready{state};
    cancel.reset();
    if (timer != 0) state->loop->cancel(timer);
    if constexpr (std::is_void_v<T>) {
      co_await std::move(*state->result);
    } else {
      co_return std::move(*state->result);
    }
  }

 private:
  struct State {
    Loop* loop = nullptr;
    std::coroutine_handle<> waiter;
    std::optional<Result<T>> result;

    // Loop thread.
    void set(Result<T> value) {
      if (result) return;
      result.emplace(std::move(value));
      if (waiter) std::exchange(waiter, nullptr).resume();
    }
  };

  struct Cancel {
    std::shared_ptr<State> state;
    void operator()() const {
      state->loop->post([s = state] { s->set(fail(ErrorCode::Cancelled, "no longer wanted")); });
    }
  };

  struct Ready {
    std::shared_ptr<State> state;
    bool await_ready() const noexcept { return state->result.has_value(); }
    void await_suspend(std::coroutine_handle<> waiter) const noexcept { state->waiter = waiter; }
    void await_resume() const noexcept {}
  };

  std::shared_ptr<State> state_;
};

// Waits on the current loop; ends early with Cancelled or DeadlineExceeded.
Task<> sleep_for(Context ctx, Duration duration);

}  // namespace flare
