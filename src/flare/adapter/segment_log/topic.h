// Topic: the records of its partitions, from those just appended to those in the files; who waits
// for them, and what its groups have committed.
//
// A record is visible from a point on: a synced one when it is durable, a derived one at once if
// everything before it in its partition is visible. An append returns when its records are visible,
// so a record that is not can still be refused. The order of a partition's records never changes.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "flare/adapter/segment_log/engine.h"
#include "flare/adapter/segment_log/journal.h"
#include "flare/port/event_log.h"

namespace flare::segment_log {

class Topic final : public port::LogTopic, public std::enable_shared_from_this<Topic> {
 public:
  // What the topic knows of one subscription; guarded by mutex_.
  struct Reader {
    std::string group;
    std::vector<uint32_t> partitions;
    std::vector<uint64_t> cursors;    // what comes next, of each of `partitions`
    size_t turn = 0;                  // whose turn it is
    std::shared_ptr<Signal> waiting;  // set while next() waits
  };

  // What a reader gets: a batch from memory, or records to be read from the files, or a wait.
  struct Taken {
    port::LogBatch batch;
    bool in_files = false;
    uint32_t partition = 0;
    uint64_t offset = 0;
    uint64_t visible = 0;
    std::shared_ptr<Signal> wait;
  };

  Topic(std::string name, std::unique_ptr<Journal> journal, Engine& engine,
        std::map<std::string, std::vector<uint64_t>> groups);

  const std::string& name() const override { return name_; }
  uint32_t partitions() const override { return static_cast<uint32_t>(parts_.size()); }
  Task<port::LogPosition> append(Context ctx, port::LogRecord record,
                                 port::Durability durability) override;
  Task<std::vector<port::LogPosition>> append_batch(Context ctx,
                                                    std::vector<port::LogRecord> records,
                                                    port::Durability durability) override;
  Result<std::unique_ptr<port::LogSubscription>> subscribe(std::string group, uint32_t member,
                                                           uint32_t members) override;
  port::LogStatus status(uint32_t partition) const override;
  // What the group has committed, counting commits that are not durable yet: what it is delivered
  // next after a clean close. After a crash it may be a checkpoint older.
  uint64_t committed(const std::string& group, uint32_t partition) const override;

  Journal& journal() { return *journal_; }
  Engine& engine() { return engine_; }

  // Engine's threads.
  bool awaits_commit() const;
  bool has_pending() const;
  bool needs_sync() const;  // readers have seen what is not durable
  Result<void> flush(bool sync);
  std::map<std::string, std::vector<uint64_t>> groups() const;
  void committed_durably(const std::map<std::string, std::vector<uint64_t>>& groups);
  // Ends all waits with Cancelled; nothing is appended any more.
  void close();

  // Subscriptions.
  Taken take(Reader& reader, size_t records_max);
  void moved(Reader& reader, uint32_t partition, uint64_t cursor);  // forward only
  void commit(const Reader& reader, uint32_t partition, uint64_t next);
  void stop_waiting(Reader& reader);
  void leave(const Reader& reader);

 private:
  struct Part {
    uint64_t next = 0;        // of the record appended next
    uint64_t visible = 0;     // readers see what is below
    uint64_t written = 0;     // the journal has what is below
    uint64_t durable = 0;     // the disk has what is below
    uint64_t tail_first = 0;  // the offset of tail[0]
    std::deque<Bytes> tail;   // in memory, up to `next`
  };
  struct Waiting {
    Gate* gate;
    std::shared_ptr<Signal> signal;
  };

  Result<std::shared_ptr<Signal>> add(std::span<port::LogRecord> records,
                                      port::Durability durability, port::LogPosition* positions);
  Result<void> admit(std::span<const port::LogRecord> records, uint64_t* bytes);

  // With mutex_ held.
  const std::shared_ptr<Signal>& join_commit();
  void settle(const std::vector<uint64_t>& taken, bool synced);
  void refuse(std::vector<Entry>& batch, const Error& error);
  void wake_readers(std::vector<Firing>& firings);
  std::vector<Bytes> evict();

  const std::string name_;
  const std::unique_ptr<Journal> journal_;
  Engine& engine_;
  const uint64_t body_max_;

  std::mutex write_mutex_;  // whose flush() it is; held over file operations, never by a loop
  std::vector<Entry> batch_;

  mutable std::mutex mutex_;
  std::vector<Part> parts_;
  std::vector<Entry> pending_;  // in the order of the appends
  uint64_t pending_bytes_ = 0;
  std::vector<Waiting> waiting_;     // for the next commit, one signal a loop
  std::deque<uint32_t> tail_order_;  // the partition of each record in the tails, oldest first
  uint64_t tail_bytes_ = 0;
  std::optional<Error> broken_;
  std::vector<std::shared_ptr<Reader>> readers_;
  size_t readers_waiting_ = 0;
  std::map<std::string, std::vector<uint64_t>> groups_;
};

}  // namespace flare::segment_log
