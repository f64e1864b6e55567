// WriteAheadLog: the orchestrator's road into the event log. What it took on is published even if
// this process dies in between.
//
// publish() keeps the record, appends it to the event log, and settles it on the log's
// acknowledgement. Publishing the same record twice is harmless: the storage writer drops what it
// has applied.
//
// Adapters: segment_log, where the synced append is its own write-ahead log, so there is never a
// record kept and not published; redis, in front of kafka.
// Each passes test/contract/write_ahead_log_contract.h.
#pragma once

#include "flare/port/event_log.h"

namespace flare::port {

class WriteAheadLog {
 public:
  virtual ~WriteAheadLog() = default;

  // Returns the record's place once the event log has it durably. Publishes of one loop with one
  // key keep the order of the calls. Fails like LogTopic::append; after Unavailable,
  // DeadlineExceeded or Cancelled the record may still be published later.
  virtual Task<LogPosition> publish(Context ctx, LogRecord record) = 0;

  // Publishes again what an earlier process or an outage left behind; returns how many.
  virtual Task<size_t> sweep(Context ctx) = 0;

  // Records kept and not yet settled.
  virtual size_t backlog() const = 0;
};

}  // namespace flare::port
