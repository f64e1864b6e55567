// What every write-ahead log promises to the orchestrator.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "flare/base/loop.h"
#include "flare/base/run.h"
#include "flare/port/event_log.h"
#include "flare/port/write_ahead_log.h"

namespace flare::contract {

class WriteAheadLogWorld {
 public:
  virtual ~WriteAheadLogWorld() = default;

  virtual port::WriteAheadLog& wal() = 0;
  // The topic it publishes to.
  virtual port::LogTopic& topic() = 0;

  // The process dies while a publish() is on its way, with the power, and comes back.
  virtual void crash_in(Loop& loop, port::LogRecord record) = 0;
  virtual void reopen_after_crash() = 0;
};

struct WriteAheadLogBackend {
  std::string name;
  std::function<std::unique_ptr<WriteAheadLogWorld>()> make;
};

class WriteAheadLogContract : public testing::TestWithParam<WriteAheadLogBackend> {
 protected:
  static Context patient() {
    return Context{}.within(std::chrono::seconds(20), std::chrono::steady_clock::now());
  }

  Result<port::LogPosition> publish(uint64_t key, std::string_view body) {
    return run(loop, world->wal().publish(patient(), {key, Bytes::copy(body)}));
  }

  std::multiset<std::string> published() {
    std::multiset<std::string> seen;
    auto reader = world->topic().subscribe("test", 0, 1).value();
    uint64_t count = 0;
    for (uint32_t i = 0; i < world->topic().partitions(); ++i) {
      count += world->topic().status(i).next_offset;
    }
    while (seen.size() < count) {
      Result<port::LogBatch> batch = run(loop, reader->next(patient(), 100));
      if (!batch) {
        ADD_FAILURE() << batch.error().message;
        break;
      }
      for (const Bytes& body : batch->records) seen.emplace(body.view());
    }
    return seen;
  }

  std::unique_ptr<WriteAheadLogWorld> world = GetParam().make();
  Loop loop{"contract"};
};

TEST_P(WriteAheadLogContract, PublishingGivesThePlaceInTheEventLog) {
  const port::LogPosition first = publish(1, "one").value();
  const port::LogPosition second = publish(1, "two").value();

  EXPECT_EQ(first.partition, second.partition);
  EXPECT_EQ(second.offset, first.offset + 1);
  EXPECT_EQ(published(), (std::multiset<std::string>{"one", "two"}));
}

TEST_P(WriteAheadLogContract, NothingIsKeptOnceItIsPublished) {
  ASSERT_TRUE(publish(1, "one"));

  EXPECT_EQ(world->wal().backlog(), 0u);
  EXPECT_EQ(run(loop, world->wal().sweep(patient())).value(), 0u);
  EXPECT_EQ(published(), std::multiset<std::string>{"one"});
}

TEST_P(WriteAheadLogContract, WhatWasPublishedSurvivesACrash) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(publish(static_cast<uint64_t>(i), std::to_string(i)));

  world->reopen_after_crash();
  ASSERT_TRUE(run(loop, world->wal().sweep(patient())));

  const auto seen = published();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(seen.contains(std::to_string(i)));
}

// A record is either gone, and nobody was told it was taken, or it is published by the sweep at the
// latest. There is no third state, and what was published before is untouched.
TEST_P(WriteAheadLogContract, ACrashInTheMiddleLeavesNothingHalfDone) {
  ASSERT_TRUE(publish(1, "before"));

  world->crash_in(loop, {1, Bytes::copy("in the middle")});
  ASSERT_TRUE(run(loop, world->wal().sweep(patient())));

  EXPECT_EQ(world->wal().backlog(), 0u);
  auto seen = published();
  EXPECT_EQ(seen.erase("before"), 1u);
  seen.erase("in the middle");
  EXPECT_TRUE(seen.empty());
  EXPECT_TRUE(publish(1, "after"));
}

TEST_P(WriteAheadLogContract, PublishingTheSameRecordAgainIsAllowed) {
  ASSERT_TRUE(publish(1, "again"));
  ASSERT_TRUE(publish(1, "again"));

  EXPECT_GE(published().count("again"), 1u);
}

}  // namespace flare::contract
