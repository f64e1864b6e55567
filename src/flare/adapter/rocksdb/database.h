// Database: the store without its threads. Every call blocks. For this room's sources and tests.
//
// One thread at a time calls load() and apply(); the rest may be called from any thread.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "flare/adapter/rocksdb/keys.h"
#include "flare/adapter/rocksdb/message_store.h"
#include "flare/adapter/rocksdb/tuning.h"

namespace flare::rocksdb {

class Database {
 public:
  // `env` is the real file system, or a test's.
  static Result<std::unique_ptr<Database>> open(Options options, ::rocksdb::Env* env);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  uint64_t applied(uint32_t partition) const;
  uint64_t durable(uint32_t partition) const;
  Result<> apply(const port::ApplyBatch& batch);
  Result<port::Loaded> load(const port::LoadRequest& request);

  // Memory only; never blocks for long.
  Result<> note_delivered(const std::vector<port::Delivered>& delivered);

  Result<std::optional<port::ConversationState>> find_conversation(
      const port::ConversationKey& key) const;
  Result<std::optional<model::Member>> find_member(const port::MemberKey& key) const;
  Result<std::vector<model::Member>> list_members(const port::ConversationKey& key,
                                                  const UserId& after, size_t limit) const;
  Result<std::vector<port::Membership>> list_memberships(const TenantId& tenant,
                                                         const UserId& user) const;
  Result<std::vector<Bytes>> read(const port::ReadRange& range) const;
  Result<std::optional<Bytes>> find_message(const port::MessageKey& key) const;
  Result<std::vector<port::Delivered>> find_delivered(
      const std::vector<port::MemberKey>& members) const;

  // Makes what is applied and noted durable.
  Result<> flush();

 private:
  class FlushListener;
  using Values = std::vector<::rocksdb::PinnableSlice>;

  explicit Database(Options options);

  // Opening.
  Result<> check_format(::rocksdb::Env* env) const;
  Result<> open_files(::rocksdb::Env* env);
  Result<> write_format();
  Result<> read_partitions();

  // Writing.
  Result<> put_rows(const port::ApplyBatch& batch);
  void put_members(const port::ApplyBatch& batch);
  Result<> write(::rocksdb::WriteBatch& rows);
  void resume_if_due();
  void put(Family family, std::string_view value);
  void forget_delivered(const port::MemberKey& member);
  Result<> write_delivered();
  void flush_forever();
  void refresh_durable();

  // Reading.
  ::rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles_[family]; }
  Result<std::optional<::rocksdb::PinnableSlice>> get(Family family, std::string_view key) const;
  // Values in the order of the keys; `found[i]` says whether there is one.
  Result<> get_all(Family family, const std::vector<std::string>& keys, Values& values,
                   std::vector<bool>& found) const;
  Result<std::vector<std::optional<port::ConversationState>>> states(
      const std::vector<port::ConversationKey>& keys) const;
  Result<std::vector<std::optional<model::Member>>> members(
      const std::vector<port::MemberKey>& keys) const;
  Result<std::vector<std::optional<Bytes>>> messages(
      const std::vector<port::MessageKey>& keys) const;
  Result<port::ReadPoint> read_point(const port::ReadPointKey& key) const;

  // Constant after opening.
  const Options options_;
  std::unique_ptr<::rocksdb::DB> db_;
  std::vector<::rocksdb::ColumnFamilyHandle*> handles_;

  // Belong to the thread that applies.
  ::rocksdb::WriteBatch rows_;
  std::string key_;
  std::string value_;
  std::unordered_set<std::string> memberships_;  // whose rows are known to be written
  TimePoint next_resume_{};

  // Any thread.
  mutable std::mutex offsets_mutex_;
  std::unordered_map<uint32_t, uint64_t> applied_;  // guarded by offsets_mutex_
  std::unordered_map<uint32_t, uint64_t> durable_;  // guarded by offsets_mutex_

  mutable std::mutex delivered_mutex_;
  std::unordered_map<std::string, keys::Position> delivered_;  // guarded by delivered_mutex_

  std::mutex flush_mutex_;  // one flush() at a time

  std::mutex closing_mutex_;
  std::condition_variable closing_changed_;
  bool closing_ = false;  // guarded by closing_mutex_
  std::thread flusher_;
};

}  // namespace flare::rocksdb
