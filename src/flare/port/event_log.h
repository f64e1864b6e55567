// EventLog: ordered, durable, replayable streams between services.
//
// A topic has a fixed number of partitions; a record's key chooses its partition, and the records
// of one partition have one order, the same for every reader and every replay. Offsets of a
// partition start at 0 and are contiguous.
//
// Adapters: segment_log (files on this host), kafka. Each passes
// test/contract/event_log_contract.h, which states everything a caller may rely on.
// Every method may be called from any loop; a Task continues on the loop that awaits it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flare/base/bytes.h"
#include "flare/base/context.h"
#include "flare/base/task.h"

namespace flare::port {

struct LogRecord {
  uint64_t key_hash =
      0;  // model::partition_hash of the conversation; partition = hash % partitions
  Bytes body;
};

struct LogPosition {
  uint32_t partition = 0;
  uint64_t offset = 0;
};

// Records of one partition with offsets first_offset, first_offset + 1, ...
struct LogBatch {
  uint32_t partition = 0;
  uint64_t first_offset = 0;
  std::vector<Bytes> records;

  uint64_t next() const { return first_offset + records.size(); }
};

enum class Durability : uint8_t {
  // append() returns once the record survives a crash of this process and of its host.
  Synced,
  // For what a consumer derives from a delivery it has not committed yet: append() may return as
  // soon as readers see the record, provided no commit() made later survives a crash that the
  // record does not. After a crash the consumer derives it again.
  Derived,
};

// One consumer of a group. Deliveries of the partitions it holds, in order, from the group's last
// commit on. next() may run ahead of commit() as far as it likes.
class LogSubscription {
 public:
  virtual ~LogSubscription() = default;

  // At least one record, all of one partition; at most `records_max`. Waits for the first. Ends
  // with DeadlineExceeded when none came, Cancelled when ctx.stop is requested, DataLoss (naming
  // file and offset) when stored records do not check out.
  virtual Task<LogBatch> next(Context ctx, size_t records_max) = 0;

  // Everything of the partition below `next` is done for the group and will not be delivered to
  // it again. Cheap; may become durable a little later. Never moves backwards.
  virtual void commit(uint32_t partition, uint64_t next) = 0;
};

struct LogStatus {
  uint32_t partition = 0;
  uint64_t first_offset = 0;  // oldest record still kept
  uint64_t next_offset = 0;   // of the record that will be appended next
};

class LogTopic {
 public:
  virtual ~LogTopic() = default;

  virtual const std::string& name() const = 0;
  virtual uint32_t partitions() const = 0;

  // Appends of one loop to one partition keep the order of the calls. Fails with
  // ResourceExhausted when the log has no room (nothing was appended; it recovers when there is
  // room again), Unavailable when it is away, DeadlineExceeded or Cancelled with the outcome
  // unknown.
  virtual Task<LogPosition> append(Context ctx, LogRecord record, Durability durability) = 0;

  // All or a prefix of each partition's records in the order given; returns when all are there.
  virtual Task<std::vector<LogPosition>> append_batch(Context ctx, std::vector<LogRecord> records,
                                                      Durability durability) = 0;

  // Joins `group`. Groups do not disturb each other. The partitions of a group are spread over
  // `members` consumers; this is number `member` of them (0-based).
  virtual Result<std::unique_ptr<LogSubscription>> subscribe(std::string group, uint32_t member,
                                                             uint32_t members) = 0;

  virtual LogStatus status(uint32_t partition) const = 0;

  // What the group has committed: the offset it would be delivered next after a restart.
  virtual uint64_t committed(const std::string& group, uint32_t partition) const = 0;
};

// For a stage between two topics, which may neither drop nor reorder: tries again, with growing
// pauses, until the topic has the records, ctx.stop is requested, or trying again cannot help.
Task<> append_until_done(Context ctx, LogTopic* topic, std::vector<LogRecord> records,
                         Durability durability);

class EventLog {
 public:
  virtual ~EventLog() = default;

  // The topic, made with `partitions` if it does not exist. The reference lives as long as the
  // log. Fails with InvalidArgument when it exists with another number of partitions.
  virtual Result<LogTopic*> topic(std::string name, uint32_t partitions) = 0;
};

}  // namespace flare::port
