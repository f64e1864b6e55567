// BlockingPool: a few threads for library calls that block, so that no loop ever does. For
// adapters.
//
//   std::string text = co_await pool.run(ctx, [path] { return read_file(path); });
//
// The function returns a Result and runs on a thread of the pool; the coroutine continues on the
// loop that awaits. With one thread, functions run in the order of run(). The loops that wait must
// outlive the pool.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "flare/base/context.h"
#include "flare/base/pending.h"
#include "flare/base/result.h"
#include "flare/base/task.h"

namespace flare {

class BlockingPool {
 public:
  struct Options {
    std::string name;  // of the threads, at most 15 characters are shown
    size_t threads = 1;
    // Functions waiting for a thread. A full queue means the engine is far behind: a thousand
    // waiting calls of 100 µs are already a tenth of a second.
    size_t queue_max = 1024;
  };

  explicit BlockingPool(Options options);

  // Runs what is queued, then ends the threads.
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Fails with ResourceExhausted when the queue is full, and with Cancelled or DeadlineExceeded
  // when the context says so before the function had its turn; then it does not run. A function
  // that has begun is waited for. An exception that leaves it is an Internal error.
  template <class F>
  auto run(Context ctx, F function) -> Task<typename std::invoke_result_t<F&>::value_type> {
    using T = typename std::invoke_result_t<F&>::value_type;
    Pending<T> done;
    co_await post([done, ctx, f = std::move(function)]() mutable {
      Result<> wanted = still_wanted(ctx);
      done.resolve(wanted ? guarded<T>(f) : Result<T>(fail(std::move(wanted).error())));
    });
    co_return co_await done.wait({});
  }

 private:
  using Function = std::move_only_function<void()>;

  Result<> post(Function function);
  static Result<> still_wanted(const Context& ctx);

  template <class T, class F>
  static Result<T> guarded(F& function) {
    try {
      return function();
    } catch (...) {
      return fail(stray_exception());
    }
  }

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flare
