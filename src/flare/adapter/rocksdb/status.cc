#include "flare/adapter/rocksdb/status.h"

namespace flare::rocksdb {

Error to_error(const ::rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (status.IsNoSpace() || status.subcode() == ::rocksdb::Status::kNoSpace) {
    return {ErrorCode::ResourceExhausted, "disk full: " + text};
  }
  if (status.subcode() == ::rocksdb::Status::kSpaceLimit || status.IsMemoryLimit()) {
    return {ErrorCode::ResourceExhausted, text};
  }
  if (status.IsCorruption()) return {ErrorCode::DataLoss, text};
  if (status.IsIncomplete()) {
    return {ErrorCode::ResourceExhausted, "flushing cannot keep up: " + text};
  }
  if (status.IsShutdownInProgress()) return {ErrorCode::Cancelled, text};
  if (status.IsIOError() || status.IsBusy() || status.IsTryAgain() || status.IsTimedOut() ||
      status.IsAborted()) {
    return {ErrorCode::Unavailable, text};
  }
  return {ErrorCode::Internal, text};
}

}  // namespace flare::rocksdb
