#include "flare/base/loop.h"

#include <pthread.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace flare {
namespace {

// After this many handlers a turn ends even if more are ready, so that output is not held back.
constexpr int kHandlersPerTurnMax = 512;

thread_local Loop* current_loop = nullptr;

}  // namespace

struct Loop::Impl {
  explicit Impl(std::string loop_name) : name(std::move(loop_name)) {}

  void drain() {
    std::vector<Function> taken;
    {
      std::lock_guard lock(mutex);
      taken.swap(posted);
    }
    for (Function& function : taken) function();
  }

  void end_turn() {
    // A function may ask for another turn end; it runs in the same one.
    for (size_t i = 0; i < turn_end.size(); ++i) {
      Function function = std::move(turn_end[i]);
      function();
    }
    turn_end.clear();
  }

  void arm() {
    if (timers.empty()) return;
    const TimePoint first = timers.begin()->first.first;
    if (armed && armed_for <= first) return;
    armed = true;
    armed_for = first;
    timer.expires_at(first);
    timer.async_wait([this](const boost::system::error_code& error) {
      if (error) return;  // re-armed for an earlier time
      armed = false;
      fire();
      arm();
    });
  }

  void fire() {
    const TimePoint now = std::chrono::steady_clock::now();
    while (!timers.empty() && timers.begin()->first.first <= now) {
      auto node = timers.extract(timers.begin());
      due.erase(node.key().second);
      node.mapped()();
    }
  }

  const std::string name;
  boost::asio::io_context io{1};
  boost::asio::steady_timer timer{io};
  std::vector<Function> turn_end;
  std::map<std::pair<TimePoint, TimerId>, Function> timers;
  std::unordered_map<TimerId, TimePoint> due;
  TimerId next_timer = 1;
  bool armed = false;
  TimePoint armed_for;

  std::mutex mutex;
  std::vector<Function> posted;  // guarded by mutex
};

Loop::Loop(std::string name) : impl_(std::make_unique<Impl>(std::move(name))) {}
Loop::~Loop() = default;

void Loop::run() {
  Loop* const outer = std::exchange(current_loop, this);
  pthread_setname_np(pthread_self(), impl_->name.substr(0, 15).c_str());
  const auto guard = boost::asio::make_work_guard(impl_->io);
  impl_->io.restart();
  while (!impl_->io.stopped()) {
    impl_->io.run_one();
    for (int i = 0; i < kHandlersPerTurnMax && impl_->io.poll_one() > 0; ++i) {
    }
    impl_->end_turn();
  }
  current_loop = outer;
}

void Loop::stop() {
  // Posted, not called: what was posted before runs first.
  post([this] { impl_->io.stop(); });
}

void Loop::post(Function function) {
  bool wake = false;
  {
    std::lock_guard lock(impl_->mutex);
    wake = impl_->posted.empty();
    impl_->posted.push_back(std::move(function));
  }
  if (wake) boost::asio::post(impl_->io, [this] { impl_->drain(); });
}

void Loop::at_turn_end(Function function) { impl_->turn_end.push_back(std::move(function)); }

Loop::TimerId Loop::after(Duration delay, Function function) {
  const TimerId id = impl_->next_timer++;
  const TimePoint when = std::chrono::steady_clock::now() + delay;
  impl_->timers.emplace(std::pair{when, id}, std::move(function));
  impl_->due.emplace(id, when);
  impl_->arm();
  return id;
}

void Loop::cancel(TimerId timer) {
  const auto found = impl_->due.find(timer);
  if (found == impl_->due.end()) return;
  impl_->timers.erase({found->second, timer});
  impl_->due.erase(found);
}

Loop* Loop::current() { return current_loop; }
const std::string& Loop::name() const { return impl_->name; }
boost::asio::io_context& Loop::io() { return impl_->io; }

}  // namespace flare
