// The embedded MessageStore: RocksDB in one directory of this host.
//
// The event log is its write-ahead log: apply() changes memory, a flush every few seconds makes all
// of it durable at once, and after a crash the writer replays the log from durable() on. What was
// applied lately is answered from memory. Rows are described in docs/reference/store-format.md.
//
// Blocking calls run on threads of its own: one applies and loads for the writer, in order; a few
// read. The loops that call it must outlive it. One process at a time may have a directory open.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "flare/port/message_store.h"

namespace flare::rocksdb {

struct Options {
  // Made when missing; the directory it stands in must exist.
  std::string directory;

  // Blocks, indexes and filters of files, in memory. The dedup filters of 100 million messages take
  // 125 MB; the rest holds what is read often.
  size_t block_cache_bytes = size_t{256} << 20;

  // Rows in memory before they are flushed; up to four times as much is held while flushing lags.
  // Larger means fewer files, more answers from memory and more to replay after a crash: 64 MB is
  // about 150,000 messages, two seconds of full load.
  size_t write_buffer_bytes = size_t{64} << 20;

  // How often what is in memory is flushed at least: bounds the replay after a crash and how long
  // the event log must keep its files.
  std::chrono::milliseconds flush_interval{10'000};

  // Threads that merge files.
  int background_threads = 2;

  // Threads for readers. Most reads are answered from memory; two keep one slow disk read from
  // holding up the rest.
  size_t read_threads = 2;

  // Calls that wait for a thread before further ones are refused with ResourceExhausted.
  size_t queue_max = 1024;

  // Without it, closing loses what is not durable yet, as a crash does. For tests.
  bool flush_on_close = true;
};

class Database;

class MessageStore final : public port::MessageStore {
 public:
  // Fails with InvalidArgument (not a store, or one of another format version), Unavailable (held
  // by another process, or the file system refuses) and DataLoss (files are damaged), naming the
  // directory. Blocks; for start-up.
  static Result<std::unique_ptr<MessageStore>> open(Options options);

  // Waits for the calls under way, then flushes.
  ~MessageStore() override;

  Task<uint64_t> applied(Context ctx, uint32_t partition) override;
  uint64_t durable(uint32_t partition) const override;
  Task<port::Loaded> load(Context ctx, port::LoadRequest request) override;
  Task<> apply(Context ctx, port::ApplyBatch batch) override;
  Task<> note_delivered(Context ctx, std::vector<port::Delivered> delivered) override;

  Task<std::optional<port::ConversationState>> find_conversation(
      Context ctx, port::ConversationKey key) override;
  Task<std::optional<model::Member>> find_member(Context ctx, port::MemberKey key) override;
  Task<std::vector<model::Member>> list_members(Context ctx, port::ConversationKey key,
                                                UserId after, size_t limit) override;
  Task<std::vector<port::Membership>> list_memberships(Context ctx, UserId user) override;
  Task<std::vector<Bytes>> read(Context ctx, port::ReadRange range) override;
  Task<std::optional<Bytes>> find_message(Context ctx, MessageId id) override;
  Task<std::vector<port::Delivered>> find_delivered(Context ctx,
                                                    std::vector<port::MemberKey> members) override;

  // Makes everything applied so far durable. Blocks; for tests and maintenance.
  Result<> flush();

 private:
  struct Impl;
  explicit MessageStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace flare::rocksdb
