#include "flare/base/blocking_pool.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace flare {

struct BlockingPool::Impl {
  explicit Impl(Options o) : options(std::move(o)) {}

  void work() {
    pthread_setname_np(pthread_self(), options.name.substr(0, 15).c_str());
    std::unique_lock lock(mutex);
    while (true) {
      while (queue.empty() && !closing) changed.wait(lock);
      if (queue.empty()) return;
      Function function = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      function();
      function = nullptr;  // what it holds is released before the lock is taken again
      lock.lock();
    }
  }

  const Options options;
  std::vector<std::thread> threads;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Function> queue;  // guarded by mutex
  bool closing = false;        // guarded by mutex
};

BlockingPool::BlockingPool(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {
  for (size_t i = 0; i < impl_->options.threads; ++i) {
    impl_->threads.emplace_back([impl = impl_.get()] { impl->work(); });
  }
}

BlockingPool::~BlockingPool() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->closing = true;
  }
  impl_->changed.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
}

Result<> BlockingPool::post(Function function) {
  {
    std::lock_guard lock(impl_->mutex);
    if (impl_->queue.size() >= impl_->options.queue_max) {
      return fail(ErrorCode::ResourceExhausted, impl_->options.name + ": queue is full");
    }
    impl_->queue.push_back(std::move(function));
  }
  impl_->changed.notify_one();
  return {};
}

Result<> BlockingPool::still_wanted(const Context& ctx) {
  if (ctx.stop.stop_requested()) return fail(ErrorCode::Cancelled, "no longer wanted");
  if (ctx.deadline != TimePoint::max() && std::chrono::steady_clock::now() >= ctx.deadline) {
    return fail(ErrorCode::DeadlineExceeded, "no turn in time");
  }
  return {};
}

}  // namespace flare
