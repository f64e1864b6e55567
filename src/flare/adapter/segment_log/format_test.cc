#include "flare/adapter/segment_log/format.h"

#include <gtest/gtest.h>

#include "flare/adapter/segment_log/checkpoint.h"
#include "flare/adapter/segment_log/crc32c.h"

namespace flare::segment_log {
namespace {

TEST(Crc32cTest, GivesThePublishedValues) {
  // RFC 3720, B.4.
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
}

TEST(Crc32cTest, IsTheSameWithoutTheInstruction) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(crc32c(text), crc32c_portable(text));
    text += static_cast<char>(i * 7);
  }
}

std::string encoded(const RecordHeader& header, std::string_view body) {
  std::string bytes(record_bytes(body.size()), '?');
  encode_record(bytes.data(), header, body);
  return bytes;
}

TEST(FormatTest, ARecordComesBackAsItWas) {
  for (size_t size = 0; size < 40; ++size) {
    const std::string body(size, 'b');
    const std::string bytes =
        encoded({.offset = 7, .partition = 3, .epoch = 2, .segment = 9}, body);

    const std::string longer = bytes + "behind";
    const std::optional<Record> record = decode_record(longer, 9);

    ASSERT_TRUE(record);
    EXPECT_EQ(record->header.offset, 7u);
    EXPECT_EQ(record->header.partition, 3u);
    EXPECT_EQ(record->header.epoch, 2u);
    EXPECT_EQ(record->body, body);
    EXPECT_EQ(record->bytes, bytes.size());
  }
}

TEST(FormatTest, AnyFlippedBitOfARecordIsNoticed) {
  const std::string bytes = encoded({.offset = 7, .segment = 9}, "thirteen byte");
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode_record(flipped, 9)) << "bit " << bit;
  }
}

TEST(FormatTest, APartOfARecordIsNone) {
  const std::string bytes = encoded({.segment = 9}, "thirteen byte");
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_record(std::string_view(bytes).substr(0, size), 9));
  }
}

TEST(FormatTest, ARecordOfAnotherSegmentIsNone) {
  EXPECT_FALSE(decode_record(encoded({.segment = 9}, "body"), 10));
}

TEST(FormatTest, ASegmentHeaderComesBackAsItWas) {
  const std::string bytes =
      encode_segment_header({.number = 5, .previous_end = 4096, .base_offsets = {1, 2, 3}});

  const std::optional<SegmentHeader> header = decode_segment_header(bytes);

  ASSERT_TRUE(header);
  EXPECT_EQ(header->number, 5u);
  EXPECT_EQ(header->previous_end, 4096u);
  EXPECT_EQ(header->base_offsets, (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_EQ(bytes.size(), kSegmentHeaderBytes);
}

TEST(FormatTest, AnyFlippedBitOfASegmentHeaderIsNoticed) {
  const std::string bytes = encode_segment_header({.number = 5, .base_offsets = {1, 2}});
  for (size_t bit = 0; bit < bytes.size() * 8; bit += 5) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode_segment_header(flipped)) << "bit " << bit;
  }
}

CheckpointImage some_checkpoint() {
  return {.generation = 8,
          .state = {{"orders",
                     {.durable = {3, 5000}, .groups = {{"billing", {1, 2}}, {"audit", {0, 9}}}}},
                    {"bills", {}}}};
}

TEST(FormatTest, ACheckpointComesBackAsItWas) {
  const std::string bytes = encode_checkpoint(some_checkpoint());

  const std::optional<CheckpointImage> image = decode_checkpoint(bytes + std::string(100, '\0'));

  ASSERT_TRUE(image);
  EXPECT_EQ(image->generation, 8u);
  EXPECT_EQ(image->state.size(), 2u);
  EXPECT_EQ(image->state.at("orders").durable.position, 5000u);
  EXPECT_EQ(image->state.at("orders").groups.at("audit"), (std::vector<uint64_t>{0, 9}));
}

TEST(FormatTest, AnyFlippedBitOfACheckpointIsNoticed) {
  const std::string bytes = encode_checkpoint(some_checkpoint());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode_checkpoint(flipped)) << "bit " << bit;
  }
}

}  // namespace
}  // namespace flare::segment_log
