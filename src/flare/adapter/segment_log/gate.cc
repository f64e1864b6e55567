#include "flare/adapter/segment_log/gate.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace flare::segment_log {

void Link::insert_before(Link& other) {
  previous = other.previous;
  next = &other;
  previous->next = this;
  other.previous = this;
}

void Link::remove() {
  previous->next = next;
  next->previous = previous;
  previous = next = this;
}

void Gate::fire(std::vector<Firing> firings) {
  std::ranges::sort(firings, std::less<>(),
                    [](const Firing& firing) { return firing.signal->gate_.get(); });
  for (size_t begin = 0; begin < firings.size();) {
    const std::shared_ptr<Gate> gate = firings[begin].signal->gate_;
    std::vector<std::shared_ptr<Signal>> awaited;
    // Held over the post: a waiter cannot leave meanwhile, so its loop is still there.
    std::lock_guard lock(gate->mutex_);
    for (; begin < firings.size() && firings[begin].signal->gate_ == gate; ++begin) {
      std::shared_ptr<Signal>& signal = firings[begin].signal;
      signal->error_ = std::move(firings[begin].error);
      signal->fired_ = true;
      if (signal->waiting_ > 0) awaited.push_back(std::move(signal));
    }
    if (awaited.empty()) continue;
    gate->loop_->post([signals = std::move(awaited)] {
      for (const std::shared_ptr<Signal>& signal : signals) signal->resume_all();
    });
  }
}

void Signal::resume_all() {
  {
    std::lock_guard lock(gate_->mutex_);
    waiting_ = 0;
  }
  // A resumed coroutine may destroy others that wait here; each leaves the list by itself.
  while (!waiters_.alone()) {
    Waiter* const waiter = waiters_.next->waiter;
    waiter->in_signal_.remove();
    waiter->end(error_);
  }
}

void Gate::arm(TimePoint deadline) {
  if (deadline >= timer_at_) return;
  if (timer_ != 0) loop_->cancel(timer_);
  timer_at_ = deadline;
  timer_ = loop_->after(deadline - std::chrono::steady_clock::now(),
                        [gate = shared_from_this()] { gate->expire(); });
}

void Gate::disarm_if_idle() {
  // Without waiters nothing here may point at the loop: another may get its address.
  if (timer_ == 0 || !with_deadline_.alone()) return;
  loop_->cancel(std::exchange(timer_, 0));
  timer_at_ = TimePoint::max();
}

void Gate::expire() {
  timer_ = 0;
  timer_at_ = TimePoint::max();
  const TimePoint now = std::chrono::steady_clock::now();
  TimePoint first = TimePoint::max();
  Link due;
  for (Link* at = with_deadline_.next; at != &with_deadline_;) {
    Link* const next = at->next;
    if (at->waiter->deadline_ <= now) {
      at->remove();
      at->insert_before(due);
    } else {
      first = std::min(first, at->waiter->deadline_);
    }
    at = next;
  }
  if (first != TimePoint::max()) arm(first);
  while (!due.alone()) {
    Waiter* const waiter = due.next->waiter;
    waiter->leave();
    waiter->end(Error{ErrorCode::DeadlineExceeded, "no answer in time", 0});
  }
}

Waiter::Waiter(std::shared_ptr<Signal> signal, const Context& ctx)
    : signal_(std::move(signal)), deadline_(ctx.deadline), stop_(ctx.stop) {}

Waiter::~Waiter() {
  cancel_.reset();
  leave();
  in_gate_.remove();
  signal_->gate_->disarm_if_idle();
}

bool Waiter::enter(std::coroutine_handle<> coroutine) {
  coroutine_ = coroutine;
  Gate& gate = *signal_->gate_;
  {
    std::lock_guard lock(gate.mutex_);
    if (signal_->fired_) {
      error_ = signal_->error_;
      return false;
    }
    ++signal_->waiting_;
  }
  in_signal_.insert_before(signal_->waiters_);
  if (deadline_ != TimePoint::max()) {
    in_gate_.insert_before(gate.with_deadline_);
    gate.arm(deadline_);
  }
  if (stop_.stop_possible()) {
    static std::atomic<uint64_t> next_id = 1;
    id_ = next_id.fetch_add(1, std::memory_order_relaxed);
    cancel_.emplace(stop_, Cancel{this});
  }
  return true;
}

void Waiter::leave() {
  if (in_signal_.alone()) return;
  in_signal_.remove();
  std::lock_guard lock(signal_->gate_->mutex_);
  if (signal_->waiting_ > 0) --signal_->waiting_;
}

void Waiter::end(std::optional<Error> error) {
  cancel_.reset();
  in_gate_.remove();
  signal_->gate_->disarm_if_idle();
  error_ = std::move(error);
  std::exchange(coroutine_, nullptr).resume();
}

Result<void> Waiter::result() {
  if (error_) return fail(std::move(*error_));
  return {};
}

void Waiter::Cancel::operator()() const {
  // The waiter is alive here: its destructor waits for this function. Later it may not be.
  waiter->signal_->gate_->loop_->post([signal = waiter->signal_, id = waiter->id_] {
    for (Link* at = signal->waiters_.next; at != &signal->waiters_; at = at->next) {
      if (at->waiter->id_ != id) continue;
      Waiter* const found = at->waiter;
      found->leave();
      found->end(Error{ErrorCode::Cancelled, "no longer wanted", 0});
      return;
    }
  });
}

}  // namespace flare::segment_log
