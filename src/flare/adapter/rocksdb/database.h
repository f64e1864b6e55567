// Database: the store without its threads. Calls may block. For this room's sources and tests.
//
// Rows live in up to three generations of Memory and in RocksDB's files:
//
//   active    what apply() changes
//   flushing  what is being written to files, or could not be yet
//   recent    what was flushed last: in the files too, kept because it is read most
//
// A row is looked for in this order. A flush turns active into flushing, and when its files have
// become part of the database, flushing into recent. RocksDB's own memory and write-ahead log stay
// empty. Any thread may call.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "flare/adapter/rocksdb/keys.h"
#include "flare/adapter/rocksdb/memory.h"
#include "flare/adapter/rocksdb/message_store.h"
#include "flare/adapter/rocksdb/tuning.h"

namespace flare::rocksdb {

class PageBuilder;

// How far a look-up may go.
enum class Reach : uint8_t {
  Files,       // to the disk, which may take long
  MemoryOnly,  // not further than memory: Unavailable when that is not enough to answer
};

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
  // Whether apply() changes memory only, without waiting for a flush first.
  bool has_room() const;
  Result<port::Loaded> load(const port::LoadRequest& request, Reach reach = Reach::Files) const;

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

  // The same without blocking: nothing when that would take a file or a wait.
  std::optional<std::vector<Bytes>> read_now(const port::ReadRange& range) const;
  Result<std::optional<Bytes>> find_message(const port::MessageKey& key) const;
  Result<std::vector<port::Delivered>> find_delivered(
      const std::vector<port::MemberKey>& members) const;

  // Makes what is applied and noted durable.
  Result<> flush();

 private:
  using Values = std::vector<::rocksdb::PinnableSlice>;
  using Page = std::vector<Memory::Message>;

  explicit Database(Options options) : options_(std::move(options)) {}

  // Opening.
  Result<> check_directory(::rocksdb::Env* env) const;
  Result<> check_format(::rocksdb::Env* env) const;
  Result<> open_files(::rocksdb::Env* env);
  Result<> write_format();
  Result<> read_partitions();
  std::string flush_directory() const { return options_.directory + "/flush"; }

  // Writing.
  Result<> check_offset(const port::ApplyBatch& batch) const;
  Result<> wait_for_room();
  void forget_delivered(const std::vector<port::MemberKey>& members);

  // Flushing.
  void flush_forever();
  void take_active();
  Result<> flush_taken();
  Result<> wait_for_merging();
  using DeliveredRows = std::map<std::string, std::optional<keys::Position>>;
  Result<DeliveredRows> delivered_rows(const Memory& memory) const;

  // Reading.
  ::rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles_[family]; }
  // Newest first; the caller holds rows_mutex_.
  std::array<const Memory*, 3> generations() const {
    return {active_.get(), flushing_.get(), recent_.get()};
  }
  // Values in the order of the keys; `found[i]` says whether there is one.
  Result<> get_all(Family family, const std::vector<std::string>& keys, Values& values,
                   std::vector<bool>& found, Reach reach = Reach::Files) const;
  Result<std::vector<std::optional<port::ConversationState>>> states(
      const std::vector<port::ConversationKey>& keys, Reach reach = Reach::Files) const;
  Result<std::vector<std::optional<model::Member>>> members(
      const std::vector<port::MemberKey>& keys, Reach reach = Reach::Files) const;
  Result<std::vector<std::optional<Bytes>>> messages(const std::vector<port::MessageKey>& keys,
                                                     Reach reach = Reach::Files) const;
  Result<port::ReadPoint> read_point(const port::ReadPointKey& key) const;

  // The caller holds rows_mutex_. The rows of the range that are in memory, in reading order;
  // `whole` when the files hold no more.
  Page page_in_memory(const port::ReadRange& range, bool& whole) const;
  Result<> merge_with_files(const port::ReadRange& range, const Page& in_memory,
                            PageBuilder& page) const;
  using MemberChanges = std::map<std::string, std::optional<model::Member>>;
  // At most `limit` a generation, complete up to `until` (empty: to the end).
  MemberChanges members_in_memory(const port::ConversationKey& key, const std::string& after,
                                  size_t limit, std::string& until) const;

  // Constant after opening.
  const Options options_;
  std::unique_ptr<::rocksdb::DB> db_;
  std::vector<::rocksdb::ColumnFamilyHandle*> handles_;

  mutable std::shared_mutex rows_mutex_;
  // The pointers, and what active_ points to, are guarded by rows_mutex_; the other two generations
  // do not change any more.
  std::unique_ptr<Memory> active_ = std::make_unique<Memory>();
  std::unique_ptr<Memory> flushing_;
  std::unique_ptr<Memory> recent_;

  mutable std::mutex offsets_mutex_;
  std::unordered_map<uint32_t, uint64_t> applied_;  // guarded by offsets_mutex_
  std::unordered_map<uint32_t, uint64_t> durable_;  // guarded by offsets_mutex_

  mutable std::mutex delivered_mutex_;
  std::unordered_map<std::string, keys::Position> delivered_;  // guarded by delivered_mutex_

  std::mutex flush_mutex_;  // one flush() at a time

  std::mutex state_mutex_;
  std::condition_variable state_changed_;
  bool closing_ = false;       // guarded by state_mutex_
  bool flush_wanted_ = false;  // guarded by state_mutex_
  Result<> last_flush_;        // guarded by state_mutex_
  std::thread flusher_;
};

}  // namespace flare::rocksdb
