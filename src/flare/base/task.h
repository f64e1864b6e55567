// Task: an asynchronous function that ends with a value or an Error.
//
// `co_await task` gives the value; if the task failed, the awaiting coroutine ends with that same
// Error. `co_await attempt(task)` gives the Result instead, for the few places that look at it.
// `co_await` of a Result or of fail(...) unwraps or ends in the same way.
//
// A Task is lazy, has one owner and one awaiter, and runs on the loop it was started on. Where an
// error passes through, the coroutine is not resumed; its locals die with the Task that holds it.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>

#include "flare/base/result.h"

namespace flare {

template <class T = void>
class Task;

// Reports an exception that left a coroutine (a bug), and makes it an Internal error.
Error stray_exception() noexcept;

namespace detail {

struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();
  PromiseBase* parent = nullptr;  // set while an awaiting coroutine wants our error passed on

  PromiseBase() = default;
  PromiseBase(const PromiseBase&) = delete;
  PromiseBase& operator=(const PromiseBase&) = delete;
  virtual ~PromiseBase() = default;
  virtual bool failed() const = 0;
  virtual Error take_error() = 0;
  virtual void put_error(Error error) = 0;

  // Who runs next, once this coroutine has its result. A failure passes through every coroutine
  // that awaited plainly, ending each of them, and stops at the first attempt() or root.
  std::coroutine_handle<> next() {
    PromiseBase* at = this;
    while (at->failed() && at->parent != nullptr) {
      at->parent->put_error(at->take_error());
      at = at->parent;
    }
    return at->continuation;
  }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
      return self.promise().next();
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { put_error(stray_exception()); }
};

template <class T>
struct PlainAwaiter;
template <class T>
struct AttemptAwaiter;
template <class T>
struct ResultAwaiter;

template <class Derived>
struct Awaits : PromiseBase {
  template <class U>
  PlainAwaiter<U> await_transform(Task<U>&& task) {
    return {std::move(task)};
  }
  template <class U>
  ResultAwaiter<U> await_transform(Result<U> result) {
    return {std::move(result)};
  }
  ResultAwaiter<void> await_transform(std::unexpected<Error> error);
  template <class A>
    requires requires(A& a) { a.await_ready(); }
  A await_transform(A leaf) {
    return leaf;
  }
};

template <class T>
struct Promise final : Awaits<Promise<T>> {
  std::optional<Result<T>> result;
  Task<T> get_return_object();
  template <class U>
    requires std::constructible_from<Result<T>, U&&>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
  void return_value(T value) { result.emplace(std::move(value)); }
  bool failed() const override { return result && !result->has_value(); }
  Error take_error() override { return std::move(*result).error(); }
  void put_error(Error e) override { result.emplace(std::unexpected(std::move(e))); }
};

template <>
struct Promise<void> final : Awaits<Promise<void>> {
  std::optional<Result<void>> result;
  Task<void> get_return_object();
  void return_void() { result.emplace(); }
  bool failed() const override { return result && !result->has_value(); }
  Error take_error() override { return std::move(*result).error(); }
  void put_error(Error e) override { result.emplace(std::unexpected(std::move(e))); }
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  Handle handle() const { return handle_; }

 private:
  Handle handle_;
};

namespace detail {

template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>{std::coroutine_handle<Promise<T>>::from_promise(*this)};
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>{std::coroutine_handle<Promise<void>>::from_promise(*this)};
}

template <class T>
struct PlainAwaiter {
  Task<T> task;
  bool await_ready() noexcept { return false; }
  template <class P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiting) noexcept {
    auto& child = task.handle().promise();
    child.continuation = awaiting;
    child.parent = &awaiting.promise();
    return task.handle();
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*task.handle().promise().result).value();
  }
};

template <class T>
struct AttemptAwaiter {
  Task<T> task;
  bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    task.handle().promise().continuation = awaiting;
    return task.handle();
  }
  Result<T> await_resume() { return std::move(*task.handle().promise().result); }
};

template <class T>
struct ResultAwaiter {
  Result<T> result;
  bool await_ready() noexcept { return result.has_value(); }
  template <class P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiting) noexcept {
    awaiting.promise().put_error(std::move(result).error());
    return awaiting.promise().next();
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(result).value();
  }
};

template <class D>
ResultAwaiter<void> Awaits<D>::await_transform(std::unexpected<Error> error) {
  return {Result<void>(std::move(error))};
}

}  // namespace detail

template <class T>
detail::AttemptAwaiter<T> attempt(Task<T> task) {
  return {std::move(task)};
}

}  // namespace flare
