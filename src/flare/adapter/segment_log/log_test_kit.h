// For the room's tests: one log on a disk in memory, driven from one loop.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "flare/adapter/segment_log/event_log.h"
#include "flare/adapter/segment_log/fake_files.h"
#include "flare/adapter/segment_log/format.h"
#include "flare/base/pending.h"
#include "flare/base/run.h"

namespace flare::segment_log {

struct LogTest : testing::Test {
  using Bodies = std::vector<std::string>;

  LogTest() {
    options.data = "/data";
    options.segment_bytes = 64 << 10;
    options.write_within = std::chrono::milliseconds(5);
    options.checkpoint_every = std::chrono::milliseconds(5);
    options.files = disk;
    options.topics.clear();
  }

  void open() {
    auto opened = EventLog::open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    log = std::move(*opened);
    topic = log->topic("orders", 2).value();
  }
  void close() { log = nullptr; }
  void crash(std::function<bool()> keeps = nullptr) {
    disk->power_cut();
    log = nullptr;
    disk->restart(std::move(keeps));
  }
  // Why it does not open.
  Error open_error() {
    auto opened = EventLog::open(options);
    if (opened) {
      ADD_FAILURE() << "it opens";
      return {};
    }
    return opened.error();
  }

  Context within(std::chrono::milliseconds budget) const {
    return Context{}.within(budget, std::chrono::steady_clock::now());
  }
  Context patient() const { return within(std::chrono::seconds(20)); }

  Result<port::LogPosition> append(uint64_t key, std::string_view body,
                                   port::Durability durability = port::Durability::Synced) {
    return run(loop, topic->append(patient(), {key, Bytes::copy(body)}, durability));
  }
  // Appends until a segment is full to `percent`.
  void fill_segments(size_t count) {
    const std::string body(1000, '.');
    for (uint64_t i = 0; i < count * (options.segment_bytes / 1032); ++i) {
      ASSERT_TRUE(append(i, std::to_string(i) + body));
    }
  }

  // Everything there is to read for a new group.
  Result<Bodies> read_all(uint32_t partition, const std::string& group = "test") {
    auto reader = topic->subscribe(group, partition, 2).value();
    Bodies bodies;
    uint64_t next = topic->status(partition).first_offset;
    while (next < topic->status(partition).next_offset) {
      Result<port::LogBatch> batch = run(loop, reader->next(patient(), 64));
      if (!batch) return fail(batch.error());
      EXPECT_EQ(batch->first_offset, next);
      for (const Bytes& body : batch->records) bodies.emplace_back(body.view());
      next = batch->next();
    }
    return bodies;
  }

  // Lets the log's own thread do what it does now and then.
  template <class Condition>
  bool eventually(Condition condition) {
    for (int i = 0; i < 4000; ++i) {
      if (condition()) return true;
      std::ignore = run(loop, sleep_for({}, std::chrono::milliseconds(1)));
    }
    return false;
  }
  // The log's own thread has seen to everything that was committed before.
  void settle() {
    for (int i = 0; i < 2; ++i) {
      const uint64_t before = log->stats().checkpoints;
      ASSERT_TRUE(append(0, "settle"));
      ASSERT_TRUE(eventually([&] { return log->stats().checkpoints > before; }));
    }
  }

  std::string segment_path(uint64_t number) const {
    return "/data/log/orders/" + segment_name_of(number);
  }
  static std::string segment_name_of(uint64_t number) {
    std::string digits = std::to_string(number);
    return "segment-" + std::string(16 - digits.size(), '0') + digits + ".log";
  }
  size_t files_of_topic() {
    size_t count = 0;
    for (const std::string& path : disk->paths()) count += path.starts_with("/data/log/orders/");
    return count;
  }

  std::shared_ptr<FakeFiles> disk = std::make_shared<FakeFiles>();
  Options options;
  Loop loop{"test"};
  std::unique_ptr<EventLog> log;
  port::LogTopic* topic = nullptr;
};

}  // namespace flare::segment_log
