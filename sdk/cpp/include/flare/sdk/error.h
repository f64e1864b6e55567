// How a call of this library fails: a code by what the caller can do, and where it went wrong.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace flare::sdk {

// The numbers of the wire's Error.code. A server may know more; unknown numbers are kept as they
// are, so always have a default branch.
enum class ErrorCode : int32_t {
  InvalidArgument = 4000,
  Unauthenticated = 4010,
  PermissionDenied = 4030,
  NotFound = 4040,
  AlreadyExists = 4090,
  Conflict = 4091,
  ResourceExhausted = 4290,
  Internal = 5000,
  DataLoss = 5001,
  Unavailable = 5030,
  DeadlineExceeded = 5040,
  Cancelled = 5041,
};

// "INVALID_ARGUMENT", ...; "ERROR_<number>" for a number this library does not know.
std::string name(ErrorCode code);

// Who said no. After Refused the connection is still good. After TimedOut the outcome of the
// request is unknown: repeat it with the same client_message_id. After Closed connect again.
enum class Failure : uint8_t {
  Refused,        // the server answered with an Error
  CannotConnect,  // no server there, or no WebSocket
  TimedOut,       // no answer in time
  Closed,         // the connection is gone
  Malformed,      // the server sent what this library does not understand
};

struct [[nodiscard]] Error {
  Failure failure = Failure::Closed;
  ErrorCode code = ErrorCode::Internal;
  std::string message;                      // for people
  bool retry = false;                       // may the same request succeed later?
  std::chrono::milliseconds retry_after{};  // 0: the caller's own backoff
};

template <class T = void>
using Result = std::expected<T, Error>;

// "NOT_FOUND: no such conversation", for logs and people.
std::string describe(const Error& error);

}  // namespace flare::sdk
