#include "flare/base/scope.h"

#include <cassert>
#include <vector>

#include "flare/base/pending.h"

namespace flare {
namespace {

// A coroutine nobody awaits; it frees itself at its end.
struct Root {
  struct promise_type {
    Root get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

}  // namespace

struct Scope::Impl {
  std::string name;
  Faults& faults;
  std::stop_source stop;
  size_t running = 0;
  std::vector<Pending<>> closing;

  Impl(std::string scope_name, Faults& scope_faults)
      : name(std::move(scope_name)), faults(scope_faults) {}

  void ended(const Result<void>& result) {
    if (!result && result.error().code != ErrorCode::Cancelled) faults.report(name, result.error());
    if (--running > 0) return;
    for (const Pending<>& waiter : closing) waiter.resolve({});
    closing.clear();
  }

  static Root run(std::shared_ptr<Impl> self, Task<> task) {
    Result<void> result = co_await attempt(std::move(task));
    self->ended(result);
  }
};

Scope::Scope(std::string name, Faults& faults)
    : impl_(std::make_shared<Impl>(std::move(name), faults)) {}

Scope::~Scope() { assert(impl_->running == 0 && "a Scope dies with tasks running; close() it"); }

void Scope::spawn(Task<> task) {
  ++impl_->running;
  Impl::run(impl_, std::move(task));
}

std::stop_token Scope::stop_token() const { return impl_->stop.get_token(); }
size_t Scope::running() const { return impl_->running; }

Task<> Scope::close() {
  impl_->stop.request_stop();
  return join();
}

Task<> Scope::join() {
  std::shared_ptr<Impl> impl = impl_;
  if (impl->running == 0) co_return;
  Pending<> done;
  impl->closing.push_back(done);
  co_await done.wait({});
}

}  // namespace flare
