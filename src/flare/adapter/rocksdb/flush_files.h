// FlushFiles: sorted files made of rows in memory, which then become part of the database all
// together or not at all. For this room's sources only.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flare/adapter/rocksdb/memory.h"
#include "flare/adapter/rocksdb/tuning.h"
#include "flare/base/result.h"

namespace flare::rocksdb {

class FlushFiles {
 public:
  // Files stand in `directory`, which must be on the database's file system.
  FlushFiles(::rocksdb::DB& db, const std::vector<::rocksdb::ColumnFamilyHandle*>& handles,
             std::string directory);
  // Removes what did not become part of the database.
  ~FlushFiles();
  FlushFiles(const FlushFiles&) = delete;
  FlushFiles& operator=(const FlushFiles&) = delete;

  // Rows of one family in order of their keys. After a failure the rest fails alike.
  void put(Family family, std::string_view key, std::string_view value);
  void remove(Family family, std::string_view key);

  // All rows of `memory`.
  void put_all(const Memory& memory);

  // After success the rows survive a crash of the host. Without rows nothing happens.
  Result<> become_durable();

 private:
  struct File;

  File* open(Family family);
  void put_messages(const std::vector<const TextMap<Memory::Conversation>::value_type*>& sorted);
  void put_ids(const Memory& memory);
  void put_memberships(const Memory& memory);

  ::rocksdb::DB& db_;
  const std::vector<::rocksdb::ColumnFamilyHandle*>& handles_;
  const std::string directory_;
  std::vector<std::unique_ptr<File>> files_;  // by family; null while it has no row
  Result<> failure_;
};

}  // namespace flare::rocksdb
