#include "flare/base/task.h"

#include <cassert>

#include "flare/base/log.h"

namespace flare {

Error stray_exception() noexcept {
  Error error{ErrorCode::Internal, "unknown exception", 0};
  try {
    throw;
  } catch (const std::exception& exception) {
    error.message = exception.what();
  } catch (...) {
  }
  log_error("bug_stray_exception", {{"what", error.message}});
  assert(false && "an exception left a coroutine");
  return error;
}

}  // namespace flare
