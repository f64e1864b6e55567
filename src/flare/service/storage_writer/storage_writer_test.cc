#include "flare/service/storage_writer/storage_writer.h"

#include <gtest/gtest.h>

#include "flare/base/run.h"
#include "flare/service/storage_writer/event_words.h"
#include "kit/fakes/drive.h"
#include "kit/fakes/fake_faults.h"
#include "kit/fakes/fake_log_topic.h"
#include "kit/fakes/fake_message_store.h"
#include "kit/fakes/fake_outcome_feed.h"

namespace flare::storage_writer {
namespace {

constexpr char kChat[] = "single:ann:bob";

// A writer between two fake topics and a fake store.
struct StorageWriterTest : testing::Test {
  StorageWriterTest() {
    clock.time = SystemClock().now();  // deadlines are waited for in real time
    begin();
  }
  ~StorageWriterTest() override { end(); }

  void begin() {
    writer = std::make_unique<StorageWriter>(
        Config{}, StorageWriter::Needs{storage_messages, push_messages, store, outcomes, clock,
                                       faults, metrics});
    started = run(loop, writer->start({}));
  }
  void end() {
    if (writer) (void)run(loop, writer->stop({}));
    writer = nullptr;
  }

  void put(Bytes event) { storage_messages.put(0, std::move(event)); }
  size_t announced() const { return push_messages.records[0].size(); }
  bool applied(uint64_t count) {
    return run_until(loop, [this, count] { return announced() >= count; });
  }
  uint64_t committed() const { return storage_messages.committed(kGroup, 0); }
  Sequence head() const {
    const auto found = store.heads.find({kAcme, {kChat}});
    return found == store.heads.end() ? 0 : found->second.last_seq;
  }

  Loop loop{"test"};
  FakeLogTopic storage_messages{"storage-messages"};
  FakeLogTopic push_messages{"push-messages"};
  FakeMessageStore store;
  FakeOutcomeFeed outcomes;
  ManualClock clock;
  FakeFaults faults;
  MetricRegistry registry;
  Metrics metrics{registry};
  Result<> started;
  std::unique_ptr<StorageWriter> writer;
};

TEST_F(StorageWriterTest, WhatTheLogHasIsAppliedAnnouncedAndCommitted) {
  put(say(kChat, "ann", "1"));
  put(say(kChat, "bob", "2"));

  ASSERT_TRUE(applied(2));
  settle(loop);

  EXPECT_EQ(head(), 2u);
  EXPECT_EQ(committed(), 2u);
  EXPECT_EQ(metrics.applied.value(), 2u);
}

TEST_F(StorageWriterTest, TheAnnouncementIsThereBeforeTheSenderIsTold) {
  std::vector<std::string> journal;
  push_messages.journal = &journal;
  outcomes.journal = &journal;

  put(say(kChat, "ann", "1", 7));
  ASSERT_TRUE(run_until(loop, [this] { return outcomes.published.contains(7); }));

  EXPECT_EQ(journal, (std::vector<std::string>{"append push-messages", "outcomes"}));
}

TEST_F(StorageWriterTest, AChangeOfMembersIsAnnouncedToTheOrchestrators) {
  put(create("group:room", "ann", {"bob"}));

  ASSERT_TRUE(run_until(loop, [this] { return !outcomes.changed.empty(); }));

  EXPECT_EQ(outcomes.changed[0], (port::ConversationKey{kAcme, {"group:room"}}));
}

TEST_F(StorageWriterTest, AConflictIsReadAgainAndRetried) {
  put(say(kChat, "ann", "1"));
  ASSERT_TRUE(applied(1));
  // Another writer has applied the next record meanwhile.
  store.offsets[0] = 2;

  put(say(kChat, "ann", "lost to the other"));
  put(say(kChat, "ann", "3"));
  ASSERT_TRUE(applied(2));

  EXPECT_EQ(metrics.failures.value(), 1u);
  EXPECT_EQ(store.offsets[0], 3u);
  EXPECT_EQ(head(), 2u);
}

TEST_F(StorageWriterTest, AFullDiskIsWaitedForAndNothingIsLost) {
  for (int i = 0; i < 3; ++i) {
    store.apply_failures.push_back({ErrorCode::ResourceExhausted, "disk full"});
  }
  for (int i = 1; i <= 5; ++i) put(say(kChat, "ann", std::to_string(i)));

  ASSERT_TRUE(applied(5));

  EXPECT_EQ(metrics.failures.value(), 3u);
  EXPECT_EQ(head(), 5u);
  EXPECT_TRUE(faults.reports.empty());
}

TEST_F(StorageWriterTest, AFullPushLogIsWaitedForAndNothingIsLost) {
  push_messages.append_failures.assign(2, {ErrorCode::ResourceExhausted, "the log is full"});
  put(say(kChat, "ann", "1"));

  ASSERT_TRUE(applied(1));

  EXPECT_EQ(head(), 1u);
  EXPECT_TRUE(faults.reports.empty());
}

TEST_F(StorageWriterTest, ABrokenStoreIsAFaultAndCommitsNothing) {
  store.apply_failures.push_back({ErrorCode::DataLoss, "a block does not check out"});
  put(say(kChat, "ann", "1"));

  ASSERT_TRUE(run_until(loop, [this] { return !faults.reports.empty(); }));

  EXPECT_EQ(faults.reports[0], "storage-writer: apply: a block does not check out");
  EXPECT_EQ(committed(), 0u);
  EXPECT_EQ(announced(), 0u);
}

TEST_F(StorageWriterTest, TheCommitNeverOvertakesWhatTheStoreHasDurably) {
  store.durable_max = 1;
  for (int i = 1; i <= 3; ++i) put(say(kChat, "ann", std::to_string(i)));
  ASSERT_TRUE(applied(3));
  settle(loop);
  EXPECT_EQ(committed(), 1u);

  store.durable_max = UINT64_MAX;
  put(say(kChat, "ann", "4"));
  ASSERT_TRUE(applied(4));
  settle(loop);

  EXPECT_EQ(committed(), 4u);
}

TEST_F(StorageWriterTest, StoppingCommitsWhatHasBecomeDurable) {
  store.durable_max = 0;
  put(say(kChat, "ann", "1"));
  ASSERT_TRUE(applied(1));
  store.durable_max = UINT64_MAX;

  end();

  EXPECT_EQ(committed(), 1u);
}

TEST_F(StorageWriterTest, ARestartGoesOnWhereTheStoreIs) {
  store.durable_max = 1;  // so that the log delivers the second again
  put(say(kChat, "ann", "1"));
  put(say(kChat, "ann", "2"));
  ASSERT_TRUE(applied(2));
  settle(loop);
  end();

  begin();
  put(say(kChat, "ann", "3"));
  ASSERT_TRUE(applied(4));

  EXPECT_EQ(head(), 3u);
  const auto seq = [this](size_t i) {
    return model::scan_event(push_messages.records[0].at(i).view())->seq;
  };
  EXPECT_EQ(seq(2), 2u);
  EXPECT_EQ(seq(3), 3u);
}

// A store that was deleted while the log was kept: going on would give seqs a second time.
TEST_F(StorageWriterTest, AStoreThatHasLostWhatItHadIsRefusedAtTheStart) {
  put(say(kChat, "ann", "1"));
  ASSERT_TRUE(applied(1));
  settle(loop);
  end();
  store.offsets.clear();

  begin();

  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::DataLoss);
}

TEST_F(StorageWriterTest, ForgettingRowsBetweenBatchesChangesNothing) {
  end();
  Config config;
  config.cache_max = 0;
  writer = std::make_unique<StorageWriter>(
      config, StorageWriter::Needs{storage_messages, push_messages, store, outcomes, clock, faults,
                                   metrics});
  ASSERT_TRUE(run(loop, writer->start({})));

  for (uint64_t i = 1; i <= 3; ++i) {
    put(say(kChat, "ann", std::to_string(i)));
    ASSERT_TRUE(applied(i));
  }

  EXPECT_EQ(head(), 3u);
  EXPECT_EQ(store.members.at({kAcme, {kChat}, {"ann"}}).sent_ordinal, 3u);
}

}  // namespace
}  // namespace flare::storage_writer
