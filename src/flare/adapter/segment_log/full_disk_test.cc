// A disk that is full, refuses, or lies.
#include "flare/adapter/segment_log/log_test_kit.h"

namespace flare::segment_log {
namespace {

using FullDiskTest = LogTest;

// Three segments and the checkpoint.
constexpr uint64_t kThreeSegments = 3 * (64 << 10) + 2 * (64 << 10);

TEST_F(FullDiskTest, AppendsAreRefusedReadsGoOnAndAllRecoversWithSpace) {
  disk->limit(kThreeSegments);
  open();
  uint64_t accepted = 0;
  Result<port::LogPosition> refused = append(0, std::string(5000, 'x'));
  while (refused) {
    EXPECT_EQ(refused->offset, accepted);
    ++accepted;
    refused = append(0, std::string(5000, 'x'));
  }

  EXPECT_EQ(refused.error().code, ErrorCode::ResourceExhausted);
  EXPECT_EQ(
      refused.error().message,
      "log: no space left for a new segment of 65536 bytes in /data/log/orders; free some space");
  EXPECT_GT(accepted, 30u);
  EXPECT_EQ(topic->status(0).next_offset, accepted);
  EXPECT_EQ(read_all(0).value().size(), accepted);

  disk->limit(10 * kThreeSegments);
  EXPECT_EQ(append(0, "room again").value().offset, accepted);
  crash();
  open();
  EXPECT_EQ(read_all(0).value().size(), accepted + 1);
}

TEST_F(FullDiskTest, WhatReadersHaveSeenIsWrittenOnceThereIsRoom) {
  disk->limit(kThreeSegments);
  options.pending_bytes_max = 64 << 10;
  open();
  uint64_t seen = 0;
  while (append(0, std::string(5000, 'x'), port::Durability::Derived)) {
    ++seen;
    if (seen > 200) break;
  }
  disk->limit(100 * kThreeSegments);
  close();

  open();
  EXPECT_GE(read_all(0).value().size(), seen);
}

TEST_F(FullDiskTest, AHalfDoneWriteIsTakenBack) {
  open();
  ASSERT_TRUE(append(0, "first"));
  disk->interfere(
      [full = true](FakeFiles::Step step, const std::string& path) mutable -> std::optional<Error> {
        const bool refuse =
            step == FakeFiles::Step::Write && path.find("/orders/") != path.npos && full;
        if (!refuse) return std::nullopt;
        full = false;
        return Error{ErrorCode::ResourceExhausted, "no space", 0};
      });

  std::vector<port::LogRecord> batch;
  for (int i = 0; i < 4; ++i) batch.push_back({0, Bytes::copy("lost")});
  const auto refused = run(loop, topic->append_batch(patient(), batch, port::Durability::Synced));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::ResourceExhausted);
  EXPECT_EQ(append(0, "next").value().offset, 1u);
  crash([] { return true; });
  open();
  EXPECT_EQ(read_all(0).value(), (Bodies{"first", "next"}));
}

TEST_F(FullDiskTest, AfterAFailedSyncNothingIsTakenUntilReopened) {
  open();
  ASSERT_TRUE(append(0, "first"));
  disk->interfere([broken = true](FakeFiles::Step step,
                                  const std::string& path) mutable -> std::optional<Error> {
    const bool refuse =
        step == FakeFiles::Step::Sync && path.find("/orders/") != path.npos && broken;
    if (!refuse) return std::nullopt;
    broken = false;
    return Error{ErrorCode::Unavailable, "input/output error", 0};
  });

  const Result<port::LogPosition> waiting = append(0, "lost");
  const Result<port::LogPosition> later = append(0, "later");

  ASSERT_FALSE(waiting);
  EXPECT_EQ(waiting.error().code, ErrorCode::Unavailable);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(read_all(0).value(), Bodies{"first"});

  crash();
  open();
  EXPECT_EQ(read_all(0).value(), Bodies{"first"});
  EXPECT_TRUE(append(0, "again"));
}

TEST_F(FullDiskTest, ALimitOfATopicIsKeptAndRetentionGivesWay) {
  options.topic.bytes_max = 4 * options.segment_bytes;
  options.topic.retention_bytes = 100 * options.segment_bytes;
  open();
  auto billing = topic->subscribe("billing", 0, 1).value();
  Result<port::LogPosition> last = append(0, std::string(5000, 'x'));
  while (last) last = append(0, std::string(5000, 'x'));
  EXPECT_EQ(last.error().code, ErrorCode::ResourceExhausted);
  EXPECT_LE(files_of_topic(), 4u);

  billing->commit(0, topic->status(0).next_offset);

  EXPECT_TRUE(eventually([&] { return append(0, std::string(5000, 'x')).has_value(); }));
  EXPECT_LE(files_of_topic(), 4u);
  EXPECT_GT(topic->status(0).first_offset, 0u);
}

TEST_F(FullDiskTest, ATopicNobodyReadsKeepsEverythingUpToItsLimit) {
  options.topic.bytes_max = 3 * options.segment_bytes;
  open();
  uint64_t count = 0;
  while (append(0, std::string(5000, 'x'))) ++count;

  EXPECT_EQ(topic->status(0).first_offset, 0u);
  EXPECT_EQ(read_all(0).value().size(), count);
}

}  // namespace
}  // namespace flare::segment_log
