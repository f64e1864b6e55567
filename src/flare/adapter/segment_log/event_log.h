// segment_log::EventLog: the event log in files of this host, for one process.
//
//   auto log = co_await segment_log::EventLog::open({.data = "/var/lib/flare"});
//   port::LogTopic* messages = co_await log->topic("storage-messages", 4);
//
// A synced append returns after the disk has confirmed it; all that is appended meanwhile shares
// the next write and sync. Derived records are in the files within options.write_within. Reading
// what is in memory (the most recent options.cache_bytes of a topic) touches no file, and no call
// ever makes a loop wait for the disk, except open(), topic() and the destructor.
//
// The layout, and why: docs/adr/0002-segment-log-layout.md. The bytes:
// docs/reference/segment-log-format.md. What callers may rely on:
// test/contract/event_log_contract.h.
#pragma once

#include <memory>
#include <string>

#include "flare/adapter/segment_log/options.h"
#include "flare/port/event_log.h"

namespace flare::segment_log {

class Engine;

class EventLog final : public port::EventLog {
 public:
  // Opens the log in options.data, or makes it; recovers what a crash left. Fails with
  //   InvalidArgument    options out of their limits
  //   AlreadyExists      another process has the directory
  //   DataLoss           synced records do not check out: names the file and the byte
  //   ResourceExhausted  no space
  //   Unavailable        the file system refuses
  static Result<std::unique_ptr<EventLog>> open(Options options);

  // Everything appended and committed is durable when this returns, unless the log says otherwise
  // in an error line. Subscriptions are gone before, and nobody waits for an append.
  ~EventLog() override;

  // Makes files, so for start-up. Names are up to 200 of a-z, A-Z, 0-9, '-', '_' and '.', and do
  // not begin with a dot; partitions are 1 to 507.
  Result<port::LogTopic*> topic(std::string name, uint32_t partitions) override;

  Stats stats() const;

 private:
  explicit EventLog(std::unique_ptr<Engine> engine);

  Result<void> open_topic(const std::string& name);

  struct Topics;
  const std::unique_ptr<Topics> topics_;
  const std::unique_ptr<Engine> engine_;
};

}  // namespace flare::segment_log
