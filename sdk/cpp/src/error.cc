#include "flare/sdk/error.h"

#include "failures.h"

namespace flare::sdk {
namespace {

Error made(Failure kind, ErrorCode code, bool retry, std::string message) {
  return {.failure = kind,
          .code = code,
          .message = std::move(message),
          .retry = retry,
          .retry_after = {}};
}

}  // namespace

Error cannot_connect(std::string why) {
  return made(Failure::CannotConnect, ErrorCode::Unavailable, true, std::move(why));
}

Error timed_out(std::string what) {
  return made(Failure::TimedOut, ErrorCode::DeadlineExceeded, true, std::move(what));
}

Error closed(std::string why) {
  return made(Failure::Closed, ErrorCode::Unavailable, true, std::move(why));
}

Error malformed(std::string what) {
  return made(Failure::Malformed, ErrorCode::Internal, false, std::move(what));
}

Error refused(const flare::client::v1::Error& error) {
  return {.failure = Failure::Refused,
          .code = static_cast<ErrorCode>(error.code()),
          .message = error.message(),
          .retry = error.retry(),
          .retry_after = std::chrono::milliseconds(error.retry_after_ms())};
}

std::string name(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return "INVALID_ARGUMENT";
    case ErrorCode::Unauthenticated:
      return "UNAUTHENTICATED";
    case ErrorCode::PermissionDenied:
      return "PERMISSION_DENIED";
    case ErrorCode::NotFound:
      return "NOT_FOUND";
    case ErrorCode::AlreadyExists:
      return "ALREADY_EXISTS";
    case ErrorCode::Conflict:
      return "CONFLICT";
    case ErrorCode::ResourceExhausted:
      return "RESOURCE_EXHAUSTED";
    case ErrorCode::Internal:
      return "INTERNAL";
    case ErrorCode::DataLoss:
      return "DATA_LOSS";
    case ErrorCode::Unavailable:
      return "UNAVAILABLE";
    case ErrorCode::DeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case ErrorCode::Cancelled:
      return "CANCELLED";
  }
  return "ERROR_" + std::to_string(static_cast<int32_t>(code));
}

std::string describe(const Error& error) {
  switch (error.failure) {
    case Failure::Refused:
      return name(error.code) + ": " + error.message;
    case Failure::CannotConnect:
      return "cannot connect: " + error.message;
    case Failure::TimedOut:
      return "timed out: " + error.message;
    case Failure::Closed:
      return "connection closed: " + error.message;
    case Failure::Malformed:
      return "not understood: " + error.message;
  }
  return error.message;
}

}  // namespace flare::sdk
