// run(): drives one Task to its end on a loop of its own. For tests, start-up and commands.
#pragma once

#include <optional>

#include "flare/base/loop.h"
#include "flare/base/scope.h"
#include "flare/base/task.h"

namespace flare {

namespace detail {
// Spawns `task` on `loop`, runs the loop on this thread until the task has ended.
void run_to_end(Loop& loop, Task<> task);

template <class T>
Task<> keep(Task<T> task, std::optional<Result<T>>* result) {
  result->emplace(co_await attempt(std::move(task)));
}
}  // namespace detail

template <class T>
Result<T> run(Loop& loop, Task<T> task) {
  std::optional<Result<T>> result;
  detail::run_to_end(loop, detail::keep(std::move(task), &result));
  return std::move(*result);
}

template <class T>
Result<T> run(Task<T> task) {
  Loop loop("run");
  return run(loop, std::move(task));
}

}  // namespace flare
