#include "flare/base/result.h"

#include <array>
#include <cstddef>

namespace flare {
namespace {

struct Row {
  ErrorCode code;
  std::string_view name;
  int grpc;
  int client;
  bool retry;
};

constexpr std::array kRows = {
    Row{ErrorCode::InvalidArgument, "INVALID_ARGUMENT", 3, 4000, false},
    Row{ErrorCode::Unauthenticated, "UNAUTHENTICATED", 16, 4010, false},
    Row{ErrorCode::PermissionDenied, "PERMISSION_DENIED", 7, 4030, false},
    Row{ErrorCode::NotFound, "NOT_FOUND", 5, 4040, false},
    Row{ErrorCode::AlreadyExists, "ALREADY_EXISTS", 6, 4090, false},
    Row{ErrorCode::Conflict, "CONFLICT", 10, 4091, true},
    Row{ErrorCode::ResourceExhausted, "RESOURCE_EXHAUSTED", 8, 4290, true},
    Row{ErrorCode::Unavailable, "UNAVAILABLE", 14, 5030, true},
    Row{ErrorCode::DeadlineExceeded, "DEADLINE_EXCEEDED", 4, 5040, true},
    Row{ErrorCode::Cancelled, "CANCELLED", 1, 5041, true},
    Row{ErrorCode::DataLoss, "DATA_LOSS", 15, 5001, false},
    Row{ErrorCode::Internal, "INTERNAL", 13, 5000, false},
};

// The row of a code stands at the code's own index. The compiler checks that none is missing.
constexpr bool complete() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<size_t>(kRows[i].code) != i) return false;
  }
  return kRows.size() == static_cast<size_t>(ErrorCode::Internal) + 1;
}
static_assert(complete());

const Row& row(ErrorCode code) { return kRows[static_cast<size_t>(code)]; }

}  // namespace

bool worth_retrying(const Error& error) { return row(error.code).retry; }
int client_code(ErrorCode code) { return row(code).client; }
int grpc_code(ErrorCode code) { return row(code).grpc; }
std::string_view name(ErrorCode code) { return row(code).name; }

}  // namespace flare
