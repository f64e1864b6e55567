// What a crash, and what a decaying disk, may do to a log; and what it must never do.
#include <random>

#include "flare/adapter/segment_log/log_test_kit.h"

namespace flare::segment_log {
namespace {

struct RecoveryTest : LogTest {
  RecoveryTest() {
    // So that the checkpoint does not know what the records prove by themselves.
    options.checkpoint_every = std::chrono::hours(1);
  }

  // Where the records of the first segment lie.
  std::vector<uint64_t> record_places(uint64_t segment = 1) {
    const std::string bytes = disk->content(segment_path(segment));
    std::vector<uint64_t> places;
    for (uint64_t at = kSegmentHeaderBytes;;) {
      const auto record = decode_record(std::string_view(bytes).substr(at), segment);
      places.push_back(at);  // the last one: the end
      if (!record) return places;
      at += record->bytes;
    }
  }
  void flip(uint64_t byte, int bit, uint64_t segment = 1) {
    const char old = disk->content(segment_path(segment))[byte];
    disk->overwrite(segment_path(segment), byte,
                    std::string(1, static_cast<char>(old ^ (1 << bit))));
  }
};

TEST_F(RecoveryTest, ATornLastRecordIsCutOffWhereverItIsTorn) {
  open();
  ASSERT_TRUE(append(0, "first"));
  ASSERT_TRUE(append(0, "second"));
  crash();
  const std::vector<uint64_t> places = record_places();
  const std::string path = segment_path(1);
  const std::string whole = disk->content(path);
  const std::string last = whole.substr(places[1], places[2] - places[1]);

  for (size_t kept = 0; kept < last.size(); ++kept) {
    disk->overwrite(path, 0, whole);
    disk->overwrite(path, places[1] + kept, std::string(last.size() - kept, '\xee'));
    open();
    EXPECT_EQ(read_all(0, "group").value(), Bodies{"first"}) << kept;
    EXPECT_EQ(append(0, "after").value().offset, 1u);
    crash();
    open();
    EXPECT_EQ(read_all(0, "group").value(), (Bodies{"first", "after"})) << kept;
    crash();
  }
}

TEST_F(RecoveryTest, AFlippedBitInAnySyncedRecordIsDataLossNamingTheFileAndTheByte) {
  open();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(append(0, "record " + std::to_string(i)));
  crash();
  const std::vector<uint64_t> places = record_places();
  ASSERT_EQ(places.size(), 5u);

  // The last record alone is not proven durable by another one.
  for (uint64_t byte = places[0]; byte < places[3]; ++byte) {
    flip(byte, static_cast<int>(byte % 8));
    const Error error = open_error();
    flip(byte, static_cast<int>(byte % 8));

    EXPECT_EQ(error.code, ErrorCode::DataLoss);
    const uint64_t record = byte < places[1] ? places[0] : byte < places[2] ? places[1] : places[2];
    EXPECT_NE(error.message.find(segment_path(1) + " at byte " + std::to_string(record)),
              std::string::npos)
        << error.message;
  }
  open();
  EXPECT_EQ(read_all(0).value().size(), 4u);
}

TEST_F(RecoveryTest, TheCheckpointProvesTheLastRecordToo) {
  open();
  ASSERT_TRUE(append(0, "only"));
  close();
  const std::vector<uint64_t> places = record_places();

  for (uint64_t byte = places[0]; byte < places[1]; ++byte) {
    flip(byte, 3);
    EXPECT_EQ(open_error().code, ErrorCode::DataLoss) << byte;
    flip(byte, 3);
  }
  open();
  EXPECT_EQ(read_all(0).value(), Bodies{"only"});
}

TEST_F(RecoveryTest, AFlippedBitInASegmentHeaderIsDataLoss) {
  open();
  ASSERT_TRUE(append(0, "only"));
  close();

  for (const uint64_t byte : {0u, 9u, 13u, 17u, 25u, 29u, 41u, 4000u}) {
    flip(byte, 0);
    EXPECT_EQ(open_error().code, ErrorCode::DataLoss) << byte;
    flip(byte, 0);
  }
}

TEST_F(RecoveryTest, AFlippedBitInAnOlderSegmentIsFoundByWhoeverReadsIt) {
  options.cache_bytes = 0;
  open();
  fill_segments(2);
  close();
  const uint64_t at = record_places(1)[20];
  flip(at + 100, 5);

  open();
  Result<Bodies> all = read_all(0);

  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code, ErrorCode::DataLoss);
  EXPECT_NE(all.error().message.find(segment_path(1) + " at byte " + std::to_string(at)),
            std::string::npos)
      << all.error().message;
}

TEST_F(RecoveryTest, AMissingFileIsDataLoss) {
  open();
  fill_segments(3);
  close();
  ASSERT_TRUE(disk->rename(segment_path(2), "/data/stolen"));
  EXPECT_EQ(open_error().code, ErrorCode::DataLoss);

  ASSERT_TRUE(disk->rename("/data/stolen", segment_path(2)));
  for (uint64_t number = 5; number > 0; --number) {
    if (disk->rename(segment_path(number), "/data/stolen")) break;
  }
  EXPECT_EQ(open_error().code, ErrorCode::DataLoss);
}

TEST_F(RecoveryTest, OneTornCheckpointIsSurvivedTwoAreDataLoss) {
  open();
  ASSERT_TRUE(append(0, "one"));
  close();
  disk->overwrite("/data/log/checkpoint-0", 20, "torn");
  open();
  EXPECT_EQ(read_all(0).value(), Bodies{"one"});
  close();

  disk->overwrite("/data/log/checkpoint-0", 20, "torn");
  disk->overwrite("/data/log/checkpoint-1", 20, "torn");
  EXPECT_EQ(open_error().code, ErrorCode::DataLoss);
}

// A write of several pages may reach the disk in any order: the last page without the first. What
// is left of it must not come back behind the records that take its place.
TEST_F(RecoveryTest, WhatATornBatchLeftNeverComesBack) {
  open();
  ASSERT_TRUE(append(0, "first"));
  crash();
  const std::string path = segment_path(1);
  const uint64_t end = record_places()[1];
  const auto record = [&](uint64_t offset, std::string_view body) {
    std::string bytes(record_bytes(body.size()), '\0');
    encode_record(bytes.data(),
                  {.offset = offset,
                   .partition = 0,
                   .epoch = 1,
                   .segment = 1,
                   .durable_end = static_cast<uint32_t>(end)},
                  body);
    return bytes;
  };
  const std::string torn(record_bytes(4), '\0');
  disk->overwrite(path, end, torn + record(2, "lost") + record(3, "lost"));

  for (int crashes = 0; crashes < 3; ++crashes) {
    open();
    EXPECT_EQ(read_all(0).value(), Bodies{"first"});
    crash();
  }
  open();
  ASSERT_TRUE(append(0, "next"));  // as long as what was torn: "lost" lies right behind
  crash();

  open();
  EXPECT_EQ(read_all(0).value(), (Bodies{"first", "next"}));
}

TEST_F(RecoveryTest, RecordsOfARecycledFileAreNotMistakenForNewOnes) {
  open();
  auto reader = topic->subscribe("billing", 0, 1).value();
  options.checkpoint_every = std::chrono::milliseconds(5);
  crash();
  open();
  reader = topic->subscribe("billing", 0, 1).value();
  uint64_t recycled = 0;
  for (int round = 0; round < 12; ++round) {
    fill_segments(1);
    for (uint32_t i = 0; i < 2; ++i) reader->commit(i, topic->status(i).next_offset);
    ASSERT_TRUE(eventually([&] { return log->stats().segments_recycled > 0 || round < 2; }));
    const uint64_t due = topic->status(0).next_offset;
    reader = nullptr;
    recycled += log->stats().segments_recycled;
    crash();
    open();
    EXPECT_EQ(topic->status(0).next_offset, due);
    reader = topic->subscribe("billing", 0, 1).value();
  }
  EXPECT_GT(recycled, 5u);
}

// Random crashes in the middle of everything: what was acknowledged is there, in order, unchanged;
// what is there was appended.
TEST_F(RecoveryTest, NoAcknowledgedRecordIsLostInManyCrashes) {
  options.segment_bytes = 16 << 10;
  options.checkpoint_every = std::chrono::milliseconds(1);
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    disk = std::make_shared<FakeFiles>();
    options.files = disk;
    Bodies acknowledged;
    for (int life = 0; life < 4; ++life) {
      open();
      const Bodies all = read_all(0, "life" + std::to_string(life)).value();
      ASSERT_GE(all.size(), acknowledged.size());
      ASSERT_TRUE(std::ranges::equal(
          acknowledged,
          Bodies(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(acknowledged.size()))));
      acknowledged = all;
      // The power fails in the n-th write or sync from now.
      auto left = std::make_shared<std::atomic<int>>(static_cast<int>(random() % 60));
      disk->interfere([left, this](FakeFiles::Step, const std::string&) -> std::optional<Error> {
        if (--*left == 0) disk->power_cut();
        return std::nullopt;
      });
      for (int i = 0; i < 60; ++i) {
        std::vector<port::LogRecord> batch;
        Bodies bodies;
        for (uint32_t n = random() % 5 + 1; n > 0; --n) {
          bodies.push_back(std::to_string(seed * 100'000 + random() % 1000) +
                           std::string(random() % 3000, 'x'));
          batch.push_back({0, Bytes::copy(bodies.back())});
        }
        if (!run(loop, topic->append_batch(patient(), batch, port::Durability::Synced))) break;
        std::ranges::move(bodies, std::back_inserter(acknowledged));
      }
      disk->interfere(nullptr);
      crash([&] { return random() % 2 == 0; });
    }
  }
}

}  // namespace
}  // namespace flare::segment_log
