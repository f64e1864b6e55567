// How a segment log is opened, and what it counts.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace flare::segment_log {

class Files;

enum class Retention : uint8_t {
  Committed,  // a segment goes once every group has committed past it
  Forever,
};

struct TopicOptions {
  Retention retention = Retention::Committed;

  // Committed records kept all the same, for replays and for people who look back.
  uint64_t retention_bytes = 0;

  // Room for all files of the topic; 0 is no limit but the disk. At either, committed segments
  // go even inside retention_bytes; if none is left, appends fail with ResourceExhausted. A topic
  // without any group keeps everything.
  uint64_t bytes_max = 0;
};

struct Options {
  // The log lives in <data>/log/, one folder a topic.
  std::string data;

  // Large enough that making a segment (about 2 ms) is rare, small enough that checking the last
  // one at start takes about 50 ms. Between 16 KiB and 1 GiB. May change between runs.
  uint64_t segment_bytes = 64 << 20;

  // Recent records of a topic kept in memory, so that readers who keep up touch no file: about a
  // second at 100,000 records/s.
  uint64_t cache_bytes = 32 << 20;

  // Appended and not yet written; more is refused. Reached only when the disk is far too slow.
  uint64_t pending_bytes_max = 64 << 20;

  // Derived records are written at the latest this long after their append...
  std::chrono::milliseconds write_within{50};
  // ... and group commits become durable this long after they are made, unless the log is closed
  // earlier.
  std::chrono::milliseconds checkpoint_every{100};

  TopicOptions topic;
  // Exceptions, by topic name. The messages themselves are worth looking back at.
  std::map<std::string, TopicOptions> topics = {
      {"storage-messages", {.retention_bytes = 256 << 20}}};

  std::shared_ptr<Files> files;  // null: the real ones
};

// Since the log was opened.
struct Stats {
  uint64_t records_appended = 0;
  uint64_t bytes_appended = 0;
  uint64_t commits = 0;  // writes followed by a sync
  uint64_t syncs = 0;
  uint64_t sync_nanoseconds = 0;
  uint64_t writes = 0;
  uint64_t bytes_written = 0;
  uint64_t checkpoints = 0;
  uint64_t segments_made = 0;
  uint64_t segments_recycled = 0;
  uint64_t chunks_read = 0;  // from files, for readers behind the cache
  uint64_t appends_refused = 0;
  uint64_t torn_tails = 0;  // cut off at open
};

// The same while counting; any thread.
struct Counters {
  std::atomic<uint64_t> records_appended, bytes_appended, commits, syncs, sync_nanoseconds, writes,
      bytes_written, checkpoints, segments_made, segments_recycled, chunks_read, appends_refused,
      torn_tails;

  Stats read() const {
    return {records_appended, bytes_appended,  commits,     syncs,         sync_nanoseconds,
            writes,           bytes_written,   checkpoints, segments_made, segments_recycled,
            chunks_read,      appends_refused, torn_tails};
  }
};

}  // namespace flare::segment_log
