#include "flare/adapter/segment_log/event_log.h"

#include <unistd.h>

#include <filesystem>

#include "flare/adapter/segment_log/log_test_kit.h"

namespace flare::segment_log {
namespace {

using EventLogTest = LogTest;

TEST_F(EventLogTest, ADirectoryBelongsToOneLogAtATime) {
  open();

  const Error error = open_error();

  EXPECT_EQ(error.code, ErrorCode::AlreadyExists);
  close();
  open();
}

// A log that was closed while its threads were just starting once waited for them for ever.
TEST_F(EventLogTest, ClosingAtOnceEnds) {
  for (int i = 0; i < 200; ++i) {
    open();
    close();
  }
}

TEST_F(EventLogTest, OptionsOutOfTheirLimitsAreRefused) {
  options.segment_bytes = 1000;
  EXPECT_EQ(open_error().code, ErrorCode::InvalidArgument);
}

TEST_F(EventLogTest, ATopicNameIsNoPath) {
  open();
  for (const char* name : {"", "a/b", "../a", ".hidden", "a b"}) {
    EXPECT_EQ(log->topic(name, 1).error().code, ErrorCode::InvalidArgument) << name;
  }
}

TEST_F(EventLogTest, ARecordLargerThanASegmentIsTheCallersFault) {
  open();
  EXPECT_EQ(append(0, std::string(64 << 10, 'x')).error().code, ErrorCode::InvalidArgument);
  EXPECT_TRUE(append(0, std::string(50 << 10, 'x')));
}

TEST_F(EventLogTest, CommittedSegmentsAreRecycled) {
  open();
  auto billing = topic->subscribe("billing", 0, 1).value();
  auto audit = topic->subscribe("audit", 0, 1).value();
  for (int round = 0; round < 20; ++round) {
    fill_segments(1);
    for (uint32_t i = 0; i < 2; ++i) {
      billing->commit(i, topic->status(i).next_offset);
      if (round >= 10) audit->commit(i, topic->status(i).next_offset);
    }
    if (round == 9) {
      EXPECT_EQ(topic->status(0).first_offset, 0u);
    }
    if (round > 10) {
      EXPECT_TRUE(eventually([&] { return files_of_topic() < 6; }));
    }
  }
  EXPECT_GT(topic->status(0).first_offset, 0u);
  EXPECT_GT(log->stats().segments_recycled, 10u);
}

TEST_F(EventLogTest, RetentionKeepsWhatIsCommitted) {
  options.topic.retention_bytes = 5 * options.segment_bytes;
  open();
  auto billing = topic->subscribe("billing", 0, 1).value();
  for (int round = 0; round < 12; ++round) {
    fill_segments(1);
    for (uint32_t i = 0; i < 2; ++i) billing->commit(i, topic->status(i).next_offset);
  }
  EXPECT_TRUE(eventually([&] { return topic->status(0).first_offset > 0; }));
  settle();

  EXPECT_GE(read_all(0).value().size(), 5 * 63u / 2);
}

TEST_F(EventLogTest, RetentionForeverKeepsEverything) {
  options.topic.retention = Retention::Forever;
  open();
  auto billing = topic->subscribe("billing", 0, 1).value();
  fill_segments(6);
  for (uint32_t i = 0; i < 2; ++i) billing->commit(i, topic->status(i).next_offset);
  settle();

  EXPECT_EQ(topic->status(0).first_offset, 0u);
}

TEST_F(EventLogTest, ASmallCacheSendsReadersToTheFiles) {
  options.cache_bytes = 4 << 10;
  open();
  fill_segments(3);

  const Bodies all = read_all(1).value();

  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].substr(0, all[i].find('.')), std::to_string(2 * i % 126 + 1)) << i;
    if (i == 60) break;
  }
  EXPECT_GT(log->stats().chunks_read, 0u);
}

TEST_F(EventLogTest, TheSegmentSizeMayChangeBetweenRuns) {
  open();
  fill_segments(2);
  close();
  options.segment_bytes = 32 << 10;
  open();
  fill_segments(2);
  close();
  options.segment_bytes = 128 << 10;
  open();
  fill_segments(1);
  close();
  open();
  EXPECT_EQ(read_all(0).value().size(), topic->status(0).next_offset);
}

Task<> append_one(port::LogTopic* topic, uint64_t key) {
  co_await topic->append({}, {key, Bytes::copy("x")}, port::Durability::Synced);
}

Task<> append_during_a_commit(Scope* scope, port::LogTopic* topic, std::mutex* hanging) {
  {
    std::lock_guard hang(*hanging);
    for (uint64_t i = 0; i < 100; ++i) scope->spawn(append_one(topic, i));
  }
  co_await scope->close();
}

struct NoFaults final : Faults {
  void report(std::string_view scope, const Error& error) override {
    ADD_FAILURE() << scope << ": " << error.message;
  }
};

TEST_F(EventLogTest, WhatArrivesDuringACommitSharesTheNext) {
  open();
  const auto hanging = std::make_shared<std::mutex>();
  disk->interfere([hanging](FakeFiles::Step, const std::string&) -> std::optional<Error> {
    std::lock_guard wait(*hanging);
    return std::nullopt;
  });
  NoFaults faults;
  Scope scope("writers", faults);

  ASSERT_TRUE(run(loop, append_during_a_commit(&scope, topic, hanging.get())));

  EXPECT_EQ(log->stats().records_appended, 100u);
  EXPECT_LE(log->stats().commits, 2u);
}

TEST_F(EventLogTest, AnAppendEndsAtItsDeadlineThoughTheDiskHangs) {
  open();
  const auto hanging = std::make_shared<std::mutex>();
  disk->interfere([hanging](FakeFiles::Step, const std::string&) -> std::optional<Error> {
    std::lock_guard wait(*hanging);
    return std::nullopt;
  });
  Result<port::LogPosition> hung = fail(ErrorCode::Internal, "");
  {
    std::lock_guard hang(*hanging);
    // The loop is gone when the disk comes back.
    hung = run(topic->append(within(std::chrono::milliseconds(20)), {0, Bytes::copy("slow")},
                             port::Durability::Synced));
  }

  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_EQ(append(0, "next").value().offset, 1u);
  EXPECT_EQ(read_all(0).value(), (Bodies{"slow", "next"}));
}

TEST_F(EventLogTest, TooMuchWaitingIsRefused) {
  options.pending_bytes_max = 10'000;
  open();
  const auto hanging = std::make_shared<std::mutex>();
  disk->interfere([hanging](FakeFiles::Step, const std::string&) -> std::optional<Error> {
    std::lock_guard wait(*hanging);
    return std::nullopt;
  });
  std::vector<Result<port::LogPosition>> outcomes;
  {
    std::lock_guard hang(*hanging);
    for (int i = 0; i < 10; ++i) {
      outcomes.push_back(
          run(topic->append(within(std::chrono::milliseconds(5)),
                            {0, Bytes::copy(std::string(3000, 'x'))}, port::Durability::Synced)));
    }
  }

  EXPECT_EQ(outcomes.front().error().code, ErrorCode::DeadlineExceeded);
  EXPECT_EQ(outcomes.back().error().code, ErrorCode::ResourceExhausted);
}

// Group commits and derived records become durable by themselves, soon.
TEST_F(EventLogTest, ACheckpointFollowsACommit) {
  open();
  ASSERT_TRUE(append(0, "one", port::Durability::Derived));
  auto billing = topic->subscribe("billing", 0, 1).value();
  billing->commit(0, 1);
  const uint64_t before = log->stats().checkpoints;
  ASSERT_TRUE(eventually([&] { return log->stats().checkpoints > before; }));
  // That one may have begun before the commit; the next one has not.
  auto audit = topic->subscribe("audit", 0, 1).value();
  ASSERT_TRUE(eventually([&] { return log->stats().checkpoints > before + 1; }));
  audit = nullptr;
  billing = nullptr;
  crash();

  open();
  EXPECT_EQ(topic->committed("billing", 0), 1u);
  EXPECT_EQ(topic->status(0).next_offset, 1u);
}

// The same on the machine's own file system.
struct RealFilesTest : LogTest {
  RealFilesTest() {
    folder =
        std::filesystem::temp_directory_path() / ("segment_log_test." + std::to_string(::getpid()));
    options.data = folder.string();
    options.files = nullptr;
  }
  ~RealFilesTest() override {
    log = nullptr;
    std::filesystem::remove_all(folder);
  }
  std::filesystem::path folder;
};

TEST_F(RealFilesTest, RecordsCommitsAndRecyclingSurviveReopening) {
  open();
  auto billing = topic->subscribe("billing", 0, 1).value();
  for (int round = 0; round < 6; ++round) {
    fill_segments(1);
    for (uint32_t i = 0; i < 2; ++i) billing->commit(i, topic->status(i).next_offset - 1);
    const uint64_t due = topic->status(0).next_offset;
    billing = nullptr;
    close();
    open();
    EXPECT_EQ(topic->status(0).next_offset, due);
    EXPECT_EQ(topic->committed("billing", 0), due - 1);
    billing = topic->subscribe("billing", 0, 1).value();
  }
  EXPECT_TRUE(eventually([&] { return topic->status(0).first_offset > 0; }));
}

TEST_F(RealFilesTest, ADirectoryInUseNamesTheProcess) {
  open();

  const Error error = open_error();

  EXPECT_EQ(error.code, ErrorCode::AlreadyExists);
  EXPECT_EQ(error.message, "data directory " + options.data + "/log is in use by process " +
                               std::to_string(::getpid()));
}

}  // namespace
}  // namespace flare::segment_log
