// Result: a value, or an Error that says what the caller can do about it.
//
// Result<T> is for functions that do not wait, Task<T> (task.h) for those that do. Nothing else
// reports failure: no exceptions between rooms, no error out-parameters.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace flare {

// What the caller can do about it. A closed set: a new code needs a row in result.cc, which says
// how it looks on gRPC and to a chat client, and whether the same request may succeed later.
enum class ErrorCode : uint8_t {
  InvalidArgument,    // the caller's fault; the same request will fail again
  Unauthenticated,    // no valid identity
  PermissionDenied,   // a known identity that may not do this (a rule or a hook said no)
  NotFound,
  AlreadyExists,
  Conflict,           // lost a race; re-read, then try again
  ResourceExhausted,  // a limit of ours; retry later, slower
  Unavailable,        // a dependency is away; retry with backoff
  DeadlineExceeded,   // time ran out; the outcome is unknown
  Cancelled,          // the caller left, or we are shutting down
  DataLoss,           // stored bytes do not check out
  Internal,           // a bug; never retried, always alarmed
};

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;          // for people: lower case, no full stop, outermost step first
  uint32_t retry_after_ms = 0;  // 0: the caller's own backoff

  // Adds what we were doing, so that the message reads like a path to the cause:
  // "send: append: disk full".
  Error during(std::string_view step) && {
    message = std::string(step) + ": " + message;
    return std::move(*this);
  }
};

template <class T = void>
using Result = std::expected<T, Error>;

// `return fail(...)` from a Result function, `co_await fail(...)` from a Task.
inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message), 0});
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

// May the same request succeed later?
bool worth_retrying(const Error& error);

// The number a chat client is told; never renumbered, never used twice.
int client_code(ErrorCode code);

// grpc::StatusCode by its published number.
int grpc_code(ErrorCode code);

// "INVALID_ARGUMENT", ...
std::string_view name(ErrorCode code);

}  // namespace flare
