// What RocksDB's Status means to our callers. For this room's sources only.
#pragma once

#include <rocksdb/status.h>

#include "flare/base/result.h"

namespace flare::rocksdb {

// No space and a store that cannot keep up are ResourceExhausted, damaged files are DataLoss with
// the file's name, whatever else the file system refuses is Unavailable.
Error to_error(const ::rocksdb::Status& status);

inline Result<> to_result(const ::rocksdb::Status& status) {
  if (status.ok()) return {};
  return fail(to_error(status));
}

}  // namespace flare::rocksdb
