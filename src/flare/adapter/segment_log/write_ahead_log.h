// segment_log::WriteAheadLog: the write-ahead log that is the event log itself.
//
// A write-ahead log exists because between "taken on" and "in the event log" there is a network, on
// which a process may die. Here there is none: publish() is one synced append, and its first
// durable trace is the record in the topic. A crash before that leaves nothing, and nobody was told
// anything; a crash after it leaves a published record. So there is no state "kept and not
// published" that sweep() could find: it says 0 because that is the truth, not because it does not
// look. test/contract/write_ahead_log_contract.h proves it by crashing and opening again.
#pragma once

#include <atomic>

#include "flare/port/write_ahead_log.h"

namespace flare::segment_log {

class WriteAheadLog final : public port::WriteAheadLog {
 public:
  // `topic` is one of a segment_log::EventLog and outlives this.
  explicit WriteAheadLog(port::LogTopic& topic) : topic_(topic) {}

  Task<port::LogPosition> publish(Context ctx, port::LogRecord record) override;
  Task<size_t> sweep(Context ctx) override;

  // Publishes whose sync has not been confirmed yet.
  size_t backlog() const override { return in_flight_.load(std::memory_order_relaxed); }

 private:
  port::LogTopic& topic_;
  std::atomic<size_t> in_flight_ = 0;
};

}  // namespace flare::segment_log
