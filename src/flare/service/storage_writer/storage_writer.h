// Applies the event log to the store, in log order, exactly once: drops what it has applied,
// gives each message its seq, keeps heads, members and read cursors, and announces what it applied
// on push-messages.
//
// It is the only applier of its partitions. Everything it decides is a function of the store's
// state and the events in order, so replaying the log gives the same seqs.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "flare/base/scope.h"
#include "flare/port/event_log.h"
#include "flare/port/message_store.h"
#include "flare/port/outcome_feed.h"
#include "flare/service/storage_writer/config.h"
#include "flare/service/storage_writer/metrics.h"
#include "flare/service/storage_writer/plan.h"

namespace flare::storage_writer {

inline constexpr char kGroup[] = "storage-writer";

class StorageWriter {
 public:
  // All it reaches outside itself; each must outlive it.
  struct Needs {
    port::LogTopic& storage_messages;
    port::LogTopic& push_messages;
    port::MessageStore& store;
    port::OutcomeFeed& outcomes;
    Clock& clock;
    Faults& faults;
    Metrics& metrics;
  };

  StorageWriter(Config config, Needs needs) : config_(config), needs_(needs) {}

  // Fails with DataLoss when the store has less than it had when the log was told so.
  // Returns once everything the log had accepted before is applied.
  Task<> start(Context ctx);
  Task<> stop(Context ctx);

 private:
  Task<> catch_up(Context ctx);
  Task<> consume_forever(Context ctx);
  Task<> apply_until_done(Context ctx, port::LogBatch batch);
  Task<Plan> apply_once(Context ctx, port::LogBatch batch);
  Task<> announce(Context ctx, Plan plan);
  void commit_durable();

  // Constant after construction.
  const Config config_;
  const Needs needs_;

  // Belongs to the loop that start() ran on.
  struct Partition {
    uint64_t applied = 0;    // the store's offset
    uint64_t announced = 0;  // everything below is on push-messages
    uint64_t committed = 0;
    State state;
  };
  std::unordered_map<uint32_t, Partition> partitions_;
  std::unique_ptr<port::LogSubscription> subscription_;
  Scope background_{"storage-writer", needs_.faults};
};

}  // namespace flare::storage_writer
