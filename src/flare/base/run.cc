#include "flare/base/run.h"

#include <cassert>

namespace flare::detail {
namespace {

class NoFaults final : public Faults {
 public:
  void report(std::string_view, const Error&) override { assert(false && "keep() cannot fail"); }
};

Task<> then_stop(Loop* loop, Task<> task) {
  co_await attempt(std::move(task));
  loop->stop();
}

}  // namespace

void run_to_end(Loop& loop, Task<> task) {
  NoFaults faults;
  Scope scope("run", faults);
  loop.post([&] { scope.spawn(then_stop(&loop, std::move(task))); });
  loop.run();
}

}  // namespace flare::detail
