// How each kind of row is kept. For this room's sources only.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <array>
#include <string>
#include <vector>

#include "flare/adapter/rocksdb/message_store.h"

namespace flare::rocksdb {

// The column families, by their place in kFamilyNames.
enum Family : size_t {
  kDefault,  // the format version and nothing else
  kMessages,
  kMessageIds,
  kConversations,
  kHeads,
  kMembers,
  kMemberships,
  kPartitions,
  kDelivered,
  kFamilyCount,
};

inline constexpr std::array<const char*, kFamilyCount> kFamilyNames = {
    "default", "messages",    "message_ids", "conversations", "heads",
    "members", "memberships", "partitions",  "delivered",
};

// Sorted runs of one family at which flushes wait for merging: far above where it begins, so that a
// burst is merged afterwards.
inline constexpr int kRunsStop = 120;

::rocksdb::DBOptions database_options(const Options& options, ::rocksdb::Env* env);
std::vector<::rocksdb::ColumnFamilyDescriptor> family_descriptors(const Options& options);

}  // namespace flare::rocksdb
